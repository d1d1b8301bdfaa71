//! What each step has to answer, by the model, which takes the step.

use midflight_runtime::Then;

use crate::model::{Model, Refusal};
use crate::step::Call;
use crate::versions::Version;

/// Of a call.
pub(crate) fn call(next: &mut Model, world: &str, call: Call, now: i64) -> String {
    if next.versions.current.is_none() {
        return "no version".to_owned();
    }
    if !next.worlds.contains_key(world) {
        return "unknown".to_owned();
    }
    next.call(world, call, now).map_or("trapped".to_owned(), |result| format!("done {result}"))
}

/// Of a load.
pub(crate) fn load(
    next: &mut Model,
    version: Version,
    (then, expect): (Then, Option<u64>),
    now: i64,
) -> String {
    if expect.is_some_and(|expect| expect != next.versions.current.unwrap_or(0)) {
        return "refused Expected".to_owned();
    }
    let layout = version.layout.clone();
    match next.way_to(&layout, false) {
        Err(refusal @ Refusal::Layout) => return format!("refused {refusal:?}"),
        Err(refusal) if then == Then::Forget => return format!("refused {refusal:?}"),
        _ if then == Then::Forget => return "tried".to_owned(),
        _ => {}
    }
    let kept = next.versions.kept.clone();
    let live = next.clone();
    let number = next.versions.admit(version);
    let moved = match then {
        Then::Activate => {
            let moved = next.move_to(&layout, false, now);
            if moved.is_ok() {
                next.versions.activate(number);
            }
            moved
        }
        Then::Stage | Then::Forget => {
            next.change += 1;
            live.way_to(&layout, false)
        }
    };
    match moved {
        Ok(()) => {
            next.versions.last_stored = next.versions.last;
            let done = if then == Then::Activate { "activated" } else { "staged" };
            format!("{done} {number}")
        }
        Err(refusal) => {
            next.versions.kept = kept;
            next.change = live.change;
            format!("refused {refusal:?}")
        }
    }
}

/// Of an activation: to a version, or back to the one before, if there is one.
pub(crate) fn activation(
    next: &mut Model,
    target: Result<u64, Option<u64>>,
    (allows_loss, expect): (bool, Option<u64>),
    now: i64,
) -> String {
    if expect.is_some_and(|expect| expect != next.versions.current.unwrap_or(0)) {
        return "refused Expected".to_owned();
    }
    let (Ok(number) | Err(Some(number))) = target else { return "nothing before".to_owned() };
    let Some(version) = next.versions.kept.get(&number).cloned() else {
        return "unknown".to_owned();
    };
    if next.versions.current != Some(number) {
        if let Err(refusal) = next.move_to(&version.layout, allows_loss, now) {
            return format!("refused {refusal:?}");
        }
        match target {
            Ok(_) => next.versions.activate(number),
            Err(_) => next.versions.roll_back(number),
        }
        next.versions.last_stored = next.versions.last;
    }
    format!("activated {number}")
}

/// Of the deletion of a version.
pub(crate) fn deletion(next: &mut Model, number: u64) -> String {
    if next.versions.current == Some(number) {
        return "current".to_owned();
    }
    if next.versions.kept.remove(&number).is_none() {
        return "unknown".to_owned();
    }
    next.change += 1;
    next.versions.last_stored = next.versions.last;
    format!("deleted {number}")
}
