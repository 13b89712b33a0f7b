//! Undoes the Content-Encoding of a body, within bounds (P62).

use std::io::{self, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

use super::whole;
use crate::model::{Failure, FailureKind};

/// The value of Accept-Encoding. `deflate` is understood but not asked for:
/// servers disagree on what it means.
pub(super) const ACCEPTED: &str = "gzip, br, zstd";

/// More codings than anybody stacks; each costs a pass over the document.
const MOST_CODINGS: usize = 4;

/// How often a body is gzip that its headers do not name: a static file, compressed by the server again.
const MOST_UNNAMED: usize = 2;

/// Windows up to 8 MiB, the most that RFC 9659 lets a server use.
const ZSTD_WINDOW_LOG: u32 = 23;

/// One content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
    /// A name that is no coding, such as `UTF-8`: none, if the body is text.
    Unknown,
}

/// A body once its codings are undone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// Whether the coded body ends before its time, but not before the document does.
    pub(super) is_damaged: bool,
}

/// Undoes the codings that the header values name, the last applied first, and gzip that they do not
/// name. No step yields more than `most` bytes.
pub(super) fn decode(
    headers: impl Iterator<Item = impl AsRef<[u8]>>,
    body: Vec<u8>,
    most: u64,
) -> Result<Decoded, Failure> {
    let bounded = |bytes: Vec<u8>| match bytes.len() as u64 > most {
        true => Err(too_large(most)),
        false => Ok(bytes),
    };
    let mut decoded = decode_each(headers, body, most, bounded)?;
    for _ in 0..MOST_UNNAMED {
        if decoded.is_damaged || !is_gzip(&decoded.bytes) {
            break;
        }
        let step = step(Coding::Gzip, decoded.bytes, most)?;
        decoded = Decoded { bytes: bounded(step.bytes)?, ..step };
    }
    Ok(decoded)
}

/// The first `most` bytes of a body once its codings are undone. The end of the body may be absent.
pub(super) fn decode_start(
    headers: impl Iterator<Item = impl AsRef<[u8]>>,
    body: Vec<u8>,
    most: u64,
) -> Result<Vec<u8>, Failure> {
    let decoded = decode_each(headers, body, most, |mut bytes| {
        bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(bytes)
    })?;
    Ok(decoded.bytes)
}

/// Undoes the codings; each step yields at most one byte more than `most`, which `bounded` judges.
fn decode_each(
    headers: impl Iterator<Item = impl AsRef<[u8]>>,
    body: Vec<u8>,
    most: u64,
    bounded: impl Fn(Vec<u8>) -> Result<Vec<u8>, Failure>,
) -> Result<Decoded, Failure> {
    let values: Vec<_> = headers.collect();
    let mut codings = codings(&values)?;
    let mut decoded = Decoded { bytes: body, is_damaged: false };
    while let Some(coding) = codings.pop() {
        if coding == Coding::Unknown {
            if looks_like_document(&decoded.bytes) {
                continue;
            }
            return Err(broken(format!("the content coding \"{}\" is unknown", shown(&values))));
        }
        let step = step(coding, decoded.bytes, most)?;
        decoded = Decoded { bytes: bounded(step.bytes)?, ..step };
    }
    decoded.bytes = bounded(decoded.bytes)?;
    Ok(decoded)
}

/// Undoes one coding. A body that is a document already does not have it, and one that breaks off
/// behind the end of the document was whole.
fn step(coding: Coding, bytes: Vec<u8>, most: u64) -> Result<Decoded, Failure> {
    let is_plain = coding == Coding::Gzip && !is_gzip(&bytes) && looks_like_document(&bytes);
    if is_plain {
        return Ok(Decoded { bytes, is_damaged: false });
    }
    let mut decoded = Vec::new();
    match undo(coding, &bytes, most, &mut decoded) {
        Ok(()) => Ok(Decoded { bytes: decoded, is_damaged: false }),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && whole::is_whole(&decoded) => {
            Ok(Decoded { bytes: decoded, is_damaged: true })
        }
        Err(_) if looks_like_document(&bytes) => Ok(Decoded { bytes, is_damaged: false }),
        Err(error) => Err(broken(format!("the compressed body is broken: {error}"))),
    }
}

/// Whether bytes begin as a file of gzip does, which no document does.
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 0x08])
}

/// The codings in the order in which they were applied.
fn codings(values: &[impl AsRef<[u8]>]) -> Result<Vec<Coding>, Failure> {
    let mut codings = Vec::new();
    for name in values.iter().flat_map(|value| value.as_ref().split(|&byte| byte == b',')) {
        let name = name.trim_ascii();
        codings.push(match name.to_ascii_lowercase().as_slice() {
            b"" | b"identity" => continue,
            b"gzip" | b"x-gzip" => Coding::Gzip,
            b"deflate" => Coding::Deflate,
            b"br" => Coding::Brotli,
            b"zstd" => Coding::Zstd,
            _ => Coding::Unknown,
        });
    }
    if codings.len() > MOST_CODINGS {
        return Err(broken(format!("{} content codings are stacked", codings.len())));
    }
    Ok(codings)
}

