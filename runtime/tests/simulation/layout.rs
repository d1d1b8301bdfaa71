//! A family of programs that mean the same for a table of accounts, each with a layout of its own; and
//! what the manual says of the way from one layout to another.

use crate::disk::Random;
use crate::model::Row;

/// How a program lays out its accounts, and what it says of older layouts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The table is `holder`, else `account`.
    pub(crate) is_holder: bool,
    /// It says what the table was called otherwise.
    pub(crate) says_was: bool,
    /// The name of an account is its `label`, else its `name`.
    pub(crate) is_label: bool,
    /// Values are `float`, else `int`.
    pub(crate) is_float: bool,
    pub(crate) note: Note,
    pub(crate) has_extra: bool,
    /// The name is the key, else the number.
    pub(crate) is_keyed_by_name: bool,
    pub(crate) is_reversed: bool,
    pub(crate) has_index: bool,
    /// Fields that it lacks may go.
    pub(crate) says_drops: bool,
    pub(crate) block: Option<Block>,
    pub(crate) on_load: OnLoad,
}

/// A field that comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    Absent,
    Int,
    Optional,
}

/// A `migrate` block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// It takes values to be `float`.
    pub(crate) is_from_float: bool,
    /// It takes notes to be optional, and fills them.
    pub(crate) fills_notes: bool,
    /// Values are multiplied by this, then 1 is added.
    pub(crate) factor: i64,
    /// It fails for accounts with larger numbers.
    pub(crate) id_max: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnLoad {
    Absent,
    /// Adds 1 to each value.
    Counts,
    /// The same, where there are not too many accounts.
    Refuses,
}

/// Accounts that [`OnLoad::Refuses`] lets pass.
pub(crate) const ROWS_MAX: usize = 4;
/// What a note that is new begins with, and what a block gives to one that is not there.
pub(crate) const NOTE: i64 = 7;
const FILLED_NOTE: i64 = 3;
pub(crate) const EXTRA: i64 = 5;

/// What becomes of the rows on the way from one layout to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Something would be lost, or cannot become what the new layout wants.
    Refused,
    /// The `migrate` block does not fit what is live.
    Mistaken,
    /// It is open, but no table is that of the rows: they go.
    Emptied,
    /// It is open; a `migrate` block runs, or none does.
    Open(Option<Block>),
}

impl Layout {
    /// What all begin with.
    pub(crate) fn first() -> Layout {
        Layout {
            is_holder: false,
            says_was: true,
            is_label: false,
            is_float: false,
            note: Note::Int,
            has_extra: false,
            is_keyed_by_name: false,
            is_reversed: false,
            has_index: false,
            says_drops: true,
            block: None,
            on_load: OnLoad::Absent,
        }
    }

    /// Another one, a few changes away from this one, most often with what makes the way open.
    pub(crate) fn random(&self, random: &mut Random) -> Layout {
        let mut new = Layout { block: None, says_drops: random.below(8) > 0, ..self.clone() };
        for _ in 0..random.below(4) {
            match random.below(8) {
                0 => new.is_holder ^= true,
                1 => new.is_label ^= true,
                2 => new.is_float ^= true,
                3 => new.note = [Note::Absent, Note::Int, Note::Optional][random.below(3)],
                4 => new.has_extra ^= true,
                5 => new.is_keyed_by_name ^= true,
                6 => new.is_reversed ^= true,
                _ => new.has_index ^= true,
            }
        }
        new.says_was = new.is_holder != self.is_holder || random.below(3) > 0;
        new.on_load = match random.below(10) {
            0..4 => OnLoad::Absent,
            4..9 => OnLoad::Counts,
            _ => OnLoad::Refuses,
        };
        let needs_block =
            self.is_float && !new.is_float || (self.note, new.note) == (Note::Optional, Note::Int);
        if random.below(if needs_block { 8 } else { 4 }) > usize::from(needs_block) * 6 {
            return new;
        }
        if needs_block && random.below(8) == 0 || !needs_block && random.below(2) == 0 {
            return new;
        }
        new.block = Some(Block {
            is_from_float: self.is_float ^ (random.below(12) == 0),
            fills_notes: (self.note, new.note) == (Note::Optional, Note::Int),
            factor: if random.below(2) == 0 { 1 } else { -1 },
            id_max: (random.below(5) == 0).then_some(8),
        });
        new
    }

