//! `midflight explain`: each page shows what it talks about. A wrong program gets the page's code
//! and nothing else; a right one gets nothing at all.

mod shorthand;

use std::time::Duration;

use midflight_compiler::diag::{Code, Diagnostic};
use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::resources::Resources;
use midflight_compiler::settings::Settings;
use midflight_compiler::source::Source;
use midflight_compiler::{Deadline, compile_using};

use shorthand::expand;

/// Codes whose pages show no program, and why.
const WITHOUT_EXAMPLE: [(Code, &str); 1] =
    [(Code::E0690, "is a fault of ours: no program is known that raises it")];

/// How much time there is to compile a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    Enough,
    /// It is over already, as on a server with `--limit compile_time_max=0s`.
    Over,
}

/// What a page does with its programs.
struct Page {
    wrong: Vec<(String, Time)>,
    right: Vec<String>,
}

/// The fenced programs of a page.
fn programs(text: &str) -> Page {
    let mut page = Page { wrong: Vec::new(), right: Vec::new() };
    let mut parts = text.split("```");
    let _ = parts.next();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (kind, program) = block.split_once('\n').expect("a fence ends its line");
        match kind {
            "flight,fails" => page.wrong.push((program.to_owned(), Time::Enough)),
            "flight,late" => page.wrong.push((program.to_owned(), Time::Over)),
            "flight" => page.right.push(program.to_owned()),
            other => panic!("`{other}` is no kind of program"),
        }
    }
    page
}

fn reported(program: String, time: Time) -> Vec<Diagnostic> {
    let compile = move || {
        let source = Source::new("page.flight", program);
        let is_past = || time == Time::Over;
        let deadline = Deadline::new(Duration::ZERO, &is_past);
        match compile_using(&source, Settings::default(), Resources::until(deadline)) {
            Ok(program) => program.warnings,
            Err(diagnostics) => diagnostics,
        }
    };
    let thread = std::thread::Builder::new().stack_size(COMPILE_STACK_SIZE).spawn(compile);
    thread.expect("there are threads").join().expect("compiling does not panic")
}

/// The codes that the program gets which a page shows.
fn codes(short: &str, time: Time) -> Vec<Code> {
    reported(expand(short), time).iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn every_page_shows_its_code() {
    for &code in Code::ALL {
        let page = programs(code.explanation());
        for (program, time) in &page.wrong {
            let found = codes(program, *time);
            assert!(!found.is_empty(), "{}: nothing is wrong in\n{program}", code.name());
            assert!(found.iter().all(|&c| c == code), "{}: {found:?} in\n{program}", code.name());
        }
        for program in &page.right {
            assert_eq!(codes(program, Time::Enough), [], "{}: in\n{program}", code.name());
        }
        let exempt = WITHOUT_EXAMPLE.iter().any(|(other, _)| *other == code);
        assert_eq!(page.wrong.is_empty(), exempt, "{}", code.name());
        assert_eq!(page.right.is_empty(), exempt, "{}", code.name());
    }
}

#[test]
fn a_fix_repairs_its_mistake() {
    let mut repaired = 0;
    // E0605 has no fix, and its program takes seconds.
    for &code in Code::ALL.iter().filter(|&&code| code != Code::E0605) {
        for (program, time) in programs(code.explanation()).wrong {
            let found = reported(expand(&program), time);
            for fix in found.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()) {
                let mut fixed = expand(&program);
                fixed.replace_range(fix.span.range(), &fix.replacement);
                let left = reported(fixed.clone(), time).iter().filter(|d| d.code == code).count();
                assert!(left < found.len(), "{}: still wrong:\n{fixed}", code.name());
                repaired += 1;
            }
        }
    }
    assert!(repaired > 20, "{repaired} fixes were tried");
}

#[test]
fn every_page_begins_with_its_title() {
    for &code in Code::ALL {
        let title = format!("# {}: {}\n\n", code.name(), code.title());
        assert!(code.explanation().starts_with(&title), "{}", code.name());
    }
}

#[test]
fn codes_are_found_by_name() {
    assert_eq!(Code::from_name("E0300"), Some(Code::E0300));
    assert_eq!(Code::from_name("e0300"), Some(Code::E0300));
    assert_eq!(Code::from_name("E9999"), None);
}
