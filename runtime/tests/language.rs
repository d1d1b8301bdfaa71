//! What machine code and the host functions do together: the tests of one program that uses every
//! part of the language pass.

use midflight_compiler::source::Source;
use midflight_runtime::Engine;

#[test]
fn every_part_of_the_language_does_what_it_says() {
    let engine = Engine::builder().memory().build().expect("memory needs no store");
    let text = include_str!("samples/language.flight");
    let report = engine.test(Source::new("language.flight", text)).expect("the program is right");
    let failed: Vec<_> = report.results.iter().filter(|result| result.trap.is_some()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(report.results.len(), text.matches("\ntest \"").count());
}
