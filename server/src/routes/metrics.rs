//! `GET /-/metrics`: what the server does, in the text format of Prometheus, with every limit and,
//! where it can be told, how much of it is used.

use std::fmt::{Display, Write};
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use midflight_limits::{Row, Unit, engine, server, source};
use midflight_runtime::{Engine, Figures, StoreFigures};

use crate::error::Problem;
use crate::state::ServerState;

/// `GET /-/metrics`
pub(super) async fn metrics(State(state): State<Arc<ServerState>>) -> Result<Response, Problem> {
    let figures = state.ask(Engine::figures).await?;
    let mut page = Page::default();
    server(&mut page, &state);
    engine(&mut page, &figures);
    if let Some(figures) = &figures.store {
        store(&mut page, figures);
    }
    all_limits(&mut page, &state);
    used(&mut page, &state, &figures);
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(CONTENT_TYPE, content_type)], page.0).into_response())
}

/// The text while it grows.
#[derive(Default)]
struct Page(String);

/// What a family of metrics does over time.
#[derive(Clone, Copy)]
enum Course {
    Counter,
    Gauge,
}

impl Page {
    /// Begins a family.
    fn family(&mut self, name: &str, course: Course, help: &str) {
        let course = match course {
            Course::Counter => "counter",
            Course::Gauge => "gauge",
        };
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {course}")
            .expect("a `String` takes everything");
    }

    /// Adds a sample.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            let text = text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n");
            write!(self.0, "{open}{label}=\"{text}\"").expect("a `String` takes everything");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        writeln!(self.0, "{close} {value}").expect("a `String` takes everything");
    }

    /// A family of one sample.
    fn single(&mut self, name: &str, course: Course, help: &str, value: impl Display) {
        self.family(name, course, help);
        self.sample(name, &[], value);
    }

    /// A family of counters by one label.
    fn counters(&mut self, (name, label): (&str, &str), help: &str, counts: &[(&str, u64)]) {
        self.family(name, Course::Counter, help);
        for (text, count) in counts {
            self.sample(name, &[(label, text)], count);
        }
    }
}

fn server(page: &mut Page, state: &ServerState) {
    let metrics = &state.metrics;
    let classes: Vec<(String, u64)> =
        metrics.answers().map(|(hundreds, count)| (format!("{hundreds}xx"), count)).collect();
    let classes: Vec<(&str, u64)> =
        classes.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    page.counters(("midflight_answers_total", "status"), "Answers, by status.", &classes);
    let help = "Answers that are problems, by kind.";
    page.counters(("midflight_problems_total", "kind"), help, &metrics.problems());
    let help = "Posted sources, by what became of them.";
    page.counters(("midflight_loads_total", "result"), help, &metrics.loads());
    for (name, help, count) in [
        ("midflight_fuel_total", "Fuel of calls over HTTP that committed.", metrics.fuel()),
        ("midflight_events_total", "Events that programs emitted.", state.events.count()),
        ("midflight_connections_total", "Accepted connections.", state.places.accepted()),
        (
            "midflight_connections_given_way_total",
            "Connections that were closed to make room for others.",
            state.places.gave_way(),
        ),
    ] {
        page.single(name, Course::Counter, help, count);
    }
}

