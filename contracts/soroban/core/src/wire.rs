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
        let end = self.len.checked_add(b.len()).ok_or(Error::Malformed)?;
        self.buffer.get_mut(self.len..end).ok_or(Error::Malformed)?.copy_from_slice(b);
        self.len = end;
        Ok(())
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
