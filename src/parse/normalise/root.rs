//! Reads a document's root tag and namespaces, and writes the root tag that feed-rs gets.

use std::collections::HashMap;

use super::super::names::{self, Space};
use super::edits::Edits;
use crate::markup::{self, Piece, attributes, split_name};

/// Prefixes that are noted; real documents use far fewer.
pub(super) const MAX_PREFIXES: usize = 500;

/// The kind of a root element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum RootKind {
    #[default]
    Rss,
    Rdf,
    /// A channel without anything around it.
    Channel,
    Feed,
    /// A single Atom entry.
    Entry,
}

/// The root, and the namespaces met so far.
#[derive(Debug, Default)]
pub(super) struct Root<'t> {
    kind: RootKind,
    name: &'t str,
    attributes: &'t str,
    /// Where the tag ends.
    end: usize,
    empty: bool,
    /// Prefixes that the document declares, each once; the last declaration counts.
    declared: HashMap<&'t str, Space, foldhash::fast::RandomState>,
    /// Prefixes that it uses without declaring them.
    undeclared: Vec<&'t str>,
    old_atom: bool,
}

/// The kind of a root by its name, prefix or not, in any case.
fn kind_of(name: &str) -> Option<RootKind> {
    let local = split_name(name).1;
    Some(match local.to_ascii_lowercase().as_str() {
        "rss" => RootKind::Rss,
        "rdf" => RootKind::Rdf,
        "channel" => RootKind::Channel,
        "feed" => RootKind::Feed,
        "entry" => RootKind::Entry,
        _ => return None,
    })
}

impl<'t> Root<'t> {
    /// Reads the root's tag.
    pub(super) fn read(piece: Piece<'t>, name: &'t str, attributes: &'t str) -> Self {
        let empty = matches!(piece.kind, markup::Kind::Open { empty: true, .. });
        let mut root = Self {
            kind: kind_of(name).unwrap_or_default(),
            name,
            attributes,
            end: piece.end,
            empty,
            ..Self::default()
        };
        let declared = root.declarations().map(|(prefix, uri)| (prefix, names::space_of(uri)));
        root.declared = declared.collect();
        let own = split_name(name).0;
        let address = root.declarations().find(|(prefix, _)| *prefix == own).map(|(_, uri)| uri);
        root.old_atom = root.kind == RootKind::Feed
            && (markup::attribute(attributes, "version").is_some_and(|v| v.trim() == "0.3")
                || address.is_some_and(|uri| {
                    names::space_of(uri) == Space::Atom && !uri.contains("2005")
                }));
        root
    }

    /// The prefixes declared in the tag, the default as the empty one.
    fn declarations(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        attributes(self.attributes).filter_map(|(name, value)| {
            let prefix = name.strip_prefix("xmlns")?;
            match prefix.strip_prefix(':') {
                Some(prefix) => Some((prefix, value)),
                None => prefix.is_empty().then_some(("", value)),
            }
        })
    }

    pub(super) fn kind(&self) -> RootKind {
        self.kind
    }

    pub(super) fn is_atom(&self) -> bool {
        matches!(self.kind, RootKind::Feed | RootKind::Entry)
    }

    /// Whether more different prefixes were declared than anybody needs: looking each up would
    /// take feed-rs a time that grows with their square.
    pub(super) fn has_too_many_prefixes(&self) -> bool {
        self.declared.len() >= MAX_PREFIXES
    }

    pub(super) fn is_old_atom(&self) -> bool {
        self.old_atom
    }

    /// The format and its version, in words.
    pub(super) fn format(&self) -> String {
        let default = self.declarations().find(|(prefix, _)| prefix.is_empty()).map(|(_, uri)| uri);
        match self.kind {
            RootKind::Rss => match markup::attribute(self.attributes, "version").map(str::trim) {
                None | Some("") => "RSS".to_owned(),
                Some(version) => format!("RSS {}", version.chars().take(8).collect::<String>()),
            },
            RootKind::Rdf => match default {
                Some(uri) if uri.contains("0.9") => "RSS 0.90".to_owned(),
                _ => "RSS 1.0".to_owned(),
            },
            RootKind::Channel => match default {
                Some(uri) if uri.contains("rss1.1") => "RSS 1.1".to_owned(),
                _ if self.name == "CHANNEL" => "CDF".to_owned(),
                _ => "RSS".to_owned(),
            },
            RootKind::Feed | RootKind::Entry if self.old_atom => "Atom 0.3".to_owned(),
            RootKind::Feed | RootKind::Entry => "Atom 1.0".to_owned(),
        }
    }

