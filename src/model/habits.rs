//! The reliability of a source's IDs and links, learned from its own documents.

use serde::{Deserialize, Serialize};

/// The reliability of a source's IDs and links, learned from its own documents. Only `dedup`
/// changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    /// Its ids.
    pub guid: Habit,
    /// Its links.
    pub link: Habit,
    /// Whether its dates follow the poll: they move although no word changes.
    pub rolling_dates: bool,
}

/// How often a kind of name was seen to do what. All counts stop at [`Habit::MOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Habit {
    /// It stayed with an entry that changed otherwise.
    pub kept: u8,
    /// It changed with an entry that is the same by all else.
    pub changed: u8,
    /// Several entries of one document had it.
    pub shared: u8,
    /// An entry had it that says something else at another place than the one before.
    pub reused: u8,
}

impl Habit {
    /// Where the counts stop. Both of a pair are halved there, so that a source may change.
    pub const MOST: u8 = 64;

    /// So many sightings are needed before anything is concluded.
    const FEWEST: u8 = 3;

    /// Notes whether the name stayed with its entry.
    pub fn saw(&mut self, kept: bool) {
        let count = if kept { &mut self.kept } else { &mut self.changed };
        *count += 1;
        if *count >= Self::MOST {
            self.kept /= 2;
            self.changed /= 2;
        }
    }

    /// Notes a document in which several entries had it.
    pub fn saw_shared(&mut self) {
        self.shared = self.shared.saturating_add(1).min(Self::MOST);
    }

    /// Notes an entry that has it although another had it before.
    pub fn saw_reused(&mut self) {
        self.reused = self.reused.saturating_add(1).min(Self::MOST);
    }

    /// Whether several entries of a document have it: it names none of them.
    pub fn is_shared(&self) -> bool {
        self.shared >= Self::FEWEST
    }

    /// Whether later entries get it again.
    pub fn is_reused(&self) -> bool {
        self.reused >= Self::FEWEST
    }

    /// Whether it changes although the entry stays.
    pub fn is_unstable(&self) -> bool {
        self.changed >= Self::FEWEST && self.changed > self.kept
    }

    /// The fault, in words.
    pub fn trouble(&self) -> Option<&'static str> {
        match () {
            () if self.is_shared() => Some("are shared by several entries"),
            () if self.is_reused() => Some("are used again for other entries"),
            () if self.is_unstable() => Some("change although the entries stay"),
            () => None,
        }
    }
}

impl Habits {
    /// Remarks on them, in words.
    pub fn remarks(&self) -> Vec<String> {
        let of = |what: &str, habit: &Habit| Some(format!("its {what} {}", habit.trouble()?));
        let dates = self.rolling_dates.then(|| "its dates follow the poll".to_owned());
        [of("ids", &self.guid), of("links", &self.link), dates].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_habit_is_concluded_from_several_sightings_and_can_change() {
        let mut habit = Habit::default();
        for seen in 1..=3 {
            habit.saw(false);
            assert_eq!(habit.is_unstable(), seen >= 3);
        }
        for _ in 0..4 {
            habit.saw(true);
        }
        assert!(!habit.is_unstable());
        for _ in 0..500 {
            habit.saw(false);
            habit.saw_shared();
        }
        assert!(habit.is_unstable() && habit.is_shared());
        assert!(habit.changed < Habit::MOST && habit.shared == Habit::MOST);
    }
}
