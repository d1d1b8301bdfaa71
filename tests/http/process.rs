//! The server as a process: how it starts, and how it ends.

use std::net::TcpStream;
use std::process::{Command, Output};

use midflight_tests::{Process, Scratch};

use crate::command::PROGRAM;

const SLOW: &str =
    "state { n: int }\npost add(by: int) -> int {\n    state.n += by\n    return state.n\n}\n";

/// Waits until nobody listens any more: the process has taken notice of its signal.
fn until_refused(process: &Process) {
    while TcpStream::connect(process.address).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn says_where_it_listens() {
    let process = Process::serve(PROGRAM, &[]);
    let address = process.address;
    let expected = format!("midflight: listening on http://{address}, version 1 (hello example)\n");
    assert_eq!(process.first_line, expected);
    assert!(process.client().get("/hello").text().starts_with("hello test"));
}

#[test]
fn a_call_in_flight_ends_well_on_sigterm() {
    let scratch = Scratch::new("sigterm");
    let file = scratch.file("slow.flight", SLOW);
    let process = Process::serve(PROGRAM, &[&file]);
    let mut idle = process.client();
    assert_eq!(idle.get("/-/ready").status, 200);
    let mut client = process.client();
    // The server asks for the body: the request is in flight.
    client.send(
        b"POST /add HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    );
    assert_eq!(client.receive_head().status, 100);
    process.signal("TERM");
    until_refused(&process);
    client.send(b"{\"by\": 5}");
    let answer = client.receive();
    assert_eq!((answer.status, answer.text()), (200, "5"));
    assert!(client.is_closed(), "a server that stops keeps no connection");
    assert!(idle.is_closed());
    assert_eq!(process.wait().code(), Some(0));
}

#[test]
fn ctrl_c_ends_it() {
    let process = Process::serve(PROGRAM, &[]);
    process.signal("INT");
    assert_eq!(process.wait().code(), Some(0));
}

/// What a command says that does not start a server.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output: Output = Command::new(PROGRAM).args(arguments).output().expect("it starts");
    let said = String::from_utf8(output.stderr).expect("messages are text");
    (output.status.code(), said)
}

#[test]
fn a_taken_port_is_told() {
    let process = Process::serve(PROGRAM, &[]);
    let address = process.address.to_string();
    let (code, said) = refused(&["serve", "--memory", "--listen", &address]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}

#[test]
fn elsewhere_than_on_loopback_a_token_is_needed() {
    let scratch = Scratch::new("token");
    let (code, said) = refused(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("loopback") && said.contains("--admin-token-file"), "{said}");
    let short = scratch.file("short", "too short\n");
    let (code, said) = refused(&["serve", "--admin-token-file", &short, "--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("16"), "{said}");
    let token = scratch.file("token", "  a-token-of-enough-bytes\n");
    let process = Process::serve(PROGRAM, &["--admin-token-file", &token]);
    assert_eq!(process.client().post("/load", "").status, 401);
    let bearer = [("Authorization", "Bearer a-token-of-enough-bytes")];
    let source = b"state { version: int, name: str }";
    assert_eq!(process.client().request("POST", "/load", &bearer, source).status, 200);
}

#[test]
fn a_first_version_with_mistakes_is_not_served() {
    let scratch = Scratch::new("mistakes");
    let file = scratch.file("wrong.flight", "get f() -> int { return missing }\n");
    let (code, said) = refused(&["serve", "--memory", &file, "--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("E0201") && said.contains("missing"), "{said}");
}

#[test]
fn who_is_not_done_in_time_is_given_up() {
    let limits = ["--limit", "shutdown_timeout=50ms", "--limit", "body_timeout=1h"];
    let process = Process::serve(PROGRAM, &limits);
    let mut slow = process.client();
    slow.send(b"POST /load HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nget f");
    // A whole call says that the server has taken what came before it.
    assert_eq!(process.client().get("/hello").status, 200);
    process.signal("TERM");
    assert!(process.wait().success());
}
