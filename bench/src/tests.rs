//! What the bench promises whoever reads its figures.

use crate::measure::{Row, Settings, Unit, interleaved};
use crate::piece::{Contender, Work};
use crate::report::{Report, Section, markdown};
use crate::{machine, works};

/// The page that a run is recorded in.
const PAGE: &str = include_str!("../../docs/performance.md");

#[test]
fn all_contenders_give_the_same_answers() {
    let settings = Settings { rounds: 1, is_quick: true };
    for piece in works::PIECES {
        // Compiling thousands of functions shows nothing that compiling twenty does not.
        if matches!(piece.work, Work::Source(200..)) {
            continue;
        }
        let few = crate::piece::Piece { count: 2, ..*piece };
        let row =
            few.measure(&[], settings).unwrap_or_else(|error| panic!("{}: {error}", piece.name));
        assert!(row.result("midflight").is_some(), "{} is done by Midflight", piece.name);
    }
}

#[test]
fn a_contender_that_differs_ends_the_run() {
    let mut contenders =
        [Contender::new("one", || Ok(1_i64)), Contender::new("another", || Ok(2_i64))];
    let error = interleaved(&mut contenders, 1, 1).expect_err("they differ");
    assert_eq!(error.to_string(), "another answers Int(2) where one does Int(1)");
}

#[test]
fn ratios_are_those_of_neighbours_in_time() {
    let figures = vec![("base", vec![1.0, 10.0, 2.0]), ("midflight", vec![2.0, 20.0, 8.0])];
    let row = Row::compared("work", Unit::Nanoseconds, Some("base"), figures);
    let ratio = row.result("midflight").and_then(|result| result.ratio).expect("there is a base");
    assert_eq!((ratio.lowest, ratio.median, ratio.highest), (2.0, 2.0, 4.0));
}

#[test]
fn a_run_is_recorded_in_the_manual_and_again() {
    let row = Row::alone("a thing", Unit::Milliseconds, vec![0.25]);
    let report = Report {
        machine: machine::Machine::here("", &[]),
        is_quick: true,
        rounds: 1,
        sections: vec![Section { title: "Things", rows: vec![row] }],
        growth: Vec::new(),
    };
    let once = markdown::record(PAGE, &report).expect("the page has the markers");
    assert!(once.contains("| a thing, ms | 250 |"), "{once}");
    assert_eq!(markdown::record(&once, &report).expect("they are still there"), once);
    assert!(markdown::record("no markers", &report).is_err());
}

#[test]
fn versions_are_those_of_the_lock_file() {
    let lock = "[[package]]\nname = \"redb\"\nversion = \"3.0.0\"\n\n\
                [[package]]\nname = \"redb\"\nversion = \"4.6.0\"\n";
    assert_eq!(machine::locked(lock, "redb").as_deref(), Some("redb 4.6.0"));
    assert_eq!(machine::locked(lock, "axum"), None);
}
