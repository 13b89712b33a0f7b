//! Compiles a single term of a query, or says what is wrong with it.

use super::language::Dialect;
use super::pattern::Pattern;
use super::program::{Form, Kind, Places, Scope, Test};
use super::query::{Ask, Field, Query, nearest};
use super::stem_cache::stem;
use super::subject::plain_link;
use super::symbol::Symbol;
use super::text::{self, Spelt};
use crate::model::Role;
use crate::tokenize;

/// A problem and its remedy.
pub(super) type Complaint = (String, String);

/// Bytes that the patterns of an untrusted query may take together when they are compiled.
pub(super) const ROOM_FOR_PATTERNS: usize = 64 * 1024;

/// Letters before the `*` of a prefix: fewer would match half the dictionary.
const MIN_PREFIX: usize = 3;

/// A term as `explain` shows it: with the field it stands in.
pub(super) fn said(query: &Query, field: Option<Field>) -> String {
    let Some(field) = field else { return query.to_string() };
    let of = Box::new(query.clone());
    Query { span: query.span.clone(), ask: Ask::In { field, of } }.to_string()
}

/// The words of a term, as texts are searched for them.
pub(super) fn forms(term: &Ask, dialects: &[Dialect]) -> Result<Vec<Form>, Complaint> {
    let (Ask::Words(text) | Ask::Exact(text) | Ask::Caps(text)) = term else {
        return Err(("this is not a term".to_owned(), "write a word or a phrase".to_owned()));
    };
    let words = text::spelt(text);
    if words.is_empty() {
        return Err((
            format!("`{text}` has no word in it"),
            "texts are searched for words; addresses are found by link:, and signs by a pattern: \
             /§ ?\\d+/"
                .to_owned(),
        ));
    }
    let starred = |at: usize| {
        text[..at].ends_with(tokenize::is_word) && !text[at + 1..].starts_with(tokenize::is_word)
    };
    if !text.match_indices('*').all(|(at, _)| starred(at)) {
        return Err((
            "`*` stands for the rest of a word, so it comes last".to_owned(),
            "write `sanction*`, or a pattern: /\\w*sanction/".to_owned(),
        ));
    }
    if matches!(term, Ask::Caps(_)) && !words.iter().any(|word| word.capital) {
        return Err((
            format!("`{text}` has no capital letter"),
            format!("write ={text} for the word in any case"),
        ));
    }
    words.iter().map(|word| form(word, term, dialects)).collect()
}

fn form(word: &Spelt, term: &Ask, dialects: &[Dialect]) -> Result<Form, Complaint> {
    let Spelt { cased, form, .. } = word;
    let mut others = Vec::new();
    let (kind, symbols) = match term {
        Ask::Words(_) if word.prefix => {
            if form.chars().count() < MIN_PREFIX {
                return Err((
                    format!("`{form}*` begins too many words"),
                    format!("give at least {MIN_PREFIX} letters before the `*`"),
                ));
            }
            others = dialects.iter().flat_map(|dialect| dialect.other_spellings(form)).collect();
            (
                Kind::Prefix,
                others.iter().chain([form]).map(|prefix| Symbol::prefix(prefix)).collect(),
            )
        }
        _ if word.prefix => {
            return Err((
                format!("`{form}*` is not a whole word"),
                "a prefix stands alone: sanction*".to_owned(),
            ));
        }
        Ask::Words(_) => {
            let mut symbols: Vec<_> = dialects.iter().map(|dialect| stem(form, *dialect)).collect();
            symbols.sort_unstable();
            symbols.dedup();
            (Kind::Stem, symbols)
        }
        Ask::Caps(_) if word.capital => (Kind::Cased, vec![Symbol::cased(cased)]),
        _ => (Kind::Exact, vec![Symbol::form(form)]),
    };
    Ok(Form { symbols, letters: form.clone(), kind, others })
}

/// A term of a field whose values are compared as wholes.
pub(super) fn label(term: &Ask, field: Field) -> Result<Test, Complaint> {
    let (Ask::Words(text) | Ask::Exact(text)) = term else {
        return Err((
            format!("`{field}:` does not tell capitals apart"),
            format!("write {field}:value"),
        ));
    };
    let (text, prefix) = match text.strip_suffix('*') {
        Some(text) => (text, true),
        None => (text.as_str(), false),
    };
    if field == Field::Link {
        return match plain_link(text) {
            value if value.is_empty() => Err((
                "this address is empty".to_owned(),
                "for example link:gov.uk/government/speeches".to_owned(),
            )),
            value => Ok(Test::Link { value, prefix }),
        };
    }
    let value = text::label(text);
    if value.is_empty() || text.contains('*') {
        return Err((
            format!("`{text}` is not a value of `{field}:`"),
            format!("write {field}:value, or {field}:beginning*"),
        ));
    }
    let roles = [Role::Department, Role::Listing, Role::Syndicator].map(Role::as_str);
    if field == Field::Role && !prefix && !roles.contains(&value.as_str()) {
        let help = match nearest(&value, roles) {
            Some(role) => format!("did you mean role:{role}?"),
            None => format!("roles are {}", roles.join(", ")),
        };
        return Err((format!("there is no role `{text}`"), help));
    }
    let tag = value.split(' ').next().unwrap_or_default();
    if field == Field::Lang && !prefix && !(2..=3).contains(&tag.chars().count()) {
        return Err((
            format!("`{text}` is not a language tag"),
            "languages are named by tags of two letters: lang:en, lang:sr".to_owned(),
        ));
    }
    Ok(Test::Label { field, value, prefix })
}