    fn table(&self) -> &'static str {
        if self.is_holder { "holder" } else { "account" }
    }

    /// The `migrate` block, by whose words it is known.
    fn block_text(&self) -> Option<String> {
        let Block { is_from_float, fills_notes, factor, id_max } = self.block?;
        let value = match (is_from_float, self.is_float) {
            (false, false) => format!("old.value * {factor} + 1"),
            (true, false) => format!("int(old.value) * {factor} + 1"),
            (false, true) => format!("float(old.value) * {factor}.0 + 1.0"),
            (true, true) => format!("old.value * {factor}.0 + 1.0"),
        };
        let value = match id_max {
            Some(id_max) => {
                format!("if old.id > {id_max} {{ fail \"too large\" }} else {{ {value} }}")
            }
            None => value,
        };
        let note = match fills_notes {
            true => format!("\n    note = old.note ?? {FILLED_NOTE}"),
            false => String::new(),
        };
        Some(format!("migrate {}(old) {{\n    value = {value}{note}\n}}\n", self.table()))
    }

    /// What becomes of rows of this layout on their way to another one.
    pub(crate) fn way_to(&self, new: &Layout, allows_loss: bool) -> Way {
        if self.is_holder != new.is_holder && !self.says_was && !new.says_was {
            return if allows_loss { Way::Emptied } else { Way::Refused };
        }
        let runs = new.block.filter(|_| self.block_text() != new.block_text());
        let is_lost = self.note != Note::Absent && new.note == Note::Absent
            || self.has_extra && !new.has_extra;
        let is_value_open = runs.is_some() || !self.is_float || new.is_float;
        let is_note_open = runs.is_some_and(|block| block.fills_notes)
            || (self.note, new.note) != (Note::Optional, Note::Int);
        if is_lost && !new.says_drops && !allows_loss || !is_value_open || !is_note_open {
            return Way::Refused;
        }
        let fits = |block: Block| {
            block.is_from_float == self.is_float
                && (!block.fills_notes || self.note == Note::Optional)
        };
        if runs.is_some_and(|block| !fits(block)) { Way::Mistaken } else { Way::Open(runs) }
    }

    /// Moves a row to a layout; `None` where the block fails.
    pub(crate) fn moved(&self, new: &Layout, runs: Option<Block>, row: &Row) -> Option<Row> {
        let mut row = row.clone();
        if let Some(Block { factor, id_max, fills_notes, .. }) = runs {
            if id_max.is_some_and(|id_max| row.id > id_max) {
                return None;
            }
            row.value = row.value * factor + 1;
            if fills_notes {
                row.note = row.note.or(Some(FILLED_NOTE));
            }
        }
        row.note = match (self.note, new.note) {
            (_, Note::Absent) => None,
            (Note::Absent, Note::Int) => Some(NOTE),
            (_, Note::Int | Note::Optional) => row.note,
        };
        row.extra = match (self.has_extra, new.has_extra) {
            (_, false) => 0,
            (false, true) => EXTRA,
            (true, true) => row.extra,
        };
        Some(row)
    }

    /// The source of a version; `mark` makes it another one than all others.
    pub(crate) fn source(&self, mark: u64) -> String {
        let (declarations, drops) = self.declarations();
        let drops = if self.says_drops { drops } else { String::new() };
        let block = self.block_text().unwrap_or_default();
        let (on_load, handlers) = (self.on_load_text(), self.handlers());
        format!("// {mark}\n{declarations}{drops}{block}{on_load}{handlers}")
    }

    /// Table and state; and the lines by which fields may go.
    fn declarations(&self) -> (String, String) {
        let table = self.table();
        let was = match (self.says_was, self.is_holder) {
            (false, _) => "",
            (true, true) => " was account",
            (true, false) => " was holder",
        };
        let (label, label_was) = match self.is_label {
            false => ("name", "label"),
            true => ("label", "name"),
        };
        let (id_key, name_key) = if self.is_keyed_by_name { ("", "key ") } else { ("key ", "") };
        let value = if self.is_float { "float" } else { "int" };
        let mut fields = vec![
            format!("{id_key}id: int"),
            format!("{name_key}{label}: str was {label_was}"),
            format!("value: {value}"),
        ];
        let mut state = ["calls: int", "total: int", "loads: int", "ticks: int", "at: int"];
        let mut drops = String::new();
        match self.note {
            Note::Int => fields.push(format!("note: int = {NOTE}")),
            Note::Optional => fields.push("note: int?".to_owned()),
            Note::Absent => drops.push_str(&format!("drop {table}.note\n")),
        }
        match self.has_extra {
            true => fields.push(format!("extra: int = {EXTRA}")),
            false => drops.push_str(&format!("drop {table}.extra\n")),
        }
        if self.is_reversed {
            fields.reverse();
            state.reverse();
        }
        if self.has_index {
            fields.push("index value".to_owned());
        }
        let (fields, state) = (fields.join("\n    "), state.join(", "));
        (format!("table {table}{was} {{\n    {fields}\n}}\nstate {{ {state} }}\n"), drops)
    }

    fn on_load_text(&self) -> String {
        let (table, one) = (self.table(), if self.is_float { "1.0" } else { "1" });
        let refuses = match self.on_load {
            OnLoad::Absent => return String::new(),
            OnLoad::Counts => String::new(),
            OnLoad::Refuses => {
                format!("    if {table}.len > {ROWS_MAX} {{ fail \"too many\" }}\n")
            }
        };
        let adds = format!("    for a in {table} {{ a.value += {one} }}\n");
        format!("on load {{\n    state.loads += 1\n{adds}{refuses}}}\n")
    }

    fn handlers(&self) -> String {
        let (table, label) = (self.table(), if self.is_label { "label" } else { "name" });
        let row = match self.is_keyed_by_name {
            false => format!("{table}[id]"),
            true => format!("{table}[\"n{{id}}\"]"),
        };
        let (amount, value) = match self.is_float {
            true => ("float(amount)", "int(a.value)"),
            false => ("amount", "a.value"),
        };
        let (note, shown_note) = match self.note {
            Note::Absent => ("", "-"),
            Note::Int => (", note: amount", "{a.note}"),
            Note::Optional => (", note: amount", "{a.note ?? -1}"),
        };
        let (extra, shown_extra) = match self.has_extra {
            false => ("", "-"),
            true => (", extra: amount", "{a.extra}"),
        };
        format!(
            "post put(id: int, amount: int) -> int {{
    state.calls += 1
    insert {table} {{ id, {label}: \"n{{id}}\", value: {amount}{note}{extra} }}
    return {table}.len
}}
post add(id: int, amount: int) -> int {{
    state.calls += 1
    state.at = now()
    let a = {row}
    a.value += {amount}
    return {value}
}}
post leave(id: int, amount: int) -> int {{
    state.calls += 1
    state.total += amount
    let a = {row}
    remove a
    return {table}.len
}}
post shift(id: int, amount: int) -> int {{
    state.calls += 1
    for a in {table} {{ a.value += {amount} }}
    if id > 4 {{ fail \"on purpose\" }}
    return {table}.len
}}
post draw(id: int, amount: int) -> int {{
    state.calls += 1
    return random(1000)
}}
every 1s beat() {{ state.ticks += 1 }}
get look() -> str {{
    var text = \"{{state.calls}} {{state.total}} {{state.loads}} {{state.ticks}} {{state.at}}\"
    for a in {table} {{
        text += \"; {{a.id}} {{a.{label}}} {{{value}}} {shown_note} {shown_extra}\"
    }}
    return text
}}
"
        )
    }
}
