//! What the paths that matter cost, without a clock: fuel, bytes of machine code, instructions and
//! blocks, held within a few percent of what `recorded.txt` says.
//!
//! Fuel is the same everywhere and must be exact. The rest is that of x86_64, the only processor
//! where it is looked at. `UPDATE=1 cargo test -p midflight-tests --test hot_paths` records what there is
//! now: read the difference, which is what a change of the compiler costs or gives.

use std::fmt::Write;
use std::path::Path;

use midflight_compiler::source::Source;
use midflight_compiler::{Emit, inspect};
use midflight_runtime::{Engine, LoadOptions, Outcome};

const PROGRAMS: &str = include_str!("programs.flight");

/// How far a figure may be from the recorded one, in percent: less than one check more in a loop.
const TOLERANCE: u64 = 3;

/// The figures of one path.
#[derive(Debug, PartialEq, Eq)]
struct Figures {
    name: String,
    fuel: u64,
    bytes: u64,
    instructions: u64,
    blocks: u64,
}

impl Figures {
    fn of(name: &str, source: &str) -> Figures {
        let engine = Engine::builder().memory().build().expect("memory needs no store");
        let options = LoadOptions { name: name.to_owned(), ..LoadOptions::default() };
        let loaded = engine.load_with(source, options);
        let _ = loaded.unwrap_or_else(|error| panic!("`{name}` is right: {error:#?}"));
        let fuel = engine
            .enter("main", |turn| {
                let outcome = turn.call("call", |_| Ok(())).expect("it takes nothing");
                assert!(matches!(outcome, Outcome::Done(_)), "`{name}`: {outcome:?}");
                turn.fuel_used()
            })
            .expect("the world is there");
        let asm = inspect(&Source::new(name, source), Emit::Asm).expect("it was compiled");
        let count = |is: fn(&str) -> bool| asm.lines().filter(|line| is(line)).count() as u64;
        Figures {
            name: name.to_owned(),
            fuel: fuel.unsigned_abs(),
            bytes: engine.current().expect("it was loaded").code_size() as u64,
            instructions: count(|line| line.starts_with("  ")),
            blocks: count(|line| line.starts_with("block")),
        }
    }

    fn read(line: &str) -> Option<Figures> {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let mut number = || words.next()?.parse().ok();
        Some(Figures {
            name,
            fuel: number()?,
            bytes: number()?,
            instructions: number()?,
            blocks: number()?,
        })
    }

    fn machine(&self) -> [(&'static str, u64); 3] {
        [("bytes", self.bytes), ("instructions", self.instructions), ("blocks", self.blocks)]
    }

    /// Says what is not as it was recorded.
    fn compare(&self, recorded: &Figures, wrong: &mut String) {
        let name = &self.name;
        if self.fuel != recorded.fuel {
            let _ = writeln!(wrong, "{name}: {} fuel, recorded {}", self.fuel, recorded.fuel);
        }
        if !cfg!(target_arch = "x86_64") {
            return;
        }
        for ((what, now), (_, before)) in self.machine().into_iter().zip(recorded.machine()) {
            if now.abs_diff(before) * 100 > before * TOLERANCE {
                let _ = writeln!(wrong, "{name}: {now} {what}, recorded {before}");
            }
        }
    }
}

#[test]
fn hot_paths_cost_what_is_recorded() {
    let programs = PROGRAMS.split("//- ").skip(1).filter_map(|part| part.split_once('\n'));
    let found: Vec<Figures> = programs.map(|(name, source)| Figures::of(name, source)).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("hot_paths/recorded.txt");
    if midflight_tests::is_updating() {
        let mut text = String::from("path fuel bytes instructions blocks\n");
        for Figures { name, fuel, bytes, instructions, blocks } in &found {
            let _ = writeln!(text, "{name} {fuel} {bytes} {instructions} {blocks}");
        }
        return std::fs::write(path, text).expect("the record can be written");
    }
    let text = std::fs::read_to_string(path).expect("the record is there");
    let recorded: Vec<Figures> = text.lines().skip(1).filter_map(Figures::read).collect();
    let names = |figures: &[Figures]| -> Vec<String> {
        figures.iter().map(|each| each.name.clone()).collect()
    };
    assert_eq!(names(&found), names(&recorded), "a path is recorded that is not there, or not");
    let mut wrong = String::new();
    for (now, before) in found.iter().zip(&recorded) {
        now.compare(before, &mut wrong);
    }
    assert!(wrong.is_empty(), "UPDATE=1 records what there is now:\n{wrong}");
}
