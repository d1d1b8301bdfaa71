//! The parts of the language beyond scalars and structs: enums, optionals, lists, tables, events,
//! timers, migrations. Right programs with a piece of what they become; wrong ones with what is
//! reported.

use super::{check_whole, printed, reported};

const TYPES: &str = "enum Class { warrior, mage, healer(power: int) }\n\
                     enum Shape { dot, pair(a: Class, b: Class), num(n: int) }\n";

const TABLES: &str = "table player {\n    key id: int\n    name: str = \"x\"\n    hp: int = 100\n    \
                      gold: int\n    index gold\n}\n\
                      table room { key name: str\n size: int }\n\
                      event hit { target: int, left: int = 3 }\n";

/// A program with a bit of everything.
pub(super) const GAME: &str = r#"
enum Class { warrior, mage, healer(power: int) }

struct Vec2 { x: float, y: float }

struct Item { kind: str, count: int = 1 }

/// One row for each player, found by its key.
table player {
    key id: int
    name: str
    class: Class = Class.warrior
    hp: int = 100
    gold: int
    pos: Vec2
    speed: Vec2
    bag: [Item; ..16]
    transient idle: int
    index gold
}

state { round: int }

event hit { target: int, left: int }

fn damage(from: player, to: player) -> int {
    let base = match from.class {
        warrior => 12
        mage => 9
        healer(power) => power / 2
    }
    return max(1, base - to.gold / 1000)
}

post join(id: int, name: str) {
    if id in player { fail 409 "player {id} is already here" }
    insert player { id, name }
}

post attack(attacker: int, target: int) -> int {
    let a = player[attacker]
    let t = player[target]
    t.hp -= damage(a, t)
    if t.hp <= 0 {
        t.hp = 100
        a.gold += 10
    }
    emit hit { target, left: t.hp }
    return t.hp
}

struct Score { name: str, gold: int }

get top(n: int = 10) -> [Score] {
    var out: [Score] = []
    for p in player by gold desc limit n {
        out.push(Score { name: p.name, gold: p.gold })
    }
    return out
}

/// Runs once for every row; each row commits on its own.
every 50ms step(p: player) {
    p.pos.x += p.speed.x * 0.05
    p.pos.y += p.speed.y * 0.05
    if p.hp < 100 { p.hp += 1 }
}

every 1s next_round() { state.round += 1 }

test "an attack takes hp" {
    join(1, "ann")
    join(2, "bob")
    assert attack(1, 2) == 88
    assert player[2].hp == 88
}
"#;

#[test]
fn a_bit_of_everything() {
    let checked = check_whole(GAME).map_err(|found| reported(GAME, &found)).expect("it is right");
    assert_eq!(reported(GAME, &checked.warnings), [""; 0]);
    let program = &checked.program;
    assert_eq!(program.handlers.len(), 3);
    assert_eq!(program.timers.len(), 2);
    assert!(program.timers[0].table.is_some() && program.timers[1].table.is_none());
    let top = program.function(program.handlers[2].function);
    assert!(!top.effects.writes);
}

/// Holds a table of `(program, piece of the printed program)`.
fn hold(before: &str, table: &[(&str, &str)]) {
    for (text, piece) in table {
        let found = printed(&format!("{before}{text}"));
        assert!(found.contains(piece), "no\n{piece}\nin\n{found}");
    }
}

/// Holds a table of `(program, reports)`.
fn refuse(before: &str, table: &[(&str, &[&str])]) {
    for (text, expected) in table {
        let text = format!("{before}{text}");
        let found = match check_whole(&text) {
            Ok(checked) => reported(&text, &checked.warnings),
            Err(diagnostics) => reported(&text, &diagnostics),
        };
        assert_eq!(found, *expected, "in\n{text}");
    }
}

