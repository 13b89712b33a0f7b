//! Leaves out the oldest entries of a document that lists more than are kept.
//!
//! Most lists have the newest entry first, but not all. So it is the date that decides, and the
//! order of the document only where there is none.

use std::cmp::Reverse;

use super::super::outline::Note;
use super::Walk;
use crate::model::Timestamp;

impl Walk<'_, '_> {
    /// Leaves entries out now and then, so that their notes take no more room than twice those
    /// that are kept.
    pub(super) fn limit_entries(&mut self) {
        if self.outline.entries.len() >= 2 * self.limits.entries.max(1) {
            self.leave_out_oldest();
        }
    }

    pub(super) fn leave_out_oldest(&mut self) {
        let dates: Vec<_> = self.outline.entries.iter().map(Note::dated).collect();
        let Some(kept) = newest(&dates, self.limits.entries) else { return };
        let mut kept = kept.into_iter();
        let (edits, left_out) = (&mut self.edits, &mut self.left_out);
        self.outline.entries.retain(|note| {
            let is_kept = kept.next().unwrap_or(true);
            if !is_kept {
                edits.replace(note.span.start, note.span.end, "");
                *left_out += 1;
            }
            is_kept
        });
    }
}

/// Which of entries with these dates are the newest `most`; none where all are.
pub(in crate::parse) fn newest(dates: &[Option<Timestamp>], most: usize) -> Option<Vec<bool>> {
    if dates.len() <= most {
        return None;
    }
    let mut order: Vec<usize> = (0..dates.len()).collect();
    order.sort_by_key(|place| (Reverse(dates[*place]), *place));
    let mut kept = vec![false; dates.len()];
    order[..most].iter().for_each(|place| kept[*place] = true);
    Some(kept)
}

/// Says how many entries were left out.
pub(in crate::parse) fn warning(kept: usize, left_out: usize) -> String {
    let listed = kept + left_out;
    format!(
        "{listed} entries, more than the {kept} that are kept: the oldest {left_out} were left out"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay_and_what_has_no_date_goes_first() {
        let date = |day: i64| Some(Timestamp::from_secs(day * 86_400));
        for (dates, most, kept) in [
            (vec![date(1), date(2)], 2, None),
            (vec![date(1), date(2), date(3)], 2, Some(vec![false, true, true])),
            (vec![date(3), date(2), date(1)], 2, Some(vec![true, true, false])),
            (vec![None, date(1), None], 2, Some(vec![true, true, false])),
            (vec![None, None, None], 1, Some(vec![true, false, false])),
            (vec![date(1), date(1), date(1)], 2, Some(vec![true, true, false])),
        ] {
            assert_eq!(newest(&dates, most), kept, "{dates:?}");
        }
    }
}
