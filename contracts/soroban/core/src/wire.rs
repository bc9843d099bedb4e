//! Canonical bytes (`docs/spec/encoding.md`): big-endian integers of fixed width, raw byte strings, no padding. A reader that has
//! bytes left at the end refuses, so a value has exactly one encoding.

use crate::error::Error;

/// Reads fields in order from a slice. Every read past the end is [`Error::Malformed`].
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts after `tag`, the domain tag that the document must begin with.
    pub fn new(document: &'a [u8], tag: &[u8]) -> Result<Self, Error> {
        let rest = document.strip_prefix(tag).ok_or(Error::Malformed)?;
        Ok(Reader { rest })
    }

    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(Error::Malformed)?;
        self.rest = rest;
        Ok(*head)
    }

    pub fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.bytes::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16, Error> {
        self.bytes().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Error> {
        self.bytes().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Error> {
        self.bytes().map(u64::from_be_bytes)
    }

    pub fn u128(&mut self) -> Result<u128, Error> {
        self.bytes().map(u128::from_be_bytes)
    }

    /// Refuses trailing bytes.
    pub fn end(self) -> Result<(), Error> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Error::Malformed)
        }
    }
}

/// Reads the fields of a whole document in order. What is missing at its end reads as zeros, and [`Fields::end`] refuses it, so that no field
/// needs a check of its own.
pub struct Fields<'a> {
    rest: &'a [u8],
    is_short: bool,
}

impl<'a> Fields<'a> {
    /// Starts after `tag`, the domain tag that the document must begin with.
    pub fn new(document: &'a [u8], tag: &[u8]) -> Self {
        match document.strip_prefix(tag) {
            Some(rest) => Fields { rest, is_short: false },
            None => Fields { rest: &[], is_short: true },
        }
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    pub fn u8(&mut self) -> u8 {
        self.bytes::<1>()[0]
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.bytes())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes())
    }

    pub fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }

    pub fn u128(&mut self) -> u128 {
        u128::from_be_bytes(self.bytes())
    }

    /// Refuses a document that was too short, and trailing bytes.
    pub fn end(self) -> Result<(), Error> {
        if self.is_short || !self.rest.is_empty() {
            return Err(Error::Malformed);
        }
        Ok(())
    }

    #[inline(never)]
    fn fill(&mut self, out: &mut [u8]) {
        match self.rest.split_at_checked(out.len()) {
            Some((head, rest)) => {
                out.copy_from_slice(head);
                self.rest = rest;
            }
            None => self.is_short = true,
        }
    }
}

/// Writes fields in order into a buffer of `N` bytes; [`Error::Malformed`] when it is full.
pub struct Writer<const N: usize> {
    buffer: [u8; N],
    len: usize,
}

impl<const N: usize> Writer<N> {
    pub fn new(tag: &[u8]) -> Result<Self, Error> {
        let mut w = Writer { buffer: [0; N], len: 0 };
        w.bytes(tag)?;
        Ok(w)
    }

    pub fn bytes(&mut self, b: &[u8]) -> Result<(), Error> {
        append(&mut self.buffer, &mut self.len, b)
    }

    pub fn u8(&mut self, v: u8) -> Result<(), Error> {
        self.bytes(&[v])
    }

    pub fn u16(&mut self, v: u16) -> Result<(), Error> {
        self.bytes(&v.to_be_bytes())
    }

    pub fn u32(&mut self, v: u32) -> Result<(), Error> {
        self.bytes(&v.to_be_bytes())
    }

    pub fn u64(&mut self, v: u64) -> Result<(), Error> {
        self.bytes(&v.to_be_bytes())
    }

    pub fn u128(&mut self, v: u128) -> Result<(), Error> {
        self.bytes(&v.to_be_bytes())
    }

    pub fn as_slice(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }
}

/// One for buffers of every size.
#[inline(never)]
fn append(buffer: &mut [u8], len: &mut usize, b: &[u8]) -> Result<(), Error> {
    let end = len.checked_add(b.len()).ok_or(Error::Malformed)?;
    buffer.get_mut(*len..end).ok_or(Error::Malformed)?.copy_from_slice(b);
    *len = end;
    Ok(())
}
