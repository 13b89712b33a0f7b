//! Writes start tags with the attributes that may leave.

use url::Url;

use super::attribute::{resolve, write_attribute};
use super::picture;
use super::policy::{ATTRIBUTES, ATTRIBUTES_OF_ALL, ATTRIBUTES_OF_CONTAINERS, REL, lower};
use crate::markup::attributes;

/// Writes the start tag that may leave; false where the element must go
/// without leaving its tag: a picture without address, a link that leads nowhere.
pub(super) fn write(out: &mut String, name: &str, inside: &str, base: Option<&Url>) -> bool {
    let start = out.len();
    out.push('<');
    out.push_str(name);
    let kept = match name {
        "a" => write_link(out, inside, base),
        "img" => picture::write(out, inside, base),
        _ => true,
    };
    if !kept {
        out.truncate(start);
        return false;
    }
    if !inside.is_empty() {
        let mut written = 0_u32;
        for (given, value) in attributes(inside) {
            let given = lower(given);
            let of_all = ATTRIBUTES_OF_ALL.iter().position(|known| *known == &*given);
            let bit = match of_all {
                Some(at) => 1 << at,
                None if matches!(name, "a" | "img") => 0,
                None => match ATTRIBUTES.iter().position(|known| *known == (name, &*given)) {
                    Some(at) => 1 << (at + 4),
                    None => 0,
                },
            };
            if bit != 0 && written & bit == 0 {
                written |= bit;
                write_attribute(out, &given, &htmlize::unescape_attribute(value));
            }
        }
    }
    out.push('>');
    true
}

/// Adds the attributes that name what an element is for to the start tag that was written last.
pub(super) fn add_roles(out: &mut String, inside: &str) {
    if inside.is_empty() || out.pop() != Some('>') {
        return;
    }
    for (given, value) in attributes(inside) {
        if ATTRIBUTES_OF_CONTAINERS.contains(&given) {
            write_attribute(out, given, &htmlize::unescape_attribute(value));
        }
    }
    out.push('>');
}

fn write_link(out: &mut String, inside: &str, base: Option<&Url>) -> bool {
    let href = attributes(inside).find(|(name, _)| name.eq_ignore_ascii_case("href"));
    let Some(address) = href.and_then(|(_, value)| {
        let value = htmlize::unescape_attribute(value);
        // A place within a page that is not this one.
        if value.trim_start().starts_with('#') { None } else { resolve(&value, base) }
    }) else {
        return false;
    };
    if !matches!(address.scheme(), "http" | "https" | "mailto") {
        return false;
    }
    write_attribute(out, "href", address.as_str());
    write_attribute(out, "rel", REL);
    true
}
