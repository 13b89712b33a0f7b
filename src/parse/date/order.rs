//! Finds the order of day and month in which a document writes its dates.

use std::cmp::Ordering;

use chrono::Datelike;

use super::super::clean::{cut_to, fold};
use super::{believed, parse_in};
use crate::model::Timestamp;

/// Bytes of a date in a message.
const MOST_OF_EXAMPLE: usize = 80;

/// Whether a moment stands for no date: the first one that some program can count.
fn is_placeholder(moment: Timestamp) -> bool {
    matches!(moment.to_chrono().year(), (..=1) | 1601 | 1753 | 1899 | 1900 | 1969 | 1970)
}

/// Which of two numbers is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parse) enum Order {
    /// 02/04/2025 is 2 April.
    DayFirst,
    /// 02/04/2025 is 4 February.
    MonthFirst,
}

/// Reads the dates of one document, which all have one order of day and month.
#[derive(Debug, Clone, Default)]
pub(in crate::parse) struct Dates {
    /// The document's language, a BCP 47 tag.
    language: Option<String>,
    /// The country that the document's host names, in lower case.
    country: Option<String>,
    /// The order that was found when the document was read before.
    found: Option<Order>,
    /// Dates that can only be read with the day first, or only with the month first.
    day_first: usize,
    month_first: usize,
    /// Whether a date that can be read in both orders was read with the day first, or with the
    /// month first.
    used_day_first: bool,
    used_month_first: bool,
    /// How many dates were not understood, and the first of them.
    unread: usize,
    unread_example: String,
}

impl Dates {
    /// For a document at this address.
    pub(in crate::parse) fn of(url: Option<&url::Url>) -> Self {
        let top = url.and_then(|url| url.host_str()?.rsplit('.').next());
        let country = top.filter(|top| top.len() == 2).map(str::to_ascii_lowercase);
        Self { country, ..Self::default() }
    }

    /// Notes the language that the document says it is in.
    pub(in crate::parse) fn speak(&mut self, language: Option<&str>) {
        if let Some(language) = language {
            self.language = Some(language.to_ascii_lowercase());
        }
    }

    /// The moment that a date states, unless it cannot be read or lies before 1990.
    ///
    /// A moment in the future stays as it is: held to the moment of reading, it would be another
    /// at every reading, and its entry revised each time. The publisher holds it to when it was
    /// first read (Q6).
    pub(in crate::parse) fn read(&mut self, text: &str) -> Option<Timestamp> {
        let usage = Usage { language: self.language.as_deref(), ..self.usage() };
        let Some((moment, evidence)) = parse_in(text, usage) else {
            self.note_unread(text);
            return None;
        };
        match evidence {
            Some(Evidence::Only(Order::DayFirst)) => self.day_first += 1,
            Some(Evidence::Only(Order::MonthFirst)) => self.month_first += 1,
            Some(Evidence::Both) if usage.order == Order::DayFirst => self.used_day_first = true,
            Some(Evidence::Both) => self.used_month_first = true,
            None => {}
        }
        let believed = believed(moment);
        if believed.is_none() && !is_placeholder(moment) {
            self.note_unread(text);
        }
        believed
    }

    /// Notes a date that was not understood. `0000-00-00` is how databases write that there is none.
    fn note_unread(&mut self, text: &str) {
        if !text.contains(|c: char| c.is_alphanumeric() && c != '0') {
            return;
        }
        if self.unread == 0 {
            self.unread_example = fold(cut_to(text.trim(), MOST_OF_EXAMPLE));
        }
        self.unread += 1;
    }

    /// How many dates were not understood, in words for people.
    pub(in crate::parse) fn warning(&self) -> Option<String> {
        let Self { unread, unread_example, .. } = self;
        (*unread > 0)
            .then(|| format!("dates that could not be read: {unread}, such as `{unread_example}`"))
    }

    /// A reader of the same document that knows its order; none where this one has read all
    /// dates in that order.
    pub(in crate::parse) fn again(&self) -> Option<Self> {
        let order = match self.day_first.cmp(&self.month_first) {
            Ordering::Greater => Order::DayFirst,
            Ordering::Less => Order::MonthFirst,
            Ordering::Equal => self.usage().order,
        };
        let used_other = match order {
            Order::DayFirst => self.used_month_first,
            Order::MonthFirst => self.used_day_first,
        };
        let differs = self.found.is_none() && used_other;
        let Self { language, country, .. } = self.clone();
        differs.then(|| Self { language, country, found: Some(order), ..Self::default() })
    }

    /// The order of a document of which only the language and the country are known. English
    /// alone says nothing, for it is American as well; then the country does.
    fn usage(&self) -> Usage<'static> {
        let known = |order| Usage { language: None, order, is_known: true };
        if let Some(order) = self.found {
            return known(order);
        }
        let is_foreign = self.country.as_deref().is_some_and(|country| country != "us");
        match self.language.as_deref() {
            Some("en-us" | "en-ph" | "en-pr" | "es-us" | "es-pr") => known(Order::MonthFirst),
            None | Some("en") if !is_foreign => Usage::default(),
            _ => known(Order::DayFirst),
        }
    }
}

/// How the dates of a document are written, as far as that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage<'l> {
    pub(super) language: Option<&'l str>,
    pub(super) order: Order,
    /// Whether the order is known rather than assumed.
    pub(super) is_known: bool,
}

impl Default for Usage<'_> {
    fn default() -> Self {
        Self { language: None, order: Order::MonthFirst, is_known: false }
    }
}

/// Evidence in a date of the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It can be read in one order alone.
    Only(Order),
    /// It can be read in both, as different days.
    Both,
}