    /// The vocabulary that a prefix stands for: as declared, else by custom.
    pub(super) fn space(&self, prefix: &str) -> Space {
        if prefix.is_empty() {
            return Space::Own;
        }
        match self.declared.get(prefix) {
            Some(Space::Other) | None => names::space_of_prefix(prefix),
            Some(space) => *space,
        }
    }

    /// Takes notice that a prefix is used.
    pub(super) fn meet(&mut self, prefix: &'t str) {
        let known = prefix == "xml"
            || self.declared.contains_key(prefix)
            || self.undeclared.contains(&prefix);
        if !known && self.undeclared.len() < MAX_PREFIXES {
            self.undeclared.push(prefix);
        }
    }

    /// Gives the namespaces that an inner tag declares their true addresses. Returns how many
    /// it declares.
    pub(super) fn correct_addresses(
        &mut self,
        edits: &mut Edits,
        text: &'t str,
        inside: &'t str,
    ) -> usize {
        let mut declared = 0;
        for (name, uri) in attributes(inside) {
            let Some(prefix) = name.strip_prefix("xmlns") else { continue };
            let prefix = prefix.strip_prefix(':').unwrap_or(prefix);
            let space = names::space_of(uri);
            declared += 1;
            if !prefix.is_empty() && self.declared.len() < MAX_PREFIXES {
                self.declared.insert(prefix, space);
            }
            let address = names::address_of(space).filter(|address| *address != uri);
            if let Some(address) = address.filter(|_| !uri.is_empty()) {
                let start = uri.as_ptr() as usize - text.as_ptr() as usize;
                edits.replace(start, start + uri.len(), address);
            }
        }
        declared
    }

    /// The root's tag as feed-rs is to see it, and the place it goes to.
    pub(super) fn tag(&self, with_channel: bool) -> (usize, usize, String) {
        let mut tag = String::with_capacity(self.attributes.len() + 400);
        if self.is_atom() {
            tag.push('<');
            tag.push_str(self.element());
            if split_name(self.name).0.is_empty() {
                tag.push_str(" xmlns=\"http://www.w3.org/2005/Atom\"");
            }
        } else {
            tag.push_str("<rss version=\"2.0\"");
        }
        for (name, value) in attributes(self.attributes) {
            if name == "xml:lang" || name == "xml:base" && is_base(value) {
                attribute(&mut tag, name, value);
            }
        }
        let mut written: Vec<&str> = Vec::new();
        for (prefix, uri) in self.declarations() {
            if prefix.is_empty()
                || prefix.starts_with("xml")
                || uri.is_empty()
                || written.contains(&prefix)
            {
                continue;
            }
            let space = match names::space_of(uri) {
                Space::Other => names::space_of_prefix(prefix),
                space => space,
            };
            declare(&mut tag, prefix, names::address_of(space).unwrap_or(uri));
            written.push(prefix);
        }
        for prefix in &self.undeclared {
            if written.contains(prefix) || prefix.is_empty() {
                continue;
            }
            let address = names::address_of(names::space_of_prefix(prefix));
            declare(&mut tag, prefix, address.unwrap_or("urn:undeclared"));
        }
        tag.push_str(if self.empty && self.is_atom() { "/>" } else { ">" });
        if with_channel || self.kind == RootKind::Channel {
            tag.push_str("<channel>");
        }
        if self.empty && !self.is_atom() {
            tag.push_str(if with_channel || self.kind == RootKind::Channel {
                "</channel></rss>"
            } else {
                "</rss>"
            });
        }
        (0, self.end, tag)
    }

    /// The root's name as feed-rs is to see it.
    pub(super) fn element(&self) -> &str {
        match self.kind {
            RootKind::Feed if split_name(self.name).0.is_empty() => "feed",
            RootKind::Entry if split_name(self.name).0.is_empty() => "entry",
            RootKind::Feed | RootKind::Entry => self.name,
            RootKind::Rss | RootKind::Rdf | RootKind::Channel => "rss",
        }
    }
}

/// Whether an `xml:base` is one that feed-rs will neither refuse the feed for,
/// nor copy for ever.
pub(super) fn is_base(value: &str) -> bool {
    value.len() <= super::MAX_ADDRESS
        && matches!(
            url::Url::parse(value.trim()),
            Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase)
        )
}

fn declare(tag: &mut String, prefix: &str, address: &str) {
    tag.push_str(" xmlns:");
    tag.push_str(prefix);
    quote(tag, address);
}

fn attribute(tag: &mut String, name: &str, value: &str) {
    tag.push(' ');
    tag.push_str(name);
    quote(tag, value);
}

fn quote(tag: &mut String, value: &str) {
    tag.push_str("=\"");
    tag.push_str(&value.replace('"', "&quot;").replace('<', "&lt;"));
    tag.push('"');
}
