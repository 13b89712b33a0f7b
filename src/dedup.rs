//! Entries and the stories that look like them in; stories, founded, joined or revised, out. Pure.
//!
//! What is one story is decided in this order; the first that answers is kept
//! with the entry as its [`Evidence`](crate::model::Evidence):
//!
//! - **Within the source**: an entry with the guid or the link of one that the
//!   source told before is that entry, revised or the same. A guid means
//!   nothing between sources, so no source can take over another's story by
//!   claiming its ids.
//! - **T0 address**: the entry's one identity address, canonical, is borne by a story.
//!   That is the original it names ("Original article link", `rel=canonical`)
//!   and else its own link. One address an entry, and not all it mentions,
//!   is what makes the outcome independent of the order of arrival.
//! - **T1 title**: its normalised title is borne by one story alone, told within
//!   seven days, two where titles like it recur, on another host. One host that lists two
//!   pages under one title has made two announcements, and a title that a document gives to
//!   several pages says nothing. Where both have a text and the texts differ, it is no evidence.
//! - **T2 text**: at least half of the shorter text's five-word passages, and at
//!   least eight, stand in the other: the entry's and the story's *leading*
//!   text, that of its most authoritative member with one. Only ever that one
//!   is compared, so no chain of pairs drags strangers together, and two stories are never merged,
//!   but for one that had no text to be judged by: its first text is judged when it comes, and
//!   whoever told it before meets in it.
//!
//! What guards against a false merge, which would hide an announcement: short
//! titles and short texts never join; a title that several stories bear never joins; an address
//! shared by several entries of one document, or a site's front page, is no identity. A text
//! joins neither within one source nor, unless word for word and within hours or a day, within one site; not where the titles
//! name different numbers or dates, nor where the texts name different people, places and numbers,
//! or name others in the same places (a series); not where it holds two texts that have nothing in common (a page that lists
//! announcements). Passages that many stories, or many entries of a document, have are
//! left out (boilerplate). What was nearly joined is kept as [`Related`](crate::model::Related),
//! with what forbade it.
//!
//! The operator's [`Overrides`] come before T0; [`enforce()`] applies them to stored stories. An
//! entry that says something new revises its story ([`differences`] shows what
//! changed), and one that its source takes back withdraws it ([`withdraw()`]).
//!
//! For the loop: look up the [`names`](Candidate::names) of all candidates and have the
//! [texts read](read_texts) that this calls for; those that are not [settled](is_settled) need all
//! their [`keys`](Candidate::keys); then [`judge()`].

mod address;

mod alignment;

mod candidate;

mod change;

mod enforce;

mod figures;

mod intake;

mod judge;

mod likeness;

mod overrides;

mod passages;

mod revise;

mod text;

mod title;

mod unite;

mod withdraw;

pub use address::canonical;
pub use candidate::{
    Candidate, address_key, candidates, first_passage_of, published_key, read_texts,
};
pub use enforce::{enforce, keys_of_address, keys_of_entries, split_pairs, story_at};
pub use intake::{allowance, listed, took_in};
pub use judge::{Judged, Rules, judge, judge_within};
pub use likeness::near;
pub use overrides::Overrides;
pub use passages::shared_passages;
pub use revise::{Wanted, as_told, differences, is_current, is_settled, is_told, wants_enrichment};
pub use text::listing_remark;
pub use title::normal_title;
pub use withdraw::{CHECKED_FOR, tombstone_keys, withdraw};

#[cfg(test)]
mod tests;
