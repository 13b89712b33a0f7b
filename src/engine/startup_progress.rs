//! The progress of a start, in words for people who wait for it.

use std::sync::{Mutex, PoisonError};

use super::grouped;

/// The progress of a start: written by the starting parts, read by those who report it.
#[derive(Debug, Default)]
pub struct StartupProgress(Mutex<Step>);

#[derive(Debug, Default, Clone, Copy)]
struct Step {
    what: &'static str,
    done: Option<usize>,
    of: usize,
}

impl StartupProgress {
    /// A step of the start begins that is done at once.
    pub fn begin(&self, what: &'static str, of: usize) {
        self.set(Step { what, done: None, of });
    }

    /// One of so many equal parts of a step begins.
    pub(super) fn reach(&self, what: &'static str, done: usize, of: usize) {
        self.set(Step { what, done: Some(done), of });
    }

    fn set(&self, step: Step) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// `reading the archives of topics, 7 of 1,000`.
    pub fn words(&self) -> String {
        let step = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = grouped(step.of);
        match step.done {
            Some(done) => format!("{}, {} of {of}", step.what, grouped(done)),
            None if step.of > 0 => format!("{}, {of} in all", step.what),
            None => step.what.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_says_what_it_is_at_and_how_far() {
        let startup = StartupProgress::default();
        startup.begin("opening the store", 0);
        assert_eq!(startup.words(), "opening the store");
        startup.begin("reading the states of sources", 100_000);
        assert_eq!(startup.words(), "reading the states of sources, 100,000 in all");
        startup.reach("reading the archives of topics", 7, 1_000);
        assert_eq!(startup.words(), "reading the archives of topics, 7 of 1,000");
    }
}
