//! The command line as a table of transcripts: arguments in; exit code, output and messages out.

use std::fs;
use std::process::Command;

use midflight_tests::{Process, Scratch};

/// The `midflight` command.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_midflight-under-test");

/// One command with what it must end with.
struct Transcript<'a> {
    command: &'a str,
    code: i32,
    /// The whole output.
    output: &'a str,
    /// What stands in the messages, in this order; nothing means that there are none.
    messages: &'a [&'a str],
}

impl Transcript<'_> {
    fn check(&self, scratch: &Scratch) {
        let done = Command::new(PROGRAM)
            .args(self.command.split(' ').map(|word| word.replace("%20", " ")))
            .current_dir(scratch.path())
            .output()
            .expect("the command starts");
        let output = String::from_utf8(done.stdout).expect("output is text");
        let messages = String::from_utf8(done.stderr).expect("messages are text");
        let shown = format!("$ midflight {}\n{output}{messages}", self.command);
        assert_eq!(done.status.code(), Some(self.code), "{shown}");
        assert_eq!(output, self.output, "{shown}");
        let mut rest = messages.as_str();
        for part in self.messages {
            let Some((_, behind)) = rest.split_once(part) else {
                panic!("`{part}` is not said, or not in this place:\n{shown}")
            };
            rest = behind;
        }
        assert!(!self.messages.is_empty() || messages.is_empty(), "{shown}");
    }
}

const GOOD: &str = r#"state { n: int }
struct P { x: int, y: float }
get hello(name: str = "you") -> str { return "hello {name}" }
get point(x: int) -> P { return P { x, y: 0.5 } }
get boom(n: int) -> int { return 1 / n }
post nothing() { state.n += 1 }
test "one" { assert hello() == "hello you" }
test "two" {
    nothing()
    assert state.n == 1
}
"#;

#[test]
fn on_files() {
    let scratch = Scratch::new("files");
    let _ = scratch.file("good.flight", GOOD);
    let _ = scratch.file("bad.flight", "get f() -> int {\n    return missing\n}\n");
    let _ = scratch.file("warns.flight", "fn f() {\n    let unused = 1\n}\n");
    let _ = scratch
        .file("fails.flight", "test \"right\" {}\ntest \"wrong\" {\n    assert 1 + 1 == 3\n}\n");
    let _ = scratch.file("empty.flight", "");
    fs::write(scratch.path().join("latin.flight"), b"// \xe9\n").expect("a file can be written");
    let table: &[(&str, i32, &str, &[&str])] = &[
        ("check good.flight", 0, "good.flight: no mistakes\n", &[]),
        ("check empty.flight", 0, "empty.flight: no mistakes\n", &[]),
        ("check warns.flight", 0, "warns.flight: no mistakes, 1 warning\n", &["E0701", "unused"]),
        ("check bad.flight", 1, "", &["E0201", "bad.flight:2:12", "return missing"]),
        ("check nowhere.flight", 1, "", &["cannot read `nowhere.flight`"]),
        ("check latin.flight", 1, "", &["`latin.flight` is not UTF-8 from byte 3 on"]),
        ("test good.flight", 0, "ok      one\nok      two\ngood.flight: 2 passed, 0 failed\n", &[]),
        ("test empty.flight", 0, "empty.flight: 0 passed, 0 failed\n", &[]),
        (
            "test fails.flight",
            1,
            "ok      right\nFAILED  wrong\nfails.flight: 1 passed, 1 failed\n",
            &["error[assertion]", "`wrong`", "fails.flight:3:", "assert 1 + 1 == 3"],
        ),
        ("test bad.flight", 1, "", &["E0201"]),
        ("run good.flight hello", 0, "hello you\n", &[]),
        ("run good.flight hello name=ann", 0, "hello ann\n", &[]),
        ("run good.flight hello name=a%20b=c", 0, "hello a b=c\n", &[]),
        ("run good.flight point x=3", 0, "{\"x\":3,\"y\":0.5}\n", &[]),
        ("run good.flight nothing", 0, "", &[]),
        (
            "run good.flight boom n=0",
            1,
            "",
            &["error[division_by_zero]", "good.flight:5:34", "1 / n", "^"],
        ),
        ("run good.flight boom", 1, "", &["the argument `n: int` is missing"]),
        ("run good.flight boom n=x", 1, "", &["`n` takes `int`", "`x`"]),
        ("run good.flight boom m=1", 1, "", &["there is no parameter `m`", "help:"]),
        ("run good.flight boom 1", 1, "", &["`name=value`", "`1`"]),
        ("run good.flight helo", 1, "", &["there is no handler `helo`", "`hello`"]),
        ("run bad.flight f", 1, "", &["E0201"]),
        ("inspect bad.flight --emit ir", 1, "", &["E0201"]),
    ];
    for &(command, code, output, messages) in table {
        Transcript { command, code, output, messages }.check(&scratch);
    }
}

