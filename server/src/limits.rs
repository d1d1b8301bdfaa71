//! What the server takes from its clients, each limit with its reason. What a call or a program may
//! take stands in the runtime's `Limits` and in the compiler's `limits`.

use std::time::Duration;

midflight_compiler::limits! {
    /// What a server takes from its clients. The defaults suit one that strangers reach.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Limits {
        /// Bytes of a request's body. The default is a source of the largest size, with room for
        /// JSON around it.
        body_len_max: usize = 5 << 20, Bytes, 1_024..=1_073_741_824, "413 `body_too_large`";
        /// Bodies over 64 KiB that are received at the same time. With `body_len_max` it bounds
        /// the memory of all bodies.
        large_bodies_max: usize = 32, Count, 1..=10_000, "503 `too_many_bodies`";
        /// Bytes of the export of a world that is imported. It goes through a file, not through memory.
        import_len_max: u64 = 4 << 30, Bytes, 1_024..=1_099_511_627_776, "413 `body_too_large`";
        /// Time for a client to send a body. Only a stalled one takes as long as the default.
        body_timeout: Duration = Duration::from_secs(30), Time, 10..=3_600_000,
            "408 `body_timeout`";
        /// Bytes of a request's line and headers.
        header_len_max: usize = 16 << 10, Bytes, 8_192..=65_536,
            "431 `headers_too_large`, 414 `uri_too_long`";
        /// Time for a client to send line and headers, from the first byte on.
        header_timeout: Duration = Duration::from_secs(5), Time, 10..=3_600_000,
            "408 `header_timeout`";
        /// Time that a connection may idle, before its first request and between two.
        idle_timeout: Duration = Duration::from_secs(60), Time, 10..=86_400_000,
            "the connection is closed";
        /// Time that a client may take nothing of an answer.
        write_timeout: Duration = Duration::from_secs(30), Time, 10..=3_600_000,
            "the connection is closed";
        /// Connections at the same time.
        connections_max: u32 = 4_096, Count, 1..=1_000_000,
            "the one that is waited for the longest is closed";
        /// Loads and activations that are under way at the same time. Each takes a thread and the
        /// memory of its source; the default is more than the runtime compiles and lets wait, so
        /// that it decides.
        loads_max: usize = 16, Count, 1..=1_000, "429 `too_many_loads`";
        /// Bytes of an encoded result. Text that stands in a result many times is written many
        /// times, so the memory of the call does not bound it.
        result_len_max: usize = 16 << 20, Bytes, 1_024..=268_435_456, "500 `result_too_large`";
        /// Answers over 64 KiB that are sent at the same time. With `result_len_max` it bounds
        /// what clients that do not read can keep in memory.
        large_answers_max: usize = 64, Count, 1..=10_000, "503 `too_many_answers`";
        /// Bytes of an event as JSON.
        event_len_max: usize = 64 << 10, Bytes, 256..=1_048_576, "it comes without its fields";
        /// Events that are kept for a client that is behind.
        events_kept_max: usize = 1_024, Count, 16..=65_536, "the client is dropped";
        /// Clients that listen to events at the same time.
        listeners_max: usize = 256, Count, 1..=100_000, "503 `too_many_listeners`";
        /// Time that calls in flight may take after the server was told to stop.
        shutdown_timeout: Duration = Duration::from_secs(10), Time, 0..=3_600_000,
            "they are given up";
    }
}

/// Bytes of a body or an answer that every connection may have under way at any time.
pub(crate) const SMALL_LEN_MAX: usize = 64 << 10;

/// Bytes of a refused body that are read and thrown away, so that the client gets to reading the
/// answer; what is larger finds the connection closed.
pub(crate) const DISCARD_LEN_MAX: usize = 16 << 20;

/// How long a refused body is read and thrown away.
pub(crate) const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Lines of headers. It is hyper's own, which would allocate for others on every request.
pub(crate) const HEADERS_MAX: usize = 100;

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
