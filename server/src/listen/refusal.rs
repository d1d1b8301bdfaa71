//! An answer of our own to what hyper cannot read as a request, with everything that our answers
//! have: a problem document, and the header that names the version.

use std::cell::Cell;
use std::convert::Infallible;

use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use midflight_limits::{Number, Unit};
use tokio::io::{AsyncReadExt, copy, join, sink};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::error::{Form, Kind, Problem};
use crate::limits::{DISCARD_LEN_MAX, DISCARD_TIMEOUT, Limits};
use crate::routes::complete;
use crate::state::ServerState;

/// The client took too long for a head.
pub(super) fn too_late(limits: &Limits) -> Problem {
    let time = Unit::Time.show(limits.header_timeout.number());
    let detail = format!("line and headers of a request did not arrive within {time}");
    Problem::new(Kind::HeaderTimeout, detail)
}

/// Why hyper could not read a request, unless the client has gone; `read` is what hyper has read
/// of a request whose head is not well-formed.
pub(super) fn unreadable(error: &hyper::Error, read: &[u8], limits: &Limits) -> Option<Problem> {
    if error.is_parse_too_large() {
        let len_max = Unit::Bytes.show(limits.header_len_max.number());
        let line = read.iter().position(|&byte| byte == b'\n');
        let lines = read.iter().filter(|&&byte| byte == b'\n').count();
        return Some(match line.is_some_and(|len| len <= limits.header_len_max) {
            true if lines > limits.headers_max => too_many_headers(limits.headers_max),
            true => headers_too_large(&len_max),
            false => uri_too_long(&len_max),
        });
    }
    if error.is_incomplete_message() {
        let detail = "the connection ended before the end of the headers";
        return Some(Problem::new(Kind::HeadBroken, detail));
    }
    if !error.is_parse() {
        return None;
    }
    let problem = Problem::new(Kind::NotHttp, format!("the request cannot be read: {error}"));
    /// What a client of TLS begins with.
    const TLS_HANDSHAKE: u8 = 0x16;
    Some(match read.first() {
        Some(&TLS_HANDSHAKE) => problem.with_help("use `http://`: the server speaks no TLS"),
        _ => problem.with_help("the server speaks HTTP/1.1"),
    })
}

fn headers_too_large(len_max: &str) -> Problem {
    Problem::new(Kind::HeadersTooLarge, format!("there are more than {len_max} of headers"))
}

fn too_many_headers(count_max: usize) -> Problem {
    let detail = format!("there are more than {count_max} lines of headers");
    Problem::new(Kind::TooManyHeaders, detail)
}

fn uri_too_long(len_max: &str) -> Problem {
    let detail = format!("the request's line is longer than {len_max}");
    Problem::new(Kind::UriTooLong, detail).with_help("send large arguments in the body, as JSON")
}

/// Answers what could not be read, and lets the client read that before the connection closes.
///
/// hyper writes it, as it writes every answer: to a request that stands for the unreadable one.
pub(super) async fn refuse(socket: TcpStream, problem: Problem, state: &ServerState) {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
    let response = complete(problem.answer(Form::Json), state);
    let response = Cell::new(Some(response));
    let service = service_fn(move |_: Request<Incoming>| {
        let response = response.take().expect("there is one request");
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let mut connection = http1::Builder::new()
        .header_read_timeout(None)
        // The reading side ends before the answer is written.
        .half_close(true)
        .serve_connection(TokioIo::new(join(REQUEST, socket)), service);
    let Ok(Ok(())) = timeout(state.limits.write_timeout, &mut connection).await else { return };
    let (_, socket) = connection.into_parts().io.into_inner().into_inner();
    // Closing while the client still sends would reset the connection, and the answer be lost.
    let mut rest = socket.take(DISCARD_LEN_MAX as u64);
    let _ = timeout(DISCARD_TIMEOUT, copy(&mut rest, &mut sink())).await;
}
