//! (live layout, new layout) → what becomes of every field, by meaning: tables, fields and variants
//! are known by their names, wherever they stand.
//!
//! Only what keeps every value exactly happens by itself. A change that could lose something needs
//! `drop` or `migrate`; without them it is refused, with the line to add.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use midflight_compiler::ir::{Const, Drop, Program};
use midflight_compiler::types::{EnumId, Field, StructId, TableId, Type, Types, VariantType};

use super::{Change, ChangeKind};

/// What becomes of the data.
#[derive(Clone, Debug)]
pub(crate) struct Moves {
    /// By field of the new `state`.
    pub(crate) state: Vec<Origin>,
    /// By `TableId` of the new program.
    pub(crate) tables: Vec<TableMoves>,
}

/// What becomes of the rows of a table.
#[derive(Clone, Debug)]
pub(crate) struct TableMoves {
    /// The live table that they come from; a table without one begins empty.
    pub(crate) from: Option<TableId>,
    /// By field of the new row.
    pub(crate) fields: Vec<Origin>,
}

/// Where the value of a new field comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// Its default.
    Default,
    /// The live field with this index.
    Field(u32, Conversion),
    /// What a `migrate` block, by number, gives at this index.
    Migrated(usize, u32),
}

/// How a value of a live type becomes one of a new type.
#[derive(Clone, Debug)]
pub(crate) enum Conversion {
    /// The types are alike.
    Same,
    /// `int` → `float`, where that is exact.
    Float,
    /// `T` → `T?`
    Some(Rc<Conversion>),
    /// `T?` → `U?`
    Optional(Rc<Conversion>),
    /// A struct to another one.
    Struct(Rc<FieldMoves>),
    /// An enum to another one: for each live variant the new one and its payload.
    Enum(Rc<[(u32, FieldMoves)]>),
    /// The elements of a list or array, then this value until an array is full.
    List(Rc<Conversion>, Option<Const>),
}

/// For each new field the live one that it comes from; the default where there is none.
pub(crate) type FieldMoves = Vec<Option<(u32, Conversion)>>;

/// What a comparison finds.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) moves: Moves,
    pub(crate) changes: Vec<Change>,
    pub(crate) fields_kept: usize,
}

/// For each new table the live one that its rows come from: that of its name, that of its old name,
/// or, on the way back, the one that says it was this table.
pub(crate) fn sources(live: &Program, new: &Program) -> Vec<Option<TableId>> {
    let [live, new] = [live, new].map(|program| program.types.tables.iter());
    let [live, new] = [live, new].map(|tables| tables.map(|t| (&*t.name, t.was.as_deref())));
    let found = named_sources(live.collect(), new.collect()).into_iter();
    found.map(|found| found.map(|index| TableId(index as u32))).collect()
}

/// As [`sources`], for the fields of a table or struct.
fn field_sources(old: &[Field], new: &[Field]) -> Vec<Option<usize>> {
    let [old, new] = [old, new].map(|fields| fields.iter().map(|f| (&*f.name, f.was.as_deref())));
    named_sources(old.collect(), new.collect())
}

/// Where each of the new ones comes from, by index: of what has a name, and perhaps an old one.
fn named_sources(
    old: Vec<(&str, Option<&str>)>,
    new: Vec<(&str, Option<&str>)>,
) -> Vec<Option<usize>> {
    let is_new: BTreeSet<&str> = new.iter().map(|&(name, _)| name).collect();
    let numbered = || old.iter().zip(0..);
    let by_name: HashMap<&str, usize> = numbered().map(|(&(name, _), i)| (name, i)).collect();
    let gone = numbered().filter(|((name, _), _)| !is_new.contains(name));
    let by_was: HashMap<&str, usize> = gone.filter_map(|(&(_, was), i)| Some((was?, i))).collect();
    let source = |&(name, was): &(&str, Option<&str>)| {
        let forward = || by_name.get(was.filter(|was| !is_new.contains(was))?);
        by_name.get(name).or_else(forward).or_else(|| by_was.get(name)).copied()
    };
    new.iter().map(source).collect()
}

/// For each `migrate` block of the new program whether it is run: the live one lacks it, and there
/// is something that it can begin from.
pub(crate) fn runs(live: &Program, new: &Program, sources: &[Option<TableId>]) -> Vec<bool> {
    let known: BTreeSet<&str> = live.migrations.iter().map(|block| block.tokens.as_str()).collect();
    let blocks = new.migrations.iter().map(|block| {
        let has_source = block.table.is_none_or(|table| sources[table.index()].is_some());
        has_source && !known.contains(block.tokens.as_str())
    });
    blocks.collect()
}

