//! Near names: what a mistyped name was probably meant to be.

/// Names longer than this are not compared: the work grows with the product of the lengths.
const NAME_LEN_MAX: usize = 40;

/// The candidate that is nearest to `name`, if one is near enough to be what was meant.
pub fn nearest<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    if wanted.len() > NAME_LEN_MAX {
        return None;
    }
    let allowed = match wanted.len() {
        0 | 1 => 0,
        len => (len / 3).max(1),
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= NAME_LEN_MAX && !candidate.starts_with('$'))
        .map(|candidate| (distance(&wanted, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= allowed && candidate != name)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters must be put in, taken out, replaced or swapped with their neighbour.
fn distance(wanted: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=candidate.len()).collect();
    for (row, &a) in wanted.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &b) in candidate.iter().enumerate() {
            let replaced = previous[column] + usize::from(a != b);
            let moved = (previous[column + 1] + 1).min(current[column] + 1);
            let mut best = replaced.min(moved);
            let swapped =
                row > 0 && column > 0 && wanted[row - 1] == b && candidate[column - 1] == a;
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[candidate.len()]
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
