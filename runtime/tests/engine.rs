//! The engine as an embedder uses it: swaps, transactions, `on load`, timers, events.

use std::sync::{Arc, Mutex};

use midflight_compiler::settings::{Allocation, Optimisation, Settings};
use midflight_runtime::{
    ActivateError, ActivateOptions, CallError, Delivery, Engine, Event, Limits, LoadError,
    LoadOptions, LoadStatus, LogLine, Observer, Outcome, Then, Trap,
};

fn engine() -> Engine {
    Engine::builder().memory().build().expect("memory needs no store")
}

fn load(engine: &Engine, source: &str) -> u64 {
    let loaded = engine.load(source).expect("the source is right");
    loaded.number.expect("it became a version")
}

fn stage() -> LoadOptions {
    LoadOptions { then: Then::Stage, ..LoadOptions::default() }
}

/// Says what it was told, in one line each.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn add(&self, line: String) {
        self.0.lock().expect("nobody panics here").push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("nobody panics here"))
    }
}

impl Observer for Told {
    fn event(&self, event: &Event<'_>) -> Option<Delivery> {
        let fields: Vec<String> = match event.fields.content() {
            midflight_runtime::Content::Struct(fields) => {
                fields.map(|(name, value)| format!("{name}={:?}", value.content())).collect()
            }
            other => vec![format!("{other:?}")],
        };
        self.add(format!("event {} {}", event.name, fields.join(" ")));
        None
    }

    fn log(&self, line: &LogLine<'_>) -> Option<Delivery> {
        let mark = if line.rolled_back { " (rolled back)" } else { "" };
        self.add(format!("log {}{mark}", line.text));
        None
    }

    fn timer_trapped(&self, _world: &str, timer: &str, trap: &Trap) -> Option<Delivery> {
        self.add(format!("timer {timer}: {}", trap.message));
        None
    }
}

#[test]
fn a_trap_leaves_no_trace() {
    let engine = engine();
    let _ = load(
        &engine,
        r#"
        struct Point { x: int, name: str }
        state { n: int, name: str, at: Point }
        table item { key id: int, label: str, rank: int, index rank }
        post change(fails: bool) -> int {
            state.n += 1
            state.name = "changed {state.n}"
            state.at = Point { x: state.n, name: state.name }
            let made = insert item { id: 100 + state.n, label: "made", rank: 5 }
            made.rank = 1
            if let first = item.get(1) {
                first.rank = 9
                first.label = "moved"
                remove first
            }
            let _drawn = random(1000000)
            if fails { fail "enough" }
            return item.len
        }
        post add(id: int, rank: int) { insert item { id, rank, label: "label {id}" } }
        get show() -> str {
            var text = "{state.n} {state.name} {state.at.name};"
            for i in item by rank { text = "{text} {i.id}:{i.label}:{i.rank}" }
            return text
        }
        post draw() -> int { return random(1000000) }
        "#,
    );
    let change = engine.handler::<(bool,), i64>("change").expect("it is there");
    let add = engine.handler::<(i64, i64), ()>("add").expect("it is there");
    let show = engine.handler::<(), String>("show").expect("it is there");
    let draw = engine.handler::<(), i64>("draw").expect("it is there");
    add.call("main", (1, 7)).expect("the key is free");
    add.call("main", (2, 3)).expect("the key is free");
    let before = show.call("main", ()).expect("it only reads");
    assert_eq!(before, "0  ; 2:label 2:3 1:label 1:7");
    for _ in 0..3 {
        let trapped = change.call("main", (true,));
        assert!(matches!(trapped, Err(CallError::Trapped(trap)) if trap.message == "enough"));
        assert_eq!(show.call("main", ()).expect("it only reads"), before);
    }
    let drawn = draw.call("main", ()).expect("it draws");
    assert_eq!(change.call("main", (false,)).expect("it does not fail"), 2);
    assert_eq!(
        show.call("main", ()).expect("it only reads"),
        "1 changed 1 changed 1; 101:made:1 2:label 2:3"
    );
    // The generator was taken back three times, drawn from twice.
    let fresh = self::engine();
    let _ = load(&fresh, "post draw() -> int { return random(1000000) }");
    let fresh = fresh.handler::<(), i64>("draw").expect("it is there");
    assert_eq!(fresh.call("main", ()).expect("it draws"), drawn);
}

