//! Counts what an HTML parser would build from a text, without building it, and stops at a bound.
//!
//! The rules of the HTML standard amplify: formatting elements that were left open are opened
//! again in every block ("reconstruct the active formatting elements"), misnested ones are
//! copied ("adoption agency algorithm"), and what may not stand in a table is moved before it.
//! A few kilobytes can become a tree of gigabytes. So html5ever's own tree builder runs first
//! into a sink that keeps nothing but counts. It follows the standard exactly, and a text that
//! exceeds a bound is left before any tree is built.

mod attributes;

mod tree_counter;

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, QualName, local_name, ns, parse_document, parse_fragment};

pub(crate) use self::attributes::has_too_many_attributes;
use self::tree_counter::Counter;
use crate::cancel::Cancelled;

/// Bounds on a tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Elements and comments.
    pub(crate) elements: usize,
    /// Elements within one another.
    pub(crate) depth: usize,
    /// Bytes of the tree written as HTML.
    pub(crate) bytes: usize,
    /// Bytes of text, each counted once for every element that contains it: what code costs
    /// that asks each element for its text.
    pub(crate) nested_text: usize,
    /// Steps of the builder that do not show in the tree: searches among siblings and among
    /// the formatting elements that are open.
    pub(crate) steps: usize,
}

/// The size of a tree, as in [`Bounds`], and the state of the parser at the end of the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) elements: usize,
    pub(crate) depth: usize,
    pub(crate) bytes: usize,
    pub(crate) nested_text: usize,
    pub(crate) steps: usize,
    /// Pieces of text that are not blank.
    texts: usize,
    /// Whether the last of the text is in a tag, a comment or an element that shows nothing, and
    /// that is never closed.
    pub(crate) hides_end: bool,
    /// Whether the last of the text is in a control of a form, or in `<xmp>`, that is never closed:
    /// browsers show it.
    pub(crate) ends_in_control: bool,
}

/// That a tree would exceed a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excess {
    /// The bound, in words.
    pub(crate) why: String,
    /// The counts until then.
    pub(crate) cost: Cost,
}

/// How a text is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A whole page, scripting off: as dom_smoothie does.
    Page,
    /// The inside of a `div`: as ammonia does.
    Fragment,
}

/// Bytes handed to the builder at a time: the bounds are checked in between. Each of these
/// bytes can open at most as many elements as are open already.
const CHUNK: usize = 256;

/// The cost of parsing `html`, or the first bound that it exceeds.
pub(crate) fn cost(
    html: &str,
    parsed: Parsed,
    bounds: &Bounds,
    cancelled: &Cancelled,
) -> Result<Cost, Excess> {
    if has_too_many_attributes(html) {
        let why = "a tag in it has too many attributes".to_owned();
        return Err(Excess { why, cost: Cost::default() });
    }
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: parsed == Parsed::Fragment,
            ..TreeBuilderOpts::default()
        },
        ..ParseOpts::default()
    };
    let mut parser = match parsed {
        Parsed::Page => parse_document(Counter::default(), options),
        Parsed::Fragment => {
            let div = QualName::new(None, ns!(html), local_name!("div"));
            parse_fragment(Counter::default(), options, div, Vec::new(), false)
        }
    };
    let mut rest = html;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(chunk_end(rest));
        parser.process(StrTendril::from_slice(chunk));
        let cost = parser.tokenizer.sink.sink.cost();
        cost.within(bounds)?;
        if cancelled.is_set() {
            return Err(Excess { why: "cancelled before it was done".to_owned(), cost });
        }
        rest = after;
    }
    parser.tokenizer.sink.sink.expect_end();
    let counter = parser.finish();
    let mut cost = counter.cost();
    cost.hides_end |= counter.ends_in_tag() && holds_text_in_last_tag(html);
    cost.within(bounds).map(|()| cost)
}

/// Whether a text that ends within a tag has more in it than the beginning of a tag: a quote that
/// is never closed takes in the tags behind it. A tag that was cut off hides nothing.
fn holds_text_in_last_tag(html: &str) -> bool {
    html.rfind('<').is_some_and(|at| html[at..].contains('>'))
}

/// The end of the next chunk, which is the start of a character.
fn chunk_end(rest: &str) -> usize {
    (CHUNK..rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len())
}