/// The headers' values in a line, for an error.
fn shown(values: &[impl AsRef<[u8]>]) -> String {
    let values: Vec<_> =
        values.iter().map(|value| value.as_ref().escape_ascii().to_string()).collect();
    values.join(", ").chars().take(40).collect()
}

/// Whether bytes begin as a document of XML, HTML or JSON does, in any encoding.
fn looks_like_document(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"];
    let bytes = marks.iter().find_map(|mark| bytes.strip_prefix(*mark)).unwrap_or(bytes);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0);
    matches!(first, Some(b'<' | b'{' | b'['))
}

/// Undoes one coding, up to one byte more than `most`. After an error `to` holds what came before it.
fn undo(coding: Coding, bytes: &[u8], most: u64, to: &mut Vec<u8>) -> io::Result<()> {
    match coding {
        Coding::Gzip => gunzip(bytes, most, to),
        // HTTP's deflate is zlib's format; some servers send it bare.
        Coding::Deflate if is_zlib(bytes) => bounded(ZlibDecoder::new(bytes), most, to),
        Coding::Deflate => bounded(DeflateDecoder::new(bytes), most, to),
        Coding::Brotli => bounded(brotli::Decompressor::new(bytes, 4096), most, to),
        Coding::Zstd => zstd::stream::read::Decoder::with_buffer(bytes)
            .and_then(|mut decoder| decoder.window_log_max(ZSTD_WINDOW_LOG).map(|()| decoder))
            .and_then(|decoder| bounded(decoder, most, to)),
        Coding::Unknown => bounded(bytes, most, to),
    }
}

/// Reads one byte more than allowed at most: that byte is the proof of excess.
fn bounded(from: impl Read, most: u64, to: &mut Vec<u8>) -> io::Result<()> {
    from.take(most.saturating_add(1)).read_to_end(to)?;
    Ok(())
}

/// Reads all members of a gzip file; padding after the last is not an error,
/// since several servers pad.
fn gunzip(mut bytes: &[u8], most: u64, to: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut member = GzDecoder::new(bytes);
        let left = most.saturating_sub(to.len() as u64).saturating_add(1);
        member.by_ref().take(left).read_to_end(to)?;
        if to.len() as u64 > most {
            return Ok(());
        }
        bytes = member.into_inner();
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            return Ok(());
        }
    }
}

/// Whether the first two bytes are a zlib header: method 8 and a checked sum.
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [method, flags, ..]
        if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

fn broken(message: String) -> Failure {
    Failure::new(FailureKind::Coding, message)
}

