//! Reads XML with its namespaces, and reports what is wrong with it.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

use super::{Report, text};

/// The namespaces that the validator knows of those that our documents could declare, each
/// with its usual prefix.
const NAMESPACES: &[(&str, &str)] = &[
    (ATOM, "atom"),
    (CONTENT, "content"),
    (CORE, "dc"),
    (HISTORY, "fh"),
    ("http://www.w3.org/1999/xhtml", "xhtml"),
    ("http://search.yahoo.com/mrss/", "media"),
    ("http://purl.org/syndication/thread/1.0", "thr"),
    ("http://purl.org/rss/1.0/modules/syndication/", "sy"),
];

pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";
pub(super) const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
pub(super) const CORE: &str = "http://purl.org/dc/elements/1.1/";
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// An element with all it holds.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Its namespace; empty for none.
    pub(super) space: String,
    pub(super) name: String,
    /// Namespace, name and value of each attribute, without declarations of namespaces.
    pub(super) attributes: Vec<(String, String, String)>,
    pub(super) children: Vec<Element>,
    /// Its own text, in one piece.
    pub(super) text: String,
    /// Whether a mark in its text or attributes stands as a hexadecimal number.
    pub(super) numbers: bool,
}

impl Element {
    /// An attribute without a namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(space, n, _)| space.is_empty() && n == name);
        found.map(|(.., value)| value.as_str())
    }

    /// The children of this namespace and name.
    pub(super) fn all<'e>(
        &'e self,
        space: &'e str,
        name: &'e str,
    ) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.space == space && child.name == name)
    }

    /// The first of them.
    pub(super) fn first(&self, space: &str, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.space == space && child.name == name)
    }

    /// Says which attributes are not among these; `xml:lang` and its like may stand anywhere.
    pub(super) fn only_attributes(&self, known: &[&str], report: &mut Report) {
        for (space, name, value) in &self.attributes {
            let what = format!("<{} {name}=\"{value}\">", self.name);
            match space.as_str() {
                XML if name == "lang" => {
                    report.unless(super::value::is_language(value), "InvalidLanguage", what);
                }
                XML => {}
                "" => report.unless(known.contains(&name.as_str()), "UnexpectedAttribute", what),
                _ => report.say("UseOfExtensionAttr", what),
            }
        }
    }

    /// Says that there is text between its elements.
    pub(super) fn only_elements(&self, report: &mut Report) {
        let what = format!("<{}>{}", self.name, self.text.trim());
        report.unless(self.text.trim().is_empty(), "UnexpectedText", what);
    }
}

/// The root of a document, unless it cannot be read.
pub(super) fn read(document: &str, report: &mut Report) -> Option<Element> {
    match elements(document, report) {
        Ok(root) => Some(root),
        Err(error) => {
            report.say("SAXError", error);
            None
        }
    }
}