#[test]
fn memory_is_flat_over_calls_and_traps() {
    let engine = engine();
    let _ = load(
        &engine,
        r#"
        state { text: str }
        table row_of { key id: str, text: str, index text }
        post work(n: int, fails: bool) {
            state.text = "a text that is made anew: {n}"
            let r = insert row_of { id: "key {n}", text: state.text }
            r.text = "another {n}"
            assert !fails
            remove row_of["key {n}"]
        }
        "#,
    );
    let work = engine.handler::<(i64, bool), ()>("work").expect("it is there");
    let mut taken = Vec::new();
    for round in 0..200 {
        let result = work.call("main", (round % 10, round % 3 == 0));
        assert_eq!(result.is_err(), round % 3 == 0);
        taken.push(engine.memory_taken("main").expect("nobody holds the world"));
    }
    assert_eq!(taken[20..110].iter().max(), taken[110..].iter().max());
}

#[test]
fn versions_are_numbered_kept_and_freed() {
    let limits = Limits { versions_kept_max: 3, ..Limits::default() };
    let engine = Engine::builder().memory().limits(limits).build().expect("memory needs no store");
    for round in 1..=20 {
        let number = load(&engine, &format!("get n() -> int {{ return {round} }}"));
        assert_eq!(number, round);
        assert!(engine.versions_alive() <= 3, "old code is freed");
    }
    let numbers: Vec<u64> = engine.versions().iter().map(|info| info.version.number()).collect();
    assert_eq!(numbers, [18, 19, 20]);
    assert!(matches!(
        engine.activate(3, ActivateOptions::default()),
        Err(ActivateError::UnknownVersion(3))
    ));
    assert!(matches!(engine.delete(20), Err(ActivateError::Current(20))));
    assert_eq!(engine.delete(18).ok(), Some(()));
    assert_eq!(engine.versions_alive(), 2);
}

#[test]
fn the_same_source_is_not_loaded_twice() {
    let engine = engine();
    let _ = load(&engine, "get n() -> int { return 1 }");
    let again = engine.load("get n() -> int { return 1 }").expect("it is right");
    assert_eq!((again.number, again.status), (Some(1), LoadStatus::Unchanged));
    assert_eq!(load(&engine, "get n() -> int { return 2 }"), 2);
}

#[test]
fn rollback_goes_back_step_by_step() {
    let engine = engine();
    for n in 1..=3 {
        let _ = load(&engine, &format!("get n() -> int {{ return {n} }}"));
    }
    let n = engine.handler::<(), i64>("n").expect("it is there");
    assert_eq!(n.call("main", ()).ok(), Some(3));
    assert_eq!(
        engine.roll_back(ActivateOptions::default()).map(|activation| activation.number).ok(),
        Some(2)
    );
    assert_eq!(n.call("main", ()).ok(), Some(2));
    assert_eq!(
        engine.roll_back(ActivateOptions::expect(2)).map(|activation| activation.number).ok(),
        Some(1)
    );
    assert!(matches!(
        engine.roll_back(ActivateOptions::default()),
        Err(ActivateError::NothingBefore)
    ));
    assert!(matches!(
        engine.activate(3, ActivateOptions::expect(2)),
        Err(ActivateError::Expected(_))
    ));
    assert_eq!(
        engine.activate(3, ActivateOptions::expect(1)).map(|activation| activation.before).ok(),
        Some(Some(1))
    );
    assert_eq!(n.call("main", ()).ok(), Some(3));
}

#[test]
fn what_is_refused_changes_nothing() {
    let engine = engine();
    let _ = load(&engine, "state { n: int } get n() -> int { return state.n }");
    let refused = [
        ("get n() -> int { return true }", "the source has mistakes"),
        ("state { n: str } get n() -> int { return 1 }", "`state.n` is `int`"),
        ("get n() -> int { return 1 }", "`state.n: int` would be lost"),
        ("state { n: str } migrate state(old) { n = fail \"never\" }", "`state`: never"),
        ("state { n: str } migrate state(old) { n = old.m }", "the source has mistakes"),
        ("state { n: int } test \"no\" { assert 1 == 2 }", "1 of the program's tests failed"),
        ("state { n: int } on load { state.n = 1\nfail \"not now\" }", "`on load` trapped"),
    ];
    for (source, why) in refused {
        let error = engine.load(source).expect_err(source).to_string();
        assert!(error.contains(why), "expected `{why}`, found `{error}`");
    }
    let options = LoadOptions { expect: Some(7), ..stage() };
    let unexpected = engine.load_with("get a() -> int { return 1 }", options);
    assert!(matches!(unexpected, Err(LoadError::Expected(_))));
    assert_eq!(engine.versions().len(), 1);
    let n = engine.handler::<(), i64>("n").expect("it is there");
    assert_eq!(n.call("main", ()).ok(), Some(0));
}

