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

/// Status and kind of the answer to these bytes, after which nothing more comes.
fn refused(served: &Served, bytes: &[u8]) -> (u16, String) {
    let mut client = served.client();
    client.send(bytes);
    client.finish_sending();
    let answer = client.receive();
    assert_eq!(answer.version(), 1, "{}", answer.head);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("connection"), Some("close"), "{}", answer.head);
    assert!(answer.header("date").is_some(), "{}", answer.head);
    assert!(client.is_closed(), "one answer, then the end");
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{problem}");
    (answer.status, problem["kind"].as_str().expect("it has a kind").to_owned())
}

#[test]
fn what_cannot_be_read_is_answered_with_a_problem() {
    let served = Served::start(PROGRAM);
    let long = format!("GET /echo?text={} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let header = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(1000));
    for (bytes, status, kind) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), 400, "not_http"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "not_http"),
        (b"nonsense\r\n\r\n", 400, "not_http"),
        (b"GET /one\r\n\r\n", 400, "not_http"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "not_http"),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400, "not_http"),
        (b"GET / HTTP/1.1\r\nX\x00: y\r\n\r\n", 400, "not_http"),
        (b"GET / HTTP/1.1\r\nX: \x00\r\n\r\n", 400, "not_http"),
        (b"GET / HTTP/1.1\r\n folded: y\r\n\r\n", 400, "not_http"),
        (b"POST /add HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "not_http"),
        (b"POST /add HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400, "not_http"),
        (b"POST /add HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, "not_http"),
        (b"POST /add HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "not_http"),
        (b"POST /add HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "not_http"),
        (b"POST /add HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "not_http"),
        (b"GET / HTTP/1.1\r\nHost: local", 400, "head_broken"),
        (
            b"GET /one HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
            400,
            "invalid_host",
        ),
        (long.as_bytes(), 414, "uri_too_long"),
        (header.as_bytes(), 431, "headers_too_large"),
        (many.as_bytes(), 431, "too_many_headers"),
    ] {
        let found = refused(&served, bytes);
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!((found.0, found.1.as_str()), (status, kind), "{shown:.200}");
    }
    assert_eq!(served.client().post("/add?by=0", "").text(), "0");
}

#[test]
fn what_cannot_be_read_behind_a_request_is_answered_after_it() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    client.send(b"GET /echo?text=a HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n");
    assert_eq!(client.receive().text(), "a");
    assert_eq!(client.receive().json()["kind"], "not_http");
    assert!(client.is_closed());
}

#[test]
fn who_has_nothing_more_to_say_is_answered() {
    let served = Served::start(PROGRAM);
    let get = "GET /echo?text=a HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let post = "POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n{\"by\":1}";
    let load = "POST /load HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    for requests in [get.repeat(3), post.repeat(3), [post, get].concat(), load.to_owned()] {
        let mut client = served.client();
        client.send(requests.as_bytes());
        client.finish_sending();
        for _ in 0..requests.matches("HTTP").count() {
            assert!(client.receive().status < 500, "{requests}");
        }
        assert!(client.is_closed(), "{requests}");
    }
}

#[test]
fn a_body_that_breaks_off_is_answered() {
    let served = Served::start(PROGRAM);
    let chunked = "POST /add HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in ["zz\r\n", "-1\r\n", "5\r\n{}", "ffffffffffffffffff\r\n", "2\r\n{}x\r\n0\r\n\r\n"] {
        let mut client = served.client();
        client.send(format!("{chunked}{body}").as_bytes());
        client.finish_sending();
        let answer = client.receive();
        assert_eq!((answer.status, answer.version()), (400, 1), "{body:?}");
        assert_eq!(answer.json()["kind"], "body_broken", "{body:?}");
        assert!(client.is_closed(), "{body:?}");
    }
}

#[test]
fn two_lengths_of_one_body_close_the_connection() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    client.send(b"POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n");
    client.send(b"Transfer-Encoding: chunked\r\n\r\n8\r\n{\"by\":7}\r\n0\r\n\r\n");
    assert_eq!(client.receive().text(), "7", "the chunks count");
    assert!(client.is_closed(), "what follows could be read in two ways");
}

#[test]
fn every_answer_names_its_version() {
    let served = Served::start(PROGRAM);
    let targets = [
        "/echo?text=a",
        "/add",
        "/nothing",
        "/",
        "/@main/echo?text=a",
        "/@moon/echo",
        "/load",
        "/-/versions",
        "/-/versions/1",
        "/-/versions/9",
        "/-/versions/1/activate",
        "/-/rollback",
        "/-/schema",
        "/-/events",
        "/-/healthy",
        "/-/metrics",
        "/-/ready",
        "/-/nothing",
        "*",
        "localhost:80",
    ];
    let methods =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"];
    let hosts = ["localhost", "evil.example"];
    for (target, method, host) in targets
        .iter()
        .flat_map(|target| methods.iter().map(move |method| (target, method)))
        .flat_map(|(target, method)| hosts.iter().map(move |host| (target, method, host)))
    {
        let mut client = served.client();
        let answer = client.request(method, target, &[("Host", host)], b"");
        assert_eq!(answer.version(), 1, "{method} {target} of {host}");
        assert!(answer.status < 500, "{method} {target} of {host}: {}", answer.head);
        if answer.status >= 400 {
            assert_ne!(answer.header("content-length"), Some("0"), "{method} {target} of {host}");
        }
    }
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
