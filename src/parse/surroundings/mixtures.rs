//! Properties of any mixture of announcement and surroundings.

use proptest::prelude::*;
use url::Url;

use crate::announcement::{self, Own, Surroundings};
use crate::cancel::Cancelled;
use crate::parse;

/// Pieces of HTML, of which any row may be a text.
const PIECES: &[&str] = &[
    "<p>The minister opened the bridge at Orm on Monday.</p>",
    "The harbour fund paid for the works &amp; the tolls. ",
    "<img src=\"https://min.example/b.jpg\">",
    "<a href=\"https://www.facebook.com/sharer.php?u=x\"><img src=\"https://min.example/f.png\"></a>",
    "<a href=\"https://x.com/intent/tweet?u=x\">X</a> ",
    "<p>Share this: <a href=\"https://x.com/intent/tweet?u=x\">X</a>&nbsp;<img src=\"https://min.example/f.png\"></p>",
    "<br>",
    "<div class=\"related\">",
    "</div>",
    "<ul><li><img src=\"https://min.example/t.png\"><a href=\"https://min.example/n/2\">Aid for Haiti</a> 02/04/2025</li>",
    "<li>Severity: amber</li></ul>",
    "<h3>Latest news</h3>",
    "<h3>Contact</h3><p>Dravenia desk</p><p>press@min.example</p>",
    "Original article: https://dep.example/n/1 ",
    "<p>Original article: <a href=\"https://dep.example/n/1\">https://dep.example/n/1</a></p>",
    "<p>Original article: <a href=\"https://b.example/n/2\">https://b.example/n/2</a></p>",
    "Talks with Sri Lanka 02/04/2025 11:05 Officials met. Aid for Haiti 01/04/2025 A ship has left. ",
    "<p>Notes to editors: the scheme began on 2 April 2024.</p>",
    "<p>12 May 2025: the council votes.</p>",
    "<b>today</b>.End of release ",
    "<table><tr><td>Fee<td>5 &lt; 6</table>",
    "<p>We use cookies.</p>",
];

proptest! {
    #[test]
    fn what_is_left_is_the_texts_own_in_its_order(
        places in prop::collection::vec(0..PIECES.len(), 1..14),
        has_marker in any::<bool>(),
    ) {
        let html: String = places.iter().map(|at| PIECES[*at]).collect();
        let own = Url::parse("https://min.example/n/1").unwrap();
        let clean = |html: &str| parse::clean(html, Some(&own), 65_536, &Cancelled::never());
        let cleaned = clean(&html);
        let end_before = has_marker.then(|| "End of release".to_owned());
        let rules = crate::model::TextRules { end_before, ..Default::default() };
        let is_known = |url: &Url| url.path().ends_with('2');
        let surroundings = Surroundings { rules: &rules, is_known: &is_known, ..Surroundings::default() };
        let of = Own { page: Some(&own), title: "" };
        let separated = announcement::separate(&cleaned, of, &surroundings);
        prop_assert!(separated.html.len() <= cleaned.html.len());
        let mut rest = cleaned.text.split_whitespace();
        for word in separated.text.split_whitespace() {
            prop_assert!(rest.any(|known| known.contains(word)), "{word} is new");
        }
        let again = clean(&separated.html);
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        prop_assert_eq!(letters(&again.text), letters(&separated.text), "{}", html);
        let shown = separated.html;
        prop_assert!(!shown.contains("sharer.php"), "{shown}");
        // A picture that stands alone is the announcement's.
        let is_whole = separated.set_aside.is_empty();
        if is_whole {
            prop_assert_eq!(shown.matches("b.jpg").count(), html.matches("b.jpg").count());
        }
    }
}
