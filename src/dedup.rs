//! Identity: which entries are about one announcement. Pure.
//!
//! - **Within a source** ([`recognise`]) an entry is one that its source stated before where two of its
//!   id, its link and what it says (title, date and text) agree. What a source does with its ids
//!   and links is learned ([`Habits`](crate::model::Habits)).
//! - **Between sources** ([`compare`]) the evidence for and against is weighed: the page or the named
//!   original, the title by how rare its words are, shared shingles, names, numbers and dates that
//!   differ, who says it where and when. Each finding has a weight in one frozen table ([`weights`]),
//!   the logarithm of how much more often it is seen within one announcement than between two
//!   (Fellegi and Sunter). The weights are added; from one sum on the entry joins the
//!   story, below it the two are shown as [`Related`](crate::model::Related). Absence of a text, a date
//!   or a page says nothing.
//! - **A story** is compared by its *leading* text alone, that of its most authoritative member, so
//!   that no chain of pairs drags strangers together. Two stories that stand are
//!   [merged](merge) only where it is nearly certain that they are one.
//!
//! The operator's [`Overrides`] come before everything; [`enforce()`] applies them to stored stories.
//! An entry that says something new revises its story ([`differences`] shows what
//! changed), and one that its source takes back withdraws it ([`withdraw()`]).
//!
//! For the loop: look up the [`lookup_names`](Candidate::lookup_names) of all candidates and have the
//! [texts read](read_texts) that this calls for; those that are not [settled](is_settled) need all
//! their [`keys`](Candidate::keys); then [`judge()`].

mod address;
mod apply_overrides;
mod calendar_words;
mod compare;
mod comparison;
mod diff_names;
mod digest;
mod document_entries;
mod entry_id;
mod entry_keys;
mod entry_reuse;
mod flood_limit;
mod history;
mod judge;
mod key_hash;
mod list_page;
mod merge;
mod near_duplicate;
mod negation;
mod number;
mod overrides;
mod place;
mod rarity;
mod recognise;
mod revise;
mod rules;
mod section_words;
mod separate;
mod shingles;
mod story_index;
mod story_keys;
mod text;
mod text_diff;
mod text_match;
mod title;
mod weights;
mod withdraw;
mod word_kind;
mod wrapped_address;

pub use address::canonical;
pub use apply_overrides::{enforce, keys_of_address, keys_of_entries, split_pairs, story_at};
pub use document_entries::{Extent, candidates};
pub use entry_keys::Candidate;
pub use flood_limit::{allowance, listed, took_in};
pub use judge::{Judged, judge, judge_within};
pub use key_hash::{address_key, first_passage_of, keys_of_page, published_key};
pub use near_duplicate::near;
pub use overrides::{Overrides, address_of};
pub use place::story_ids;
pub use recognise::{as_told, is_current, is_settled, is_told, read_texts};
pub use revise::{Wanted, wants_enrichment};
pub use rules::Rules;
pub use separate::keys_to_judge_again;
pub use shingles::shared_passages;
pub use text::listing_remark;
pub use text_diff::differences;
pub use title::normal_title;
pub use withdraw::{CHECKED_FOR, tombstone_keys, withdraw};

#[cfg(test)]
mod tests;
