//! Validates addresses, dates and other values.

use chrono::{DateTime, NaiveDate};
use url::Url;

use super::Report;

/// An absolute address or id.
pub(super) fn address(text: &str, place: &str, report: &mut Report) {
    let what = format!("{place}: {text:?}");
    report.unless(text == text.trim(), "UnexpectedWhitespace", &*what);
    let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let rest = text.get(scheme.len() + 1..).unwrap_or_default();
    if Url::parse(text).is_err() {
        return report.say("InvalidIRI", what);
    }
    match scheme.as_str() {
        "tag" => report.unless(is_tag(rest), "InvalidTAG", what),
        "urn" if rest.to_ascii_lowercase().starts_with("uuid:") => {
            report.unless(is_uuid(&rest[5..]), "InvalidUUID", what);
        }
        "urn" => report.unless(is_urn(rest), "InvalidURN", what),
        _ if !text.chars().all(is_of_uri) => report.say("InvalidUriChar", what),
        "http" | "https" | "ftp" => {
            let host = rest.strip_prefix("//").is_some_and(|host| !host.starts_with('/'));
            report.unless(host, "InvalidIRI", what);
        }
        "mailto" | "data" | "tel" | "info" | "news" => {}
        _ => report.say("SchemeNotIANARegistered", what),
    }
}

/// An id, which has one form.
pub(super) fn id(text: &str, place: &str, report: &mut Report) {
    address(text, place, report);
    let usual = canonical(text);
    report.unless(
        usual.as_deref() == Some(text),
        "NonCanonicalURI",
        format!("{place}: {text:?}, not {usual:?}"),
    );
}

fn is_of_uri(c: char) -> bool {
    c.is_ascii_alphanumeric() || ";/?:@&=+$.-_!~*'()%,#".contains(c)
}

/// `authority,date:specific` (RFC 4151).
fn is_tag(text: &str) -> bool {
    let Some((entity, specific)) = text.split_once(':') else { return false };
    let Some((authority, date)) = entity.split_once(',') else { return false };
    let host = authority.rsplit('@').next().unwrap_or_default();
    let is_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = date.split('-');
    let is_year = parts.next().is_some_and(|year| year.len() == 4 && digits(year));
    let days: Vec<&str> = parts.collect();
    let is_date =
        is_year && days.len() <= 2 && days.iter().all(|part| part.len() == 2 && digits(part));
    !host.is_empty()
        && host.chars().all(is_host)
        && is_date
        && specific.chars().all(is_of_uri)
        && specific.matches('#').count() <= 1
}

fn is_urn(text: &str) -> bool {
    let Some((space, specific)) = text.split_once(':') else { return false };
    let is_space = space.len() >= 2
        && space.starts_with(|c: char| c.is_ascii_alphanumeric())
        && space.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()+,.:=@;$_!*'-%".contains(c);
    is_space && !specific.is_empty() && specific.chars().all(allowed)
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// The form in which equal addresses are equal texts (RFC 3986 §6.2): none for what is none.
pub(super) fn canonical(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(a, b)| (a, Some(b)));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(a, b)| (a, Some(b)));
    let mut usual = format!("{scheme}:");
    if let Some(rest) = rest.strip_prefix("//") {
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let authority = authority.to_ascii_lowercase();
        let port = match scheme.as_str() {
            "http" => ":80",
            "https" => ":443",
            _ => ":",
        };
        let authority = authority.strip_suffix(port).unwrap_or(&authority);
        usual += &format!("//{}{}", authority.trim_end_matches(':'), without_dots(path)?);
    } else {
        usual += &encoded(rest, "/")?;
    }
    for (mark, part) in [('?', query), ('#', fragment)] {
        if let Some(part) = part {
            usual.push(mark);
            usual += &encoded(part, "/?")?;
        }
    }
    Some(usual)
}

fn without_dots(path: &str) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    let path = format!("/{}", kept.join("/"));
    encoded(&path, "/")
}

/// With every character encoded that must be, and none that need not.
fn encoded(text: &str, further: &str) -> Option<String> {
    let stays = |c: char| "!$&'()*+,;=:@".contains(c) || further.contains(c);
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let (mut usual, mut rest) = (String::new(), text.as_bytes());
    while let [byte, after @ ..] = rest {
        let c = char::from(*byte);
        if c == '%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            let meant = char::from(u8::from_str_radix(digits, 16).ok()?);
            match unreserved(meant) {
                true => usual.push(meant),
                false => usual += &format!("%{}", digits.to_ascii_uppercase()),
            }
            rest = &after[2..];
            continue;
        }
        match unreserved(c) || stays(c) {
            true => usual.push(c),
            false => usual += &format!("%{byte:02X}"),
        }
        rest = after;
    }
    Some(usual)
}

/// A date of Atom.
pub(super) fn rfc3339(text: &str, place: &str, report: &mut Report) {
    let what = format!("{place}: {text:?}");
    report.unless(text == text.trim(), "UnexpectedWhitespace", &*what);
    let has_capitals = !text.contains(['t', 'z', ' ']);
    match DateTime::parse_from_rfc3339(text) {
        Ok(date) if has_capitals => plausible(date, what, report),
        _ => report.say("InvalidRFC3339Date", what),
    }
}

/// A date of RSS: with four digits of the year and the zone by name.
pub(super) fn rfc2822(text: &str, place: &str, report: &mut Report) {
    let what = format!("{place}: {text:?}");
    let Ok(date) = DateTime::parse_from_rfc2822(text) else {
        // The day of the week may be all that is wrong.
        let without_day = text.split_once(", ").map_or(text, |(_, date)| date);
        let is_date = DateTime::parse_from_rfc2822(without_day).is_ok();
        return report.say(if is_date { "IncorrectDOW" } else { "InvalidRFC2822Date" }, what);
    };
    let fields: Vec<&str> = text.split(' ').collect();
    let usual = matches!(fields[..], [day, _, _, year, time, zone]
        if day.len() == 4 && year.len() == 4 && time.len() == 8
            && (zone == "GMT" || zone.len() == 5));
    report.unless(usual, "ProblematicalRFC822Date", &*what);
    plausible(date, what, report);
}

fn plausible(date: DateTime<chrono::FixedOffset>, what: String, report: &mut Report) {
    let now = DateTime::parse_from_rfc3339(&report.now).expect("the test states a moment");
    let first = NaiveDate::from_ymd_opt(1990, 1, 1).expect("a date");
    let past = date <= now + chrono::TimeDelta::minutes(10);
    report.unless(past && date.date_naive() >= first, "ImplausibleDate", what);
}

/// A media type.
pub(super) fn media_type(text: &str, place: &str, report: &mut Report) {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.contains(|c: char| c.is_whitespace() || "()<>,;:\\\"/[]?=".contains(c))
    };
    let plain = text.split(';').next().unwrap_or_default().trim();
    let is_one = plain.split_once('/').is_some_and(|(kind, sub)| is_name(kind) && is_name(sub));
    report.unless(is_one, "InvalidMIMEType", format!("{place}: {text:?}"));
}

/// Whether a language tag has a language's form: two or three letters, and parts.
pub(super) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let alone = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    matches!(first.len(), 2 | 3)
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(alone)
}
