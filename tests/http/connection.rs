//! Connections: kept alive, pipelined, broken, hostile. Whatever one of them does, the next one is
//! served.

use midflight_tests::Served;

const PROGRAM: &str = r#"
state { n: int }
get echo(text: str) -> str { return text }
post add(by: int) -> int {
    state.n += by
    return state.n
}
"#;

#[test]
fn one_connection_serves_many_requests() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    for n in 1..=100 {
        assert_eq!(client.post("/add?by=1", "").text(), n.to_string());
    }
    let request = b"GET /echo?text=a HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send(&request.repeat(10));
    for _ in 0..10 {
        assert_eq!(client.receive().text(), "a");
    }
}

#[test]
fn a_body_in_chunks() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    client.send(b"POST /add HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(b"5\r\n{\"by\"\r\n");
    client.send(b"4\r\n: 7}\r\n0\r\n\r\n");
    assert_eq!(client.receive().text(), "7");
}

#[test]
fn a_body_byte_by_byte() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    client.send(b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n");
    for byte in b"{\"by\": 7}" {
        client.send(&[*byte]);
    }
    assert_eq!(client.receive().text(), "7");
}

#[test]
fn what_is_no_request_is_answered_or_closed() {
    let served = Served::start(PROGRAM);
    let long = format!("GET /echo?text={} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let header = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(1000));
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"nonsense\r\n\r\n",
        b"GET /one\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /add HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX\x00: y\r\n\r\n",
        long.as_bytes(),
        header.as_bytes(),
        many.as_bytes(),
    ] {
        let mut client = served.client();
        client.send(bytes);
        client.finish_sending();
        let said = client.rest();
        let status = said.strip_prefix("HTTP/1.1 4");
        assert!(
            said.is_empty() || status.is_some(),
            "{:?}: {said}",
            String::from_utf8_lossy(bytes)
        );
    }
    assert_eq!(served.client().post("/add?by=0", "").text(), "0");
}

#[test]
fn a_client_that_goes_leaves_the_server_well() {
    let served = Served::start(PROGRAM);
    for _ in 0..50 {
        let mut client = served.client();
        client.send(b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
        drop(client);
        drop(served.client());
    }
    assert_eq!(served.client().post("/add?by=1", "").text(), "1");
}

#[test]
fn a_body_that_is_too_large_is_refused_with_an_answer() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    let answer = client.post("/load", "x".repeat((5 << 20) + 1));
    assert_eq!(answer.status, 413, "{}", answer.text());
    let mut client = served.client();
    let answer = client.post("/add", "x".repeat((5 << 20) + 1));
    assert_eq!((answer.status, &answer.json()["kind"]), (413, &"body_too_large".into()));
}

#[test]
fn hostile_targets() {
    let served = Served::start(PROGRAM);
    for target in ["/%00", "/..%2f..%2fetc", "/@", "/@main", "/@/echo", "//", "/-/", "/-/nothing"] {
        let answer = served.client().get(target);
        assert!((400..500).contains(&answer.status), "{target}: {}", answer.status);
        assert_eq!(answer.version(), 1);
        assert!(answer.json()["kind"].is_string(), "{target}");
    }
    let text = served.client().get("/echo?text=%3Cscript%3E");
    assert_eq!(text.text(), "<script>");
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
}