/// The failure of a document that is too large once decompressed.
pub(super) fn too_large(most: u64) -> Failure {
    let message = format!("the document has more than {most} bytes once decompressed");
    Failure::new(FailureKind::TooLarge, message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut to = GzEncoder::new(Vec::new(), Compression::fast());
        to.write_all(bytes).unwrap();
        to.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut to = ZlibEncoder::new(Vec::new(), Compression::fast());
        to.write_all(bytes).unwrap();
        to.finish().unwrap()
    }

    fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
        let mut to = DeflateEncoder::new(Vec::new(), Compression::fast());
        to.write_all(bytes).unwrap();
        to.finish().unwrap()
    }

    fn br(bytes: &[u8]) -> Vec<u8> {
        let mut coded = Vec::new();
        brotli::CompressorWriter::new(&mut coded, 4096, 1, 20).write_all(bytes).unwrap();
        coded
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    fn decoded(header: &str, body: Vec<u8>, most: u64) -> Result<Vec<u8>, FailureKind> {
        let decoded = decode(std::iter::once(header.as_bytes()), body, most);
        decoded.map(|decoded| decoded.bytes).map_err(|failure| failure.kind)
    }

    #[test]
    fn every_coding_and_every_stack_of_them_is_undone() {
        let text = b"<feed>announcement</feed>".repeat(50);
        for (header, body) in [
            ("", text.clone()),
            ("identity", text.clone()),
            ("gzip", gzip(&text)),
            ("X-GZip", gzip(&text)),
            ("deflate", zlib(&text)),
            ("deflate", bare_deflate(&text)),
            ("br", br(&text)),
            ("zstd", zstd(&text)),
            ("gzip, br", br(&gzip(&text))),
            ("zstd,identity , gzip,", gzip(&zstd(&text))),
        ] {
            assert_eq!(decoded(header, body, 1 << 20), Ok(text.clone()), "{header}");
        }
        let two_headers = [b"gzip".as_slice(), b"br".as_slice()];
        let decoded = decode(two_headers.into_iter(), br(&gzip(&text)), 1 << 20).unwrap();
        assert_eq!(decoded, Decoded { bytes: text, is_damaged: false });
    }

    #[test]
    fn codings_that_the_headers_state_wrongly_are_seen() {
        let text = b"<?xml version='1.0'?><feed>announcement</feed>".to_vec();
        for (header, body) in [
            ("gzip", text.clone()),
            ("br", text.clone()),
            ("deflate", text.clone()),
            ("zstd", text.clone()),
            ("gzip, gzip", gzip(&text)),
            ("", gzip(&text)),
            ("gzip", gzip(&gzip(&text))),
            ("", gzip(&gzip(&text))),
        ] {
            assert_eq!(decoded(header, body, 1 << 20), Ok(text.clone()), "{header}");
        }
        let bomb = gzip(&gzip(&vec![0; 4 << 20]));
        assert_eq!(decoded("", bomb, 1 << 20), Err(FailureKind::TooLarge));
    }

    #[test]
    fn a_document_that_came_whole_is_read_though_its_coding_breaks_off() {
        let text = [b"<feed>".repeat(300), b"</feed>\n".to_vec()].concat();
        let whole = gzip(&text);
        let cut = whole[..whole.len() - 6].to_vec();
        let decoded = decode(std::iter::once("gzip"), cut, 1 << 20).unwrap();
        assert_eq!(decoded, Decoded { bytes: text, is_damaged: true });
    }

    #[test]
    fn all_members_of_a_gzip_file_are_read_and_padding_is_not() {
        let mut body = gzip(b"one ");
        body.extend(gzip(b"two"));
        body.extend([0; 64]);
        assert_eq!(decoded("gzip", body, 100), Ok(b"one two".to_vec()));
    }

    #[test]
    fn a_name_that_is_no_coding_leaves_a_document_as_it_is() {
        let text = b" \n<?xml version='1.0'?><feed/>".to_vec();
        for header in ["UTF-8", "utf8", "none", "binary", "8bit", "text/xml", "ISO-8859-1", "null"]
        {
            assert_eq!(decoded(header, text.clone(), 100), Ok(text.clone()), "{header}");
        }
        assert_eq!(decoded("UTF-8, gzip", gzip(&text), 100), Ok(text.clone()));
        assert_eq!(decoded("gzip, UTF-8", gzip(&text), 100), Err(FailureKind::Coding));
        let wide = [b"\xFF\xFE".as_slice(), b"<\0f\0"].concat();
        assert_eq!(decoded("UTF-16", wide.clone(), 100), Ok(wide));
    }

    #[test]
    fn an_unknown_or_endless_stack_of_codings_is_a_failure() {
        for header in ["compress", "gzip, rot13", "br,br,br,br,br"] {
            assert_eq!(decoded(header, Vec::new(), 100), Err(FailureKind::Coding), "{header}");
        }
    }

    #[test]
    fn a_truncated_body_is_a_failure_in_every_coding() {
        let text: Vec<u8> = (0..4000u32).flat_map(|n| (n * n).to_le_bytes()).collect();
        for (header, mut body) in [
            ("gzip", gzip(&text)),
            ("deflate", zlib(&text)),
            ("br", br(&text)),
            ("zstd", zstd(&text)),
        ] {
            body.truncate(body.len() - 20);
            assert_eq!(decoded(header, body, 1 << 20), Err(FailureKind::Coding), "{header}");
        }
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit_in_every_coding() {
        let zeros = vec![0; 4 << 20];
        for (header, body) in [
            ("", zeros.clone()),
            ("gzip", gzip(&zeros)),
            ("deflate", zlib(&zeros)),
            ("br", br(&zeros)),
            ("zstd", zstd(&zeros)),
            ("gzip, gzip", gzip(&gzip(&zeros))),
        ] {
            assert_eq!(decoded(header, body, 1 << 20), Err(FailureKind::TooLarge), "{header}");
        }
    }

    #[test]
    fn a_document_of_exactly_the_limit_is_read() {
        for (header, body) in [("", vec![7; 512]), ("gzip", gzip(&[7; 512])), ("br", br(&[7; 512]))]
        {
            assert_eq!(decoded(header, body, 512), Ok(vec![7; 512]), "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_decoder_panic_or_exceed_the_limit(
            header in "(gzip|deflate|br|zstd)(, (gzip|br|zstd))?",
            body in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            if let Ok(decoded) = decoded(&header, body, 5000) {
                prop_assert!(decoded.len() <= 5000);
            }
        }
    }
}
