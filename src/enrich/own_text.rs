//! Decides whether the text of a page is the entry's. Pure.
//!
//! A page completes what its feed says. A text that holds nothing of what the feed says, and no
//! word of the title, is another text: a notice about cookies, the site's own description, a note
//! about maintenance.

use std::collections::HashSet;

use crate::announcement::TitleWords;
use crate::model::Entry;

/// Words of a feed's content that must be in the page's text.
const LEAST_WORDS: usize = 20;

/// Words of a passage.
const PASSAGE: usize = 4;

/// The share of a title's words that is in a text by chance, as the names of places are.
const SHARE_BY_CHANCE: f64 = 0.5;

/// Whether a text has nothing to do with an entry: no word of its title is in it, or too few where its
/// headline has none of them. Titles such as "Press release 71/2026" say nothing of their texts.
pub(super) fn is_another(entry: &Entry, headline: &str, text: &str) -> bool {
    let title = TitleWords::of(&entry.title);
    let has_other_headline = !headline.trim().is_empty() && !title.any_in(headline);
    let share = title.share_in(text);
    !title.is_label() && (share <= 0.0 || has_other_headline && share <= SHARE_BY_CHANCE)
}

/// Whether a text holds most of what the feed's own content says. A short content says too little
/// to judge by.
pub(super) fn holds(text: &str, content: &str) -> bool {
    let stated = passages(content);
    if stated.len() + PASSAGE - 1 < LEAST_WORDS {
        return true;
    }
    let found = passages(text);
    2 * stated.intersection(&found).count() >= stated.len()
}

fn passages(text: &str) -> HashSet<String> {
    let lower = text.to_lowercase();
    let mut words: Vec<&str> = Vec::new();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        // Scripts without spaces have words of one character here.
        match word.chars().next() {
            Some('\u{3040}'..='\u{9FFF}') => words.extend(word.split_inclusive(|_| true)),
            _ => words.push(word),
        }
    }
    words.windows(PASSAGE).map(|four| four.join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_below_another_headline_must_have_most_words_of_the_title() {
        const SITE: &str = "In urgent matters the desks in Tarn and Ketzin can be reached.";
        for (title, headline, text, is_other) in [
            ("Wolves seen near Ketzin", "Scheduled maintenance", SITE, true),
            ("Wolves seen near Ketzin", "Wolves near Ketzin", SITE, false),
            ("Wolves seen near Ketzin", "", "Three wolves came.", false),
            ("Wolves seen near Ketzin", "Ministry", "Three wolves came to Ketzin.", false),
            ("Notice 14", "Mill Lane closed", "The lane is closed.", false),
        ] {
            let entry =
                Entry { title: title.to_owned(), ..Entry::of(crate::model::SourceId::new("min")) };
            assert_eq!(is_another(&entry, headline, text), is_other, "{title}, {headline}");
        }
    }

    #[test]
    fn a_page_completes_what_its_feed_says() {
        const FERRY: &str = "The ferry to Orm stops on 3 December because its engine has to be replaced. Buses run in its place until the spring, and cost the same.";
        const ZH: &str =
            "交通运输部决定关闭北港十八个月。潜水员发现一九三一年的钢板桩已锈蚀三分之二。";
        for (content, text, holds_it) in [
            (FERRY, format!("{FERRY} Bicycles go free."), true),
            (FERRY, FERRY.to_uppercase(), true),
            (FERRY, "We value your privacy, and so we and our partners store information on your device. You may accept or manage your choices at any time.".to_owned(), false),
            (FERRY, "The ferry to Orm stops.".to_owned(), false),
            ("The ferry stops.", "Another text.".to_owned(), true),
            (ZH, format!("北京。{ZH}"), true),
            (ZH, "网站正在维护，请稍后再来。".to_owned(), false),
        ] {
            assert_eq!(holds(&text, content), holds_it, "{text}");
        }
    }
}
