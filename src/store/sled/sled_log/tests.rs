#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::super::open::open_unlocked;
use super::*;

/// A sequence of numbers that looks like chance and is the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.0 >> 33) as usize) % bound
    }
}

type Contents = BTreeMap<Vec<u8>, Vec<u8>>;

/// Commits at random to a store, which is opened anew now and then; returns what it holds at last.
fn written(directory: &Path, seed: u64, turns: usize, keys: usize, longest: usize) -> Contents {
    let mut dice = Dice(seed);
    let config = sled::Config::new().path(directory).cache_capacity(1 << 20);
    let open = || open_unlocked(&config).unwrap();
    let mut db = open();
    let mut expected = Contents::new();
    for _ in 0..turns {
        let mut batch = sled::Batch::default();
        // Keys that begin alike, and times at which most of them go.
        let removes = dice.below(5) < 2;
        for _ in 0..1 + dice.below(40) {
            let number = dice.below(keys);
            let key =
                format!("{}/{:05}", ["a", "bbbb", "bbbc"][number % 3], number / 3).into_bytes();
            if removes && dice.below(4) > 0 {
                batch.remove(&*key);
                expected.remove(&key);
            } else {
                let value: Vec<u8> =
                    (0..dice.below(longest)).map(|_| dice.below(251) as u8).collect();
                batch.insert(&*key, &*value);
                expected.insert(key, value);
            }
        }
        db.apply_batch(batch).unwrap();
        if dice.below(6) == 0 {
            db.flush().unwrap();
        }
        if dice.below(25) == 0 {
            drop(db);
            db = open();
        }
    }
    db.flush().unwrap();
    drop(db);
    expected
}

fn read(directory: &Path) -> (Contents, Damage) {
    let log = Log::read(directory).unwrap();
    let mut found = Contents::new();
    let replayed = log.replay(|change| {
        match change {
            Change::Clear(Bounds { low, high, .. }) => {
                found.retain(|key, _| *key < low || !high.is_empty() && *key >= high);
            }
            Change::Set(key, value, _) => drop(found.insert(key, value)),
            Change::Remove(key) => drop(found.remove(&key)),
        }
        Ok::<_, ()>(())
    });
    replayed.unwrap();
    (found, log.damage().clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn an_intact_store_reads_as_sled_reads_it(
        seed: u64,
        turns in 0usize..120,
        keys in 1usize..3000,
        longest in prop::sample::select(vec![2usize, 40, 800, 6000, 20_000]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let expected = written(dir.path(), seed, turns, keys, longest);
        let (found, damage) = read(dir.path());
        prop_assert_eq!(damage, Damage::default());
        prop_assert!(found == expected, "{} found, {} expected", found.len(), expected.len());
        // Reading changed nothing.
        let db = open_unlocked(&sled::Config::new().path(dir.path())).unwrap();
        let read: Contents = db.iter().map(|pair| pair.unwrap()).map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
        prop_assert!(read == expected);
    }

    #[test]
    fn one_wrong_byte_anywhere_costs_nothing(seed: u64, places in prop::collection::vec(any::<prop::sample::Index>(), 25)) {
        let dir = tempfile::tempdir().unwrap();
        let expected = written(dir.path(), seed, 40, 300, 900);
        let file = dir.path().join("db");
        let whole = fs::read(&file).unwrap();
        let used = whole.iter().rposition(|&byte| byte != 0).unwrap_or(0) + 1;
        for place in places {
            let mut bytes = whole.clone();
            bytes[place.index(used)] ^= 0x41;
            fs::write(&file, &bytes).unwrap();
            let (found, damage) = read(dir.path());
            prop_assert!(found == expected, "{}: {damage:?}", place.index(used));
            prop_assert!(damage.losses.is_empty(), "{damage:?}");
        }
    }
}
