//! The slots of rows by the hashes of their keys.
//!
//! A bucket is a cache line of fifteen lanes and a count. A lane is 32 bits, a slot and as much of the
//! hash as there is room for beside it: a look-up waits for one line, and then for the row itself, where
//! a table with tags apart from the slots waits for both, one after the other.
//!
//! After the table of Bronson and Shi, "Open-sourcing F14 for faster, more memory-efficient hash
//! tables", 2019: who finds its bucket full goes on to others, and is counted in each that it passes. A
//! look-up goes on only where somebody has; what is removed leaves nothing behind. How far one goes on follows
//! from the hash: those of keys that count up in steps can fill whole runs of buckets, and with steps of
//! one everybody would go through the run.
//!
//! It never looks at a key: whoever asks compares those of the rows that are offered.

#![cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "reads lanes as vectors"))]

use crate::memory::rows::SLOTS_MAX;

/// Lanes of a bucket that hold a slot.
const LANES: usize = 15;

/// Lanes of a bucket that are taken on an average, at most. With more of them too many rows stand in
/// another bucket than that of their hash: 7 % with these, 1 % with ten.
const TAKEN_MAX: usize = 13;

/// Set in a lane that holds a slot: neither an empty lane nor the count of a bucket looks like one.
const TAKEN: u32 = 1 << 31;

const _: () = assert!(SLOTS_MAX <= TAKEN, "a slot leaves room for the mark");

/// Slots by hash, each of them once.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// A power of two of them, or none.
    buckets: Vec<Bucket>,
    /// Slots that there are.
    len: usize,
    /// The bits of a lane above its slot: the hash's, and [`TAKEN`].
    tag_mask: u32,
}

/// What [`Keys::find_near`] gives.
pub(super) enum Near<T> {
    /// What was looked for.
    Found(T),
    /// It stands nowhere.
    Nothing,
    /// It may stand somewhere else.
    Unknown,
}

/// A cache line: its lanes, each of them zero where nothing stands in it, and how many slots have found it
/// full and gone on.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Bucket([u32; LANES + 1]);

impl Bucket {
    fn lanes(&mut self) -> &mut [u32] {
        &mut self.0[..LANES]
    }

    fn passed(&self) -> u32 {
        self.0[LANES]
    }

    fn passed_mut(&mut self) -> &mut u32 {
        &mut self.0[LANES]
    }

    /// A bit for each lane, and one for the count, that has these bits where the mask has ones.
    #[inline]
    fn with(&self, bits: u32, mask: u32) -> u32 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: every such processor has SSE2.
        let found = unsafe { self.with_by_vectors(bits, mask) };
        #[cfg(not(target_arch = "x86_64"))]
        let found = self.with_one_by_one(bits, mask);
        found
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "sse2")]
    fn with_by_vectors(&self, bits: u32, mask: u32) -> u32 {
        use std::arch::x86_64 as vector;
        // SAFETY: a bucket has 64 bytes and is aligned for more; they may be anything in either type.
        let parts = unsafe { &*(&raw const *self).cast::<[vector::__m128i; 4]>() };
        let bits = vector::_mm_set1_epi32(bits.cast_signed());
        let mask = vector::_mm_set1_epi32(mask.cast_signed());
        let is_it = |part: &vector::__m128i| {
            vector::_mm_cmpeq_epi32(vector::_mm_and_si128(*part, mask), bits)
        };
        let [first, second, third, fourth] = parts.each_ref().map(is_it);
        // From 32 bits for each lane to 16, to 8, to one.
        let halves =
            [vector::_mm_packs_epi32(first, second), vector::_mm_packs_epi32(third, fourth)];
        let found = vector::_mm_movemask_epi8(vector::_mm_packs_epi16(halves[0], halves[1]));
        found.cast_unsigned()
    }

    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn with_one_by_one(&self, bits: u32, mask: u32) -> u32 {
        let lanes = self.0.iter().enumerate();
        lanes.fold(0, |found, (place, lane)| found | u32::from(lane & mask == bits) << place)
    }
}

impl Default for Keys {
    fn default() -> Keys {
        Keys { buckets: Vec::new(), len: 0, tag_mask: u32::MAX }
    }
}