fn elements(document: &str, report: &mut Report) -> Result<Element, String> {
    let declared = document.starts_with("<?xml ");
    if let Some(c) = document.chars().find(|c| !is_character(*c)) {
        return Err(format!("the character {c:?}"));
    }
    let mut reader = NsReader::from_str(document);
    reader.config_mut().check_comments = true;
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let is_root = open.len() == 1;
        let top = open.last_mut().expect("the document itself is never closed");
        match event {
            Event::Start(start) => {
                let element = element(&reader, &start, is_root, report)?;
                open.push(element);
            }
            Event::Empty(start) => {
                let element = element(&reader, &start, is_root, report)?;
                top.children.push(element);
            }
            Event::End(_) => {
                let closed = open.pop().ok_or("more ends than starts")?;
                text::characters(&closed.text, &closed.name, report);
                open.last_mut().ok_or("more ends than starts")?.children.push(closed);
            }
            Event::Text(text) => {
                top.text += &text.xml10_content().map_err(|error| error.to_string())?;
            }
            Event::CData(text) => {
                top.text += &text.xml10_content().map_err(|error| error.to_string())?;
            }
            Event::GeneralRef(reference) => {
                top.numbers |= reference.starts_with(b"#x");
                top.text.push(referred(&reference)?);
            }
            Event::Decl(declaration) => {
                if !declared {
                    return Err("the declaration is not at the start".to_owned());
                }
                let version = declaration.version().map_err(|error| error.to_string())?;
                let version = String::from_utf8_lossy(&version).into_owned();
                report.unless(version == "1.0", "BadXmlVersion", &version);
                if let Some(encoding) = declaration.encoding() {
                    let encoding = encoding.map_err(|error| error.to_string())?;
                    let is_utf8 = encoding.eq_ignore_ascii_case(b"utf-8");
                    let encoding = String::from_utf8_lossy(&encoding).into_owned();
                    report.unless(is_utf8, "EncodingMismatch", encoding);
                }
            }
            Event::DocType(_) => report.say("ContainsSystemEntity", "a document type"),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    let mut document = open.pop().filter(|_| open.is_empty()).ok_or("an element is not closed")?;
    if document.children.len() != 1 || !document.text.trim().is_empty() {
        return Err("there is not one root, or something beside it".to_owned());
    }
    document.children.pop().ok_or_else(|| "there is no root".to_owned())
}

/// What XML 1.0 may hold.
fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

fn referred(reference: &BytesRef<'_>) -> Result<char, String> {
    let by_number = reference.resolve_char_ref().map_err(|error| error.to_string())?;
    let by_name = match &reference.decode().map_err(|error| error.to_string())?[..] {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    };
    let c = by_number.or(by_name).ok_or_else(|| format!("&{reference:?}; is not known"))?;
    is_character(c).then_some(c).ok_or_else(|| format!("the character {c:?}"))
}

fn element(
    reader: &NsReader<&[u8]>,
    start: &BytesStart<'_>,
    is_root: bool,
    report: &mut Report,
) -> Result<Element, String> {
    let spell = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let bound = |resolved: ResolveResult<'_>, report: &mut Report, name: &str| match resolved {
        ResolveResult::Bound(space) => spell(space.as_ref()),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => {
            report.say("MissingNamespace", format!("{}:{name}", spell(&prefix)));
            String::new()
        }
    };
    let (space, name) = reader.resolver().resolve_element(start.name());
    let name = spell(name.as_ref());
    let mut element =
        Element { space: bound(space, report, &name), name: name.clone(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| error.to_string())?.into_owned();
        if attribute.value.contains(&b'<') || value.contains(|c| !is_character(c)) {
            return Err(format!("{value:?} in an attribute"));
        }
        element.numbers |= attribute.value.windows(3).any(|three| three == b"&#x");
        if let Some(prefix) = attribute.key.as_namespace_binding() {
            declared(prefix, &value, is_root && name == "feed", report);
            continue;
        }
        let (space, key) = reader.resolver().resolve_attribute(attribute.key);
        let key = spell(key.as_ref());
        text::characters(&value, &key, report);
        element.attributes.push((bound(space, report, &key), key, value));
    }
    Ok(element)
}

/// A declaration of a namespace.
fn declared(
    prefix: quick_xml::name::PrefixDeclaration<'_>,
    space: &str,
    of_atom: bool,
    report: &mut Report,
) {
    let quick_xml::name::PrefixDeclaration::Named(prefix) = prefix else {
        let known = space == ATOM;
        return report.unless(known, "UnknownNamespace", space);
    };
    let prefix = String::from_utf8_lossy(prefix).into_owned();
    let what = format!("xmlns:{prefix}=\"{space}\"");
    match NAMESPACES.iter().find(|(known, _)| *known == space) {
        None if NAMESPACES.iter().any(|(_, usual)| *usual == prefix) => {
            report.say("ReservedPrefix", what);
        }
        None => report.say("UnknownNamespace", what),
        Some((_, usual)) => {
            report.unless(*usual == prefix, "NonstdPrefix", &*what);
            let taken = of_atom && ["atom", "xhtml"].contains(&prefix.as_str());
            report.unless(!taken, "AvoidNamespacePrefix", what);
        }
    }
}
