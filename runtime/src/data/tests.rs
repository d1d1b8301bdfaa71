//! Rows, indexes, texts and undo without machine code, against a model that copies everything: what
//! a call changed is all there after a commit, and all gone after it was taken back.
//!
//! No machine code runs here, so that an interpreter that checks every access can run it
//! (`docs/testing.md`, "Miri").

#![expect(unsafe_code, reason = "writes rows by layout, as generated code does")]

use std::collections::BTreeMap;
use std::ptr;

use midflight_compiler::abi::{EPOCH_STEP, RowHeader, Text};
use midflight_compiler::check::Checked;
use midflight_compiler::layout::Words;
use midflight_compiler::source::Source;
use midflight_compiler::types::TableId;

use super::{Beginning, Data};
use crate::generator::Generator;
use crate::limits::Limits;
use crate::memory::texts::characters;
use crate::table::{Key, generation, slot};
use crate::undo::Undo;

const SOURCE: &str = "
state { total: int, pad: [int; 40], last: int }
table item {
    key id: int
    name: str
    worth: int
    index worth
    index name
}
";

/// Calls of a run; Miri takes a thousand times as long for each.
const CALLS: u64 = if cfg!(miri) { 30 } else { 4_000 };

/// Keys that rows can have: few, so that they are found, removed and inserted again.
const KEYS: u64 = 12;

/// What the world should hold: the copy of everything that makes undo trivial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Model {
    total: i64,
    last: i64,
    items: BTreeMap<i64, (u32, String, i64)>,
}

struct World {
    checked: Checked,
    data: Data,
    undo: Undo,
    epoch: u64,
    draw: Generator,
}

/// A table's first three fields and those of `state`, in the order of the source.
const NAME: usize = 1;
const WORTH: usize = 2;

impl World {
    fn new(seed: u64) -> World {
        let checked = midflight_compiler::check(&Source::new("test", SOURCE)).expect("it is right");
        let limits = Limits::default();
        let beginning = Beginning::alone(&limits);
        let data = Data::new(&checked.program, &checked.layouts, beginning);
        let data = data.expect("there is memory");
        World { checked, data, undo: Undo::default(), epoch: 0, draw: Generator::new(seed) }
    }

    /// As the frame does, but that epochs begin anew after a few of them.
    fn next_epoch(&mut self) {
        self.epoch += EPOCH_STEP;
        if self.epoch > 6 * EPOCH_STEP {
            self.data.forget_epochs();
            self.undo.forget_epochs();
            self.epoch = EPOCH_STEP;
        }
    }

    fn offset(&self, field: usize) -> usize {
        self.checked.layouts.row(TableId(0)).offsets[field] as usize
    }

    fn place<T>(&self, row: *mut RowHeader, field: usize) -> *mut T {
        // SAFETY: the field stands at this offset of a row.
        unsafe { row.byte_add(self.offset(field)) }.cast()
    }

    fn put<T>(&self, row: *mut RowHeader, field: usize, value: T) {
        // SAFETY: the field of a row, which has this type.
        unsafe { self.place::<T>(row, field).write(value) };
    }

    fn get<T: Copy>(&self, row: *mut RowHeader, field: usize) -> T {
        // SAFETY: as in `put`.
        unsafe { self.place::<T>(row, field).read() }
    }

    fn find(&self, key: i64) -> Option<*mut RowHeader> {
        self.data.tables[0].find(Key::Int(key))
    }

    fn insert(&mut self, model: &mut Model, key: i64, (name, worth): (&str, i64)) {
        assert_eq!(self.find(key).is_some(), model.items.contains_key(&key));
        if self.find(key).is_some() {
            return;
        }
        let table = &mut self.data.tables[0];
        let row = table.reserve(&mut self.data.memory).expect("there is memory");
        self.put(row, 0, key);
        self.put(row, WORTH, worth);
        let text = self.undo.replace_text(&mut self.data, ptr::null(), name);
        self.put(row, NAME, text.expect("there is memory"));
        let table = &mut self.data.tables[0];
        table.enter(&mut self.data.memory, row).expect("the key is free");
        self.undo.note_inserted(self.epoch, 0, row);
        let _ = model.items.insert(key, (slot(row), name.to_owned(), worth));
    }