/// Compares two layouts. With `allow_loss` what would be lost is dropped.
pub(crate) fn compare(live: &Program, new: &Program, allow_loss: bool) -> Compared {
    let sources = sources(live, new);
    let runs = runs(live, new, &sources);
    let mut comparison = Comparison {
        old: &live.types,
        new: &new.types,
        drops: new.drops.iter().collect(),
        allow_loss,
        changes: Vec::new(),
        fields_kept: 0,
        structs: HashMap::new(),
        enums: HashMap::new(),
    };
    let given = |table: Option<TableId>| -> HashMap<u32, (usize, u32)> {
        let blocks = new.migrations.iter().enumerate();
        let blocks = blocks.filter(|&(number, block)| runs[number] && block.table == table);
        let fields = blocks.flat_map(|(number, block)| {
            block.fields.iter().zip(0..).map(move |(&field, nth)| (field, (number, nth)))
        });
        fields.collect()
    };
    let old_state = &live.types.strukt(live.state).fields;
    let new_state = &new.types.strukt(new.state).fields;
    let state = comparison.owner("state", &["state"], (old_state, new_state), &given(None));
    let tables = (0..new.types.tables.len()).map(|index| {
        let id = TableId(index as u32);
        comparison.table(id, sources[index], &given(Some(id)))
    });
    let tables: Vec<TableMoves> = tables.collect();
    comparison.tables_lost(&sources);
    let Comparison { changes, fields_kept, .. } = comparison;
    Compared { moves: Moves { state, tables }, changes, fields_kept }
}

struct Comparison<'p> {
    old: &'p Types,
    new: &'p Types,
    drops: BTreeSet<&'p Drop>,
    allow_loss: bool,
    changes: Vec<Change>,
    fields_kept: usize,
    /// What was compared before: each pair is looked at, and reported, once.
    structs: HashMap<(StructId, StructId), Conversion>,
    enums: HashMap<(EnumId, EnumId), Option<Conversion>>,
}

