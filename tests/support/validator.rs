//! Validates an answer as a feed validator would.
//!
//! The rules are those of the W3C's validator, under the names by which it documents them,
//! as far as they can apply to documents like ours. Where it holds several opinions of the
//! same thing, the stricter one is held here; its remarks that are mere information are not.

mod atom;

mod html;

mod json;

mod opml;

mod rss;

mod text;

mod value;

mod xml;

use std::collections::BTreeSet;

use super::http::Answer;

/// Every rule with what breaks it, in the order of what is looked at.
pub const RULES: &[(&str, &str)] = &[
    // The answer.
    ("HttpError", "the status is not 200"),
    ("UnexpectedContentType", "the media type is not that of the format"),
    ("EncodingMismatch", "charset and XML declaration differ, or neither says UTF-8"),
    ("ValidatorLimit", "the document is longer than 5,000,000 bytes"),
    // XML.
    ("SAXError", "the document is not well-formed"),
    ("BadXmlVersion", "the XML version is not 1.0"),
    ("ContainsSystemEntity", "there is a document type or an entity of its own"),
    ("MissingNamespace", "a prefix is not declared"),
    ("UnknownNamespace", "a namespace is declared that the validator does not know"),
    ("ReservedPrefix", "a well-known prefix stands for something else"),
    ("NonstdPrefix", "a well-known namespace has another prefix than it usually has"),
    ("AvoidNamespacePrefix", "an Atom document declares the prefix atom or xhtml"),
    ("InvalidNamespace", "the root is in the wrong namespace"),
    // Structure.
    ("UndefinedElement", "an element is not known where it stands"),
    ("UnexpectedAttribute", "an attribute is not known where it stands"),
    ("UseOfExtensionAttr", "an element of RSS has an attribute of a namespace"),
    ("UnexpectedText", "text stands between elements"),
    ("UnexpectedWhitespace", "white space surrounds an id, a date or an address"),
    ("MissingElement", "an element is missing"),
    ("DuplicateElement", "an element stands twice that may stand once"),
    ("MissingAttribute", "an attribute is missing"),
    ("NotBlank", "an element is empty that must not be"),
    ("AttrNotBlank", "an attribute is empty that must not be"),
    ("MisplacedMetadata", "what is said of an Atom feed stands after an entry"),
    ("MisplacedItem", "what is said of a channel stands after an item"),
    // Links.
    ("MissingSelf", "an Atom feed does not link to itself"),
    ("MissingAtomSelfLink", "a channel does not link to itself"),
    ("RelativeSelf", "the link to itself is relative"),
    ("SelfDoesntMatchLocation", "the link to itself is not the address that was asked"),
    ("SelfNotAtom", "the link to itself names a type that is no feed's"),
    ("UnregisteredAtomLinkRel", "a relation is not registered"),
    ("AtomLinkNotEmpty", "a link has text"),
    ("DuplicateAtomLink", "two alternates have the same type and language"),
    ("FeedHistoryRelInEntry", "an entry has a relation of archived feeds"),
    ("MissingCurrentInArchive", "an archived feed does not link to the current one"),
    ("ArchiveIncomplete", "an archived feed links to no other"),
    // Entries.
    ("DuplicateEntries", "an id stands twice in an Atom feed"),
    ("DuplicateUpdated", "two entries have the same date"),
    ("MissingSourceElement", "atom:source lacks id, title or date"),
    ("MissingTextualContent", "an entry has neither content nor summary"),
    ("MissingSummary", "content that is elsewhere has no summary"),
    ("MissingContentOrAlternate", "an entry has neither content nor a link"),
    ("ItemMustContainTitleOrDescription", "an item has neither title nor description"),
    ("MissingGuid", "an item has no guid"),
    ("DuplicateValue", "a guid stands twice"),
    ("DuplicateItemSemantics", "an item says one thing in two vocabularies"),
    ("DuplicateEnclosure", "an item has two enclosures"),
    ("NeedDescriptionBeforeContent", "the full text stands before the description"),
    ("InvalidPermalink", "a guid is called an address, but is none"),
    ("InvalidHttpGUID", "a guid that is called an address is broken"),
    ("InvalidBooleanAttribute", "isPermaLink is neither true nor false"),
    ("NotSufficientlyUnique", "a guid is a short number"),
    // Values.
    ("InvalidIRI", "an address or id is none"),
    ("InvalidUriChar", "an address has a character that must be encoded"),
    ("InvalidURLAttribute", "the address of an enclosure is none of the web"),
    ("InvalidTAG", "a tag: is none"),
    ("InvalidURN", "a urn: is none"),
    ("InvalidUUID", "a urn:uuid: is none"),
    ("SchemeNotIANARegistered", "a scheme is not registered"),
    ("NonCanonicalURI", "an id has a shorter or more usual form"),
    ("InvalidRFC3339Date", "a date of Atom is none"),
    ("InvalidRFC2822Date", "a date of RSS is none"),
    ("ProblematicalRFC822Date", "a date of RSS is written in an old way"),
    ("IncorrectDOW", "a date names the wrong day of the week"),
    ("ImplausibleDate", "a date is in the future or before 1990"),
    ("InvalidMIMEType", "a media type is none"),
    ("InvalidIntegerAttribute", "a length is no number"),
    ("InvalidLanguage", "a language tag is none"),
    ("InvalidTextType", "the type of a text is not text, html or xhtml"),
    ("InvalidRSSVersion", "the version of RSS is unknown"),
    // Texts.
    ("BadCharacters", "a character is a lost one, a control, or doubly encoded"),
    ("ContainsUndeclaredHTML", "a text that is called plain holds markup"),
    ("ContainsHTML", "a text of RSS that is plain holds markup"),
    ("ContainsEmail", "a name holds an e-mail address"),
    ("NotHtml", "HTML is not well-formed, or has elements that are none"),
    ("SecurityRisk", "HTML has an element that can do harm"),
    ("SecurityRiskAttr", "HTML has an attribute that can do harm"),
    ("DangerousStyleAttr", "HTML has a style"),
    ("ContainsRelRef", "HTML refers to something relative"),
    // OPML.
    ("InvalidOPMLVersion", "the version of OPML is unknown"),
    ("MissingXmlURL", "a feed of a list has no address"),
    ("MissingTitleAttr", "a feed of a list has no title"),
    ("MissingOutlineType", "an outline has what a feed has, but no type"),
    // JSON Feed 1.1, which that validator does not know: the words of its specification.
    ("InvalidJson", "the document is no JSON"),
    ("JsonMember", "a member is missing, or is not what it must be"),
    ("JsonUnknown", "a member is not in the specification and not marked as an extension"),
    ("JsonDuplicateId", "two items have one id"),
    ("JsonNextUrl", "the next page is the page itself"),
];

