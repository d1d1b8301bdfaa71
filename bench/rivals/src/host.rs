//! What Roto and Rhai reach of the host: neither keeps anything between two calls itself, so the
//! rows are the host's, and their scripts ask for every field.

use std::cell::RefCell;
use std::collections::HashMap;

use midflight_bench::rows::{self, KEYED, Moving};

/// A row of the attack.
struct Player {
    hp: i64,
    wins: i64,
}

#[derive(Default)]
struct State {
    total: i64,
    count: i64,
    movers: Vec<Moving>,
    players: HashMap<i64, Player>,
}

/// Whose state a function reaches.
pub const ROTO: usize = 0;
pub const RHAI: usize = 1;

thread_local! {
    static STATES: [RefCell<State>; 2] = Default::default();
}

fn read<const GUEST: usize, T>(of: impl FnOnce(&State) -> T) -> T {
    STATES.with(|states| of(&states[GUEST].borrow()))
}

fn write<const GUEST: usize>(change: impl FnOnce(&mut State)) {
    STATES.with(|states| change(&mut states[GUEST].borrow_mut()));
}

/// Begins anew, with all rows.
pub fn reset<const GUEST: usize>() {
    let player = |number| (rows::key(number), Player { hp: 100, wins: 0 });
    let players = (0..KEYED).map(player).collect();
    let state = State { movers: rows::moving(), players, ..State::default() };
    write::<GUEST>(|here| *here = state);
}

pub fn total<const GUEST: usize>() -> i64 {
    read::<GUEST, _>(|state| state.total)
}

pub fn add_total<const GUEST: usize>(value: i64) {
    write::<GUEST>(|state| state.total += value);
}

pub fn add_count<const GUEST: usize>(value: i64) {
    write::<GUEST>(|state| state.count += value);
}

pub fn movers<const GUEST: usize>() -> i64 {
    read::<GUEST, _>(|state| state.movers.len() as i64)
}

/// A field of the row of this number; an index that is none ends the bench.
fn mover<const GUEST: usize, T>(index: i64, field: impl FnOnce(&Moving) -> T) -> T {
    read::<GUEST, _>(|state| field(&state.movers[index as usize]))
}

fn set_mover<const GUEST: usize>(index: i64, field: impl FnOnce(&mut Moving)) {
    write::<GUEST>(|state| field(&mut state.movers[index as usize]));
}

pub fn x<const GUEST: usize>(index: i64) -> f64 {
    mover::<GUEST, _>(index, |row| row.x)
}

pub fn y<const GUEST: usize>(index: i64) -> f64 {
    mover::<GUEST, _>(index, |row| row.y)
}

pub fn dx<const GUEST: usize>(index: i64) -> f64 {
    mover::<GUEST, _>(index, |row| row.dx)
}

pub fn dy<const GUEST: usize>(index: i64) -> f64 {
    mover::<GUEST, _>(index, |row| row.dy)
}

pub fn mover_hp<const GUEST: usize>(index: i64) -> i64 {
    mover::<GUEST, _>(index, |row| row.hp)
}

pub fn set_x<const GUEST: usize>(index: i64, x: f64) {
    set_mover::<GUEST>(index, |row| row.x = x);
}

pub fn set_y<const GUEST: usize>(index: i64, y: f64) {
    set_mover::<GUEST>(index, |row| row.y = y);
}

pub fn set_mover_hp<const GUEST: usize>(index: i64, hp: i64) {
    set_mover::<GUEST>(index, |row| row.hp = hp);
}

pub fn has<const GUEST: usize>(id: i64) -> bool {
    read::<GUEST, _>(|state| state.players.contains_key(&id))
}

/// The health of a player, or what no player has.
pub fn hp<const GUEST: usize>(id: i64) -> i64 {
    read::<GUEST, _>(|state| state.players.get(&id).map_or(i64::MIN, |player| player.hp))
}

pub fn set_hp<const GUEST: usize>(id: i64, hp: i64) {
    write::<GUEST>(|state| {
        if let Some(player) = state.players.get_mut(&id) {
            player.hp = hp;
        }
    });
}

pub fn win<const GUEST: usize>(id: i64) {
    write::<GUEST>(|state| {
        if let Some(player) = state.players.get_mut(&id) {
            player.wins += 1;
        }
    });
}
