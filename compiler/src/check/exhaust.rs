//! Whether the arms of a `match` leave nothing out, and which of them never run.
//!
//! The classic algorithm: a row of patterns is *useful* after other rows when some value fits it
//! and none of them. An arm that is not useful after those before it never runs; a wildcard that is
//! useful after all arms stands for what is missing. The question is split by the constructors of
//! the first column; the work is bounded, since in the worst case it grows exponentially.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;

use crate::ir::{Const, Pattern};
use crate::types::{Type, Types};

/// Steps that the questions of one function may take together: less than a second.
pub(super) const STEPS_MAX: u32 = 10_000_000;

/// Missing patterns that are looked for.
const MISSING_MAX: usize = 32;

/// What was found out about a `match`.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// The arms that never run, by index.
    pub(super) unreachable: Vec<usize>,
    /// The alternatives of the other arms that match nothing more, by the indexes of both.
    pub(super) idle: Vec<(usize, usize)>,
    /// What is left out, as patterns.
    pub(super) missing: Vec<String>,
}

/// The patterns are too complex to compare.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooComplex;

/// Looks at the patterns of all arms, in at most as many steps as are left.
pub(super) fn examine(
    types: &Types,
    patterns: &[&Pattern],
    ty: Type,
    steps_left: &mut u32,
) -> Result<Finding, TooComplex> {
    let mut search = Search { types, steps_left };
    let mut finding = Finding::default();
    let mut rows: Vec<Vec<&Pattern>> = Vec::new();
    for (index, pattern) in patterns.iter().enumerate() {
        let alternatives = match pattern {
            Pattern::Or(alternatives) => alternatives.as_slice(),
            single => std::slice::from_ref(*single),
        };
        let mut idle = Vec::new();
        for (alternative, pattern) in alternatives.iter().enumerate() {
            let row = vec![pattern];
            if !search.is_useful(&rows, &row, &[ty])? {
                idle.push((index, alternative));
            }
            rows.push(row);
        }
        if idle.len() == alternatives.len() {
            finding.unreachable.push(index);
        } else {
            finding.idle.append(&mut idle);
        }
    }
    let _ = search.missing(&rows, &[ty], &mut |witness| {
        finding.missing.extend(witness.iter().map(|part| part.show(types)));
        finding.missing.len() < MISSING_MAX
    })?;
    Ok(finding)
}

/// What a value can begin with, as far as patterns tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Constructor<'p> {
    None,
    Some,
    Variant(u32),
    Bool(bool),
    Int(i64),
    /// The bits of a float; both zeros are the positive one.
    Float(u64),
    Str(&'p str),
}

/// A value that no arm fits, as far as it matters.
#[derive(Clone)]
enum Witness {
    Any,
    Bool(bool),
    None,
    Some(Box<Witness>),
    Variant(Type, u32, Vec<Witness>),
}

impl Witness {
    fn show(&self, types: &Types) -> String {
        match self {
            Witness::Any => "_".to_owned(),
            Witness::Bool(value) => value.to_string(),
            Witness::None => "none".to_owned(),
            // A pattern for the value fits the optional that holds it.
            Witness::Some(inner) => inner.show(types),
            Witness::Variant(ty, index, payload) => {
                let Type::Enum(id) = ty else { return "_".to_owned() };
                let mut text = types.enumeration(*id).variants[*index as usize].name.clone();
                if !payload.is_empty() {
                    let parts: Vec<String> = payload.iter().map(|part| part.show(types)).collect();
                    let _ = write!(text, "({})", parts.join(", "));
                }
                text
            }
        }
    }
}

struct Search<'t> {
    types: &'t Types,
    steps_left: &'t mut u32,
}

type Row<'p> = Vec<&'p Pattern>;

static WILDCARD: Pattern = Pattern::Wildcard;

