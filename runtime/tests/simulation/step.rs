//! What can happen, and what happens next.

use midflight_runtime::Then;

use crate::disk::{Fault, Random};
use crate::layout::Layout;
use crate::model::{Model, NAMES};

/// A call of a handler; all have the same two parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) handler: &'static str,
    pub(crate) id: i64,
    pub(crate) amount: i64,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Call(&'static str, Call),
    Load {
        layout: Box<Layout>,
        then: Then,
        expect: Option<u64>,
    },
    /// A source that has a mistake, or whose test fails.
    LoadWrong {
        fails_its_test: bool,
    },
    /// The source of the current version.
    LoadAgain,
    Activate {
        number: u64,
        allows_loss: bool,
        expect: Option<u64>,
    },
    RollBack {
        allows_loss: bool,
        expect: Option<u64>,
    },
    Delete(u64),
    CreateWorld(&'static str),
    DeleteWorld(&'static str),
    /// Time passes, and timers that are due run.
    Wait(i64),
    Flush,
    /// The disk will fail so many operations from now.
    Plan(Fault, usize),
    /// The engine ends and is built again.
    Restart,
    Kill,
    LosePower,
}

impl Step {
    pub(crate) fn random(model: &Model, random: &mut Random) -> Step {
        let current = model.versions.current;
        let expect = match random.below(8) {
            0 => Some(current.unwrap_or(0)),
            1 => Some(random.below(model.versions.last as usize + 2) as u64),
            _ => None,
        };
        let allows_loss = random.below(3) == 0;
        let any = random.below(model.versions.last as usize + 2) as u64;
        match random.below(100) {
            _ if current.is_none() && random.below(2) == 0 => Step::load(model, random, expect),
            0..61 => {
                let world = NAMES[[0, 1, 1, 1, 2][random.below(5)]];
                Step::Call(world, Call::random(random))
            }
            61..69 => Step::load(model, random, expect),
            69 => Step::LoadWrong { fails_its_test: random.below(2) == 0 },
            70 => Step::LoadAgain,
            71..74 => Step::Activate { number: any, allows_loss, expect },
            74..77 => Step::RollBack { allows_loss, expect },
            77 => Step::Delete(any),
            78..82 => Step::CreateWorld(NAMES[random.below(NAMES.len())]),
            82 => Step::DeleteWorld(NAMES[random.below(NAMES.len())]),
            83..92 => Step::Wait(random.below(1_500) as i64),
            92 => Step::Flush,
            93..96 => {
                let faults = [
                    Fault::Error,
                    Fault::ErrorOnce,
                    Fault::ShortWrite,
                    Fault::Full,
                    Fault::PowerLoss,
                ];
                Step::Plan(faults[random.below(faults.len())], random.below(30))
            }
            96 => Step::Restart,
            97 | 98 => Step::Kill,
            _ => Step::LosePower,
        }
    }

    fn load(model: &Model, random: &mut Random, expect: Option<u64>) -> Step {
        let live = model.versions.live().map(|version| version.layout.clone());
        let layout = match live {
            Some(live) => Box::new(live.random(random)),
            None => Box::new(Layout::first()),
        };
        let then = match random.below(6) {
            0 => Then::Stage,
            1 => Then::Forget,
            _ => Then::Activate,
        };
        Step::Load { layout, then, expect }
    }
}

impl Call {
    fn random(random: &mut Random) -> Call {
        let handler = match random.below(12) {
            0..4 => "put",
            4..7 => "add",
            7..9 => "leave",
            9 | 10 => "shift",
            _ => "draw",
        };
        let (id, amount) = (random.below(10) as i64, random.below(200) as i64 - 100);
        Call { handler, id, amount }
    }
}
