//! What is expected in sidecars: diagnostics as people and programs get them, and what `inspect`
//! prints.

use midflight_compiler::diag::Diagnostic;
use midflight_compiler::diag::render::{Style, render};
use midflight_compiler::diag::view::view as view_of;
use midflight_compiler::fmt::format;
use midflight_compiler::source::Source;
use midflight_compiler::{Emit, inspect};

use crate::case::Case;
use crate::expect::Found;
use crate::listing::Listing;

/// The stack that the compiler's passes are made for.
const STACK_SIZE: usize = 64 << 20;

/// Diagnostics in the view that a sidecar's extension names.
pub(crate) fn diagnostics(
    view: &str,
    source: &Source,
    diagnostics: &[Diagnostic],
) -> Result<String, String> {
    match view {
        "txt" => Ok(render(source, diagnostics, Style::Plain)),
        "json" => {
            let json = serde_json::to_string_pretty(&view_of(source, diagnostics));
            json.map(|json| json + "\n").map_err(|error| error.to_string())
        }
        _ => Err(format!("`{view}` is no view of diagnostics: expected `txt` or `json`")),
    }
}

/// What `inspect` prints for a case's program, in each view that its options name.
pub(crate) fn emit(case: &Case) -> Result<Found, String> {
    let listing = Listing::new(case.lines.iter().map(String::as_str))?;
    let source = Source::new(format!("{}.flight", case.name), listing.text());
    let mut sidecars = Vec::new();
    for view in case.views() {
        let emit = match view {
            "fmt" => {
                sidecars.push((view.to_owned(), formatted(&source)?));
                continue;
            }
            "ast" => Emit::Ast,
            "ir" => Emit::Ir,
            "layout" => Emit::Layout,
            _ => return Err(format!("`{view}` is not stable enough to be expected")),
        };
        sidecars.push((view.to_owned(), on_large_stack(|| inspect(&source, emit))?));
    }
    if sidecars.is_empty() {
        return Err("an `emit` case names what is emitted: `--- name: ast ir layout`".to_owned());
    }
    Ok(Found { lines: listing.annotated(Vec::new()), sidecars })
}

/// The formatted program, which formatting once more leaves as it is.
fn formatted(source: &Source) -> Result<String, String> {
    let once = on_large_stack(|| format(source))?;
    let twice = on_large_stack(|| format(&Source::new(source.name(), once.as_str())))?;
    if once != twice {
        return Err(format!("formatting again changes the program:\n{once}\n{twice}"));
    }
    Ok(once)
}

/// Formatting a case's program changes neither what it means nor, once more, how it looks.
pub(crate) fn keeps_its_meaning(case: &Case) -> Result<(), String> {
    let listing = Listing::new(case.lines.iter().map(String::as_str))?;
    let source = Source::new(case.name.as_str(), listing.text());
    let formatted = Source::new(case.name.as_str(), formatted(&source)?);
    let meaning = |source| on_large_stack(|| inspect(source, Emit::Ir));
    if meaning(&source)? == meaning(&formatted)? {
        return Ok(());
    }
    Err(format!("formatting changes what this means:\n{}", formatted.text()))
}

/// The typed program of a case.
pub(crate) fn typed(case: &Case) -> Result<String, String> {
    let listing = Listing::new(case.lines.iter().map(String::as_str))?;
    let source = Source::new(case.name.as_str(), listing.text());
    on_large_stack(|| inspect(&source, Emit::Ir))
}

fn on_large_stack(
    print: impl FnOnce() -> Result<String, Vec<Diagnostic>> + Send,
) -> Result<String, String> {
    let printed = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
        let thread = thread.spawn_scoped(scope, print).map_err(|error| error.to_string())?;
        thread.join().map_err(|_panic| "the compiler panicked".to_owned())
    })?;
    let messages = |list: Vec<Diagnostic>| list.into_iter().map(|d| d.message).collect::<Vec<_>>();
    printed.map_err(|diagnostics| messages(diagnostics).join("; "))
}
