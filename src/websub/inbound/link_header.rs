//! Reads the hub and the topic that an answer's Link headers name (W1, RFC 8288).

use url::Url;

use crate::model::{HubOffer, HubProtocol};

/// The offer of an answer's Link headers: the first hub, https before http, and `self`. `None`
/// where either is missing.
pub fn offer_in_links<'a>(headers: impl Iterator<Item = &'a [u8]>, base: &Url) -> Option<HubOffer> {
    let (mut hubs, mut topic) = (Vec::new(), None);
    for value in headers.filter_map(|value| std::str::from_utf8(value).ok()) {
        for (target, relations) in links(value) {
            let Ok(url) = base.join(target) else { continue };
            if !matches!(url.scheme(), "http" | "https") {
                continue;
            }
            for relation in relations.split_ascii_whitespace() {
                if relation.eq_ignore_ascii_case("hub") {
                    hubs.push(url.clone());
                } else if relation.eq_ignore_ascii_case("self") {
                    topic.get_or_insert_with(|| url.clone());
                }
            }
        }
    }
    let https = hubs.iter().position(|hub| hub.scheme() == "https").unwrap_or(0);
    let hub = hubs.into_iter().nth(https)?;
    Some(HubOffer { hub, topic: topic?, protocol: HubProtocol::WebSub })
}

/// The links of one header, each with its `rel`.
fn links(mut rest: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let start = rest.find('<')? + 1;
        let end = start + rest[start..].find('>')?;
        let target = rest[start..end].trim();
        let parameters = &rest[end + 1..];
        let close = unquoted(parameters, ',').unwrap_or(parameters.len());
        rest = &parameters[close..];
        Some((target, relation(&parameters[..close])))
    })
}

/// The value of the first `rel`.
fn relation(mut parameters: &str) -> &str {
    while let Some(start) = unquoted(parameters, ';') {
        parameters = &parameters[start + 1..];
        let end = unquoted(parameters, ';').unwrap_or(parameters.len());
        if let Some((name, value)) = parameters[..end].split_once('=')
            && name.trim().eq_ignore_ascii_case("rel")
        {
            return value.trim().trim_matches('"');
        }
    }
    ""
}

/// The first position of a character outside quotes.
fn unquoted(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    text.char_indices()
        .find(|&(_, c)| {
            quoted ^= c == '"';
            c == wanted && !quoted
        })
        .map(|(at, _)| at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(headers: &[&str]) -> Option<(String, String)> {
        let base = Url::parse("https://a.example/feeds/one").unwrap();
        let offer = offer_in_links(headers.iter().map(|header| header.as_bytes()), &base)?;
        Some((offer.hub.into(), offer.topic.into()))
    }

    #[test]
    fn w01_hub_and_self_are_read_from_link_headers() {
        let both = Some(("https://hub.example/".to_owned(), "https://a.example/feed".to_owned()));
        for headers in [
            &["<https://hub.example/>; rel=\"hub\", <https://a.example/feed>; rel=\"self\""][..],
            &["<https://hub.example/>;rel=hub", "<https://a.example/feed>;rel=self"],
            &[
                "<https://hub.example/>; title=\"a, b; rel=x\"; REL=HUB",
                "</feed>; rel=\"self alternate\"",
            ],
            &[
                "<http://old.example/>; rel=hub, <https://hub.example/>; rel=hub, <../feed>; rel=self",
            ],
        ] {
            assert_eq!(found(headers), both, "{headers:?}");
        }
        for headers in [
            &[][..],
            &["<https://hub.example/>; rel=hub"],
            &["<https://a.example/feed>; rel=self"],
            &["<mailto:hub@example.org>; rel=hub, </feed>; rel=self"],
            &["https://hub.example/; rel=hub, </feed>; rel=self"],
        ] {
            assert_eq!(found(headers), None, "{headers:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(header in "[<>;,=\" a-zé]{0,60}") {
            found(&[&header]);
        }
    }
}
