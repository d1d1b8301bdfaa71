//! `POST /load`: source in, the next version live, or the reason why not.
//!
//! A person who posts a file with `curl` reads text: one line that begins with `done:`, warnings
//! below, or the mistakes as the compiler shows them. Who asks for JSON gets the same as data.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, Request};
use axum::response::{IntoResponse, Response};
use midflight_compiler::source::Source;
use midflight_runtime::{LoadOptions, LoadStatus, Loaded, Pause, Then, Trial};
use serde_json::{Value, json};

use super::{MIDFLIGHT_VERSION, json as json_answer, refuse};
use crate::body;
use crate::error::{Form, Kind, Problem, of_trial};
use crate::limits::SOURCE_NAME_LEN_MAX;
use crate::options::Options;
use crate::report::{self, Style};
use crate::state::ServerState;

/// `POST /load`
pub(super) async fn load(
    State(state): State<Arc<ServerState>>,
    request: Request<Body>,
) -> Response {
    let form = Form::of(&request);
    // Before the body is read: what is refused here must not take the memory of its source.
    let _place = match state.begin_load() {
        Ok(place) => place,
        Err(problem) => return refuse(problem, request).await,
    };
    let options = match options(request.uri().query()) {
        Ok(options) => options,
        Err(problem) => return refuse(problem, request).await,
    };
    let source = match body::read(&state, request).await {
        Ok((_, source)) => source,
        Err(problem) => return problem.answer(form),
    };
    match load_with(&state, source, options).await {
        Ok(loaded) => {
            state.metrics.count_load(status(&loaded));
            answer(&loaded, form)
        }
        Err(problem) => {
            state.metrics.count_load(problem.kind());
            problem.answer(form)
        }
    }
}

async fn load_with(
    state: &ServerState,
    source: Bytes,
    options: LoadOptions,
) -> Result<Loaded, Problem> {
    let load = move |engine: &midflight_runtime::Engine| {
        let text = body::text(&source)?;
        let name = options.name.clone();
        let refused = |error| Problem::of_load(error, &Source::new(name, text));
        let loaded = engine.load_with(text, options).map_err(refused)?;
        match loaded.trial.as_ref().and_then(of_trial) {
            Some(problem) => Err(problem),
            None => Ok(loaded),
        }
    };
    state.change(load).await?
}

/// `?activate=false`, `?dry_run=true`, `?expect=N`, and `?name=game.flight` for messages.
fn options(query: Option<&str>) -> Result<LoadOptions, Problem> {
    let options = Options::of(query, &["activate", "expect", "dry_run", "name"])?;
    let then = match (options.flag("dry_run")?, options.flag("activate")?) {
        (Some(true), _) => Then::Forget,
        (_, Some(false)) => Then::Stage,
        (_, _) => Then::Activate,
    };
    let mut load = LoadOptions { then, expect: options.number("expect")?, ..Default::default() };
    if let Some(name) = options.text("name") {
        load.name = source_name(name)?.to_owned();
    }
    Ok(load)
}

/// A name that messages can show on any terminal.
fn source_name(name: &str) -> Result<&str, Problem> {
    let is_plain = |c: char| c.is_alphanumeric() || " ._-/".contains(c);
    if name.chars().all(is_plain) && name.chars().count() <= SOURCE_NAME_LEN_MAX {
        return Ok(name);
    }
    let detail = format!(
        "the option `name` takes letters, digits, ` ._-/`, at most {SOURCE_NAME_LEN_MAX} of them"
    );
    Err(Problem::new(Kind::InvalidQuery, detail))
}

fn answer(loaded: &Loaded, form: Form) -> Response {
    let mut response = match form {
        Form::Text => text(loaded).into_response(),
        Form::Json => json_answer(&document(loaded)),
    };
    if let (LoadStatus::Activated | LoadStatus::Unchanged, Some(number)) =
        (loaded.status, loaded.number)
    {
        let _ = response.headers_mut().insert(MIDFLIGHT_VERSION, HeaderValue::from(number));
    }
    response
}

fn text(loaded: &Loaded) -> String {
    let number = loaded.number.unwrap_or_default();
    let hash = loaded.hash.get(..8).unwrap_or(&loaded.hash);
    let mut facts = format!("hash {hash}, compiled in {} ms", milliseconds(loaded.compile_time));
    match loaded.tests_passed {
        0 => {}
        1 => facts.push_str(", 1 test passed"),
        count => write!(facts, ", {count} tests passed").expect("a `String` takes everything"),
    }
    let plan = loaded.plan.headline();
    let moved = moved(loaded);
    let mut text = match loaded.status {
        LoadStatus::Unchanged => {
            format!("done: unchanged, version {number} is live with this source (hash {hash})\n")
        }
        LoadStatus::Activated => {
            format!("done: version {number} is live ({facts}), {plan}{moved}\n")
        }
        LoadStatus::Staged => format!(
            "done: version {number} is staged ({facts}), {plan}; \
             `midflight activate {number}` makes it live\n"
        ),
        LoadStatus::DryRun => {
            format!("done: it would be accepted ({facts}), {plan}{moved}; nothing was changed\n")
        }
    };
    for change in &loaded.plan.changes {
        writeln!(text, "  {change}").expect("a `String` takes everything");
    }
    text.push_str(&report::diagnostics(&loaded.source, &loaded.warnings, Style::Plain));
    text
}

/// What became of the rows, or would.
fn moved(loaded: &Loaded) -> String {
    let rows = |count: u64| if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
    match (&loaded.pause, &loaded.trial) {
        (Some(pause), _) if loaded.plan.moves => {
            format!(", {} moved in {} ms", rows(pause.rows), milliseconds(pause.time))
        }
        (_, Some(trial)) => {
            format!(", {} would move in {} ms", rows(trial.rows), milliseconds(trial.time))
        }
        _ => String::new(),
    }
}

/// With as many digits as matter: `0.4`, `12`.
fn milliseconds(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 10.0 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}

fn status(loaded: &Loaded) -> &'static str {
    match loaded.status {
        LoadStatus::Activated => "activated",
        LoadStatus::Staged => "staged",
        LoadStatus::DryRun => "dry_run",
        LoadStatus::Unchanged => "unchanged",
    }
}

fn document(loaded: &Loaded) -> Value {
    json!({
        "status": status(loaded),
        "number": loaded.number,
        "before": loaded.before,
        "hash": loaded.hash,
        "compile_ms": loaded.compile_time.as_secs_f64() * 1e3,
        "tests_passed": loaded.tests_passed,
        "plan": loaded.plan,
        "pause": loaded.pause.as_ref().map(pause),
        "trial": loaded.trial.as_ref().map(trial),
        "warnings": report::diagnostics_json(&loaded.source, &loaded.warnings),
    })
}

/// An activation that stopped all worlds, as data.
pub(super) fn pause(pause: &Pause) -> Value {
    json!({ "rows": pause.rows, "ms": pause.time.as_secs_f64() * 1e3 })
}

fn trial(trial: &Trial) -> Value {
    json!({ "worlds": trial.worlds, "rows": trial.rows, "ms": trial.time.as_secs_f64() * 1e3 })
}
