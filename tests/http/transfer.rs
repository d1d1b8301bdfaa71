//! Worlds as files: out, in again, and everything that is no such file.

use std::fs;
use std::process::Command;

use midflight_runtime::{Engine, Limits};
use midflight_tests::served::Setup;
use midflight_tests::{Answer, Client, Scratch, Served};

use crate::command::PROGRAM as COMMAND;

/// Every type that state and rows can have, and values at their edges.
const PROGRAM: &str = r#"
struct Pos { x: float, y: float }
struct Deep { pos: Pos, list: [Pos; ..3], name: str? }
enum Kind { plain, named(name: str, at: Pos?), nested(inner: Inner) }
enum Inner { low, high(by: int) }
state {
    int_max: int
    int_min: int
    floats: [float; 8]
    flag: bool
    text: str
    kind: Kind
    deep: Deep
    maybe: Deep?
    drawn: int
}
table item {
    key id: str
    worth: float
    kind: Kind
    slots: [int?; ..4]
    big: [int; 40]
    index worth
}
table number { key n: int, at: int, index at }
post fill() {
    state.int_max = 9223372036854775807
    state.int_min = -9223372036854775807 - 1
    let zero = 0.0
    state.floats = [0.1, -0.0, zero / zero, 1.0 / zero, -1.0 / zero, 5e-324, 1.7976931348623157e308, 0.30000000000000004]
    state.flag = true
    state.text = "größe \"quoted\" \\ line\nand more"
    let pos = Pos { x: 1.0 / 3.0, y: -2.5e-7 }
    state.kind = Kind.named("x", pos)
    state.deep = Deep { pos, list: [pos, pos], name: none }
    state.maybe = Deep { pos, list: [], name: "there" }
    state.drawn = random(1000000)
    insert item { id: "", worth: zero / zero, kind: Kind.plain }
    insert item { id: "b", worth: -0.0, kind: Kind.nested(Inner.high(-7)), slots: [none, 3] }
    insert item { id: "c", worth: 1.0 / zero, kind: Kind.nested(Inner.low) }
    for n in 0..2000 { insert number { n: n * 4611686018427387, at: 2000 - n } }
    // Slots that are free: in the middle, and many in a row.
    for n in 0..1500 { if n % 3 != 0 { remove number[n * 4611686018427387] } }
    remove item["b"]
}
post again() -> int {
    insert number { n: -1, at: 7 }
    state.drawn = random(1000000)
    return state.drawn
}
"#;

fn serve() -> (Served, Client) {
    let served = Served::start(PROGRAM);
    assert_eq!(served.engine.create_world("copy").ok(), Some(true));
    let mut client = served.client();
    assert_eq!(client.post("/fill", "").status, 204);
    (served, client)
}

fn image(engine: &Engine, world: &str) -> Vec<u8> {
    engine.enter(world, |turn| turn.image()).expect("there is a version")
}

fn export(client: &mut Client, world: &str) -> String {
    let answer = client.get(&format!("/-/worlds/{world}/export"));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jsonl")));
    answer.text().to_owned()
}

fn import(client: &mut Client, world: &str, file: &str) -> Answer {
    client.post(&format!("/-/worlds/{world}/import"), file)
}

#[test]
fn what_is_exported_is_imported_as_the_same_world() {
    let (served, mut client) = serve();
    let file = export(&mut client, "main");
    let header: serde_json::Value =
        file.lines().next().and_then(|line| serde_json::from_str(line).ok()).expect("JSON");
    assert_eq!((&header["world"], &header["version"]["number"]), (&"main".into(), &1.into()));
    let done = import(&mut client, "copy", &file);
    assert_eq!((done.status, &done.json()["rows"]), (200, &1002.into()), "{}", done.text());
    assert_eq!(image(&served.engine, "main"), image(&served.engine, "copy"));
    assert_eq!(
        export(&mut client, "copy").lines().skip(1).collect::<Vec<_>>(),
        file.lines().skip(1).collect::<Vec<_>>()
    );
    // They go on alike: the same free slots, the same random numbers.
    assert_eq!(client.post("/again", "").text(), client.post("/@copy/again", "").text());
    assert_eq!(image(&served.engine, "main"), image(&served.engine, "copy"));
    // And back: what an import replaces leaves nothing.
    assert_eq!(import(&mut client, "copy", &file).status, 200);
    assert_eq!(import(&mut client, "main", &export(&mut served.client(), "copy")).status, 200);
    assert_eq!(image(&served.engine, "main"), image(&served.engine, "copy"));
}

