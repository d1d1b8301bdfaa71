//! Who may reach a server: local programs, no web page; with a token, who knows it.

use midflight_tests::Served;
use midflight_tests::served::Setup;

const PROGRAM: &str = "get one() -> int { return 1 }";
const TOKEN: &str = "a-token-of-enough-bytes";

#[test]
fn only_requests_to_its_own_name_come_in() {
    let served = Served::start(PROGRAM);
    let port = served.address.port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("LocalHost:{port}"), 200),
        ("localhost".to_owned(), 200),
        ("127.0.0.1:1".to_owned(), 200),
        ("[::1]:80".to_owned(), 200),
        (format!("evil.example:{port}"), 403),
        ("localhost.evil.example".to_owned(), 403),
        ("127.0.0.1.evil.example".to_owned(), 403),
        ("evil.example@localhost".to_owned(), 403),
        ("10.0.0.1".to_owned(), 403),
        (String::new(), 403),
    ] {
        for target in ["/one", "/-/versions", "/-/healthy"] {
            let answer = served.client().request("GET", target, &[("Host", &host)], b"");
            assert_eq!(answer.status, status, "Host: {host}, {target}: {}", answer.text());
            assert_eq!(answer.version(), 1);
            if status == 403 {
                assert_eq!(answer.json()["kind"], "host_refused");
            }
        }
    }
}

#[test]
fn a_request_without_a_host_is_refused() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    client.send(b"GET /one HTTP/1.0\r\n\r\n");
    let answer = client.receive();
    assert_eq!(answer.status, 400, "{}", answer.head);
    assert_eq!(answer.json()["kind"], "invalid_host");
    let mut client = served.client();
    client.send(b"GET /one HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n");
    assert_eq!(client.receive().status, 400);
    let mut client = served.client();
    client.send(b"GET http://evil.example/one HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.receive().status, 403);
}

#[test]
fn no_web_page_comes_in() {
    let served = Served::start(PROGRAM);
    let own = format!("http://{}", served.address);
    for (name, value, status) in [
        ("Origin", own.as_str(), 200),
        ("Origin", "http://evil.example", 403),
        ("Origin", "null", 403),
        ("Origin", "http://localhost:1", 403),
        ("Sec-Fetch-Site", "none", 200),
        ("Sec-Fetch-Site", "same-origin", 200),
        ("Sec-Fetch-Site", "same-site", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
    ] {
        let mut client = served.client();
        let get = client.request("GET", "/one", &[(name, value)], b"");
        assert_eq!(get.status, status, "{name}: {value}");
        if status == 403 {
            assert_eq!(get.json()["kind"], "origin_refused");
            let load = client.request("POST", "/load", &[(name, value)], b"get two() {}");
            assert_eq!(load.status, 403, "{name}: {value}");
        }
    }
    assert_eq!(served.engine.versions().len(), 1);
}

#[test]
fn a_known_name_comes_in() {
    let setup = Setup { hosts: vec!["game.example".to_owned()], ..Setup::default() };
    let served = Served::set_up(setup);
    let _ = served.engine.load(PROGRAM).expect("it loads");
    let answer = served.client().request("GET", "/one", &[("Host", "Game.example:8080")], b"");
    assert_eq!(answer.status, 200);
    let origin = [("Host", "game.example"), ("Origin", "https://game.example")];
    assert_eq!(served.client().request("GET", "/one", &origin, b"").status, 200);
}

#[test]
fn changes_need_the_token_once_there_is_one() {
    let served = Served::set_up(Setup { token: Some(TOKEN.to_owned()), ..Setup::default() });
    let _ = served.engine.load(PROGRAM).expect("it loads");
    let mut client = served.client();
    let right = format!("Bearer {TOKEN}");
    let short = format!("Bearer {}", &TOKEN[1..]);
    let long = format!("Bearer {TOKEN}x");
    let basic = format!("Basic {TOKEN}");
    let changes = [
        ("POST", "/load"),
        ("POST", "/-/rollback"),
        ("POST", "/-/versions/1/activate"),
        ("DELETE", "/-/versions/7"),
    ];
    for (method, target) in changes {
        let none = client.request(method, target, &[], b"get one() -> int { return 2 }");
        assert_eq!(none.status, 401, "{method} {target}: {}", none.text());
        assert_eq!(none.header("www-authenticate"), Some("Bearer"));
        for wrong in [&short, &long, &basic, "Bearer ", "Bearer"] {
            let answer = client.request(method, target, &[("Authorization", wrong)], b"");
            assert_eq!(answer.status, 401, "{method} {target} with {wrong:?}");
        }
    }
    assert_eq!(served.engine.current().map(|version| version.number()), Some(1));
    assert_eq!(client.get("/one").status, 200, "calls need no token");
    assert_eq!(client.get("/-/versions").status, 200, "neither does looking");
    let source = b"get one() -> int { return 2 }";
    let load = client.request("POST", "/load", &[("Authorization", &right)], source);
    assert_eq!((load.status, load.version()), (200, 2));
    let back = client.request("POST", "/-/rollback", &[("authorization", &right)], b"");
    assert_eq!((back.status, back.version()), (200, 1));
}
