//! One frame of sled's log: its header, its checksum, and the byte that a checksum can restore.
//!
//! `checksum (4), kind (1), length, segment number, page`, the last three as
//! variable-length integers; then the body. The checksum covers the body and
//! then the header after the checksum itself.

use super::cursor::Cursor;

/// Bytes of a segment. We never set another size than sled's own.
pub(super) const SEGMENT: usize = 512 << 10;

/// Bytes of a segment's own header.
pub(super) const SEGMENT_HEADER: usize = 20;

/// sled begins no frame in fewer bytes than this before the end of a segment.
pub(super) const LONGEST_HEADER: usize = 32;

/// Where a header's checksum ends.
const CHECKSUM: usize = 4;

/// The contents of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A write that was given up, or the rest of a segment.
    Padding,
    /// The last position of a batch.
    Batch,
    /// The end of a page.
    Free,
    /// A counter, or the names of trees.
    State,
    /// A whole page; in a file of its own, if the flag is set.
    Node(bool),
    /// One change of a page; in a file of its own, if the flag is set.
    Link(bool),
}

impl Kind {
    const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 | 2 => Self::Padding,
            3 => Self::Batch,
            4 => Self::Free,
            5..=7 => Self::State,
            8 => Self::Node(false),
            9 => Self::Node(true),
            10 => Self::Link(false),
            11 => Self::Link(true),
            _ => return None,
        })
    }
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    checksum: u32,
    pub(super) kind: Kind,
    /// Bytes of the body.
    pub(super) length: usize,
    /// The number of the segment that the frame was written to. It survives the reuse of the place.
    pub(super) segment: u64,
    pub(super) page: u64,
    /// Bytes of the header itself.
    pub(super) size: usize,
}

impl Header {
    /// The header at the start of these bytes, which reach to the end of the segment.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        let checksum = u32::from_le_bytes(*cursor.array()?);
        let kind = Kind::of(cursor.byte()?)?;
        let length = usize::try_from(cursor.number()?).ok()?;
        let segment = cursor.number()?;
        let page = cursor.number()?;
        let size = bytes.len() - cursor.0.len();
        let fits = size.checked_add(length)? <= bytes.len();
        fits.then_some(Self { checksum, kind, length, segment, page, size })
    }

    pub(super) const fn end(&self) -> usize {
        self.size + self.length
    }

    /// Header and body differ from the stored checksum by this much; zero means that all is intact.
    fn syndrome(&self, bytes: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&bytes[self.size..self.end()]);
        hasher.update(&bytes[CHECKSUM..self.size]);
        !hasher.finalize() ^ self.checksum
    }
}

/// The intact frame at the start of these bytes.
pub(super) fn intact(bytes: &[u8]) -> Option<Header> {
    Header::read(bytes).filter(|header| header.syndrome(bytes) == 0)
}

/// One wrong byte of a frame, and how it differs from the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongByte {
    /// Its distance from the start of the frame.
    pub(super) at: usize,
    pub(super) by: u8,
}

/// The frame at the start of these bytes, if exactly one wrong byte explains its checksum.
///
/// `belongs` decides whether a header can stand here; `holds` whether a body
/// is what its header says. Two answers are no answer.
pub(super) fn with_one_wrong_byte(
    bytes: &[u8],
    belongs: impl Fn(&Header) -> bool,
    holds: impl Fn(&Header, &[u8]) -> bool,
) -> Option<(Header, WrongByte)> {
    let mut found = None;
    let mut tried = bytes.to_vec();
    let as_it_is = Header::read(bytes);
    let suspects = as_it_is.map_or_else(Vec::new, |header| suspects(&header, bytes));
    // A wrong length moves the end of the frame, so that every length must be tried.
    let in_header = (CHECKSUM..LONGEST_HEADER.min(bytes.len()))
        .flat_map(|at| (1..=u8::MAX).map(move |by| WrongByte { at, by }));
    for (wrong, is_suspect) in
        suspects.into_iter().map(|wrong| (wrong, true)).chain(in_header.map(|wrong| (wrong, false)))
    {
        tried[wrong.at] ^= wrong.by;
        let header = Header::read(&tried).filter(|header| {
            let moved =
                as_it_is.is_none_or(|was| was.size != header.size || was.end() != header.end());
            // All that moves nothing is among the suspects already.
            (is_suspect || moved)
                && belongs(header)
                && header.syndrome(&tried) == 0
                && holds(header, &tried[header.size..header.end()])
        });
        tried[wrong.at] ^= wrong.by;
        let Some(header) = header else { continue };
        if found.replace((header, wrong)).is_some_and(|before| before != (header, wrong)) {
            return None;
        }
    }
    found
}

/// Every single byte whose change would make the checksum right, given where the frame ends.
fn suspects(header: &Header, bytes: &[u8]) -> Vec<WrongByte> {
    let syndrome = header.syndrome(bytes);
    let mut suspects: Vec<WrongByte> = (0..CHECKSUM)
        .filter_map(|at| {
            let by = syndrome.to_le_bytes()[at];
            (syndrome == u32::from(by) << (8 * at) && by != 0).then_some(WrongByte { at, by })
        })
        .collect();
    // The checksum runs over the body and then the header; here it is run backwards from its
    // end, until what is left is the mark of one byte.
    let order = (header.size..header.end()).chain(CHECKSUM..header.size);
    let mut left = syndrome;
    for at in order.rev() {
        // No two entries begin alike.
        let by = CRC.iter().position(|crc| crc >> 24 == left >> 24).unwrap_or_default() as u8;
        if by != 0 && CRC[usize::from(by)] == left {
            suspects.push(WrongByte { at, by });
        }
        left = ((left ^ CRC[usize::from(by)]) << 8) | u32::from(by);
    }
    suspects
}

/// The effect of one byte on a CRC-32.
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A whole frame of a short body.
    pub(in crate::store::sled::sled_log) fn frame(
        kind: u8,
        segment: u8,
        page: u8,
        body: &[u8],
    ) -> Vec<u8> {
        let length = u8::try_from(body.len()).unwrap();
        assert!(length <= 240);
        let header = [kind, length, segment, page];
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(body);
        hasher.update(&header);
        [&(!hasher.finalize()).to_le_bytes(), &header[..], body].concat()
    }

    proptest! {
        #[test]
        fn any_one_wrong_byte_is_found_and_restored(
            body in prop::collection::vec(any::<u8>(), 0..240),
            at: prop::sample::Index,
            by in 1u8..,
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let whole = frame(10, 7, 3, &body);
            let mut bytes = [&whole[..], &rest].concat();
            bytes[at.index(whole.len())] ^= by;
            let belongs = |header: &Header| header.segment == 7;
            let (header, wrong) = with_one_wrong_byte(&bytes, belongs, |_, held| held == body).unwrap();
            bytes[wrong.at] ^= wrong.by;
            prop_assert_eq!(&bytes[..header.end()], &whole[..]);
        }

        #[test]
        fn no_bytes_make_reading_a_frame_panic(bytes: Vec<u8>) {
            let _ = (intact(&bytes), with_one_wrong_byte(&bytes, |_| true, |_, _| true));
        }
    }
}