impl Keys {
    /// What is found in a slot with this hash, the first that something is found in.
    pub(super) fn find<T>(&self, hash: u64, found_in: impl Fn(u32) -> Option<T>) -> Option<T> {
        for tries in 0..self.buckets.len() {
            let bucket = self.bucket(hash, tries)?;
            let mut places = bucket.with(self.tag(hash), self.tag_mask);
            while places != 0 {
                let found = found_in(self.slot(bucket, places));
                if found.is_some() {
                    return found;
                }
                places &= places - 1;
            }
            if bucket.passed() == 0 {
                break;
            }
        }
        None
    }

    /// As [`Keys::find`], but looks into the first slot alone, in which it is found but for a few times.
    #[inline(always)]
    pub(super) fn find_near<T>(&self, hash: u64, found_in: impl Fn(u32) -> Option<T>) -> Near<T> {
        let Some(bucket) = self.bucket(hash, 0) else { return Near::Nothing };
        let places = bucket.with(self.tag(hash), self.tag_mask);
        match places != 0 {
            true => found_in(self.slot(bucket, places)).map_or(Near::Unknown, Near::Found),
            false if bucket.passed() > 0 => Near::Unknown,
            false => Near::Nothing,
        }
    }

    /// The slot in the first of these lanes.
    #[inline(always)]
    fn slot(&self, bucket: &Bucket, places: u32) -> u32 {
        bucket.0[places.trailing_zeros() as usize % (LANES + 1)] & !self.tag_mask
    }

    /// The bucket to look into after so many others. Each of them has its turn: the steps are odd, and
    /// there is a power of two of them.
    #[inline(always)]
    fn bucket(&self, hash: u64, tries: usize) -> Option<&Bucket> {
        self.buckets.get(self.place(hash, tries))
    }

    #[inline(always)]
    fn place(&self, hash: u64, tries: usize) -> usize {
        let step = (hash >> 40) as usize | 1;
        let last = self.buckets.len().wrapping_sub(1);
        (hash as usize).wrapping_add(tries.wrapping_mul(step)) & last
    }

    /// A lane without its slot.
    fn tag(&self, hash: u64) -> u32 {
        // Not the bits that choose the bucket.
        (hash >> 32) as u32 & self.tag_mask | TAKEN
    }

    fn lane(&self, hash: u64, slot: u32) -> u32 {
        self.tag(hash) | slot
    }

    /// Adds a slot, which is not there yet. Takes no memory where as many others, and one as large, have
    /// been there before.
    pub(super) fn insert(&mut self, hash: u64, slot: u32, hash_of: impl Fn(u32) -> u64) {
        self.make_room(self.len + 1, slot, hash_of);
        self.put(hash, slot);
    }

    /// Makes room for so many slots in all, of which this one is the largest.
    pub(super) fn make_room(&mut self, len: usize, slot: u32, hash_of: impl Fn(u32) -> u64) {
        let is_wide = slot & self.tag_mask == 0;
        if is_wide && len <= self.room() {
            return;
        }
        let buckets = len.div_ceil(TAKEN_MAX).next_power_of_two().max(self.buckets.len());
        // As many as the lanes, so that a table that grows is made anew for its lanes alone.
        let lanes = u32::try_from(buckets * (LANES + 1)).unwrap_or(TAKEN).min(TAKEN);
        let slots = (slot + 1).next_power_of_two().max(lanes);
        let tag_mask = self.tag_mask & !(slots - 1);
        let buckets = vec![Bucket::default(); buckets];
        let before = std::mem::replace(self, Keys { buckets, len: 0, tag_mask });
        for slot in before.slots() {
            self.put(hash_of(slot), slot);
        }
    }

    fn slots(&self) -> impl Iterator<Item = u32> {
        let lanes = self.buckets.iter().flat_map(|bucket| &bucket.0[..LANES]);
        lanes.filter(|&&lane| lane != 0).map(|lane| lane & !self.tag_mask)
    }

    /// Adds a slot, for which there is room.
    fn put(&mut self, hash: u64, slot: u32) {
        let lane = self.lane(hash, slot);
        for tries in 0.. {
            let place = self.place(hash, tries);
            let bucket = &mut self.buckets[place];
            if let Some(free) = bucket.lanes().iter_mut().find(|lane| **lane == 0) {
                *free = lane;
                break;
            }
            *bucket.passed_mut() += 1;
        }
        self.len += 1;
    }