/// One thing that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// Where, and what stands there.
    pub what: String,
}

/// What was found in a document.
#[derive(Debug, Default)]
struct Report {
    found: BTreeSet<Finding>,
    /// The address that was asked, in one form for equal addresses.
    address: String,
    /// The moment at which dates must be past, in RFC 3339.
    now: String,
}

impl Report {
    fn say(&mut self, rule: &'static str, what: impl Into<String>) {
        assert!(RULES.iter().any(|(known, _)| *known == rule), "{rule} is not in the table");
        let mut what = what.into();
        what.truncate(what.char_indices().nth(300).map_or(what.len(), |(end, _)| end));
        self.found.insert(Finding { rule, what });
    }

    fn unless(&mut self, holds: bool, rule: &'static str, what: impl Into<String>) {
        if !holds {
            self.say(rule, what);
        }
    }
}

/// What is wrong with the answer to a request for `address`, which came at `now`.
pub fn check(address: &str, answer: &Answer, now: &str) -> BTreeSet<Finding> {
    let mut report = Report {
        address: value::canonical(address).unwrap_or_else(|| address.to_owned()),
        now: now.to_owned(),
        ..Report::default()
    };
    report.unless(answer.status == 200, "HttpError", format!("{address}: {}", answer.status));
    report.unless(answer.body.len() <= 5_000_000, "ValidatorLimit", address);
    let content_type = answer.header("content-type").unwrap_or_default();
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if media_type == "application/feed+json" {
        json::check(&answer.body, address, &mut report);
        return report.found;
    }
    let Ok(text) = std::str::from_utf8(&answer.body) else {
        report.say("SAXError", "the document is not UTF-8");
        return report.found;
    };
    let charset = parameters.trim().strip_prefix("charset=").unwrap_or_default();
    let is_utf8 = charset.eq_ignore_ascii_case("utf-8");
    report.unless(is_utf8, "EncodingMismatch", content_type);
    let Some(root) = xml::read(text, &mut report) else { return report.found };
    let known = match root.name.as_str() {
        "feed" => "application/atom+xml",
        "rss" => "application/rss+xml",
        "opml" => "text/x-opml",
        _ => "",
    };
    report.unless(media_type == known, "UnexpectedContentType", content_type);
    match root.name.as_str() {
        "feed" => atom::feed(&root, &mut report),
        "rss" => rss::rss(&root, &mut report),
        "opml" => opml::opml(&root, &mut report),
        other => report.say("UndefinedElement", format!("the root <{other}>")),
    }
    report.found
}
