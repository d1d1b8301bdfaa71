//! The machine code of functions that were compiled before, by what they were compiled from.
//!
//! Most loads change one function of many. The key of an entry is a hash of everything that
//! Cranelift is given (its IR of the function, and the settings of the machine), so that what is
//! found is, byte for byte, what compiling would give: with a cache or without, the same source is
//! the same code. It was verified and audited when it was made; from the same IR would come the same
//! verdict.
//!
//! The hash has 128 bits and a secret of the cache's own: who does not know that cannot look for two
//! functions with the same one. It is SipHash-1-3; the best way known to make a collision succeeds once
//! in 2^167, less often than chance (Dobraunig, Mendel, Schläffer, "Differential Cryptanalysis of
//! SipHash", 2014). SHA-256 was a fifth of all instructions of a compilation, on processors that have
//! none for it.
//!
//! The cache takes at most a fixed number of bytes. It has two generations: what is used goes to
//! the young one, and when that has filled its half, it becomes the old one, whose entries are
//! dropped. So what was used last stays, without an order to be kept.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use siphasher::sip128::SipHasher13;

use crate::codegen::MachineCode;

/// The hash of what a function's code is made from.
pub(crate) type Key = u128;

/// Bytes that an entry takes beside its code: the key, the counts, its place in the map.
const ENTRY_SIZE: usize = 144;

/// The machine code of functions, kept from one compilation to the next.
pub struct CodeCache {
    size_max: usize,
    /// What keys are hashed with.
    secret: [u64; 2],
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Key, Arc<MachineCode>>,
    old: HashMap<Key, Arc<MachineCode>>,
    young_size: usize,
    old_size: usize,
    found: u64,
    missed: u64,
}

impl CodeCache {
    /// An empty cache that takes at most so many bytes; with 0, nothing is kept.
    pub fn new(size_max: usize) -> CodeCache {
        // The standard library has no other source of what nobody can guess.
        let secret = [(); 2].map(|()| RandomState::new().hash_one(0));
        CodeCache { size_max, secret, generations: Mutex::default() }
    }

    /// How often code was looked up and found, and looked up and not found.
    pub fn counts(&self) -> (u64, u64) {
        let generations = self.lock();
        (generations.found, generations.missed)
    }

    /// Bytes that are kept now.
    pub fn size(&self) -> usize {
        let generations = self.lock();
        generations.young_size + generations.old_size
    }

    /// The key of what these parts are.
    pub(crate) fn key(&self, parts: impl Hash) -> Key {
        let mut written = Written(Vec::with_capacity(16 << 10));
        parts.hash(&mut written);
        let [first, second] = self.secret;
        SipHasher13::new_with_keys(first, second).hash(&written.0).as_u128()
    }

    pub(crate) fn find(&self, key: &Key) -> Option<Arc<MachineCode>> {
        let mut generations = self.lock();
        let known = match generations.young.get(key) {
            Some(known) => Some(known.clone()),
            None => generations.old.remove(key).inspect(|code| {
                generations.old_size -= entry_size(code);
            }),
        };
        match &known {
            Some(code) => {
                generations.found += 1;
                self.keep(&mut generations, *key, code.clone());
            }
            None => generations.missed += 1,
        }
        known
    }

    pub(crate) fn insert(&self, key: Key, code: Arc<MachineCode>) {
        self.keep(&mut self.lock(), key, code);
    }

    fn keep(&self, generations: &mut Generations, key: Key, code: Arc<MachineCode>) {
        let size = entry_size(&code);
        if generations.young.contains_key(&key) || size > self.size_max / 2 {
            return;
        }
        if generations.young_size + size > self.size_max / 2 {
            generations.old = std::mem::take(&mut generations.young);
            generations.old_size = std::mem::take(&mut generations.young_size);
        }
        generations.young_size += size;
        let _ = generations.young.insert(key, code);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry_size(code: &MachineCode) -> usize {
    ENTRY_SIZE + code.size()
}

impl fmt::Debug for CodeCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeCache").field("size_max", &self.size_max).finish_non_exhaustive()
    }
}

/// Everything that is hashed, in a row: many small pieces are hashed faster at once.
struct Written(Vec<u8>);

impl Hasher for Written {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the whole is hashed, not this")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(len: usize) -> Arc<MachineCode> {
        Arc::new(MachineCode::of_len(len))
    }

    #[test]
    fn what_was_used_last_stays() {
        let cache = CodeCache::new(2 * 3 * (ENTRY_SIZE + 100));
        let keys: Vec<Key> = (0..20_u32).map(|number| cache.key(number)).collect();
        for each in &keys {
            cache.insert(*each, code(100));
            assert!(cache.find(&keys[0]).is_some(), "it is used all the time");
        }
        assert!(cache.find(&keys[19]).is_some() && cache.find(&keys[5]).is_none());
    }

    #[test]
    fn no_more_is_kept_than_fits() {
        let cache = CodeCache::new(10_000);
        for number in 0..1_000_u32 {
            cache.insert(cache.key(number), code(number as usize));
            let _ = cache.find(&cache.key(number / 2));
            let generations = cache.lock();
            let all = generations.young.values().chain(generations.old.values());
            let size: usize = all.map(|code| entry_size(code)).sum();
            drop(generations);
            assert!(size <= 10_000, "{size} bytes after {number}");
            assert_eq!(cache.size(), size, "after {number}");
        }
        cache.insert(cache.key("large"), code(9_000));
        assert!(cache.find(&cache.key("large")).is_none());
    }
}