#[test]
fn enums_and_matches() {
    hold(
        TYPES,
        &[
            ("get f() -> Class { Class.mage }", "=> Class.mage"),
            ("get f() -> Class { Class.healer(3) }", "=> Class.healer(3)"),
            ("state { c: Class = Class.healer(2 + 3) }", "c: Class = Class.healer(5)"),
            (
                "get f(c: Class) -> int { match c { warrior => 1\n mage => 2\n healer(p) => p } }",
                "healer(p.1) => { // int, fuel 0",
            ),
            (
                "get f(c: Class) -> int { match c { warrior | mage => 1\n Class.healer(_) => 2 } }",
                "warrior | mage => {",
            ),
            ("get f(i: int) -> int { match i { 0 => 1\n -1 => 2\n _ => fail \"x\" } }", "-1 => {"),
            ("get f(c: Class) { match c { warrior => return\n _ => { } } }", "warrior => {"),
            (
                "get f(s: Shape) -> int { match s { pair(mage, healer(x)) => x\n _ => 0 } }",
                "pair(mage, healer(x.1)) => {",
            ),
            (
                "get f(b: bool, c: Class) -> str { match b { true => \"{Class.mage == c}\"\n \
                 false => \"\" } }",
                "(Class.mage == c.1)",
            ),
        ],
    );
    let head = "get f(s: Shape, c: Class, i: int) -> int {";
    let refused: &[(&str, &[&str])] = &[
        ("match c { warrior => 1\n mage => 2 }", &["E0509 match c"]),
        ("match c { warrior => 1\n mag => 2\n _ => 3 }", &["E0206 mag"]),
        ("match c { _ => 1\n mage => 2 }", &["E0705 mage"]),
        ("match c { healer => 1\n _ => 2 }", &["E0510 healer"]),
        ("match c { mage(x) => x\n _ => 2 }", &["E0510 mage"]),
        ("match c { 1 => 1\n _ => 2 }", &["E0510 1"]),
        ("match i { 1 => 1 }", &["E0509 match i"]),
        ("match i { x => 1\n _ => 2 }", &["E0510 x"]),
        ("match c { warrior => 1\n _ => \"a\" }", &["E0300 \"a\""]),
        ("match c { warrior => 1\n _ => { } }", &["E0306 }"]),
        ("match c { Shape.dot => 1\n _ => 2 }", &["E0510 Shape"]),
        ("match s { num(x) | dot => 1\n _ => 2 }", &["E0510 x"]),
        ("match s { num(x) => 1\n _ => 2 }", &["E0701 x"]),
        ("match s { pair(mage, _) => 1\n dot => 2\n num(_) => 3 }", &["E0509 match s"]),
        ("Class.nope", &["E0206 nope"]),
        ("Class.healer", &["E0303 healer"]),
        ("int(Class.mage(1) == c)", &["E0303 mage"]),
        ("c + 1", &["E0301 +"]),
    ];
    for (body, expected) in refused {
        let text = format!("{head} {body} }}");
        refuse(TYPES, &[(&text, expected)]);
    }
}

#[test]
fn what_a_match_leaves_out_is_named() {
    let text = format!("{TYPES}fn f(s: Shape) -> int {{ match s {{ pair(mage, _) => 1 }} }}");
    let found = check_whole(&text).err().unwrap_or_default();
    let message =
        "this `match` leaves out `pair(warrior, _)`, `pair(healer(_), _)`, `dot`, `num(_)`";
    assert_eq!(found[0].message, message);
}

#[test]
fn optionals() {
    hold(
        "",
        &[
            ("get f(a: int?) -> int { a ?? 0 }", "(a.0 ?? 0)"),
            ("get f(a: int?) -> int { a ?? fail 404 \"x\" }", "(a.0 ?? fail 404 \"x\")"),
            ("get f() -> int? { 3 }", "=> some(3)"),
            ("get f() -> int? { none }", "=> none"),
            ("get f(a: int?) -> bool { a == none || a == 3 }", "(a.0 == some(3))"),
            (
                "get f(a: int?) -> int { if let x = a { x } else { 0 } }",
                "some(x.1) => { // int, fuel 0",
            ),
            ("get f(s: str) -> int { parse_int(s) ?? -1 }", "(ParseInt(s.0) ?? -1)"),
            ("state { a: int? = 3 }", "a: int? = some(3)"),
            ("get g(a: int?) -> int { a ?? 1 }\nget f() -> int { g() }", "g(none)"),
            ("get f(b: bool) -> int? { if b { 1 } else { none } }", "=> some(1)"),
            ("get f(a: int?) -> int { match a { none => 0\n 1 => 5\n _ => 2 } }", "some(1) =>"),
        ],
    );
    refuse(
        "",
        &[
            ("get f(a: int?) -> int { a }", &["E0300 a"]),
            ("get f(a: int?) -> int { a + 1 }", &["E0301 +"]),
            ("get f(a: int) -> int { a ?? 1 }", &["E0301 a"]),
            ("get f(a: int?) -> int { a ?? \"\" }", &["E0300 \"\""]),
            ("get f() { let x = none }", &["E0307 none"]),
            ("get f() -> int { none }", &["E0300 none"]),
            ("get f(a: int) { if let x = a { } }", &["E0300 a"]),
            ("get f(a: int?) -> int { match a { 1 => 1\n none => 2 } }", &["E0509 match a"]),
            ("get f(a: int?) -> str { \"{a}\" }", &["E0305 a"]),
        ],
    );
}

