//! Shows progress on a terminal, and sizes and durations as people read them.

use std::fmt;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

/// One line of a terminal that is written anew at each step; nothing where standard error is not a
/// terminal.
pub(super) struct Progress {
    total: u64,
    done: u64,
    is_shown: bool,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        Self { total: total as u64, done: 0, is_shown: stderr().is_terminal() }
    }

    /// Counts `steps` more. The line is written when the percentage changes.
    pub(super) fn advance(&mut self, steps: usize, message: &str) {
        let before = self.percent();
        self.done += steps as u64;
        if self.is_shown && self.percent() != before {
            // A terminal that cannot be written to shows no progress.
            let _ = write!(stderr(), "\r\x1b[K{:>3} %  {message}", self.percent());
        }
    }

    /// Takes the line away, so that something else can be written.
    pub(super) fn clear(&self) {
        if self.is_shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }

    fn percent(&self) -> u64 {
        (self.done * 100).checked_div(self.total).unwrap_or(100)
    }
}

/// A number of bytes: `1.50 MiB`.
pub(super) struct HumanBytes(pub(super) u64);

impl fmt::Display for HumanBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
        match units.iter().find(|(_, power)| self.0 >= 1 << power) {
            Some((unit, power)) => {
                write!(f, "{:.2} {unit}", self.0 as f64 / (1_u64 << power) as f64)
            }
            None => write!(f, "{} B", self.0),
        }
    }
}

/// A duration in its largest unit: `5 minutes`.
pub(super) struct HumanDuration(pub(super) Duration);

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
        let largest = units.iter().find(|(_, unit)| seconds >= *unit);
        let (name, unit) = largest.unwrap_or(&("second", 1));
        match seconds / unit {
            1 => write!(f, "1 {name}"),
            many => write!(f, "{many} {name}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_in_their_largest_unit() {
        for (bytes, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.00 KiB"),
            (3 << 19, "1.50 MiB"),
            (5 << 30, "5.00 GiB"),
            (2_048 << 40, "2048.00 TiB"),
        ] {
            assert_eq!(HumanBytes(bytes).to_string(), text);
        }
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "1 minute"),
            (7_200, "2 hours"),
            (800_000, "9 days"),
        ] {
            assert_eq!(HumanDuration(Duration::from_secs(seconds)).to_string(), text);
        }
    }

    #[test]
    fn nothing_to_do_is_done() {
        let mut progress = Progress::new(0);
        assert_eq!(progress.percent(), 100);
        progress.advance(1, "a");
        assert_eq!(Progress { done: 1, ..Progress::new(3) }.percent(), 33);
    }
}
