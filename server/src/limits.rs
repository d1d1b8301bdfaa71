//! What the server is made for. What a user may set stands in `midflight_limits`.

use std::time::Duration;

pub use midflight_limits::server::Limits;

/// Bytes of a body or an answer that every connection may have under way at any time.
pub(crate) const SMALL_LEN_MAX: usize = 64 << 10;

/// Bytes of a refused body that are read and thrown away, so that the client gets to reading the
/// answer; what is larger finds the connection closed.
pub(crate) const DISCARD_LEN_MAX: usize = 16 << 20;

/// How long a refused body is read and thrown away.
pub(crate) const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Lines of headers for which hyper does not allocate.
pub(crate) const HEADERS_ON_STACK: usize = 100;

/// Bytes of a connection's buffer for reading: the largest `header_len_max`.
pub(crate) const BUFFER_LEN_MAX: usize = 64 << 10;

/// Connections that are closed at once when the system has no descriptors left.
pub(crate) const GIVE_WAY_COUNT: usize = 32;

/// How long the server waits before it accepts again when the system has no descriptors left.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often a silent stream of events shows that it is alive, and notices that the client is not.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long the timers' task sleeps at most: somebody may set the system's clock meanwhile.
pub(crate) const TIMER_SLEEP_MAX: Duration = Duration::from_secs(1);

/// Bytes of the admin token at least: half of a 256-bit token in hexadecimal.
pub(crate) const TOKEN_LEN_MIN: usize = 16;

/// Characters of a client's value that a message repeats.
pub(crate) const QUOTE_LEN_MAX: usize = 40;

/// Characters of the name that a client gives its source.
pub(crate) const SOURCE_NAME_LEN_MAX: usize = 100;

/// Worlds in one answer of `/-/worlds`.
pub(crate) const WORLDS_LISTED_MAX: usize = 1_000;