fn engine(page: &mut Page, figures: &Figures) {
    let help = "Calls and runs of timers that ended, those that trapped included.";
    page.single("midflight_calls_total", Course::Counter, help, figures.calls);
    let traps: Vec<(&str, u64)> =
        figures.traps.iter().map(|&(kind, count)| (kind.name(), count)).collect();
    page.counters(("midflight_traps_total", "kind"), "Calls that trapped, by kind.", &traps);
    let compilations = &figures.compilations;
    let help = "Sources that were compiled, or refused by the compiler.";
    page.single("midflight_compilations_total", Course::Counter, help, compilations.ended);
    let help = "Time that the compiler took.";
    let seconds = compilations.time.as_secs_f64();
    page.single("midflight_compile_seconds_total", Course::Counter, help, seconds);
    let help = "Functions that were needed as machine code: made, or found from an earlier load.";
    let functions =
        [("made", compilations.functions_made), ("found", compilations.functions_found)];
    page.counters(("midflight_functions_total", "machine_code"), help, &functions);
    let help = "The number of the current version, 0 while there is none.";
    page.single("midflight_version", Course::Gauge, help, figures.version);
    let help = "Versions whose code is in memory.";
    page.single("midflight_versions_alive", Course::Gauge, help, figures.versions_alive);
    let help = "Machine code and constants of the kept versions.";
    page.single("midflight_code_bytes", Course::Gauge, help, figures.code_size);
    page.single("midflight_worlds", Course::Gauge, "Worlds.", figures.worlds);
}

fn store(page: &mut Page, figures: &StoreFigures) {
    let help = "1; the label says when calls are answered.";
    page.family("midflight_durability", Course::Gauge, help);
    page.sample("midflight_durability", &[("mode", figures.durability)], 1);
    let help = "Whether the store has failed.";
    page.single("midflight_store_failed", Course::Gauge, help, u8::from(figures.is_failed));
    for (name, help, count) in [
        ("midflight_store_commits_total", "Commits of the store.", figures.commits),
        ("midflight_store_syncs_total", "Commits brought to the disk.", figures.syncs),
        ("midflight_store_changes_total", "Calls and loads in commits.", figures.changes),
        ("midflight_store_bytes_total", "Bytes in commits.", figures.bytes),
    ] {
        page.single(name, Course::Counter, help, count);
    }
    let seconds = figures.time.as_secs_f64();
    let help = "Time that commits took.";
    page.single("midflight_store_commit_seconds_total", Course::Counter, help, seconds);
    let help = "Changes that wait for a commit.";
    page.single("midflight_store_waiting", Course::Gauge, help, figures.waiting);
}

fn all_limits(page: &mut Page, state: &ServerState) {
    page.family("midflight_limit", Course::Gauge, "The limits; the manual tells what they are.");
    let code = state.engine.code().limits;
    let settings = [
        (source::Limits::rows(), code.values()),
        (engine::Limits::rows(), state.engine.limits().values()),
        (server::Limits::rows(), state.limits.values()),
    ];
    for (row, value) in settings.iter().flat_map(|(rows, values)| rows.iter().zip(values)) {
        limit(page, row, *value);
    }
}

fn limit(page: &mut Page, row: &Row, value: u64) {
    let labels = |unit| [("name", row.name), ("unit", unit)];
    match row.unit {
        Unit::Count => page.sample("midflight_limit", &labels("count"), value),
        Unit::Bytes => page.sample("midflight_limit", &labels("bytes"), value),
        Unit::Time => {
            page.sample("midflight_limit", &labels("seconds"), value as f64 / 1_000.0);
        }
    }
}

fn used(page: &mut Page, state: &ServerState, figures: &Figures) {
    const USED: &str = "midflight_limit_used";
    page.family(USED, Course::Gauge, "How much of a limit is used now.");
    for (name, count) in [
        ("connections_max", state.places.taken_len()),
        ("large_bodies_max", state.large_bodies()),
        ("large_answers_max", state.large_answers()),
        ("listeners_max", state.events.listeners()),
        ("loads_max", state.loads()),
        ("compiles_max", figures.compilations.running),
        ("compiles_waiting_max", figures.compilations.waiting),
        ("code_cache_max", figures.compilations.cache_size),
        ("versions_kept_max", figures.versions_kept),
        ("worlds_max", figures.worlds),
        ("memory_max", figures.memory),
        // Of the world that comes closest: there may be too many for a sample of each.
        ("queue_len_max", figures.queue_len),
        ("world_memory_max", figures.world_memory),
    ] {
        page.sample(USED, &[("name", name)], count);
    }
    if let Some(store) = &figures.store {
        page.sample(USED, &[("name", "store_queue_max")], store.waiting_size);
    }
}