#[test]
fn a_staged_version_waits_and_a_dry_run_leaves_nothing() {
    let engine = engine();
    let _ = load(&engine, "get n() -> int { return 1 }");
    let staged = engine.load_with("get n() -> int { return 2 }", stage()).expect("it is right");
    assert_eq!((staged.number, staged.status), (Some(2), LoadStatus::Staged));
    let dry = LoadOptions { then: Then::Forget, ..LoadOptions::default() };
    let dry = engine.load_with("get n() -> int { return 3 }", dry).expect("it is right");
    assert_eq!((dry.number, dry.status), (None, LoadStatus::DryRun));
    let n = engine.handler::<(), i64>("n").expect("it is there");
    assert_eq!(n.call("main", ()).ok(), Some(1));
    assert_eq!(
        engine.activate(2, ActivateOptions::expect(1)).map(|activation| activation.number).ok(),
        Some(2)
    );
    assert_eq!(n.call("main", ()).ok(), Some(2));
    assert_eq!(engine.versions().len(), 2);
}

#[test]
fn handles_notice_other_types() {
    let engine = engine();
    let _ = load(&engine, "get n(a: int) -> int { return a }");
    let n = engine.handler::<(i64,), i64>("n").expect("it is there");
    assert_eq!(n.call("main", (1,)).ok(), Some(1));
    let _ = load(&engine, "get n(a: float) -> int { return 2 }");
    let error = n.call("main", (1,)).expect_err("it takes a float now");
    assert_eq!(error.to_string(), "the handler `n` is `(float) -> int` now, not `(int) -> int`");
    let _ = load(&engine, "get n(a: int) -> int { return a * 2 }");
    assert_eq!(n.call("main", (4,)).ok(), Some(8));
    assert!(matches!(n.call("other", (1,)), Err(CallError::UnknownWorld { .. })));
}

#[test]
fn events_and_lines_leave_after_the_call() {
    let told = Told::default();
    let engine =
        Engine::builder().memory().observer(told.clone()).build().expect("memory needs no store");
    let _ = load(
        &engine,
        r#"
        event hit { target: int, by: str }
        post hit_it(target: int, fails: bool) {
            log "hitting {target}"
            emit hit { target, by: "ann" }
            if fails { fail "missed" }
        }
        "#,
    );
    let hit = engine.handler::<(i64, bool), ()>("hit_it").expect("it is there");
    assert!(hit.call("main", (7, false)).is_ok());
    assert_eq!(told.take(), ["log hitting 7", "event hit target=Int(7) by=Text(\"ann\")"]);
    assert!(hit.call("main", (8, true)).is_err());
    assert_eq!(told.take(), ["log hitting 8 (rolled back)"]);
}

#[test]
fn on_load_runs_at_every_move() {
    let engine = engine();
    let source = |n: i64| {
        format!(
            "state {{ loads: int, by: int }}\non load {{ state.loads += 1\nstate.by = {n} }}\n\
             get loads() -> int {{ return state.loads * 10 + state.by }}"
        )
    };
    let _ = load(&engine, &source(1));
    let loads = engine.handler::<(), i64>("loads").expect("it is there");
    assert_eq!(loads.call("main", ()).ok(), Some(11));
    let _ = load(&engine, &source(2));
    assert_eq!(loads.call("main", ()).ok(), Some(22));
    let _ = engine.roll_back(ActivateOptions::default()).expect("there is one before");
    assert_eq!(loads.call("main", ()).ok(), Some(31));
}

