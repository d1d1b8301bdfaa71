//! Results that are too large to be sent: the call is taken back, like one that traps.

use midflight_tests::Served;
use midflight_tests::served::Setup;

const PROGRAM: &str = "
state { n: int }
event counted { n: int }
fn long(times: int) -> str {
    state.n += 1
    emit counted { n: state.n }
    var text = \"0123456789abcdef\"
    for _i in 0..times { text = text + text }
    return text
}
post text(times: int) -> str { return long(times) }
post list(times: int) -> [str] { return [long(times)] }
get n() -> int { return state.n }
";

#[test]
fn a_result_that_is_too_large_takes_the_call_back() {
    let server = midflight_server::Limits { result_len_max: 1_024, ..Default::default() };
    let served = Served::set_up(Setup { server, ..Setup::default() });
    let _ = served.engine.load(PROGRAM).expect("it loads");
    let mut client = served.client();
    for (path, status) in [
        ("/text?times=6", 200),
        ("/text?times=7", 503),
        ("/list?times=5", 200),
        ("/list?times=6", 503),
        ("/list?times=7", 503),
    ] {
        let answer = client.post(path, "");
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        if status == 503 {
            assert_eq!(answer.json()["kind"], "result_too_large", "{path}");
        }
    }
    assert_eq!(client.get("/n").text(), "2", "what was refused has not happened");
}