    fn remove(&mut self, model: &mut Model, key: i64) {
        assert_eq!(self.find(key).is_some(), model.items.contains_key(&key));
        let Some(row) = self.find(key) else { return };
        let text = self.get::<*const Text>(row, NAME);
        let generation = self.data.tables[0].leave(&mut self.data.memory, row);
        self.undo.note_removed(0, row, generation, vec![text]);
        let _ = model.items.remove(&key);
    }

    fn rename(&mut self, model: &mut Model, key: i64, (name, worth): (&str, i64)) {
        let Some(row) = self.find(key) else { return };
        // Each by itself: the second one finds the row noted in part.
        for field in [NAME, WORTH] {
            let words = Words::of(self.offset(field) as u32, 8);
            self.undo.note_row(&self.data, self.epoch, (0, row), words);
        }
        let before = self.get::<*const Text>(row, NAME);
        let text = self.undo.replace_text(&mut self.data, before, name).expect("there is memory");
        self.reindex(row, NAME, (&raw const text).cast());
        self.put(row, NAME, text);
        self.reindex(row, WORTH, (&raw const worth).cast());
        self.put(row, WORTH, worth);
        let item = model.items.get_mut(&key).expect("the model has the same rows");
        (item.1, item.2) = (name.to_owned(), worth);
    }

    fn reindex(&mut self, row: *mut RowHeader, field: usize, value: *const u8) {
        let Data { tables, memory, .. } = &mut self.data;
        tables[0].reindex(memory, row, field as u32, value).expect("there is memory");
    }

    fn count(&mut self, model: &mut Model, by: i64) {
        let offsets = self.checked.layouts.strukt(self.checked.program.state).offsets.clone();
        for (offset, value) in [(offsets[0], &mut model.total), (offsets[2], &mut model.last)] {
            self.undo.note_state(&mut self.data, self.epoch, offset, 8);
            *value += by;
            let place = offset as usize..offset as usize + 8;
            self.data.state.bytes_mut()[place].copy_from_slice(&value.to_le_bytes());
        }
    }

    /// One random change, made here and in the model.
    fn change(&mut self, model: &mut Model) {
        const NAMES: [&str; 4] = ["", "ann", "größer", "a name that is a little longer"];
        let key = self.draw.below(KEYS) as i64;
        let item = (NAMES[self.draw.below(4) as usize], self.draw.below(5) as i64 - 2);
        match self.draw.below(8) {
            0..3 => self.insert(model, key, item),
            3..5 => self.remove(model, key),
            5..7 => self.rename(model, key, item),
            _ => self.count(model, item.1),
        }
    }

    fn changes(&mut self, model: &mut Model) {
        for _ in 0..self.draw.below(9) {
            self.change(model);
        }
    }

    /// Ends a call that made `next` of the model: it commits, or is taken back.
    fn end(&mut self, model: &mut Model, next: Model) {
        match self.draw.below(3) {
            0 => self.undo.rollback(&mut self.data),
            _ => {
                self.undo.commit(&mut self.data);
                *model = next;
            }
        }
        self.undo.settle(&mut self.data);
        self.check(model);
    }

    fn check(&self, model: &Model) {
        let offsets = &self.checked.layouts.strukt(self.checked.program.state).offsets;
        let word = |offset: u32| {
            let place = offset as usize..offset as usize + 8;
            i64::from_le_bytes(self.data.state.bytes()[place].try_into().expect("8 bytes"))
        };
        assert_eq!((word(offsets[0]), word(offsets[2])), (model.total, model.last));
        let table = &self.data.tables[0];
        assert_eq!(table.len(), model.items.len() as u64);
        let end = model.items.values().map(|(slot, ..)| u64::from(*slot) + 1).max();
        assert_eq!(table.view().slot_end, end.unwrap_or(0), "the last slot holds a row");
        for (&key, (slot_of, name, worth)) in &model.items {
            let row = self.find(key).expect("it is found by its key");
            assert!(generation(row) != 0 && slot(row) == *slot_of);
            // SAFETY: the field is a `str` that the world owns.
            assert_eq!(unsafe { characters(self.get(row, NAME)) }, name);
            assert_eq!(self.get::<i64>(row, WORTH), *worth);
        }
        let by =
            |field: usize| table.rows_after(field as u32, None).map(slot).collect::<Vec<u32>>();
        let mut slots: Vec<_> = model.items.values().collect();
        slots.sort_by_key(|(slot, _, worth)| (*worth, *slot));
        assert_eq!(by(WORTH), slots.iter().map(|(slot, ..)| *slot).collect::<Vec<_>>());
        slots.sort_by_key(|(slot, name, _)| (name, *slot));
        assert_eq!(by(NAME), slots.iter().map(|(slot, ..)| *slot).collect::<Vec<_>>());
        let live = model.items.values().filter(|(_, name, _)| !name.is_empty()).count();
        assert_eq!(self.data.texts.len(), live, "no text is kept that nobody reads");
    }
}