    /// Takes a slot out, if it is there under this hash.
    pub(super) fn remove(&mut self, hash: u64, slot: u32) {
        let lane = self.lane(hash, slot);
        for tries in 0..self.buckets.len() {
            let place = self.place(hash, tries);
            let bucket = &mut self.buckets[place];
            if let Some(taken) = bucket.lanes().iter_mut().find(|taken| **taken == lane) {
                *taken = 0;
                self.len -= 1;
                for before in 0..tries {
                    let place = self.place(hash, before);
                    *self.buckets[place].passed_mut() -= 1;
                }
                return;
            }
            if bucket.passed() == 0 {
                return;
            }
        }
    }

    /// How many slots there is room for.
    pub(super) fn room(&self) -> usize {
        TAKEN_MAX * self.buckets.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Bucket, Keys, Near, SLOTS_MAX};

    /// Every slot is found by its hash, and no other one is.
    fn check(keys: &Keys, slots: &BTreeMap<u32, u64>) {
        for (&slot, &hash) in slots {
            let is_it = |it| (it == slot).then_some(it);
            assert_eq!(keys.find(hash, is_it), Some(slot));
            match keys.find_near(hash, is_it) {
                Near::Found(found) => assert_eq!(found, slot),
                Near::Unknown => {}
                Near::Nothing => panic!("slot {slot} is there"),
            }
        }
        assert_eq!(keys.slots().count(), slots.len());
        assert!(keys.slots().all(|slot| slots.contains_key(&slot)));
    }

    #[test]
    fn slots_are_found_until_they_are_removed() {
        // As hashes should be; all in few buckets; all the same; all with a tag of zeros.
        let hashes: [fn(u64) -> u64; 4] = [
            |number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31),
            |number| (number << 32) | (number % 3),
            |_| u64::MAX,
            |number| number,
        ];
        for hash in hashes {
            let hash_of = |slot: u32| hash(u64::from(slot));
            let (mut keys, mut slots) = (Keys::default(), BTreeMap::new());
            assert_eq!(keys.find(7, Some), None);
            for slot in (0..600).chain(1_000_000..1_000_010) {
                keys.insert(hash_of(slot), slot, hash_of);
                let _ = slots.insert(slot, hash_of(slot));
            }
            check(&keys, &slots);
            let room = keys.buckets.len();
            // Back and forth, as calls that are taken back do.
            for round in 0..3 {
                for slot in (0..600).filter(|slot| slot % 3 != round) {
                    keys.remove(hash_of(slot), slot);
                    keys.remove(hash_of(slot), slot);
                    let _ = slots.remove(&slot);
                }
                check(&keys, &slots);
                for slot in (0..600).rev().filter(|slot| slot % 3 != round) {
                    keys.insert(hash_of(slot), slot, |_| unreachable!("there is room"));
                    let _ = slots.insert(slot, hash_of(slot));
                }
                check(&keys, &slots);
            }
            for (slot, hash) in slots {
                keys.remove(hash, slot);
            }
            assert_eq!((keys.len, keys.buckets.len()), (0, room));
            let is_as_new = keys.buckets.iter().all(|bucket| bucket.0 == [0; 16]);
            assert!(is_as_new, "what is removed leaves nothing behind");
        }
    }

    #[test]
    fn lanes_are_compared_alike_one_by_one() {
        for number in 0..1_000_u32 {
            let lane = |place: u32| ((number << place) | (number >> 3)) & 0xf000_00ff;
            let bucket = Bucket(std::array::from_fn(|place| lane(place as u32)));
            for (bits, mask) in [(lane(7), u32::MAX), (number & 0xf0, 0xf0), (0, 0xf000_0000)] {
                assert_eq!(bucket.with(bits, mask), bucket.with_one_by_one(bits, mask));
            }
        }
    }

    #[test]
    fn the_largest_slots_have_a_place() {
        let mut keys = Keys::default();
        let slots = [0, 1, 1 << 20, 1 << 30, SLOTS_MAX - 1];
        for slot in slots {
            keys.insert(u64::from(slot) << 7, slot, |slot| u64::from(slot) << 7);
        }
        for slot in slots {
            let found = keys.find(u64::from(slot) << 7, |it| (it == slot).then_some(it));
            assert_eq!(found, Some(slot));
            assert!(
                keys.find((u64::from(slot) << 7) | (1 << 63), |it| (it == 5).then_some(()))
                    .is_none()
            );
        }
    }
}