/// A pattern. `room` is what it may take of the bytes that all patterns of an untrusted query share.
pub(super) fn pattern(pattern: &str, room: Option<&mut usize>) -> Result<Pattern, Complaint> {
    let built = match room {
        None => Pattern::new(pattern).map(Some),
        Some(room) => Pattern::within(pattern, room),
    };
    let built = built.map_err(|reason| {
        (
            format!("this pattern cannot be read: {reason}"),
            "patterns are those of Rust's regex crate: /sanction(s|ed)/; \
             a literal ( . * + ? [ { | is written with \\ before it"
                .to_owned(),
        )
    })?;
    built.ok_or_else(|| {
        let most = ROOM_FOR_PATTERNS / 1024;
        (
            format!("the patterns of a search take at most {most} KiB when they are compiled"),
            "write words or prefixes instead; in a pattern, \\w, \\d and counts such as {50} take most"
                .to_owned(),
        )
    })
}

/// Whether all of it is looked for in texts alone, so that titles do not count.
pub(super) fn only_in_text(places: &Places) -> bool {
    scopes(places).iter().all(|scope| matches!(scope, Scope::Field(Field::Text | Field::Lead)))
}

/// Complains of two sides that are never in one text.
pub(super) fn never_meet(left: &Places, right: &Places) -> Option<Complaint> {
    let (left, right) = (scopes(left), scopes(right));
    let meet = |a: &Scope, b: &Scope| match (a, b) {
        (a, b) if a == b => true,
        (Scope::Anywhere, Scope::Field(field)) | (Scope::Field(field), Scope::Anywhere) => {
            matches!(field, Field::Title | Field::Lead | Field::Text)
        }
        (Scope::Field(a), Scope::Field(b)) => {
            matches!((a, b), (Field::Lead, Field::Text) | (Field::Text, Field::Lead))
        }
        _ => false,
    };
    if left.iter().any(|a| right.iter().any(|b| meet(a, b))) {
        return None;
    }
    Some((
        "the two sides stand in different fields and so are never near each other".to_owned(),
        "put the field before both: title:(kosovo NEAR/5 serbia)".to_owned(),
    ))
}

fn scopes(places: &Places) -> Vec<Scope> {
    let mut scopes = match places {
        Places::Phrase { scope, .. } => vec![*scope],
        // The term after NOT NEAR does not change where `of` is searched for.
        _ => places.wanted_parts().into_iter().flat_map(scopes).collect(),
    };
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// The deepest nesting of NEAR and SAME. Each level can double the places to
/// look at, and queries may come from anybody.
const MAX_NESTING: usize = 4;

/// Complains of NEAR and SAME that nest too deeply.
pub(super) fn too_nested(left: &Places, right: &Places) -> Option<Complaint> {
    (nesting(left).max(nesting(right)) >= MAX_NESTING).then(|| {
        (
            format!("NEAR and SAME nest more than {MAX_NESTING} deep"),
            "ask for the pairs one by one, joined by AND".to_owned(),
        )
    })
}

fn nesting(places: &Places) -> usize {
    let inner = places.parts().into_iter().map(nesting).max().unwrap_or(0);
    match places {
        Places::Near { .. } | Places::Same { .. } | Places::Apart { .. } => 1 + inner,
        _ => inner,
    }
}

pub(super) fn no_places_in(field: Field) -> Complaint {
    (
        format!("`{field}:` holds labels, whose words have no places"),
        format!("ask for the label itself: {field}:value"),
    )
}

pub(super) fn no_places(query: &Query) -> Complaint {
    let help = match query.ask {
        Ask::All(_) => {
            "write it once for each: (a NEAR/5 c) AND (b NEAR/5 c), or atleast(2, a) AND atleast(2, b)"
        }
        Ask::Not(_) => "leave it out with NOT before the whole: a NOT (b NEAR/5 c)",
        Ask::Pattern(_) => "write the words themselves, or a prefix: sanction*",
        _ => "join it to the rest by AND",
    };
    (format!("`{query}` has no place in a text that could be counted or compared"), help.to_owned())
}

pub(super) fn unknown_vocabulary(name: &str, nearest: Option<&str>) -> Complaint {
    let help = match nearest {
        Some(near) => format!("did you mean @{near}?"),
        None => format!("define it: [vocabulary] {name} = [\"…\"]"),
    };
    (format!("there is no vocabulary `{name}`"), help)
}
