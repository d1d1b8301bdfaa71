//! Where a world's cells stand in a store: under its name, or under its name and a mark.
//!
//! A large world that moves to another layout is written in pieces to the one of these places that
//! it does not have. The batch that makes the version current makes it the world's place, and the
//! other one is emptied afterwards. A place is the world's exactly if it holds the time: the other
//! one, where it holds anything, was left behind by a crash.

use std::sync::Arc;

use super::{Cell, Store, StoreError};

/// Behind the name; no name holds it.
const MARK: char = '~';

/// The other place of the same world.
pub(crate) fn other(place: &str) -> Arc<str> {
    match place.strip_suffix(MARK) {
        Some(name) => name.into(),
        None => format!("{place}{MARK}").into(),
    }
}

/// The name of the world.
pub(crate) fn world(place: &str) -> &str {
    place.strip_suffix(MARK).unwrap_or(place)
}

/// Those of the places in a store that are no world's.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn left_behind(store: &dyn Store, places: &[String]) -> Result<Vec<String>, StoreError> {
    let mut left = Vec::new();
    for place in places.iter().filter(|place| place.ends_with(MARK)) {
        let plain = world(place);
        if places.iter().any(|place| place == plain) {
            let mut is_current = false;
            store.cells(place, &mut |cell, _| is_current |= cell == Cell::TIME)?;
            left.push(if is_current { plain.to_owned() } else { place.clone() });
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::{other, world};

    #[test]
    fn a_world_has_two_places() {
        assert_eq!((&*other("main"), &*other("main~")), ("main~", "main"));
        assert_eq!((world("main"), world("main~")), ("main", "main"));
    }
}
