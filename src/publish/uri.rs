//! Converts addresses of the `url` crate to URIs that every reader and validator accepts.

use url::{Position, Url};

/// The address with everything percent-encoded that RFC 3986 does not allow
/// where it stands. The WHATWG's rules, which `url` follows, leave some of it:
/// GOV.UK's own finder feeds have `?organisations[]=…`.
pub(super) fn uri(url: &Url) -> String {
    let (before, rest) = url.as_str().split_at(url[..Position::BeforePath].len());
    // As nearly every address.
    if rest.chars().all(is_allowed) {
        return url.as_str().to_owned();
    }
    let mut uri = String::with_capacity(url.as_str().len());
    uri.push_str(before);
    for (at, c) in rest.char_indices() {
        let stays = if c == '%' { is_encoded(&rest[at..]) } else { is_allowed(c) };
        if stays {
            uri.push(c);
        } else {
            encode(c, &mut uri);
        }
    }
    uri
}

/// Whether a text is an absolute URI that can be published as it stands.
pub(super) fn is_uri(text: &str) -> bool {
    Url::parse(text).is_ok()
        && text.char_indices().all(
            |(at, c)| {
                if c == '%' { is_encoded(&text[at..]) } else { is_allowed(c) }
            },
        )
}

/// Unreserved and reserved characters without the brackets, which only
/// delimit an IPv6 address.
fn is_allowed(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' | ':' | '/' | '?' | '#'
        | '@' | '!' | '$' | '&' | '\'' | '(' | ')' | '*' | '+' | ',' | ';' | '=')
}

fn is_encoded(text: &str) -> bool {
    let digits = text.as_bytes().get(1..3);
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

fn encode(c: char, uri: &mut String) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        uri.push_str(&format!("%{byte:02X}"));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_a_uri_cannot_hold_is_encoded_and_the_rest_is_left() {
        for (given, written) in [
            ("https://a.example/x?y=z#part", "https://a.example/x?y=z#part"),
            (
                "https://a.example/?organisations[]=home",
                "https://a.example/?organisations%5B%5D=home",
            ),
            ("https://a.example/a|b^c", "https://a.example/a%7Cb%5Ec"),
            ("https://a.example/?q={a}`\\", "https://a.example/?q=%7Ba%7D%60%5C"),
            ("https://a.example/100%", "https://a.example/100%25"),
            ("https://a.example/%e2%82%ac", "https://a.example/%e2%82%ac"),
            ("https://bücher.example/é", "https://xn--bcher-kva.example/%C3%A9"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
        ] {
            let uri = uri(&Url::parse(given).unwrap());
            assert_eq!(uri, written, "{given}");
            assert!(given.contains("[::1]") || is_uri(&uri), "{uri}");
        }
    }

    #[test]
    fn only_an_absolute_uri_is_one() {
        for (text, is) in [
            ("tag:www.gov.uk,2005:/news/a", true),
            ("https://a.example/?b[]=c", false),
            ("https://a.example/a b", false),
            ("/news/a", false),
            ("", false),
        ] {
            assert_eq!(is_uri(text), is, "{text}");
        }
    }
}
