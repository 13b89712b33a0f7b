//! Counts what an HTML parser would build from a text, without building it, and stops at a bound.
//!
//! The rules of the HTML standard amplify: formatting elements that were left open are opened
//! again in every block ("reconstruct the active formatting elements"), misnested ones are
//! copied ("adoption agency algorithm"), and what may not stand in a table is moved before it.
//! A few kilobytes can become a tree of gigabytes. So html5ever's own tree builder runs first
//! into a sink that keeps nothing but counts. It follows the standard exactly, and a text that
//! exceeds a bound is left before any tree is built.

mod attributes;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeBuilderOpts, TreeSink};
use html5ever::{
    Attribute, ExpandedName, ParseOpts, QualName, local_name, ns, parse_document, parse_fragment,
};

pub(crate) use self::attributes::has_too_many_attributes;
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

/// The size of a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) elements: usize,
    pub(crate) depth: usize,
    pub(crate) bytes: usize,
    pub(crate) nested_text: usize,
    pub(crate) steps: usize,
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
        let cost = parser.tokenizer.sink.sink.cost.get();
        cost.within(bounds)?;
        if cancelled.is_set() {
            return Err(Excess { why: "cancelled before it was done".to_owned(), cost });
        }
        rest = after;
    }
    let cost = parser.finish().cost.get();
    cost.within(bounds).map(|()| cost)
}

/// The end of the next chunk, which is the start of a character.
fn chunk_end(rest: &str) -> usize {
    (CHUNK..rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len())
}

impl Cost {
    fn within(self, bounds: &Bounds) -> Result<(), Excess> {
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

/// A node of the tree that is not built. It knows its parent, and nobody knows it but the
/// builder: it goes when the builder closes it.
#[derive(Debug)]
struct Node {
    name: QualName,
    attributes: usize,
    parent: RefCell<Option<Rc<Node>>>,
    children: Cell<usize>,
    depth: Cell<usize>,
    /// Formatting elements among it and those around it.
    formatting: Cell<usize>,
    /// The contents of a template.
    contents: Option<Rc<Node>>,
}

impl Node {
    fn new(name: QualName, attributes: usize) -> Rc<Self> {
        let is_template = name.ns == ns!(html) && name.local == local_name!("template");
        let inside = || Self::new(QualName::new(None, ns!(), local_name!("")), 0);
        Rc::new(Self {
            contents: is_template.then(inside),
            name,
            attributes,
            parent: RefCell::default(),
            children: Cell::default(),
            depth: Cell::default(),
            formatting: Cell::default(),
        })
    }

    fn is_formatting(&self) -> bool {
        matches!(
            self.name.local,
            local_name!("a")
                | local_name!("b")
                | local_name!("big")
                | local_name!("code")
                | local_name!("em")
                | local_name!("font")
                | local_name!("i")
                | local_name!("nobr")
                | local_name!("s")
                | local_name!("small")
                | local_name!("strike")
                | local_name!("strong")
                | local_name!("tt")
                | local_name!("u")
        )
    }
}

/// Steps that a comparison of two tags without attributes takes.
const COMPARISON: usize = 16;

/// The sink that counts.
struct Counter {
    document: Rc<Node>,
    cost: Cell<Cost>,
}

impl Default for Counter {
    fn default() -> Self {
        let document = Node::new(QualName::new(None, ns!(), local_name!("")), 0);
        Self { document, cost: Cell::default() }
    }
}

impl Counter {
    fn add(&self, add: impl FnOnce(&mut Cost)) {
        let mut cost = self.cost.get();
        add(&mut cost);
        self.cost.set(cost);
    }

    fn place(&self, parent: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        parent.children.set(parent.children.get() + 1);
        match child {
            NodeOrText::AppendText(text) => self.add(|cost| {
                let escaped = text.bytes().filter(|byte| matches!(byte, b'&' | b'<' | b'>'));
                cost.bytes += text.len() + 4 * escaped.count();
                cost.nested_text += text.len() * (parent.depth.get() + 1);
            }),
            NodeOrText::AppendNode(node) => {
                let depth = parent.depth.get() + 1;
                let around = parent.formatting.get();
                node.depth.set(depth);
                node.formatting.set(around + usize::from(node.is_formatting()));
                if let Some(contents) = &node.contents {
                    contents.depth.set(depth);
                    contents.formatting.set(node.formatting.get());
                }
                self.add(|cost| {
                    cost.depth = cost.depth.max(depth);
                    if node.is_formatting() {
                        cost.steps += COMPARISON * around * (1 + node.attributes);
                    }
                });
                *node.parent.borrow_mut() = Some(parent.clone());
            }
        }
    }

    fn search(&self, among: usize) {
        self.add(|cost| cost.steps += among);
    }
}

impl TreeSink for Counter {
    type Handle = Rc<Node>;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Rc<Node> {
        self.document.clone()
    }

    fn elem_name<'a>(&'a self, target: &'a Rc<Node>) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        _: ElementFlags,
    ) -> Rc<Node> {
        self.add(|cost| {
            cost.elements += 1;
            cost.bytes += 2 * name.local.len() + "<></>".len();
            cost.steps += attributes.len();
            for attribute in &attributes {
                cost.bytes += attribute.name.local.len() + attribute.value.len() + " =\"\"".len();
            }
        });
        Node::new(name, attributes.len())
    }

    fn create_comment(&self, text: StrTendril) -> Rc<Node> {
        self.add(|cost| {
            cost.elements += 1;
            cost.bytes += text.len() + "<!---->".len();
        });
        Node::new(QualName::new(None, ns!(), local_name!("")), 0)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Rc<Node> {
        self.create_comment(target);
        self.create_comment(data)
    }

    fn append(&self, parent: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        self.place(parent, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Rc<Node>,
        previous: &Rc<Node>,
        child: NodeOrText<Rc<Node>>,
    ) {
        let has_parent = element.parent.borrow().is_some();
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Rc<Node>) -> Rc<Node> {
        target.contents.clone().unwrap_or_else(|| target.clone())
    }

    fn same_node(&self, one: &Rc<Node>, other: &Rc<Node>) -> bool {
        Rc::ptr_eq(one, other)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        let parent = sibling.parent.borrow().clone();
        let Some(parent) = parent else { return };
        self.search(parent.children.get());
        self.place(&parent, child);
    }

    fn add_attrs_if_missing(&self, target: &Rc<Node>, attributes: Vec<Attribute>) {
        self.search(target.attributes + attributes.len());
    }

    fn remove_from_parent(&self, target: &Rc<Node>) {
        let Some(parent) = target.parent.borrow_mut().take() else { return };
        self.search(parent.children.get());
        parent.children.set(parent.children.get().saturating_sub(1));
    }

    fn reparent_children(&self, node: &Rc<Node>, new_parent: &Rc<Node>) {
        let moved = node.children.replace(0);
        self.search(moved);
        new_parent.children.set(new_parent.children.get() + moved);
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