#[test]
fn lists() {
    let state = "struct Item { kind: str, count: int = 1 }\n\
                 state { grid: [int; 4], bag: [Item; ..3], o: [int?; 2] }\n";
    hold(
        state,
        &[
            ("get f() -> int { state.grid[1 + 2] }", "state.grid[(1 + 2)]"),
            ("get f() { state.bag.push(Item { kind: \"a\" }) }", "state.bag.ListPush(Item {"),
            ("get f() -> [int] { state.grid }", "to_list(state.grid)"),
            ("get f() -> [int] { [] }", "=> []"),
            ("get f() { state.grid = [1, 2, 3, 4] }", "state.grid = [1, 2, 3, 4]"),
            ("get f() { state.grid = [0; 4] }", "state.grid = [0; …]: [int; 4]"),
            ("get f() { state.o = [none, 1] }", "state.o = [none, some(1)]"),
            ("get f() -> int { let a = [1, 2]\na.len + state.bag.len }", "ListLen(state.bag)"),
            ("get f(a: [int]) -> bool { a.contains(3) || 4 in a }", "ListContains(a.0, 3)"),
            ("get f(a: [str]) -> str { a.join(\", \") }", "ListJoin(a.0, \", \")"),
            ("get f(a: str) -> [str] { a.split(\",\") }", "TextSplit(a.0, \",\")"),
            ("get f() { state.grid.sort()\nstate.bag[0].count += 1 }", "state.bag[0].count += 1"),
            ("get f(a: [int]) { state.grid.assign(a) }", "state.grid.ListAssign(a.0)"),
            ("get f() -> int { var a = [1]\na.pop() ?? 0 }", "a.0.ListPop()"),
            ("get f() -> int { var a = [1]\nlet b = a\na.push(1)\nb.len }", "let b.1: [int] = a.0"),
            (
                "get f() -> int { var n = 0\nfor x in state.bag where x.count > 1 by kind desc \
                 limit 2 { n += x.count }\nn }",
                "for x.1 in state.bag where (x.1.count > 1) by [0] desc limit 2 {",
            ),
            ("get f(a: [[int]]) -> int { a[0][1] }", "a.0[0][1]"),
        ],
    );
    refuse(
        state,
        &[
            ("get f() -> int { state.grid[true] }", &["E0300 true"]),
            ("get f() { state.grid.push(1) }", &["E0205 push"]),
            ("get f(a: [int]) { a.push(1) }", &["E0500 a"]),
            ("get f() { let a = [] }", &["E0307 []"]),
            ("get f() { let a = [1, \"x\"] }", &["E0300 \"x\""]),
            ("get f() { state.grid = [1, 2] }", &["E0300 [1, 2]"]),
            ("get f(a: [int]) { state.grid = a }", &["E0300 a"]),
            ("get f() { for x in state.bag { x.count += 1 } }", &["E0500 x.count"]),
            ("get f() { state.bag.push(1) }", &["E0300 1"]),
            ("get f() -> int { state.bag.length }", &["E0203 length"]),
            ("get f() { state.bag.sort() }", &["E0302 sort"]),
            ("get f(a: [int]) -> str { a.join(\"\") }", &["E0300 a"]),
            ("get f() { let a = [0; 10000000]\nstate.grid[0] = a[0] }", &["E0610 [0; 10000000]"]),
            ("get f() { for x in state.bag by nope { let _y = x } }", &["E0203 nope"]),
            ("get f(a: [int]) -> int { a.filter(1) }", &["E0205 filter"]),
        ],
    );
}