#[test]
fn of_a_wrong_command_line() {
    let scratch = Scratch::new("usage");
    for (command, messages) in [
        ("nonsense", ["nonsense", "--help"]),
        ("check", ["FILE", "Usage"]),
        ("serve --listen nowhere", ["nowhere", "--listen"]),
        ("inspect x --emit nonsense", ["nonsense", "ir"]),
        ("load x --stage --dry-run", ["--stage", "--dry-run"]),
    ] {
        Transcript { command, code: 2, output: "", messages: &messages }.check(&scratch);
    }
}

#[test]
fn help_teaches() {
    for (arguments, words) in [
        (
            vec!["--help"],
            vec![
                "serve", "check", "test", "run", "load", "versions", "rollback", "inspect", "curl",
            ],
        ),
        (vec!["serve", "--help"], vec!["--listen", "--memory", "--data", "--admin-token-file"]),
        (vec!["load", "--help"], vec!["--server", "--stage", "--expect", "--dry-run"]),
    ] {
        let done = Command::new(PROGRAM).args(&arguments).output().expect("it starts");
        let output = String::from_utf8(done.stdout).expect("output is text");
        assert!(done.status.success(), "{output}");
        for word in words {
            assert!(output.contains(word), "{arguments:?} does not tell of `{word}`:\n{output}");
        }
    }
}

#[test]
fn inspect_prints_every_stage() {
    let scratch = Scratch::new("inspect");
    let file = scratch.file("good.flight", GOOD);
    for (emit, word) in [
        ("ast", "hello"),
        ("ir", "boom"),
        ("layout", "state"),
        ("clif", "function"),
        ("asm", "ret"),
    ] {
        let done = Command::new(PROGRAM).args(["inspect", &file, "--emit", emit]).output();
        let output = String::from_utf8(done.expect("it starts").stdout).expect("output is text");
        assert!(output.contains(word), "--emit {emit}:\n{output}");
    }
}

#[test]
fn against_a_server() {
    let scratch = Scratch::new("remote");
    let server = Process::serve(PROGRAM, &[]);
    let url = format!("http://{}", server.address);
    let state = "state { version: int, name: str }\n";
    let _ = scratch.file("v2.flight", &format!("{state}get hello() -> str {{ return \"two\" }}\n"));
    let _ =
        scratch.file("v3.flight", &format!("{state}get hello() -> str {{ return \"three\" }}\n"));
    let _ = scratch.file("bad.flight", "get f() -> int {\n    return missing\n}\n");
    let run = |command: &str| {
        let words = command.split(' ').chain(["--server", &url]);
        let done = Command::new(PROGRAM).args(words).current_dir(scratch.path()).output();
        let done = done.expect("the command starts");
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        (done.status.code(), text(done.stdout), text(done.stderr))
    };
    let (code, output, _) = run("load v2.flight");
    assert_eq!(code, Some(0));
    assert!(output.starts_with("done: version 2 is live"), "{output}");
    assert_eq!(server.client().get("/hello").text(), "two");
    let (code, output, messages) = run("load bad.flight");
    assert_eq!((code, output.as_str()), (Some(1), ""));
    assert!(messages.contains("E0201") && messages.contains("bad.flight:2:12"), "{messages}");
    let (code, output, _) = run("load v3.flight --stage");
    assert_eq!(code, Some(0));
    assert!(output.starts_with("done: version 3 is staged"), "{output}");
    let (code, _, messages) = run("load v3.flight --expect 1");
    assert_eq!(code, Some(1));
    assert!(messages.contains("version 2 is current"), "{messages}");
    let (code, output, _) = run("load v3.flight --dry-run");
    assert!(code == Some(0) && output.starts_with("done: "), "{output}");
    let (code, output, _) = run("versions");
    assert_eq!(code, Some(0));
    let marked: Vec<_> = output.lines().filter(|line| line.starts_with('*')).collect();
    assert!(marked.first().is_some_and(|line| line.contains(" 2 ")), "{output}");
    let (code, output, _) = run("rollback");
    assert_eq!((code, output.as_str()), (Some(0), "version 1 is live, version 2 was before\n"));
    let (code, _, messages) = run("rollback");
    assert_eq!(code, Some(1));
    assert!(messages.contains("no version to go back to"), "{messages}");
}

#[test]
fn no_server_is_told_with_what_to_do() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", free.local_addr().expect("it has an address"));
    drop(free);
    let done = Command::new(PROGRAM).args(["versions", "--server", &url]).output();
    let done = done.expect("the command starts");
    let messages = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1));
    assert!(messages.contains("midflight serve") && messages.contains("--server"), "{messages}");
}

#[test]
fn a_folder_is_formatted_around_what_cannot_be_read() {
    let scratch = Scratch::new("fmt-folder");
    let _ = scratch.file("a.flight", "get a( -> int { 1 }\n");
    let ugly = scratch.file("b.flight", "get b()->int{1}\n");
    let said = ["expected a parameter's name", "a.flight:1:"];
    let formatted =
        Transcript { command: "fmt .", code: 1, output: "./b.flight\n", messages: &said };
    formatted.check(&scratch);
    assert_eq!(fs::read_to_string(ugly).expect("it is there"), "get b() -> int { 1 }\n");
    Transcript { command: "fmt --check .", code: 1, output: "", messages: &said }.check(&scratch);
}
