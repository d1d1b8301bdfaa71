//! What a hostile client sends: each request gets its own error, of the client's kind and never of
//! the server's, and meanwhile somebody else is answered. Requests that can be written down stand
//! in `cases/`; what needs time, crowds or silence is a test of its own. Hostile sources are cases
//! of the golden suite.

mod case;
mod crowd;
mod requests;
mod slow;
mod surroundings;
