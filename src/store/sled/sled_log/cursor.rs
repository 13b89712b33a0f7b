//! Reads sled's numbers and byte strings from the front of a slice.

/// The bytes that are left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(first)
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(first)
    }

    /// A number of one to nine bytes.
    pub(super) fn number(&mut self) -> Option<u64> {
        Some(match self.byte()? {
            short @ 0..=240 => u64::from(short),
            first @ 241..=248 => 240 + 256 * (u64::from(first) - 241) + u64::from(self.byte()?),
            249 => 2288 + 256 * u64::from(self.byte()?) + u64::from(self.byte()?),
            first => {
                let mut bytes = [0; 8];
                let given = self.take(usize::from(first) - 247)?;
                bytes[..given.len()].copy_from_slice(given);
                u64::from_le_bytes(bytes)
            }
        })
    }

    /// A position in the log.
    pub(super) fn position(&mut self) -> Option<u64> {
        u64::try_from(i64::from_le_bytes(*self.array()?)).ok()
    }

    /// A byte string with its length before it.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }
}
