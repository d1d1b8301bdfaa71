//! A server, and somebody else who is to be answered whatever a hostile client does.

use std::time::{Duration, Instant};

use midflight_tests::served::Setup;
use midflight_tests::{Client, Served};

/// What has not happened by then does not happen.
const PATIENCE: Duration = Duration::from_secs(60);

const PROGRAM: &str = r#"
struct Point { x: float, y: float = 0.0 }
enum Class { mage, healer(power: int) }
struct Deep { point: Point, list: [[int; ..4]; ..4], class: Class?, name: str? }
event happened { n: int, text: str }
state { n: int, name: str }
get one() -> int { return 1 }
get echo(text: str) -> str { return text }
get whole(n: int) -> int { return n }
get real(x: float) -> float { return x }
post deep(deep: Deep) -> int { return deep.list.len }
post add(by: int) -> int {
    state.n += by
    return state.n
}
post emit_many(count: int, text: str) {
    for n in 0..count { emit happened { n, text } }
}
get large(count: int) -> str {
    var text = "0123456789abcdef"
    for _i in 0..count { text += text }
    return text
}
"#;

/// A server with the program that the hostile requests are for.
pub(crate) fn served(server: midflight_server::Limits) -> Served {
    let served = Served::set_up(Setup { server, ..Setup::default() });
    let _ = served.engine.load(PROGRAM).expect("the program is right");
    served
}

/// A client that behaves well.
pub(crate) struct Bystander(Client);

impl Bystander {
    pub(crate) fn of(served: &Served) -> Bystander {
        Bystander(served.client())
    }

    /// Makes a call, which has to succeed.
    pub(crate) fn is_served(&mut self) {
        let answer = self.0.get("/one");
        assert_eq!((answer.status, answer.text()), (200, "1"), "somebody else is answered");
    }

    /// A number that the server shows of itself, by the beginning of its line; 0 where it has
    /// not counted any.
    pub(crate) fn metric(&mut self, line: &str) -> f64 {
        let answer = self.0.get("/-/metrics");
        let found = answer.text().lines().find_map(|shown| shown.strip_prefix(line));
        found.map_or(0.0, |number| number.trim().parse().expect("a number"))
    }

    /// Makes calls until the server shows this number.
    pub(crate) fn until(&mut self, line: &str, number: f64) {
        self.until_then(line, number, || ());
    }

    /// Makes calls, and does something else between them, until the server shows this number.
    pub(crate) fn until_then(&mut self, line: &str, number: f64, mut meanwhile: impl FnMut()) {
        let began = Instant::now();
        loop {
            let found = self.metric(line);
            if found == number {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "`{line}` stays {found} and is not {number}");
            self.is_served();
            meanwhile();
        }
    }
}