#[test]
fn timers_keep_their_rhythm_over_swaps() {
    let told = Told::default();
    let engine = Engine::builder()
        .memory()
        .clock(|| 1_000)
        .observer(told.clone())
        .build()
        .expect("memory needs no store");
    let source = |step: i64| {
        format!(
            r#"
            state {{ ticks: int, at: int }}
            table unit {{ key id: int, runs: int, limit_of: int = 100 }}
            every 50ms tick() {{ state.ticks += {step}
                state.at = now() }}
            every 100ms step(u: unit) {{
                u.runs += 1
                assert u.runs < u.limit_of, "unit {{u.id}} is tired"
            }}
            post add(id: int, most: int) {{ insert unit {{ id, limit_of: most }} }}
            get ticks() -> int {{ return state.ticks }}
            get at() -> int {{ return state.at }}
            get runs(id: int) -> int {{ return unit[id].runs }}
            "#
        )
    };
    let _ = load(&engine, &source(1));
    let add = engine.handler::<(i64, i64), ()>("add").expect("it is there");
    let read = |name: &str| engine.handler::<(), i64>(name).and_then(|h| h.call("main", ())).ok();
    let runs = engine.handler::<(i64,), i64>("runs").expect("it is there");
    add.call("main", (1, 100)).expect("the key is free");
    add.call("main", (2, 2)).expect("the key is free");
    assert_eq!(engine.next_due(), Some(1_050));
    assert_eq!(engine.run_due(1_049), 0);
    assert_eq!(engine.run_due(1_050), 1);
    assert_eq!((read("ticks"), read("at")), (Some(1), Some(1_050)));
    let _ = load(&engine, &source(10));
    assert_eq!(engine.next_due(), Some(1_100), "a swap does not move the rhythm");
    assert_eq!(engine.run_due(1_100), 2);
    assert_eq!(read("ticks"), Some(11));
    assert_eq!(runs.call("main", (1,)).ok(), Some(1));
    // Late: one run makes up for all that were missed, and a row that traps stops only itself.
    assert_eq!(engine.run_due(1_420), 2);
    assert_eq!(read("ticks"), Some(21));
    assert_eq!(engine.next_due(), Some(1_450));
    assert_eq!(told.take(), ["timer step: unit 2 is tired"]);
    assert_eq!(runs.call("main", (1,)).ok(), Some(2));
    assert_eq!(runs.call("main", (2,)).ok(), Some(1));
    let without = "state { ticks: int, at: int }
        table unit { key id: int, runs: int, limit_of: int = 100 }";
    let _ = load(&engine, without);
    assert_eq!(engine.next_due(), None);
}

#[test]
fn endless_calls_end_and_are_undone() {
    let engine = engine();
    let _ = load(
        &engine,
        r#"
        state { n: int }
        post spin() { state.n = 1
            while true { } }
        fn down(n: int) -> int { return 1 + down(n + 1) }
        post dig() -> int { state.n = 2
            return down(0) }
        post hoard() { state.n = 3
            var text = "0123456789"
            while true { text = text + text } }
        get n() -> int { return state.n }
        "#,
    );
    let n = engine.handler::<(), i64>("n").expect("it is there");
    let trap = |result: Result<(), CallError>| match result {
        Err(CallError::Trapped(trap)) => trap.kind.name(),
        other => panic!("expected a trap, found {other:?}"),
    };
    let spin = engine.handler::<(), ()>("spin").expect("it is there");
    let dig = engine.handler::<(), i64>("dig").expect("it is there");
    let hoard = engine.handler::<(), ()>("hoard").expect("it is there");
    assert_eq!(trap(spin.call("main", ())), "out_of_fuel");
    assert_eq!(trap(dig.call("main", ()).map(drop)), "out_of_stack");
    assert_eq!(trap(hoard.call("main", ())), "out_of_memory");
    assert_eq!(n.call("main", ()).ok(), Some(0));
}

/// The image of the world `main`.
fn image(engine: &Engine) -> Vec<u8> {
    engine.enter("main", |turn| turn.image()).expect("the world has a version")
}

