//! Content codings: compresses documents, and chooses the coding that a client prefers.

use std::io::{self, Write};

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// A content coding that is served (Q27).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// All codings, in the order in which the response cache holds them.
    pub(super) const ALL: [Self; 4] = [Self::Identity, Self::Gzip, Self::Brotli, Self::Zstd];

    /// The name in `Content-Encoding`; identity has none.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// `body` in this coding. The levels are those at which a feed takes a few
    /// milliseconds; who wants the fewest bytes has brotli.
    pub(super) fn encode(self, body: &Bytes) -> Bytes {
        let coded = match self {
            Self::Identity => return body.clone(),
            Self::Gzip => gzip(body),
            Self::Brotli => brotli(body),
            Self::Zstd => zstd::bulk::compress(body, 4),
        };
        let mut coded = coded.expect("compressing in memory cannot fail");
        // It was given room for the worst, and stays for long.
        coded.shrink_to_fit();
        coded.into()
    }
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    // No file name and no time in the head: the bytes depend on the body alone.
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::new(6));
    encoder.write_all(body)?;
    encoder.finish()
}

fn brotli(body: &[u8]) -> io::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 5,
        size_hint: body.len(),
        ..Default::default()
    };
    let mut coded = Vec::with_capacity(body.len() / 3);
    brotli::BrotliCompress(&mut &*body, &mut coded, &parameters)?;
    Ok(coded)
}

/// The codings that a client accepts: a weight of 0 to 1000 for each of [`Coding::ALL`], or none
/// where it accepts none of them (RFC 9110 §12.5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepted([u16; 4]);

impl Accepted {
    /// Reads `Accept-Encoding`; without the header only identity is wanted.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut stated = [None; 4];
        let mut others = None;
        let mut present = false;
        for value in headers.get_all(ACCEPT_ENCODING) {
            present = true;
            // Codings are ASCII; a value that is not names none that we know.
            for item in value.to_str().unwrap_or_default().split(',') {
                let (name, weight) = weighted(item);
                match place(name) {
                    Some(place) => stated[place] = Some(weight),
                    None if name == "*" => others = Some(weight),
                    None => {}
                }
            }
        }
        if !present {
            return Self([1000, 0, 0, 0]);
        }
        let mut weights = stated.map(|weight| weight.or(others).unwrap_or(0));
        // Identity is acceptable unless it is refused; but only just, so that
        // whatever is named is preferred to it.
        if stated[0].is_none() && others != Some(0) {
            weights[0] = 1;
        }
        Self(weights)
    }

    /// The coding that is wanted most, and among equals has the fewest bytes.
    pub(super) fn choose(self, length: impl Fn(Coding) -> Option<usize>) -> Option<Coding> {
        let acceptable = Coding::ALL.into_iter().zip(self.0).filter(|(_, weight)| *weight > 0);
        acceptable
            .filter_map(|(coding, weight)| {
                Some((weight, std::cmp::Reverse(length(coding)?), coding))
            })
            .max_by_key(|(weight, length, _)| (*weight, *length))
            .map(|(_, _, coding)| coding)
    }
}

fn place(name: &str) -> Option<usize> {
    let known = ["identity", "gzip", "br", "zstd"];
    let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
    known.iter().position(|known| name.eq_ignore_ascii_case(known))
}

/// `gzip;q=0.5` as a name and thousandths. A weight that is none counts as 1.
fn weighted(item: &str) -> (&str, u16) {
    let mut parts = item.split(';');
    let name = parts.next().unwrap_or_default().trim();
    let stated = parts.find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let weight = stated.and_then(|value| value.parse::<f32>().ok()).unwrap_or(1.0);
    // The clamp keeps the product within 0 to 1000, and NaN becomes 0.
    (name, (weight.clamp(0.0, 1.0) * 1000.0).round() as u16)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn chosen(accept: Option<&str>) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(ACCEPT_ENCODING, accept.parse().unwrap());
        }
        Accepted::of(&headers).choose(|coding| {
            Some(match coding {
                Coding::Identity => 100,
                Coding::Gzip => 30,
                Coding::Brotli => 20,
                Coding::Zstd => 25,
            })
        })
    }

    #[test]
    fn the_coding_is_chosen_by_weight_then_by_size() {
        use Coding::*;
        for (accept, coding) in [
            (None, Some(Identity)),
            (Some(""), Some(Identity)),
            (Some("gzip"), Some(Gzip)),
            (Some("x-gzip"), Some(Gzip)),
            (Some("GZIP, deflate"), Some(Gzip)),
            (Some("gzip, deflate, br, zstd"), Some(Brotli)),
            (Some("gzip;q=1.0, br;q=0.5"), Some(Gzip)),
            (Some("gzip;q=0"), Some(Identity)),
            (Some("identity"), Some(Identity)),
            (Some("identity, gzip;q=0.5"), Some(Identity)),
            (Some("*"), Some(Brotli)),
            (Some("*;q=0, gzip"), Some(Gzip)),
            (Some("br;q=0, *"), Some(Zstd)),
            (Some("identity;q=0, zstd"), Some(Zstd)),
            (Some("identity;q=0"), None),
            (Some("*;q=0"), None),
            (Some("gzip;q=0.001"), Some(Gzip)),
            (Some("gzip; q = 0.2 , zstd ; q=0.3"), Some(Zstd)),
            (Some("compress, bzip2"), Some(Identity)),
        ] {
            assert_eq!(chosen(accept), coding, "{accept:?}");
        }
    }

    #[test]
    fn a_coding_that_is_not_held_is_not_chosen() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, "br, gzip;q=0.5".parse().unwrap());
        let short = |coding| (coding != Coding::Brotli).then_some(10);
        assert_eq!(Accepted::of(&headers).choose(short), Some(Coding::Gzip));
    }

    #[test]
    fn every_coding_is_the_same_twice() {
        let body = Bytes::from("<entry>sanctions</entry>".repeat(500));
        for coding in Coding::ALL {
            assert_eq!(coding.encode(&body), coding.encode(&body), "{coding:?}");
        }
    }
}