#[test]
fn tables_and_rows() {
    hold(
        TABLES,
        &[
            ("get f(id: int) -> int { player[id].hp }", "player[id.0].hp"),
            ("post f(id: int) { let p = player[id]\np.hp -= 1 }", "p.1.hp -= 1"),
            ("get f(id: int) -> bool { id in player }", "player.has(id.0)"),
            (
                "get f(id: int) -> int { if let p = player.get(id) { p.hp } else { 0 } }",
                ".get(id.0)",
            ),
            ("get f() -> int { player.len }", "player.len"),
            ("post f(id: int, name: str) { insert player { id, name } }", "insert player { id:"),
            ("post f(id: int) -> player { insert player { id } }", "-> player"),
            ("post f(id: int) { remove player[id] }", "// writes, removes"),
            ("fn f(p: player) -> int { p.hp }\nget g() -> int { f(player[1]) }", "f(player[1])"),
            ("post f() { for p in player { p.hp = 1 } }", "for p.0 in player {"),
            ("post f() { for p in player { remove p } }", "for p.0 in snapshot player {"),
            (
                "post f() { for p in player by gold desc limit 3 { p.gold += 1 } }",
                "for p.0 in snapshot player by gold desc limit 3 {",
            ),
            (
                "fn g() { insert room { name: \"a\" } }\npost f() { for p in player { g()\np.hp = 1 } }",
                "in snapshot player",
            ),
            (
                "post f(b: bool) -> int { return 1 + if b { for p in player { remove p }\n1 } \
                 else { 2 } }",
                "in snapshot player",
            ),
            ("post f() { emit hit { target: 1 } }", "emit hit { target: 1, left: 3 }"),
            (
                "get f() -> [player] { var o: [player] = []\nfor p in player { o.push(p) }\no }",
                "ListPush",
            ),
            ("get f() -> bool { player[1] == player[2] }", "(player[1] == player[2])"),
        ],
    );
    refuse(
        TABLES,
        &[
            ("get f() -> int { player[\"a\"].hp }", &["E0300 \"a\""]),
            ("get f() -> int { player[1].mana }", &["E0203 mana"]),
            ("post f() { player[1].id = 2 }", &["E0502 player[1].id"]),
            ("post f() { player[1] = player[2] }", &["E0502 player[1]"]),
            ("post f() { insert player { hp: 1 } }", &["E0412 player"]),
            ("post f() { insert playr { id: 1 } }", &["E0207 playr"]),
            ("post f() { emit hitt { } }", &["E0207 hitt"]),
            ("post f() { remove 1 }", &["E0300 1"]),
            ("post f(p: player) { p.hp = 1 }", &["E0407 player"]),
            ("state { p: player }", &["E0407 player"]),
            ("get f() { for p in player by hp { let _x = p } }", &["E0508 hp"]),
            ("get f() -> int { player }", &["E0211 player"]),
            ("get f() { player.foo(1) }", &["E0205 foo"]),
            ("table t { a: int }", &["E0410 t"]),
            ("table t { key a: float }", &["E0410 float"]),
            ("table t { key a: int\n key b: int }", &["E0410 key"]),
            ("table t { key a: int\n index b }", &["E0203 b"]),
            ("table player { key a: int }", &["E0200 player"]),
            ("post f() { for p in player { p = player[1] } }", &["E0500 p"]),
        ],
    );
}

#[test]
fn timers_migrations_and_tests() {
    hold(
        TABLES,
        &[
            ("const T = 2s\nevery T tick() { }", "every tick()"),
            ("every 50ms step(p: player) { p.hp += 1 }", "every step(p: player)"),
            ("every 50ms step(p: player) { p.hp += 1 }\ntest \"t\" { step(player[1]) }", "step("),
            ("on load { log \"hi\" }", "log \"hi\""),
            ("test \"t\" { advance 5s\nassert now() == 5000 }", "advance 5000"),
            ("migrate player(old) { hp = old.health * 2, name = \"{old.first}\" }", "table player"),
            ("drop table gone\ndrop player.gone", "table player"),
        ],
    );
    refuse(
        TABLES,
        &[
            ("every 0ms tick() { }", &["E0414 0ms"]),
            ("every 1s tick(a: int) { let _b = a }", &["E0414 a"]),
            ("const T = 0\nevery T tick() { }", &["E0414 T"]),
            ("on load { }\non load { }", &["E0401 on load"]),
            ("migrate player(old) { nope = old.x }", &["E0203 nope"]),
            ("migrate player(old) { hp = \"x\" }", &["E0300 \"x\""]),
            ("migrate player(old) { hp = player.len + 1 }", &["E0413 player.len"]),
            ("migrate gone(old) { hp = 1 }", &["E0207 gone"]),
            ("drop table player", &["E0413 player"]),
            ("drop player.hp", &["E0413 player.hp"]),
            ("state { a: int was b, b: int }", &["E0413 b"]),
            ("table a was x { key k: int }\ntable b was x { key k: int }", &["E0413 x"]),
            ("migrate player(old) { hp = if true { return 1 } else { 2 } }", &["E0413 return 1"]),
            (
                "fn f() -> int { return player.len }\nmigrate player(old) { hp = f() }",
                &["E0413 f()"],
            ),
        ],
    );
}
