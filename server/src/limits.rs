//! What the server takes from a client, each limit with its reason. What a call or a program may
//! take stands in the runtime's `Limits` and in the compiler's `limits`.

use std::time::Duration;

/// Bytes of a request's body: a source of the compiler's largest size, with room for JSON around.
pub(crate) const BODY_LEN_MAX: usize = 5 << 20;

/// Bytes of a body that every connection may send at any time.
pub(crate) const SMALL_BODY_LEN_MAX: usize = 64 << 10;

/// Larger bodies that are received at the same time: they bound the memory of all bodies.
pub(crate) const LARGE_BODIES_MAX: usize = 32;

/// How long a client may take to send a body. Only a stalled one takes that long.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a refused body that are read and thrown away, so that the client gets to reading the
/// answer; what is larger finds the connection closed.
pub(crate) const DISCARD_LEN_MAX: usize = 16 << 20;

/// How long a refused body is read and thrown away.
pub(crate) const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a request's line and headers.
pub(crate) const HEADER_LEN_MAX: usize = 16 << 10;

/// How long a client may take to send line and headers of a request, from the first byte on.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection may idle before its first request and between two.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a client may take nothing of an answer that it does not read.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a connection's buffer for reading.
pub(crate) const BUFFER_LEN_MAX: usize = 64 << 10;

/// Connections at the same time; for a further one, the one that idles the longest is closed.
pub(crate) const CONNECTIONS_MAX: u32 = 4_096;

/// Connections that are closed at once when the system has no descriptors left.
pub(crate) const GIVE_WAY_COUNT: usize = 32;

/// How long the calls in flight may go on after the server was told to stop.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the server waits before it accepts again when the system has no descriptors left.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Loads and activations that are under way at the same time, each on a thread of its own and
/// with its source in memory. More than the runtime compiles and lets wait, so that it decides.
pub(crate) const LOADS_MAX: usize = 16;

/// Bytes of an encoded result. Text that stands in a result many times is written many times, so
/// the memory of the call does not bound it.
pub(crate) const RESULT_LEN_MAX: usize = 16 << 20;

/// Bytes of an event as JSON; a larger one arrives without its fields.
pub(crate) const EVENT_LEN_MAX: usize = 64 << 10;

/// Events that are kept for a client that is behind; one that is further behind is dropped.
pub(crate) const EVENTS_KEPT_MAX: usize = 1_024;

/// Clients that listen to events at the same time.
pub(crate) const LISTENERS_MAX: usize = 256;

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

const _: () = assert!(BODY_LEN_MAX > midflight_compiler::limits::SOURCE_LEN_MAX);
const _: () = assert!(EVENT_LEN_MAX * EVENTS_KEPT_MAX <= 64 << 20);
const _: () = assert!(DISCARD_LEN_MAX > BODY_LEN_MAX);
const _: () = assert!(BUFFER_LEN_MAX > HEADER_LEN_MAX);
const _: () = assert!(HEADER_TIMEOUT.as_millis() < IDLE_TIMEOUT.as_millis());
