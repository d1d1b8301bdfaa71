//! Near names: what a mistyped name was probably meant to be.

/// Names longer than this are not compared: the work grows with the product of the lengths.
const NAME_LEN_MAX: usize = 40;

/// Candidates that are looked at for one name.
const CANDIDATES_MAX: usize = 10_000;

/// The candidate that is nearest to `name`, if one is near enough to be what was meant.
pub fn nearest<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > NAME_LEN_MAX {
        return None;
    }
    let allowed = match name.len() {
        0 | 1 => 0,
        len => (len / 3).max(1),
    };
    candidates
        .into_iter()
        .take(CANDIDATES_MAX)
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= allowed && *candidate != name)
        .map(|candidate| (distance(name.as_bytes(), candidate.as_bytes()), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters must be put in, taken out, replaced or swapped with their neighbour. A
/// letter in the other case is the same letter.
fn distance(wanted: &[u8], candidate: &[u8]) -> usize {
    const WIDTH: usize = 2 * NAME_LEN_MAX;
    let mut before = [0; WIDTH];
    let mut previous: [usize; WIDTH] = std::array::from_fn(|column| column);
    for (row, a) in wanted.iter().enumerate() {
        let mut current = [row + 1; WIDTH];
        for (column, b) in candidate.iter().take(WIDTH - 1).enumerate() {
            let replaced = previous[column] + usize::from(!a.eq_ignore_ascii_case(b));
            let mut best = replaced.min(previous[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0
                && column > 0
                && wanted[row - 1].eq_ignore_ascii_case(b)
                && candidate[column - 1].eq_ignore_ascii_case(a);
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            current[column + 1] = best;
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[candidate.len().min(WIDTH - 1)]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let names = ["player", "place", "hp", "gold"];
        assert_eq!(nearest("plaeyr", names), Some("player"));
        assert_eq!(nearest("hpp", names), Some("hp"));
        assert_eq!(nearest("Gold", names), Some("gold"));
        assert_eq!(nearest("silver", names), None);
        assert_eq!(nearest("x", names), None);
    }
}
