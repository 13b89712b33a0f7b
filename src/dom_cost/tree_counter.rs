//! Counts the nodes that html5ever's tree builder makes, in a sink that builds no tree.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::tendril::StrTendril;
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, ExpandedName, QualName, local_name, ns};

use super::Cost;

/// A node of the tree that is not built. It knows its parent, and only the builder holds it: it
/// is dropped when the builder closes it.
#[derive(Debug)]
pub(super) struct Node {
    name: QualName,
    attributes: usize,
    parent: RefCell<Option<Rc<Node>>>,
    children: Cell<usize>,
    depth: Cell<usize>,
    /// Formatting elements among it and those around it.
    formatting: Cell<usize>,
    /// [`Cost::texts`] when it was made.
    texts_before: usize,
    /// The contents of a template.
    contents: Option<Rc<Node>>,
}

impl Node {
    fn new(name: QualName, attributes: usize, texts_before: usize) -> Rc<Self> {
        let is_template = name.ns == ns!(html) && name.local == local_name!("template");
        let inside = || Self::new(QualName::new(None, ns!(), local_name!("")), 0, texts_before);
        Rc::new(Self {
            contents: is_template.then(inside),
            name,
            attributes,
            texts_before,
            parent: RefCell::default(),
            children: Cell::default(),
            depth: Cell::default(),
            formatting: Cell::default(),
        })
    }

    /// Whether browsers show none of the text in it. The builder does not report the end of a
    /// template, which does the same.
    fn hides_text(&self) -> bool {
        matches!(
            self.name.local,
            local_name!("iframe")
                | local_name!("noembed")
                | local_name!("noframes")
                | local_name!("noscript")
                | local_name!("script")
                | local_name!("style")
                | local_name!("svg")
                | local_name!("title")
        )
    }

    /// Whether browsers show the text in it though it belongs to no article.
    fn is_control(&self) -> bool {
        matches!(
            self.name.local,
            local_name!("select") | local_name!("textarea") | local_name!("xmp")
        )
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

/// A sink that counts, and builds nothing.
pub(super) struct Counter {
    document: Rc<Node>,
    cost: Cell<Cost>,
    has_ended: Cell<bool>,
    ends_in_tag: Cell<bool>,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            document: Node::new(QualName::new(None, ns!(), local_name!("")), 0, 0),
            cost: Cell::default(),
            has_ended: Cell::default(),
            ends_in_tag: Cell::default(),
        }
    }
}

impl Counter {
    /// The counts so far.
    pub(super) fn cost(&self) -> Cost {
        self.cost.get()
    }

    /// Notes that all of the text was handed over: what is closed from now on was left open.
    pub(super) fn expect_end(&self) {
        self.has_ended.set(true);
    }

    /// Whether the text ends within a tag or a comment.
    pub(super) fn ends_in_tag(&self) -> bool {
        self.ends_in_tag.get()
    }

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
                cost.texts += usize::from(!text.trim().is_empty());
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

    fn parse_error(&self, error: Cow<'static, str>) {
        // The tokenizer alone reports an EOF: within a tag or a comment.
        if self.has_ended.get() && error.contains("EOF") {
            self.ends_in_tag.set(true);
        }
    }

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
        Node::new(name, attributes.len(), self.cost.get().texts)
    }

    fn create_comment(&self, text: StrTendril) -> Rc<Node> {
        self.add(|cost| {
            cost.elements += 1;
            cost.bytes += text.len() + "<!---->".len();
            cost.hides_end |= self.has_ended.get() && !text.trim().is_empty();
        });
        Node::new(QualName::new(None, ns!(), local_name!("")), 0, 0)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Rc<Node> {
        self.create_comment(target);
        self.create_comment(data)
    }

    fn append(&self, parent: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        self.place(parent, child);
    }

    fn pop(&self, node: &Rc<Node>) {
        if self.has_ended.get() {
            self.add(|cost| {
                cost.hides_end |= node.hides_text() && cost.texts > node.texts_before;
                cost.ends_in_control |= node.is_control();
            });
        }
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