/// Beyond a thousand basic blocks the host takes the notes, of other words of rows that are noted.
#[test]
fn a_function_with_many_blocks_takes_back_what_it_wrote() {
    // A hundred writes are more than a thousand blocks; those behind them find rows that are noted in
    // part, and rows that are not.
    let writes: String = (0..300)
        .map(|write| {
            let (row, field) = (write % 7 + write / 200 * 7, ["hp", "gold", "wins"][write / 100]);
            format!("player[{row}].{field} += n\n")
        })
        .collect();
    let source = format!(
        "table player {{ key id: int, hp: int, gold: int, wins: int }}
        post fill() {{ for id in 0..14 {{ insert player {{ id }} }} }}
        post write(n: int) {{
            {writes}
            assert n > 0
        }}
        get sum() -> int {{
            var sum = 0
            for p in player {{ sum += p.hp + 10_000 * p.gold + 100_000_000 * p.wins }}
            return sum
        }}"
    );
    let engine = engine();
    let _ = load(&engine, &source);
    engine.handler::<(), ()>("fill").expect("it is there").call("main", ()).expect("it fills");
    let write = engine.handler::<(i64,), ()>("write").expect("it is there");
    let sum = engine.handler::<(), i64>("sum").expect("it is there");
    for (n, expected) in [(-1, 0), (1, 10_001_000_100), (-1, 10_001_000_100), (2, 30_003_000_300)] {
        let written = write.call("main", (n,));
        assert_eq!(written.is_ok(), n > 0, "{written:?}");
        assert_eq!(sum.call("main", ()).expect("it sums up"), expected);
    }
}

