//! A server that is killed at random moments under load, again and again over the same data: what was
//! acknowledged is there, nothing is half there, and money neither comes nor goes.
//!
//! A seed decides what each round does and when the kill comes; what the scheduler makes of it is its
//! own. `MIDFLIGHT_KILLS=2000` is the long form, `CRASH_SEED=7` repeats a plan.

mod bank;
mod export;
mod ledger;
mod load;
mod round;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use midflight_tests::seed_of_commit;

use round::{Life, Seen};

/// Kills in each run of the tests.
const KILLS: usize = 200;
/// Kills that one data directory lives through. Not more, so that the state stays small.
const KILLS_OF_A_LIFE: usize = 50;
/// Servers that run at the same time, each with its own data.
const LIVES_AT_ONCE: usize = 2;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_half_there() {
    let kills = number("MIDFLIGHT_KILLS").map_or(KILLS, |kills| kills as usize);
    let seed = number("CRASH_SEED").unwrap_or_else(seed_of_commit);
    eprintln!("{kills} kills, CRASH_SEED={seed}");
    let began = Instant::now();
    let lives = kills.div_ceil(KILLS_OF_A_LIFE);
    let next = AtomicUsize::new(0);
    let live = || {
        let mut seen = Seen::default();
        loop {
            let life = next.fetch_add(1, Ordering::Relaxed);
            if life >= lives {
                return seen;
            }
            let kills = KILLS_OF_A_LIFE.min(kills - life * KILLS_OF_A_LIFE);
            seen.add(&Life::new(seed, life).run(kills));
        }
    };
    let seen = thread::scope(|scope| {
        let threads: Vec<_> = (0..LIVES_AT_ONCE).map(|_| scope.spawn(live)).collect();
        let mut all = Seen::default();
        threads.into_iter().for_each(|thread| all.add(&thread.join().expect("it has told why")));
        all
    });
    eprintln!("{seen:?}, in {:?}", began.elapsed());
    assert_eq!(seen.kills, kills);
    if kills < KILLS {
        return;
    }
    // Whether the kills came when there was something to lose.
    assert!(seen.transfers > kills && seen.unanswered > kills / 4, "{seen:?}");
    assert!(seen.activations > kills / 20 && seen.starts_killed > kills / 10, "{seen:?}");
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is a number, not `{value}`")))
}