impl Comparison<'_> {
    fn change(&mut self, field: impl Into<String>, kind: ChangeKind) {
        self.changes.push(Change { field: field.into(), kind, help: None });
    }

    fn refuse(&mut self, field: impl Into<String>, kind: ChangeKind, help: String) {
        self.changes.push(Change { field: field.into(), kind, help: Some(help) });
    }

    fn table(
        &mut self,
        id: TableId,
        from: Option<TableId>,
        given: &HashMap<u32, (usize, u32)>,
    ) -> TableMoves {
        let new = self.new.table(id);
        let Some(old) = from.map(|from| self.old.table(from)) else {
            self.change(&new.name, ChangeKind::Added { new_type: "table".to_owned() });
            let fields = new.fields.iter().map(|_| Origin::Default).collect();
            return TableMoves { from, fields };
        };
        if old.name != new.name {
            let (from, new_type) = (old.name.clone(), "table".to_owned());
            self.change(&new.name, ChangeKind::Renamed { from, new_type });
        }
        let names = [new.name.as_str(), old.name.as_str()];
        let fields = self.owner(&new.name, &names, (&old.fields, &new.fields), given);
        let comes_from = |field: u32| match &fields[field as usize] {
            Origin::Field(index, _) => Some(*index),
            Origin::Default | Origin::Migrated(..) => None,
        };
        let new_key = &new.fields[new.key as usize].name;
        let old_key = &old.fields[old.key as usize].name;
        if comes_from(new.key) != Some(old.key) && new_key != old_key {
            let (old_key, new_key) = (old_key.clone(), new_key.clone());
            self.change(&new.name, ChangeKind::Rekeyed { old_key, new_key });
        }
        if comes_from(new.key).is_none() && !given.contains_key(&new.key) {
            let field = format!("{}.{new_key}", new.name);
            let old_type = format!("key {old_key}");
            let kind = ChangeKind::Incompatible { old_type, new_type: format!("key {new_key}") };
            let help = format!("`migrate {}(old) {{ {new_key} = … }}`", new.name);
            self.refuse(field, kind, help);
        }
        for (index, field) in new.fields.iter().enumerate() {
            let index = index as u32;
            let was = comes_from(index).is_some_and(|from| old.indexes.contains(&from));
            let kind = match (was, new.indexes.contains(&index)) {
                (false, true) => ChangeKind::Indexed,
                (true, false) => ChangeKind::Unindexed,
                _ => continue,
            };
            self.change(format!("{}.{}", new.name, field.name), kind);
        }
        TableMoves { from, fields }
    }

    /// The fields of `state` or of a table, which `drop` may call by each of these names.
    fn owner(
        &mut self,
        owner: &str,
        names: &[&str],
        (old, new): (&[Field], &[Field]),
        given: &HashMap<u32, (usize, u32)>,
    ) -> Vec<Origin> {
        let mut taken = BTreeSet::new();
        let mut origins = Vec::new();
        let sources = field_sources(old, new);
        for (index, (field, from)) in new.iter().zip(sources).enumerate() {
            let path = format!("{owner}.{}", field.name);
            taken.extend(from);
            if let Some(&(block, nth)) = given.get(&(index as u32)) {
                let new_type = self.new.show(field.ty).to_string();
                self.change(path, ChangeKind::Migrated { new_type });
                origins.push(Origin::Migrated(block, nth));
                continue;
            }
            let help = format!("`migrate {owner}(old) {{ {} = … }}`", field.name);
            origins.push(match from {
                Some(from) => self.field(&path, (from, &old[from]), field, help),
                None => {
                    let new_type = self.new.show(field.ty).to_string();
                    self.change(path, ChangeKind::Added { new_type });
                    Origin::Default
                }
            });
        }
        for (index, field) in old.iter().enumerate() {
            if !taken.contains(&index) {
                self.lost(owner, names, field);
            }
        }
        origins
    }

    /// A field that was there before.
    fn field(
        &mut self,
        path: &str,
        (from, old): (usize, &Field),
        new: &Field,
        help: String,
    ) -> Origin {
        let old_type = self.old.show(old.ty).to_string();
        let new_type = self.new.show(new.ty).to_string();
        if old.name != new.name {
            let (from, new_type) = (old.name.clone(), new_type.clone());
            self.change(path, ChangeKind::Renamed { from, new_type });
        }
        match (old.transient, new.transient) {
            (false, true) => self.change(path, ChangeKind::Transient),
            (true, false) => self.change(path, ChangeKind::Durable),
            _ => {}
        }
        match self.convert(old.ty, new.ty) {
            Some(conversion) => {
                match conversion {
                    Conversion::Same => self.fields_kept += usize::from(old.name == new.name),
                    // What is different in it is said of its struct or enum.
                    _ if old_type == new_type => {}
                    _ => self.change(path, ChangeKind::Converted { old_type, new_type }),
                }
                Origin::Field(from as u32, conversion)
            }
            None => {
                self.refuse(path, ChangeKind::Incompatible { old_type, new_type }, help);
                Origin::Default
            }
        }
    }

    fn lost(&mut self, owner: &str, names: &[&str], field: &Field) {
        let path = format!("{owner}.{}", field.name);
        let old_type = self.old.show(field.ty).to_string();
        let is_meant = names
            .iter()
            .any(|&name| self.drops.contains(&Drop::Field(name.to_owned(), field.name.clone())));
        if is_meant || self.allow_loss {
            return self.change(path, ChangeKind::Dropped { old_type });
        }
        let help =
            format!("`drop {path}`, or `was {}` behind the field that it became", field.name);
        self.refuse(path, ChangeKind::Lost { old_type }, help);
    }

    fn tables_lost(&mut self, sources: &[Option<TableId>]) {
        for (index, table) in self.old.tables.iter().enumerate() {
            if sources.contains(&Some(TableId(index as u32))) {
                continue;
            }
            let old_type = "table".to_owned();
            if self.allow_loss || self.drops.contains(&Drop::Table(table.name.clone())) {
                self.change(&table.name, ChangeKind::Dropped { old_type });
                continue;
            }
            let help = format!(
                "`drop table {0}`, or `was {0}` behind the table that it became",
                table.name
            );
            self.refuse(&table.name, ChangeKind::Lost { old_type }, help);
        }
    }

    /// How values of one type become values of another; `None` where no rule says so.
    fn convert(&mut self, old: Type, new: Type) -> Option<Conversion> {
        Some(match (old, new) {
            (Type::Int, Type::Float) => Conversion::Float,
            (Type::Struct(old), Type::Struct(new)) => self.structs(old, new),
            (Type::Enum(old), Type::Enum(new)) => self.enums(old, new)?,
            (Type::Optional(old), Type::Optional(new)) => {
                match self.convert(self.old.get(old), self.new.get(new))? {
                    Conversion::Same => Conversion::Same,
                    inner => Conversion::Optional(Rc::new(inner)),
                }
            }
            (old, Type::Optional(new)) => {
                Conversion::Some(Rc::new(self.convert(old, self.new.get(new))?))
            }
            (Type::Array(old, before), Type::Array(new, after)) if before <= after => {
                let (old, new) = (self.old.get(old), self.new.get(new));
                match self.convert(old, new)? {
                    Conversion::Same if before == after => Conversion::Same,
                    inner => Conversion::List(Rc::new(inner), Const::zero(self.new, new)),
                }
            }
            (Type::Bounded(old, before), Type::Bounded(new, after)) => {
                match self.convert(self.old.get(old), self.new.get(new))? {
                    Conversion::Same if before == after => Conversion::Same,
                    inner => Conversion::List(Rc::new(inner), None),
                }
            }
            (Type::Array(old, before), Type::Bounded(new, after)) if before <= after => {
                let inner = self.convert(self.old.get(old), self.new.get(new))?;
                Conversion::List(Rc::new(inner), None)
            }
            (Type::Int | Type::Float | Type::Bool | Type::Str | Type::Unit, _) if old == new => {
                Conversion::Same
            }
            _ => return None,
        })
    }

    fn structs(&mut self, old: StructId, new: StructId) -> Conversion {
        if let Some(known) = self.structs.get(&(old, new)) {
            return known.clone();
        }
        let (before, after) = (self.old.strukt(old), self.new.strukt(new));
        let names = [after.name.as_str(), before.name.as_str()];
        let moves = self.parts(&after.name, &names, (&before.fields, &after.fields));
        let conversion = match is_same(&moves, before.fields.len()) {
            true => Conversion::Same,
            false => Conversion::Struct(Rc::new(moves)),
        };
        let _ = self.structs.insert((old, new), conversion.clone());
        conversion
    }

    /// The fields of a struct, or of a variant's payload.
    fn parts(
        &mut self,
        owner: &str,
        names: &[&str],
        (old, new): (&[Field], &[Field]),
    ) -> FieldMoves {
        let mut taken = BTreeSet::new();
        let mut moves = Vec::new();
        let sources = field_sources(old, new);
        for (field, from) in new.iter().zip(sources) {
            let path = format!("{owner}.{}", field.name);
            taken.extend(from);
            let Some(from) = from else {
                let new_type = self.new.show(field.ty).to_string();
                self.change(path, ChangeKind::Added { new_type });
                moves.push(None);
                continue;
            };
            let kept = self.fields_kept;
            let help = format!("`migrate` each field that holds `{owner}`");
            moves.push(match self.field(&path, (from, &old[from]), field, help) {
                Origin::Field(from, conversion) => Some((from, conversion)),
                Origin::Default | Origin::Migrated(..) => None,
            });
            // Only fields of `state` and of tables are counted.
            self.fields_kept = kept;
        }
        for (index, field) in old.iter().enumerate() {
            if !taken.contains(&index) {
                self.lost(owner, names, field);
            }
        }
        moves
    }

    fn enums(&mut self, old: EnumId, new: EnumId) -> Option<Conversion> {
        if let Some(known) = self.enums.get(&(old, new)) {
            return known.clone();
        }
        let (before, after) = (self.old.enumeration(old), self.new.enumeration(new));
        let mut variants = Vec::new();
        let mut same = true;
        for (index, variant) in before.variants.iter().enumerate() {
            let to = after.variants.iter().position(|known| known.name == variant.name);
            let Some(to) = to else {
                let path = format!("{}.{}", after.name, variant.name);
                let kind = ChangeKind::Lost { old_type: "variant".to_owned() };
                let help = format!("`migrate` each field that holds `{}`", after.name);
                self.refuse(path, kind, help);
                same = false;
                continue;
            };
            let moves = self.payload(&after.name, variant, &after.variants[to]);
            same &= to == index && is_same(&moves, variant.fields.len());
            variants.push((to as u32, moves));
        }
        // A new variant can change the size of the tag, and of the whole.
        same &= before.variants.len() == after.variants.len();
        let conversion = if same { Conversion::Same } else { Conversion::Enum(variants.into()) };
        let _ = self.enums.insert((old, new), Some(conversion.clone()));
        Some(conversion)
    }

    fn payload(&mut self, owner: &str, old: &VariantType, new: &VariantType) -> FieldMoves {
        let path = format!("{owner}.{}", new.name);
        self.parts(&path, &[&path], (&old.fields, &new.fields))
    }
}

/// Whether nothing moves.
fn is_same(moves: &FieldMoves, before: usize) -> bool {
    let mut numbered = moves.iter().zip(0..);
    moves.len() == before
        && numbered.all(|(from, index)| matches!(from, Some((i, Conversion::Same)) if *i == index))
}