impl Search<'_> {
    fn step(&mut self, work: usize) -> Result<(), TooComplex> {
        let work = u32::try_from(work).unwrap_or(u32::MAX);
        *self.steps_left = self.steps_left.saturating_sub(work.saturating_add(1));
        if *self.steps_left == 0 { Err(TooComplex) } else { Ok(()) }
    }

    /// Whether some value fits `row` and none of `rows`.
    fn is_useful<'p>(
        &mut self,
        rows: &[Row<'p>],
        row: &Row<'p>,
        types: &[Type],
    ) -> Result<bool, TooComplex> {
        self.step(rows.len().saturating_mul(types.len()))?;
        let Some((&first, rest)) = row.split_first() else { return Ok(rows.is_empty()) };
        if let Pattern::Or(alternatives) = first {
            for alternative in alternatives {
                let mut one = vec![alternative];
                one.extend(rest);
                if self.is_useful(rows, &one, types)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let rows = expanded(rows);
        if let Some(constructor) = constructor(first) {
            let inner = self.parts(constructor, types[0]);
            let row = specialised(row, constructor, inner.len()).unwrap_or_default();
            let (rows, types) = self.split(&rows, constructor, &inner, types);
            return self.is_useful(&rows, &row, &types);
        }
        let found = constructors(&rows);
        if !self.is_complete(&found, types[0]) {
            let rows = defaults(&rows);
            return self.is_useful(&rows, &rest.to_vec(), &types[1..]);
        }
        for constructor in found {
            let inner = self.parts(constructor, types[0]);
            let row = specialised(row, constructor, inner.len()).unwrap_or_default();
            let (rows, types) = self.split(&rows, constructor, &inner, types);
            if self.is_useful(&rows, &row, &types)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells `found` of values, one for each column, that fit none of `rows`, until it has enough.
    fn missing(
        &mut self,
        rows: &[Row<'_>],
        types: &[Type],
        found: &mut dyn FnMut(Vec<Witness>) -> bool,
    ) -> Result<bool, TooComplex> {
        self.step(rows.len().saturating_mul(types.len()))?;
        let Some((&ty, rest)) = types.split_first() else {
            return Ok(!rows.is_empty() || found(Vec::new()));
        };
        let rows = expanded(rows);
        let known = constructors(&rows);
        if known.is_empty() {
            return self.missing(&defaults(&rows), rest, &mut |mut tail| {
                tail.insert(0, Witness::Any);
                found(tail)
            });
        }
        for constructor in known.iter().copied() {
            let inner = self.parts(constructor, ty);
            let (rows, types) = self.split(&rows, constructor, &inner, types);
            let goes_on = self.missing(&rows, &types, &mut |mut parts| {
                let tail = parts.split_off(inner.len());
                let mut all = vec![witness(constructor, ty, parts)];
                all.extend(tail);
                found(all)
            })?;
            if !goes_on {
                return Ok(false);
            }
        }
        for head in self.others(&known, ty) {
            let goes_on = self.missing(&defaults(&rows), rest, &mut |mut tail| {
                tail.insert(0, head.clone());
                found(tail)
            })?;
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The types of a constructor's parts.
    fn parts(&self, constructor: Constructor<'_>, ty: Type) -> Vec<Type> {
        match (constructor, ty) {
            (Constructor::Some, Type::Optional(inner)) => vec![self.types.get(inner)],
            (Constructor::Variant(index), Type::Enum(id)) => {
                let variant = &self.types.enumeration(id).variants[index as usize];
                variant.fields.iter().map(|field| field.ty).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The rows that a value of this constructor can still fit, its parts in front.
    fn split<'p>(
        &self,
        rows: &[Row<'p>],
        constructor: Constructor<'_>,
        inner: &[Type],
        types: &[Type],
    ) -> (Vec<Row<'p>>, Vec<Type>) {
        let rows =
            rows.iter().filter_map(|row| specialised(row, constructor, inner.len())).collect();
        let mut all = inner.to_vec();
        all.extend(types.iter().skip(1));
        (rows, all)
    }

    fn is_complete(&self, found: &BTreeSet<Constructor<'_>>, ty: Type) -> bool {
        !found.is_empty() && self.others(found, ty).is_empty()
    }

    /// The constructors of a type that are not among those found.
    fn others(&self, found: &BTreeSet<Constructor<'_>>, ty: Type) -> Vec<Witness> {
        match ty {
            Type::Bool => [true, false]
                .into_iter()
                .filter(|&value| !found.contains(&Constructor::Bool(value)))
                .map(Witness::Bool)
                .collect(),
            Type::Optional(_) => {
                let mut others = Vec::new();
                if !found.contains(&Constructor::None) {
                    others.push(Witness::None);
                }
                if !found.contains(&Constructor::Some) {
                    others.push(Witness::Some(Box::new(Witness::Any)));
                }
                others
            }
            Type::Enum(id) => {
                let variants = self.types.enumeration(id).variants.iter().enumerate();
                variants
                    .filter(|(index, _)| !found.contains(&Constructor::Variant(*index as u32)))
                    .map(|(index, variant)| {
                        let payload = vec![Witness::Any; variant.fields.len()];
                        Witness::Variant(ty, index as u32, payload)
                    })
                    .collect()
            }
            // Nobody lists all numbers or texts.
            _ => vec![Witness::Any],
        }
    }
}

fn witness(constructor: Constructor<'_>, ty: Type, mut parts: Vec<Witness>) -> Witness {
    match constructor {
        Constructor::None => Witness::None,
        Constructor::Some => Witness::Some(Box::new(parts.pop().unwrap_or(Witness::Any))),
        Constructor::Variant(index) => Witness::Variant(ty, index, parts),
        Constructor::Bool(value) => Witness::Bool(value),
        Constructor::Int(_) | Constructor::Float(_) | Constructor::Str(_) => Witness::Any,
    }
}

/// What a pattern asks for; `None` when it fits everything.
fn constructor(pattern: &Pattern) -> Option<Constructor<'_>> {
    match pattern {
        Pattern::Wildcard | Pattern::Bind(_) | Pattern::Or(_) => None,
        Pattern::Const(Const::Bool(value)) => Some(Constructor::Bool(*value)),
        Pattern::Const(Const::Int(value)) => Some(Constructor::Int(*value)),
        Pattern::Const(Const::Float(value)) => Some(Constructor::Float((*value + 0.0).to_bits())),
        Pattern::Const(Const::Str(value)) => Some(Constructor::Str(value)),
        Pattern::Const(_) => unreachable!("a literal in a pattern is a scalar or a text"),
        Pattern::Variant(_, index, _) => Some(Constructor::Variant(*index)),
        Pattern::None => Some(Constructor::None),
        Pattern::Some(_) => Some(Constructor::Some),
    }
}

/// The constructors that the first column names, each once.
fn constructors<'p>(rows: &[Row<'p>]) -> BTreeSet<Constructor<'p>> {
    rows.iter().filter_map(|row| row.first().and_then(|first| constructor(first))).collect()
}

/// The rows, those with alternatives in their first column as several rows.
fn expanded<'r, 'p>(rows: &'r [Row<'p>]) -> Cow<'r, [Row<'p>]> {
    let is_or = |row: &Row<'p>| matches!(row.first(), Some(Pattern::Or(_)));
    if !rows.iter().any(is_or) {
        return Cow::Borrowed(rows);
    }
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        expand(row, &mut all);
    }
    Cow::Owned(all)
}

fn expand<'p>(row: &Row<'p>, all: &mut Vec<Row<'p>>) {
    let Some((Pattern::Or(alternatives), rest)) = row.split_first() else {
        return all.push(row.clone());
    };
    for alternative in alternatives {
        let mut one = vec![alternative];
        one.extend(rest);
        expand(&one, all);
    }
}

/// A row for values of a constructor, with the patterns of its parts in front; `None` when no such
/// value fits it.
fn specialised<'p>(row: &Row<'p>, wanted: Constructor<'_>, parts: usize) -> Option<Row<'p>> {
    let (&first, rest) = row.split_first()?;
    let mut special: Row<'p> = match (constructor(first), first) {
        (None, _) => vec![&WILDCARD; parts],
        (Some(found), _) if found != wanted => return None,
        (_, Pattern::Variant(_, _, payload)) => payload.iter().collect(),
        (_, Pattern::Some(inner)) => vec![&**inner],
        _ => Vec::new(),
    };
    special.extend(rest);
    Some(special)
}

/// The rows that fit whatever no constructor in the first column names.
fn defaults<'p>(rows: &[Row<'p>]) -> Vec<Row<'p>> {
    rows.iter()
        .filter(|row| row.first().is_some_and(|first| constructor(first).is_none()))
        .map(|row| row.iter().skip(1).copied().collect())
        .collect()
}
