//! What clients know: what was acknowledged, and of each client the one request that was not answered.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;

use midflight_tests::Client;
use midflight_tests::generate::Random;
use serde_json::json;

use crate::export::Export;

/// Accounts that all clients move money between.
const SHARED_ACCOUNTS: usize = 6;
/// What each of them begins with, and so what there is at all but for what clients pay in later.
const FIRST_PAYMENT: i64 = 1_000_000;

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) amount: i64,
}

/// What a client asks for.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Open { number: String },
    PayIn { number: String, amount: i64 },
    Move { id: String, transfer: Transfer },
}

/// What a client has done, and what it has not been told of.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) acknowledged: Vec<Request>,
    pub(crate) unanswered: Option<Request>,
}

/// What is known to be there.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// What was paid into each account.
    paid_in: BTreeMap<String, i64>,
    transfers: BTreeMap<String, Transfer>,
}

impl Request {
    /// Opens the shared accounts and fills them.
    pub(crate) fn first() -> impl Iterator<Item = Request> {
        (0..SHARED_ACCOUNTS).flat_map(|account| {
            let number = shared(account);
            let pay_in = Request::PayIn { number: number.clone(), amount: FIRST_PAYMENT };
            [Request::Open { number }, pay_in]
        })
    }

    /// Something that a client wants; `id` is its own.
    fn random(random: &mut Random, id: String) -> Request {
        match random.below(10) {
            0 => Request::Open { number: id },
            1 => Request::PayIn {
                number: shared(random.below(SHARED_ACCOUNTS)),
                amount: random.between(1, 1_000),
            },
            _ => {
                let source = random.below(SHARED_ACCOUNTS);
                let target = (source + 1 + random.below(SHARED_ACCOUNTS - 1)) % SHARED_ACCOUNTS;
                let (source, target) = (shared(source), shared(target));
                let amount = random.between(1, 100);
                Request::Move { id, transfer: Transfer { source, target, amount } }
            }
        }
    }

    /// Asks for it; tells whether it was acknowledged before the server went away.
    pub(crate) fn send(&self, client: &mut Client) -> bool {
        let (path, body) = match self {
            Request::Open { number } => ("/open", json!({"number": number, "owner": "somebody"})),
            Request::PayIn { number, amount } => {
                ("/pay_in", json!({"number": number, "amount": amount}))
            }
            Request::Move { id, transfer: Transfer { source, target, amount } } => {
                ("/move", json!({"id": id, "source": source, "target": target, "amount": amount}))
            }
        };
        let Some(answer) = client.try_post(path, body.to_string()) else { return false };
        assert!(
            matches!(answer.status, 200 | 204),
            "{self:?}: {} {}",
            answer.status,
            answer.text()
        );
        true
    }
}

/// Asks for one thing after the other until the server goes away; says of each when it is
/// acknowledged.
pub(crate) fn work(
    mut client: Client,
    mut random: Random,
    name: &str,
    acknowledged: &Sender<()>,
) -> Done {
    let mut done = Done::default();
    for count in 0.. {
        let request = Request::random(&mut random, format!("{name}-{count}"));
        if !request.send(&mut client) {
            done.unanswered = Some(request);
            break;
        }
        done.acknowledged.push(request);
        // Nobody counts any more once the kill is on its way.
        let _ = acknowledged.send(());
    }
    done
}

impl Ledger {
    /// Whether nothing is known to be there.
    pub(crate) fn is_empty(&self) -> bool {
        self.paid_in.is_empty()
    }

    /// Notes what happened.
    fn note(&mut self, request: Request) {
        match request {
            Request::Open { number } => assert_eq!(self.paid_in.insert(number, 0), None),
            Request::PayIn { number, amount } => {
                *self.paid_in.get_mut(&number).expect("it is open") += amount;
            }
            Request::Move { id, transfer } => {
                assert_eq!(self.transfers.insert(id, transfer), None);
            }
        }
    }

    /// Says that what is there is what clients were told, and of what they were not told, each
    /// whole or not at all. Takes up what is there.
    pub(crate) fn check(&mut self, done: Vec<Done>, export: &Export) {
        let (mut paid_in, mut unanswered) = (Vec::new(), Vec::new());
        for Done { acknowledged, unanswered: last } in done {
            acknowledged.into_iter().for_each(|request| self.note(request));
            unanswered.extend(last);
        }
        for request in unanswered {
            let happened = match &request {
                Request::Open { number } => export.balances.contains_key(number),
                Request::Move { id, .. } => export.transfers.contains_key(id),
                Request::PayIn { number, amount } => {
                    paid_in.push((number.clone(), *amount));
                    false
                }
            };
            if happened {
                self.note(request);
            }
        }
        self.settle(&paid_in, export);
        assert_eq!(self.transfers, export.transfers, "the transfers");
        assert_eq!(self.balances(), export.balances, "what accounts hold");
        assert_eq!(self.total(), export.state("paid_in"), "what was paid in");
        assert_eq!(export.balances.values().sum::<i64>(), self.total(), "what there is");
    }

    /// Finds the payments among these, of which nobody knows, that explain what is there.
    fn settle(&mut self, payments: &[(String, i64)], export: &Export) {
        for chosen in 0..1_u32 << payments.len() {
            let chosen = payments.iter().enumerate().filter(|(index, _)| chosen >> index & 1 == 1);
            let mut paid_in = self.paid_in.clone();
            chosen.for_each(|(_, (number, amount))| {
                *paid_in.get_mut(number).expect("it is open") += amount;
            });
            let before = std::mem::replace(&mut self.paid_in, paid_in);
            if self.balances() == export.balances {
                return;
            }
            self.paid_in = before;
        }
    }

    fn balances(&self) -> BTreeMap<String, i64> {
        let mut balances = self.paid_in.clone();
        for Transfer { source, target, amount } in self.transfers.values() {
            *balances.get_mut(source).expect("it is open") -= amount;
            *balances.get_mut(target).expect("it is open") += amount;
        }
        balances
    }

    fn total(&self) -> i64 {
        self.paid_in.values().sum()
    }
}

fn shared(account: usize) -> String {
    format!("shared-{account}")
}