impl Cost {
    /// Whether a tree of this size is within some bounds.
    pub(crate) fn within(self, bounds: &Bounds) -> Result<(), Excess> {
        self.excess(bounds).map_or(Ok(()), |why| Err(Excess { why, cost: self }))
    }

    fn excess(self, bounds: &Bounds) -> Option<String> {
        if self.elements > bounds.elements {
            return Some(format!("it has more than {} elements", bounds.elements));
        }
        if self.depth > bounds.depth {
            return Some(format!("its elements are nested more than {} deep", bounds.depth));
        }
        if self.bytes > bounds.bytes {
            return Some(format!("its elements would take more than {} bytes", bounds.bytes));
        }
        if self.nested_text > bounds.nested_text || self.steps > bounds.steps {
            return Some("its nesting takes too much work".to_owned());
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        elements: 1000,
        depth: 100,
        bytes: 100_000,
        nested_text: 1_000_000,
        steps: 1_000_000,
    };

    fn fragment(html: &str) -> Result<Cost, Excess> {
        cost(html, Parsed::Fragment, &BOUNDS, &Cancelled::never())
    }

    #[test]
    fn what_the_standard_opens_again_is_counted() {
        let plain = fragment("").unwrap();
        let elements = |html: &str| fragment(html).unwrap().elements - plain.elements;
        for (html, expected) in [
            ("<p>x</p>", 1),
            // Opened again in the second paragraph.
            ("<p><b>x<p>y", 4),
            ("<p><b title=1><b title=2>x<p>y", 6),
            // Three of a kind are all that are opened again, and attributes make a kind.
            ("<p><b><b><b><b><b>x<p>y", 10),
            // Adopted: `b` is copied into the paragraph.
            ("<b>x<p>y</b>z", 3),
            ("<table><tr><td>x", 4),
            ("<template><p>x</template>", 2),
        ] {
            assert_eq!(elements(html), expected, "{html}");
        }
    }

    #[test]
    fn an_end_that_is_hidden_is_seen() {
        for (html, hides_end) in [
            ("<p>one</p><script>two", true),
            ("one<style>two</p>", true),
            ("one<!-- two <p>three</p>", true),
            ("one<title>two<p>three", true),
            ("one<a href=\"x>two</a> <p>three</p>", true),
            ("one<svg><path/>two", true),
            ("one<?xml:namespace two", true),
            ("<p>one<b>two", false),
            ("one<script>two</script>three", false),
            ("one<script></script><style> ", false),
            ("one<!-- two --> <!--", false),
            ("one<a href=\"https://a.exa", false),
            ("one <", false),
            ("one</", false),
            ("one<svg><path/><p>two", false),
            ("one<select><option>two", false),
        ] {
            assert_eq!(fragment(html).unwrap().hides_end, hides_end, "{html}");
        }
        for (html, ends_in_control) in [
            ("one<select><option>two<p>three", true),
            ("one<textarea>two", true),
            ("one<xmp>two</p>", true),
            ("one<select><option>two</select>three", false),
            ("one<textarea>two</textarea><p>three", false),
        ] {
            assert_eq!(fragment(html).unwrap().ends_in_control, ends_in_control, "{html}");
        }
    }

    #[test]
    fn each_bound_is_held_before_more_is_built() {
        let fonts: String = (0..30).map(|n| format!("<font color={n}>")).collect();
        for (html, why) in [
            (fonts.clone() + &"<p>x".repeat(100_000), "more than 1000 elements"),
            ("<div>".repeat(100_000), "nested more than 100 deep"),
            (format!("<p title=\"{}\">", "x".repeat(200_000)), "more than 100000 bytes"),
            ("<div>".repeat(50) + &"x".repeat(90_000), "too much work"),
            (format!("<table>{}", "x<br>".repeat(990)), "too much work"),
        ] {
            let bounds = Bounds { steps: 700_000, ..BOUNDS };
            let refused = cost(&html, Parsed::Fragment, &bounds, &Cancelled::never()).unwrap_err();
            assert!(refused.why.contains(why), "{html:.40}: {}", refused.why);
            assert!(refused.cost.bytes < 300_000, "{html:.40}: {:?}", refused.cost);
        }
    }

    #[test]
    fn counting_ends_when_nobody_waits_for_it() {
        let waiting = crate::cancel::Waiting::default();
        let cancelled = waiting.cancelled();
        drop(waiting);
        assert!(cost("<p>x", Parsed::Page, &BOUNDS, &cancelled).is_err());
    }
}
