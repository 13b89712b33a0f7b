//! Writes the attributes of tags, and takes addresses in them against the document's.

use url::Url;

use crate::charset::is_allowed;
use crate::control_characters::is_odd_space;

/// Appends an attribute, its value in one form.
pub(super) fn write_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    let spaced = value.chars().map(|c| if is_odd_space(c) { ' ' } else { c });
    for c in spaced.filter(|c| is_allowed(*c)) {
        match c {
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{A0}' => out.push_str("&nbsp;"),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// An absolute address without a password in it.
pub(in crate::parse) fn resolve(written: &str, base: Option<&Url>) -> Option<Url> {
    let written = written.trim();
    if written.is_empty() || written.len() > 2048 {
        return None;
    }
    let mut address = match (Url::parse(written), base) {
        (Ok(address), _) => address,
        (Err(url::ParseError::RelativeUrlWithoutBase), Some(base)) => base.join(written).ok()?,
        (Err(url::ParseError::RelativeUrlWithoutBase), None) if written.starts_with("//") => {
            Url::parse(&format!("https:{written}")).ok()?
        }
        _ => return None,
    };
    if !address.username().is_empty() || address.password().is_some() {
        address.set_username("").ok()?;
        address.set_password(None).ok()?;
    }
    Some(address)
}