#[test]
fn calls_commit_whole_or_leave_no_trace() {
    let mut world = World::new(1);
    let mut model = Model::default();
    for _ in 0..CALLS {
        world.next_epoch();
        let mut next = model.clone();
        world.changes(&mut next);
        world.end(&mut model, next);
    }
}

#[test]
fn a_part_of_a_call_is_taken_back_alone() {
    let mut world = World::new(2);
    let mut model = Model::default();
    for _ in 0..CALLS {
        world.next_epoch();
        let before = model.clone();
        world.changes(&mut model);
        world.undo.savepoint(0);
        // As the host does: what was noted before the savepoint is noted again behind it.
        world.next_epoch();
        let mut inner = model.clone();
        world.changes(&mut inner);
        let _ = world.undo.rollback_to_savepoint(&mut world.data);
        world.next_epoch();
        world.changes(&mut model);
        match world.draw.below(3) {
            0 => {
                world.undo.rollback(&mut world.data);
                model = before;
            }
            _ => world.undo.commit(&mut world.data),
        }
        world.undo.settle(&mut world.data);
        world.check(&model);
    }
}

#[test]
fn keys_that_count_up_and_others_are_found() {
    let mut world = World::new(3);
    let mut model = Model::default();
    // From a key on, up; one that is smaller; then keys at both ends of what an `int` can be.
    let keys = (100..110).chain([7, i64::MAX, i64::MIN]);
    for key in keys {
        world.next_epoch();
        world.insert(&mut model, key, ("ann", key));
        world.undo.commit(&mut world.data);
        world.check(&model);
        for other in [99, 110, i64::MAX - 1, i64::MIN, i64::MIN + 1] {
            assert_eq!(world.find(other).is_some(), model.items.contains_key(&other));
        }
        // One that is gone is not found, and its slot is not taken for that of its key.
        world.next_epoch();
        world.remove(&mut model, key);
        assert!(world.find(key).is_none());
        world.insert(&mut model, 1_000, ("bob", 1));
        assert!(world.find(1_000).is_some() && world.find(key).is_none());
        world.undo.rollback(&mut world.data);
        world.undo.settle(&mut world.data);
        let _ = model.items.remove(&1_000);
        let at = slot(world.find(key).expect("it is back"));
        let _ = model.items.insert(key, (at, "ann".to_owned(), key));
        world.check(&model);
    }
}

/// Tables whose keys count up find rows by slot, until there is another key, and again once they are empty;
/// what is taken back crosses both borders.
#[test]
fn tables_go_from_slots_to_hashes_and_back() {
    let mut world = World::new(4);
    let mut model = Model::default();
    for _ in 0..CALLS {
        world.next_epoch();
        let mut next = model.clone();
        for _ in 0..world.draw.below(6) {
            let next_key = 100 + next.items.len() as i64;
            let any = next.items.keys().copied().nth(world.draw.below(8) as usize);
            match world.draw.below(16) {
                0..10 => world.insert(&mut next, next_key, ("ann", next_key)),
                10..13 => world.remove(&mut next, next_key - 1),
                13 => world.remove(&mut next, any.unwrap_or(7)),
                14 => world.insert(&mut next, 7, ("bob", 7)),
                _ => {
                    for key in next.items.clone().into_keys() {
                        world.remove(&mut next, key);
                    }
                }
            }
        }
        world.end(&mut model, next);
        for key in (98..112).chain([7, 0]) {
            assert_eq!(world.find(key).is_some(), model.items.contains_key(&key), "{key}");
        }
    }
}
