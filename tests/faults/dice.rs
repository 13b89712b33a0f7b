//! Random numbers that are the same for the same seed.

/// How much a test does: `short` in every run of the tests, `long` in a soak (tests/soak/README.md).
pub fn times(short: usize, long: usize) -> usize {
    if is_soak() { long } else { short }
}

/// Whether the tests run at their full length.
pub fn is_soak() -> bool {
    std::env::var_os("GAZETTED_SOAK").is_some()
}

/// The seed that is asked for, else one that does not change: a run that
/// failed can be had again.
pub fn seed() -> u64 {
    let asked = std::env::var("GAZETTED_SEED").ok();
    asked.map_or(20_250_402, |seed| seed.parse().expect("GAZETTED_SEED is a number"))
}

/// Dice that fall as their seed says.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let hash = xxhash_rust::xxh3::xxh3_64(&self.0.to_le_bytes());
        usize::try_from(hash % sides as u64).unwrap()
    }

    /// Whether one of `chances` came up.
    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}