#[test]
fn an_empty_world_is_a_file_too_and_its_memory_is_free_again() {
    let (served, mut client) = serve();
    assert_eq!(served.engine.create_world("empty").ok(), Some(true));
    let empty = export(&mut client, "empty");
    assert_eq!(empty.lines().count(), 3);
    let memory = |world: &str| served.engine.memory_taken(world).expect("no call runs");
    let filled = memory("main");
    assert_eq!(import(&mut client, "main", &empty).status, 200);
    assert_eq!(memory("main"), 0);
    assert!(filled > 0);
    let claimed = served.engine.figures().memory;
    for _ in 0..20 {
        assert_eq!(import(&mut client, "main", &empty).status, 200);
    }
    assert_eq!(served.engine.figures().memory, claimed);
}

/// A file with one line replaced, as a hostile one.
fn with(file: &str, number: usize, line: &str) -> String {
    let mut lines: Vec<&str> = file.lines().collect();
    lines[number - 1] = line;
    lines.join("\n") + "\n"
}

#[test]
fn what_is_no_export_is_refused_by_line_and_field_and_changes_nothing() {
    let (served, mut client) = serve();
    let file = export(&mut client, "main");
    let line = |number: usize| file.lines().nth(number - 1).expect("it is there");
    let last = file.lines().count();
    let before = image(&served.engine, "copy");
    let state = |from: &str, to: &str| {
        assert!(line(2).contains(from), "{from}");
        with(&file, 2, &line(2).replacen(from, to, 1))
    };
    let header = |from: &str, to: &str| {
        assert!(line(1).contains(from), "{from}");
        with(&file, 1, &line(1).replacen(from, to, 1))
    };
    let row = |from: &str, to: &str| {
        assert!(line(5).contains(from), "{from} in {}", line(5));
        with(&file, 5, &line(5).replacen(from, to, 1))
    };
    let cases: &[(&str, String, u16, &str, &str)] = &[
        ("empty", String::new(), 400, "import_truncated", "line 1: "),
        ("text", "hello\n".to_owned(), 400, "invalid_import", "line 1: "),
        ("another format", header("midflight-world", "other"), 400, "invalid_import", "`other`"),
        (
            "a later version",
            header("_version\":1", "_version\":2"),
            400,
            "invalid_import",
            "version 2",
        ),
        (
            "no generator",
            header("\"generator\":[\"", "\"generator\":[\"0\",\""),
            400,
            "invalid_import",
            "line 1: ",
        ),
        (
            "a generator that stands",
            with(
                &file,
                1,
                r#"{"format":"midflight-world","format_version":1,"time":0,"generator":["0000000000000000","0000000000000000","0000000000000000","0000000000000000"]}"#,
            ),
            400,
            "invalid_import",
            "generator",
        ),
        (
            "no state",
            file.replacen(line(2), line(3), 1),
            400,
            "invalid_import",
            "line 2: the state comes first",
        ),
        (
            "two states",
            with(&file, 3, line(2)),
            422,
            "import_value",
            "line 3: `state` is given twice",
        ),
        (
            "a wrong type",
            state("\"flag\":true", "\"flag\":1"),
            422,
            "import_value",
            "line 2: `state.flag` takes `bool`, found the number 1",
        ),
        (
            "an int too large",
            state("9223372036854775807", "9223372036854775808"),
            422,
            "import_value",
            "`state.int_max`",
        ),
        (
            "an int with a point",
            state("9223372036854775807", "1.0"),
            422,
            "import_value",
            "`state.int_max`",
        ),
        (
            "a float by another name",
            state("\"nan\"", "\"NaN\""),
            422,
            "import_value",
            "`state.floats[2]`",
        ),
        ("an array too short", state("[0.1,", "["), 422, "import_value", "`state.floats`"),
        (
            "a list too long",
            state("\"list\":[{", "\"list\":[{\"x\":0,\"y\":0},{\"x\":0,\"y\":0},{"),
            422,
            "import_value",
            "`state.deep.list`",
        ),
        (
            "a field that is missing",
            state("\"drawn\"", "\"drown\""),
            422,
            "import_value",
            "line 2: there is no field `state.drown`",
        ),
        (
            "a variant that is none",
            state("\"named\"", "\"nomad\""),
            422,
            "import_value",
            "`state.kind`",
        ),
        (
            "a field given twice",
            state("\"flag\":true", "\"flag\":true,\"flag\":true"),
            422,
            "import_value",
            "twice",
        ),
        (
            "a table that is none",
            row("\"number\"", "\"nobody\""),
            422,
            "import_table",
            "line 5: there is no table `nobody`",
        ),
        ("a slot that was passed", with(&file, 6, line(5)), 422, "import_slot", "line 6: "),
        ("a negative slot", row("\"slot\":0", "\"slot\":-1"), 400, "invalid_import", "line 5: "),
        (
            "a slot beyond all",
            row("\"slot\":0", "\"slot\":4294967295"),
            503,
            "world_full",
            "line 5: ",
        ),
        (
            "a slot of 33 bits",
            row("\"slot\":0", "\"slot\":4294967296"),
            400,
            "invalid_import",
            "line 5: ",
        ),
        (
            "members in another order",
            row("\"table\":\"number\",\"slot\":0", "\"slot\":0,\"table\":\"number\""),
            400,
            "invalid_import",
            "line 5: ",
        ),
        ("more members", row("}}", "},\"more\":1}"), 400, "invalid_import", "line 5: "),
        (
            "a key that is taken",
            row("\"row\":{\"n\":0", "\"row\":{\"n\":13835058055282161"),
            422,
            "import_key",
            "line 6: ",
        ),
        ("no JSON", row("}}", "}"), 400, "invalid_import", "line 5: "),
        ("not one value", row("}}", "}} {}"), 400, "invalid_import", "line 5: "),
        (
            "nesting",
            row("\"at\":2000", &format!("\"at\":{}", "[".repeat(10_000))),
            422,
            "import_value",
            "`number.at`",
        ),
        (
            "no end",
            file.replacen(line(last), "", 1).trim_end().to_owned() + "\n",
            400,
            "import_truncated",
            "line ",
        ),
        ("cut off in a line", file[..file.len() - 4].to_owned(), 400, "import_truncated", "line "),
        (
            "cut off after a row",
            with(&file, 900, line(last)),
            400,
            "import_truncated",
            "line 900: 1002 rows are announced",
        ),
        ("something behind", file.clone() + "{}\n", 400, "invalid_import", "behind the end"),
    ];
    let mut faults = Vec::new();
    for (name, hostile, status, kind, detail) in cases {
        let refused = import(&mut client, "copy", hostile);
        let problem = refused.json();
        let said = problem["detail"].as_str().expect("a problem has a detail");
        let is_named = said.starts_with("line ") && problem["line"].is_u64();
        let is_right = refused.status == *status && problem["kind"] == *kind;
        if !is_right || !is_named || !said.contains(detail) {
            faults.push(format!("{name}: {}", refused.text()));
        }
        assert!(image(&served.engine, "copy") == before, "{name} has changed nothing");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let mut broken = file.into_bytes();
    broken[40] = 0xff;
    let refused = client.post("/-/worlds/copy/import", broken);
    assert_eq!((refused.status, &refused.json()["kind"]), (400, &"invalid_import".into()));
    assert!(image(&served.engine, "copy") == before);
    let unknown = import(&mut client, "nobody", "");
    assert_eq!((unknown.status, &unknown.json()["kind"]), (404, &"unknown_world".into()));
}

#[test]
fn what_is_too_large_is_refused() {
    let limits = Limits { world_memory_max: 1 << 20, ..Limits::default() };
    let server = midflight_server::Limits { import_len_max: 200_000, ..Default::default() };
    let (served, mut client) = serve();
    let file = export(&mut client, "main");
    drop(served);
    let small = Served::set_up(Setup { limits, server, ..Setup::default() });
    let _ = small.engine.load(PROGRAM).expect("it loads");
    let mut client = small.client();
    assert_eq!(import(&mut client, "main", &file).status, 200);
    let before = image(&small.engine, "main");
    let large = file.clone() + &" ".repeat(200_000);
    let refused = import(&mut client, "main", &large);
    assert_eq!((refused.status, &refused.json()["kind"]), (413, &"import_too_large".into()));
    let mut client = small.client();
    let row = file.lines().rfind(|line| line.contains("number")).expect("a row");
    let slot = row.find("\"slot\":").expect("a slot") + 7;
    let end = slot + row[slot..].find(',').expect("more members");
    let far = format!("{}900000{}", &row[..slot], &row[end..]);
    let refused = import(&mut client, "main", &file.replacen(row, &far, 1));
    assert_eq!((refused.status, &refused.json()["kind"]), (503, &"world_full".into()));
    assert!(image(&small.engine, "main") == before);
}

#[test]
fn an_import_keeps_to_the_limits_of_tables() {
    let (served, mut client) = serve();
    let file = export(&mut client, "main");
    let last = file.lines().count() - 1;
    for (limits, line, kind) in [
        (Limits { rows_max: 999, ..Limits::default() }, last, "import_rows"),
        (Limits { key_len_max: 16, ..Limits::default() }, 4, "import_key_length"),
    ] {
        let file = file.replace("\"id\":\"c\"", "\"id\":\"seventeen letters\"");
        let small = Served::set_up(Setup { limits, ..Setup::default() });
        let _ = small.engine.load(PROGRAM).expect("it loads");
        let before = image(&small.engine, "main");
        let refused = import(&mut small.client(), "main", &file);
        let problem = refused.json();
        assert_eq!((refused.status, &problem["kind"]), (422, &kind.into()), "{problem}");
        assert_eq!(problem["line"], line, "{problem}");
        assert!(image(&small.engine, "main") == before);
    }
    drop(served);
}

#[test]
fn a_world_goes_on_while_a_client_reads_its_export_slowly() {
    let (served, mut client) = serve();
    let file = export(&mut client, "main");
    let mut slow = served.client();
    slow.send(b"GET /-/worlds/main/export HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let head = slow.receive_head();
    assert_eq!(head.header("content-length"), Some(file.len().to_string().as_str()));
    // The body is not read yet.
    assert_eq!(client.post("/again", "").status, 200);
    assert_ne!(export(&mut client, "main"), file, "the world has gone on");
}

#[test]
fn the_command_writes_and_reads_files() {
    let (served, _client) = serve();
    let scratch = Scratch::new("transfer");
    let server = format!("http://{}", served.address);
    let run = |arguments: &[&str]| {
        let run = Command::new(COMMAND).args(arguments).args(["--server", &server]).output();
        run.expect("the command runs")
    };
    let exported = run(&["export"]);
    assert!(exported.status.success());
    let text = String::from_utf8(exported.stdout).expect("an export is text");
    let file = scratch.file("world.jsonl", &text);
    let imported = run(&["import", &file, "--world", "copy"]);
    assert_eq!(String::from_utf8_lossy(&imported.stdout), "the world copy has 1002 rows now\n");
    assert_eq!(image(&served.engine, "main"), image(&served.engine, "copy"));
    fs::write(&file, &text[..text.len() / 2]).expect("it can be written");
    let refused = run(&["import", &file, "--world", "copy"]);
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        message.contains("line ") && message.contains("help: nothing was changed"),
        "{message}"
    );
    let refused = run(&["export", "--world", "nobody"]);
    assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(1), &b""[..]));
}