#[test]
fn the_image_of_a_world_is_its_meaning() {
    let source = "
        enum Kind { plain, deep(level: int) }
        state { total: int, kind: Kind }
        table item { key name: str, worth: int, note: int?, index worth }
        post add(name: str, worth: int) { insert item { name, worth } }
        post drop_it(name: str) { remove item[name] }
        post set() { state.total = 258  state.kind = Kind.deep(7) }
        post broken() { state.total = 9  fail \"no\" }
    ";
    let source = source.replace("  state.kind", "\nstate.kind").replace("  fail", "\nfail");
    let engine = engine();
    let _ = load(&engine, &source);
    engine.handler::<(), ()>("set").expect("known").call("main", ()).expect("it commits");
    let add = engine.handler::<(&str, i64), ()>("add").expect("known");
    for (name, worth) in [("b", 5), ("a", 5), ("c", -1)] {
        add.call("main", (name, worth)).expect("it commits");
    }
    let drop_it = engine.handler::<(&str,), ()>("drop_it").expect("known");
    drop_it.call("main", ("b",)).expect("it commits");
    let before = image(&engine);

    let mut expected = Vec::new();
    let mut put = |bytes: &[u8]| expected.extend_from_slice(bytes);
    put(&258_i64.to_le_bytes());
    put(&1_u32.to_le_bytes());
    put(&7_i64.to_le_bytes());
    put(&2_u64.to_le_bytes());
    for (slot, name, worth) in [(1_u32, b"a", 5_i64), (2, b"c", -1)] {
        put(&slot.to_le_bytes());
        put(&1_u64.to_le_bytes());
        put(name);
        put(&worth.to_le_bytes());
        put(&[0]);
    }
    put(&2_u64.to_le_bytes());
    put(&2_u32.to_le_bytes());
    put(&1_u32.to_le_bytes());
    assert_eq!(before[..expected.len()], expected);
    assert_eq!(before.len(), expected.len() + 4 * 8 + 8, "the generator and the time follow");

    let broken = engine.handler::<(), ()>("broken").expect("known");
    let _ = broken.call("main", ()).expect_err("it fails");
    assert_eq!(image(&engine), before);
}

#[test]
fn every_setting_of_the_code_means_the_same() {
    let source = "
        fn square(x: int) -> int { return x * x }
        get sum(n: int) -> int {
            var sum = 0
            for i in 0..n { sum += square(i) }
            return sum
        }
    ";
    for optimisation in [Optimisation::None, Optimisation::Speed] {
        for allocation in [Allocation::BySize, Allocation::SinglePass] {
            let settings = Settings::default().optimisation(optimisation).allocation(allocation);
            let engine =
                Engine::builder().memory().code(settings).build().expect("memory needs no store");
            let _ = load(&engine, source);
            let sum = engine.handler::<(i64,), i64>("sum").expect("it is declared");
            assert_eq!(sum.call("main", (4,)).expect("it returns"), 14, "{settings:?}");
            assert!(sum.call("main", (i64::MAX,)).is_err(), "{settings:?}");
        }
    }
}

#[test]
fn a_text_that_cannot_be_stored_leaves_its_index() -> Result<(), Box<dyn std::error::Error>> {
    let engine = engine();
    let _ = load(
        &engine,
        r#"
        table word { key id: int, text: str, index text }
        post add(id: int, text: str) { insert word { id, text } }
        post grow(id: int) { word[id].text += " and more" }
        get sorted() -> str {
            var all = ""
            for w in word by text { all += "{w.id}" }
            return all
        }
        "#,
    );
    let add = engine.handler::<(i64, &str), ()>("add")?;
    add.call("main", (1, "b"))?;
    add.call("main", (2, "a"))?;
    let before = image(&engine);
    let mut trapped = 0;
    for fuel in 0.. {
        let outcome = engine.enter("main", |turn| {
            turn.limit_fuel(fuel);
            let called = turn.call("grow", |arguments| {
                arguments.slot("id")?.write_int(1).expect("it is an `int`");
                Ok(())
            });
            matches!(called, Ok(Outcome::Trapped(_)))
        })?;
        if !outcome {
            break;
        }
        trapped += 1;
        assert_eq!(image(&engine), before, "with {fuel} units of fuel");
    }
    assert!(trapped > 10, "the call needs more than {trapped} units of fuel");
    assert_eq!(engine.handler::<(), String>("sorted")?.call("main", ())?, "21");
    Ok(())
}

#[test]
fn what_on_load_replaced_is_given_back() {
    let engine = engine();
    let source = |number: usize| {
        format!(
            "state {{ name: str }}\non load {{ state.name = \"version {number}\" }}\n\
             post broken() {{ fail \"no\" }}"
        )
    };
    let mut taken = Vec::new();
    for number in 10..14 {
        let _ = load(&engine, &source(number));
        let broken = engine.handler::<(), ()>("broken").expect("known");
        let _ = broken.call("main", ()).expect_err("it fails");
        taken.push(engine.memory_taken("main").expect("no call runs"));
    }
    assert!(taken.windows(2).all(|pair| pair[0] == pair[1]), "{taken:?}");
}

/// A loop whose rounds are paid for in advance needs the fuel that they take, and no more: empty slots take
/// less than rows.
#[test]
fn a_loop_ends_where_its_fuel_does() {
    let program = |removed: &str, body: &str| {
        format!(
            "table t {{ key id: int, x: int }}
             post fill() {{ for id in 0..200 {{ insert t {{ id, x: id }} }} }}
             post f() -> int {{
                 for id in {removed} {{ remove t[id] }}
                 var s = 0
                 {body}
                 return s
             }}"
        )
    };
    let rows = "for r in t { s += r.x * 3 % 7 }";
    for (removed, body) in [
        ("0..0", rows),
        ("199..200", rows),
        ("100..200", rows),
        ("0..200", rows),
        ("120..135", rows),
        ("0..0", "for r in t { r.x += 1\n if r.id == 150 { break } }"),
        ("0..0", "for r in t where r.id % 3 == 0 { if s > 900 { continue }\n s += r.x }"),
        ("0..0", "for i in -20..80 { s += i % 3 }"),
        ("0..0", "for i in 0..90 { if i * i > 2000 { break }\n s += i }"),
    ] {
        let program = program(removed, body);
        // As it is at first for every call, since one that returns changes it.
        let f = |fuel: i64| {
            let engine = engine();
            let _ = load(&engine, &program);
            let fill = engine.handler::<(), ()>("fill").expect("it is declared");
            fill.call("main", ()).expect("it returns");
            let called = engine.enter("main", |turn| {
                turn.limit_fuel(fuel);
                let outcome = turn.call("f", |_| Ok(())).expect("it takes nothing");
                let trap = match outcome {
                    Outcome::Done(_) => None,
                    Outcome::Trapped(trap) => Some(trap.kind.name()),
                };
                (trap, turn.fuel_used())
            });
            called.expect("the world is there")
        };
        let (trap, used) = f(1_000_000);
        assert_eq!(trap, None, "{program}");
        for less in [1, 2, 3, 5, 8, 13, 14, 15, 16, 17, 40, 1_000] {
            assert_eq!(f(used - less).0, Some("out_of_fuel"), "{less} less than {used}: {program}");
        }
        assert_eq!(f(used), (None, used), "{program}");
    }
}
