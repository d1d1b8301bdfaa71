//! Rows that are found by key, and rows in order.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use midflight_runtime::Engine;

use super::{engine, fill};
use crate::Error;
use crate::piece::{Contender, Work};
use crate::rows::{DAMAGE, Draw, KEYED, key};

const ATTACK: &str = "
table player { key id: int, hp: int = 100, gold: int, wins: int }

post fill(from: int, to: int) {
    for n in from..to { insert player { id: n * 7919 + 13, gold: n % 1000 } }
}

post attack(attacker: int, target: int) -> int {
    let a = player[attacker]
    let t = player[target]
    t.hp -= 3
    if t.hp <= 0 {
        t.hp = 100
        a.wins += 1
    }
    return t.hp
}
";

const SCORE: &str = "
table player { key id: int, hp: int = 100, gold: int, wins: int, index gold }

post fill(from: int, to: int) {
    for n in from..to { insert player { id: n * 7919 + 13, gold: n % 1000 } }
}

post score(id: int, gold: int) -> int {
    player[id].gold += gold
    var sum = 0
    for p in player by gold desc limit 10 { sum += p.gold }
    return sum
}
";

/// A row of the tables in Rust.
#[derive(Clone, Debug)]
struct Player {
    hp: i64,
    gold: i64,
    wins: i64,
}

pub(super) fn contenders(work: Work) -> Result<Vec<Contender>, Error> {
    match work {
        Work::Attack => {
            let engine = engine(ATTACK)?;
            fill(&engine, KEYED)?;
            Ok(vec![
                native_attack("native", RandomState::new()),
                native_attack("native, foldhash", foldhash::fast::RandomState::default()),
                attack(&engine)?,
            ])
        }
        _ => {
            let engine = engine(SCORE)?;
            fill(&engine, KEYED)?;
            Ok(vec![native_leaderboard(), leaderboard(&engine)?])
        }
    }
}

fn attack(engine: &Engine) -> Result<Contender, Error> {
    let call = engine.handler::<(i64, i64), i64>("attack")?;
    let mut draw = Draw::new(KEYED);
    Ok(Contender::new("midflight", move || Ok(call.call("main", draw.pair())?)))
}

/// What one writes in Rust: a map of the standard library, or one with a faster hash.
fn native_attack<H: BuildHasher + 'static>(name: &'static str, hasher: H) -> Contender {
    let mut players = HashMap::with_hasher(hasher);
    players.extend((0..KEYED).map(|n| (key(n), Player { hp: 100, gold: n % 1_000, wins: 0 })));
    let mut draw = Draw::new(KEYED);
    Contender::new(name, move || {
        let (attacker, target) = draw.pair();
        if !players.contains_key(&attacker) {
            return Err("no such attacker".into());
        }
        let target = players.get_mut(&target).ok_or("no such target")?;
        target.hp -= DAMAGE;
        let mut left = target.hp;
        if left <= 0 {
            target.hp = 100;
            left = 100;
            let attacker = players.get_mut(&attacker).ok_or("no such attacker")?;
            attacker.wins += 1;
        }
        Ok(left)
    })
}

fn leaderboard(engine: &Engine) -> Result<Contender, Error> {
    let call = engine.handler::<(i64, i64), i64>("score")?;
    let mut draw = Draw::new(KEYED);
    Ok(Contender::new("midflight", move || {
        let number = draw.number();
        Ok(call.call("main", (key(number), 1 + number % 100))?)
    }))
}

/// A map of the players and a set of what each has.
fn native_leaderboard() -> Contender {
    let player = |n: i64| (key(n), Player { hp: 100, gold: n % 1_000, wins: 0 });
    let mut players: HashMap<i64, Player> = (0..KEYED).map(player).collect();
    let mut order: BTreeSet<(i64, i64)> =
        (0..KEYED).map(|number| (number % 1_000, key(number))).collect();
    let mut draw = Draw::new(KEYED);
    Contender::new("native", move || {
        let number = draw.number();
        let (id, gold) = (key(number), 1 + number % 100);
        let player = players.get_mut(&id).ok_or("no such player")?;
        let _ = order.remove(&(player.gold, id));
        player.gold += gold;
        let _ = order.insert((player.gold, id));
        Ok(order.iter().rev().take(10).map(|(gold, _)| gold).sum::<i64>())
    })
}
