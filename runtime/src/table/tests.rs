//! Rows that come and go, and come back: found by their keys, in memory that is there.

#![expect(unsafe_code, reason = "writes the key of a row by hand")]

use std::collections::BTreeMap;

use midflight_compiler::abi::RowHeader;
use midflight_compiler::check;
use midflight_compiler::layout::ROW_HEADER_SIZE;
use midflight_compiler::source::Source;

use super::Table;
use crate::data::{Beginning, Data};
use crate::generator::Generator;
use crate::limits::Limits;

/// What a call did to a row.
enum Change {
    Entered(*mut RowHeader),
    /// Its generation was this.
    Left(*mut RowHeader, u32),
}

struct World {
    data: Data,
    rows: BTreeMap<i64, *mut RowHeader>,
    changes: Vec<Change>,
}

impl World {
    fn new() -> World {
        let source = Source::new("t.flight", "table t { key id: int }");
        let checked = check(&source).expect("it is right");
        let limits = Limits::default();
        let data = Data::new(&checked.program, &checked.layouts, Beginning::alone(&limits));
        World { data: data.expect("there is memory"), rows: BTreeMap::new(), changes: Vec::new() }
    }

    fn table(&self) -> &Table {
        &self.data.tables[0]
    }

    fn insert(&mut self, key: i64) {
        let Data { tables, memory, .. } = &mut self.data;
        let row = tables[0].reserve(memory).expect("there is memory");
        // SAFETY: the key is the first field, behind the header.
        let place = unsafe { row.cast::<u8>().add(ROW_HEADER_SIZE as usize) };
        // SAFETY: it is an `int`, which is aligned.
        unsafe { place.cast::<i64>().write(key) };
        tables[0].enter(memory, row).expect("the key is free");
        assert!(self.rows.insert(key, row).is_none());
        self.changes.push(Change::Entered(row));
    }

    fn remove(&mut self, key: i64) {
        let row = self.rows.remove(&key).expect("it is there");
        let generation = self.data.tables[0].leave(&mut self.data.memory, row);
        self.changes.push(Change::Left(row, generation));
    }

    fn commit(&mut self) {
        for change in self.changes.drain(..) {
            if let Change::Left(row, _) = change {
                self.data.tables[0].release(row);
            }
        }
    }

    /// As an undo does it: the last change first. It needs no memory for keys.
    fn take_back(&mut self, rows: BTreeMap<i64, *mut RowHeader>) {
        let room = self.table().keys.room();
        let Data { tables, memory, .. } = &mut self.data;
        for change in self.changes.drain(..).rev() {
            match change {
                Change::Entered(row) => {
                    let _ = tables[0].leave(memory, row);
                    tables[0].abandon(row);
                }
                Change::Left(row, generation) => tables[0].return_to(memory, row, generation),
            }
        }
        self.rows = rows;
        assert_eq!(self.table().keys.room(), room, "going back took memory");
    }

    fn check(&self, keys: impl Iterator<Item = i64>) {
        assert_eq!(self.table().len(), self.rows.len() as u64);
        for key in keys {
            assert_eq!(self.table().find_int(key), self.rows.get(&key).copied(), "{key}");
        }
    }
}

#[test]
fn a_table_whose_rows_were_all_removed_gets_them_back() {
    let mut world = World::new();
    (0..1_000).for_each(|id| world.insert(id * 7 + 3));
    world.commit();
    let rows = world.rows.clone();
    for more in [None, Some(5), Some(3)] {
        (0..1_000).for_each(|id| world.remove(id * 7 + 3));
        if let Some(key) = more {
            world.insert(key);
        }
        world.take_back(rows.clone());
        world.check(0..7_010);
    }
    (0..1_000).for_each(|id| world.remove(id * 7 + 3));
    assert!(world.table().keys.room() > 0);
    world.commit();
    assert_eq!(world.table().keys.room(), 0, "without rows it needs none");
}

#[test]
fn calls_come_and_go() {
    let mut generator = Generator::new(7);
    let mut draw = |end: u64| generator.below(end) as i64;
    for _ in 0..100 {
        let mut world = World::new();
        let span = [10, 50, 400][draw(3) as usize];
        for _ in 0..40 {
            let before = world.rows.clone();
            if draw(8) == 0 {
                before.keys().for_each(|&key| world.remove(key));
            }
            for _ in 0..draw(span) {
                let next = world.rows.keys().last().map_or(draw(5), |last| last + 1);
                let key = if draw(5) > 0 { next } else { draw(2 * span) - 5 };
                match world.rows.contains_key(&key) {
                    true => world.remove(key),
                    false => world.insert(key),
                }
            }
            match draw(2) {
                0 => world.commit(),
                _ => world.take_back(before),
            }
            world.check(-10..2 * span as i64 + 50);
        }
    }
}
