//! Finds broken, dangerous and relative parts of HTML in feeds.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, LocalName, ParseOpts, QualName, local_name, ns, parse_fragment};

use super::{Report, text};

/// Elements of HTML which can do harm, or against which the validator warns.
const RISKS: &[&str] = &[
    "applet",
    "base",
    "basefont",
    "bdo",
    "body",
    "embed",
    "frame",
    "frameset",
    "head",
    "html",
    "iframe",
    "isindex",
    "link",
    "meta",
    "noframes",
    "object",
    "param",
    "script",
    "slot",
    "style",
    "title",
    "xmp",
    "plaintext",
    "listing",
];

/// Attributes that do no harm, of those that documents like ours could have.
const HARMLESS: &[&str] = &[
    "abbr", "align", "alt", "cite", "class", "cols", "colspan", "data", "datetime", "dir",
    "headers", "height", "href", "hreflang", "id", "lang", "label", "name", "open", "rel",
    "reversed", "rows", "rowspan", "scope", "span", "src", "srcset", "start", "summary", "title",
    "type", "value", "width",
];

/// What is wrong with a fragment; whether it may refer to something relative depends on where
/// it stands.
pub(super) fn fragment(html: &str, place: &str, report: &mut Report) {
    let name = |name: LocalName| QualName::new(None, ns!(html), name);
    let options = ParseOpts::default();
    let parser = parse_fragment(Tree::default(), options, name(local_name!("div")), vec![], false);
    let tree = parser.one(html);
    for error in tree.errors.into_inner() {
        report.say("NotHtml", format!("{place}: {error} in {html:?}"));
    }
    let nodes = tree.nodes.into_inner();
    // The first two are what the fragment stands in.
    for (name, attributes) in nodes.into_iter().skip(2).flatten() {
        let name = name.local.to_string();
        let what = |more: &str| format!("{place}: <{name}{more}>");
        match (text::is_element(&name), RISKS.contains(&name.as_str())) {
            (_, true) => report.say("SecurityRisk", what("")),
            (false, _) => report.say("NotHtml", what("")),
            _ => {}
        }
        for Attribute { name: key, value } in attributes {
            let what = what(&format!(" {}=\"{value}\"", key.local));
            match &*key.local {
                "style" => report.say("DangerousStyleAttr", what),
                key @ ("href" | "src") => {
                    let scheme = value.split_once(':').map(|(scheme, _)| scheme);
                    let is_scheme = |scheme: &str| {
                        !scheme.is_empty()
                            && scheme.chars().all(|c| c.is_alphanumeric() || c == '_')
                    };
                    report.unless(scheme.is_some_and(is_scheme), "ContainsRelRef", &*what);
                    let harms = ["javascript", "vbscript"].contains(&scheme.unwrap_or_default())
                        || (scheme == Some("data") && key == "href");
                    report.unless(!harms, "SecurityRiskAttr", what);
                }
                key => report.unless(HARMLESS.contains(&key), "SecurityRiskAttr", what),
            }
        }
    }
}

/// An element's name and attributes.
type Node = (QualName, Vec<Attribute>);

/// What a parser says of a fragment: its elements and its complaints, but no tree.
#[derive(Default)]
struct Tree {
    /// An element, or something else.
    nodes: RefCell<Vec<Option<Node>>>,
    errors: RefCell<Vec<String>>,
}

impl Tree {
    fn push(&self, node: Option<Node>) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(node);
        nodes.len() - 1
    }
}

impl TreeSink for Tree {
    /// The place of a node among the nodes.
    type Handle = usize;
    type Output = Self;
    type ElemName<'a> = std::cell::Ref<'a, QualName>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, error: Cow<'static, str>) {
        self.errors.borrow_mut().push(error.into_owned());
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> usize {
        self.push(Some((name, attributes)))
    }

    fn create_comment(&self, _: StrTendril) -> usize {
        self.push(None)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> usize {
        self.push(None)
    }

    fn elem_name<'a>(&'a self, node: &'a usize) -> Self::ElemName<'a> {
        std::cell::Ref::map(self.nodes.borrow(), |nodes| {
            &nodes[*node].as_ref().expect("an element has a name").0
        })
    }

    fn get_document(&self) -> usize {
        usize::MAX
    }

    fn get_template_contents(&self, node: &usize) -> usize {
        *node
    }

    fn same_node(&self, one: &usize, other: &usize) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}
    fn append(&self, _: &usize, _: NodeOrText<usize>) {}
    fn append_based_on_parent_node(&self, _: &usize, _: &usize, _: NodeOrText<usize>) {}
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn append_before_sibling(&self, _: &usize, _: NodeOrText<usize>) {}
    fn add_attrs_if_missing(&self, _: &usize, _: Vec<Attribute>) {}
    fn remove_from_parent(&self, _: &usize) {}
    fn reparent_children(&self, _: &usize, _: &usize) {}
}
