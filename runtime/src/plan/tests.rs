use midflight_compiler::compile;
use midflight_compiler::source::Source;

use super::plan;
use crate::version::Version;

fn version(text: &str) -> Version {
    let source = Source::new("t.flight", text);
    let program = compile(&source).expect("the source is right");
    Version::new(source, program)
}

/// What the plan from one source to another says, one line a change.
fn changes(live: &str, new: &str, allow_loss: bool) -> Vec<String> {
    let (plan, moves) = plan(Some(&version(live)), &version(new), allow_loss);
    assert_eq!(moves.is_some(), plan.moves && !plan.is_refused(), "{plan}");
    plan.changes.iter().map(ToString::to_string).collect()
}

#[test]
fn what_keeps_every_value_happens_by_itself() {
    let live = "
        struct Item { kind: str, count: int }
        enum Class { warrior, healer(power: int) }
        state { round: int, old_name: str }
        table player { key id: int, hp: int, bag: [Item; ..4], class: Class, best: int, gone: bool }
        table room { key name: str }";
    let new = "
        enum Class { mage, healer(power: float, range: int), warrior }
        struct Item { count: int, kind: str, weight: float }
        table place was room { key name: str }
        table player {
            key id: int, index hp
            hp: int, bag: [Item; ..8], class: Class, best: int?, mana: int = 5, life: float was best2
        }
        state { name: str was old_name, round: int }
        drop player.gone";
    assert_eq!(
        changes(live, new, false),
        [
            "`state.name: str` was `old_name`",
            "`place: table` was `room`",
            "`Item.weight: float` is added",
            "`player.bag: [Item; ..8]` is converted from `[Item; ..4]`",
            "`Class.healer.power: float` is converted from `int`",
            "`Class.healer.range: int` is added",
            "`player.best: int?` is converted from `int`",
            "`player.mana: int` is added",
            "`player.life: float` is added",
            "`player.gone: bool` is dropped",
            "`player.hp` gets an index",
        ]
    );
}

#[test]
fn what_could_lose_something_is_refused_with_the_line_to_add() {
    let live = "
        struct Item { kind: str, count: int }
        enum Class { warrior, mage }
        state { n: float, m: int }
        table player { key id: int, name: str, class: Class, bag: [Item; 2], hp: int? }
        table room { key name: str }";
    let new = "
        struct Item { kind: str }
        enum Class { warrior }
        state { n: int }
        table player { key name: str, id: int, class: Class, bag: [Item; 1], hp: int }";
    assert_eq!(
        changes(live, new, false),
        [
            "`state.n` is `float` in the live state and `int` here; \
             help: `migrate state(old) { n = … }`",
            "`state.m: int` would be lost; \
             help: `drop state.m`, or `was m` behind the field that it became",
            "`Class.mage: variant` would be lost; help: `migrate` each field that holds `Class`",
            "`player.bag` is `[Item; 2]` in the live state and `[Item; 1]` here; \
             help: `migrate player(old) { bag = … }`",
            "`player.hp` is `int?` in the live state and `int` here; \
             help: `migrate player(old) { hp = … }`",
            "`player` has the key `name`, it had `id`",
            "`room: table` would be lost; \
             help: `drop table room`, or `was room` behind the table that it became",
        ]
    );
    // What is allowed to be lost is no refusal; what has no rule still is.
    let allowed = changes("state { a: int, b: int }", "state { a: int }", true);
    assert_eq!(allowed, ["`state.b: int` is dropped"]);
}

#[test]
fn blocks_are_run_once_and_renames_go_back() {
    let old = "table t { key id: int, hp: int }";
    let new = "table t { key id: int, life: float was hp }
               migrate t(old) { life = float(old.hp) * 2.0 }";
    assert_eq!(changes(old, new, false), ["`t.life: float` is computed by `migrate`"]);
    // Differently written, the block is the same.
    let again = "migrate t(old)
        {
            // as before
            life = float(old.hp)*2.0
        }
        table t { key id: int, life: float }";
    assert_eq!(changes(new, again, false), [] as [&str; 0]);
    let renamed = "table t { key id: int, life: int was hp }";
    assert_eq!(changes(renamed, old, false), ["`t.hp: int` was `life`"]);
}

#[test]
fn a_key_that_comes_from_nowhere_is_refused() {
    let old = "table t { key id: int }";
    let new = "table t { key name: str }\ndrop t.id";
    assert_eq!(
        changes(old, new, false),
        [
            "`t.name: str` is added",
            "`t.id: int` is dropped",
            "`t` has the key `name`, it had `id`",
            "`t.name` is `key id` in the live state and `key name` here; \
             help: `migrate t(old) { name = … }`",
        ]
    );
    let given = format!("{new}\nmigrate t(old) {{ name = \"{{old.id}}\" }}");
    assert_eq!(
        changes(old, &given, false),
        [
            "`t.name: str` is computed by `migrate`",
            "`t.id: int` is dropped",
            "`t` has the key `name`, it had `id`",
        ]
    );
}
