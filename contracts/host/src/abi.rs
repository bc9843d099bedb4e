//! The linear-memory ABI: every message is a list of blobs, each a u32le length and that many bytes. Integers are
//! little-endian blobs of their own width. The embedder allocates a request with `alloc`, the callee frees it; the
//! embedder frees an answer with `dealloc`.
use soroban_env_host::xdr::{Limits, ReadXdr, WriteXdr};

#[no_mangle]
pub extern "C" fn alloc(len: usize) -> *mut u8 {
    let mut v = Vec::<u8>::with_capacity(len);
    let p = v.as_mut_ptr();
    std::mem::forget(v);
    p
}

/// # Safety
/// `p` and `len` must be an answer of one of the exports, not yet freed.
#[no_mangle]
pub unsafe extern "C" fn dealloc(p: *mut u8, len: usize) {
    drop(Vec::from_raw_parts(p, 0, len));
}

/// A request being read. Reading past the end or a blob of the wrong width is an error, never a panic.
pub struct In {
    buf: Vec<u8>,
    at: usize,
}

impl In {
    /// # Safety
    /// `p` must come from `alloc(len)` and be filled; ownership passes to the result.
    pub unsafe fn take(p: *mut u8, len: usize) -> In {
        In { buf: Vec::from_raw_parts(p, len, len), at: 0 }
    }

    pub fn blob(&mut self) -> Result<&[u8], String> {
        let head = self.buf.get(self.at..self.at + 4).ok_or("request too short")?;
        let n = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let start = self.at + 4;
        let b = self.buf.get(start..start + n).ok_or("request too short")?;
        self.at = start + n;
        Ok(b)
    }
    pub fn bytes(&mut self) -> Result<Vec<u8>, String> {
        Ok(self.blob()?.to_vec())
    }
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.blob()?.try_into().map_err(|_| format!("expected {N} bytes"))
    }
    pub fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }
    pub fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }
    pub fn xdr<T: ReadXdr>(&mut self) -> Result<T, String> {
        from_xdr(self.blob()?)
    }
    pub fn list<T>(&mut self, mut each: impl FnMut(&mut In) -> Result<T, String>) -> Result<Vec<T>, String> {
        let n = self.u32()?;
        (0..n).map(|_| each(self)).collect()
    }
}

/// An answer being written.
#[derive(Default)]
pub struct Out(Vec<u8>);

impl Out {
    pub fn blob(&mut self, b: &[u8]) {
        self.0.extend_from_slice(&(b.len() as u32).to_le_bytes());
        self.0.extend_from_slice(b);
    }
    pub fn u32(&mut self, v: u32) {
        self.blob(&v.to_le_bytes())
    }
    pub fn i64(&mut self, v: i64) {
        self.blob(&v.to_le_bytes())
    }
    pub fn list(&mut self, l: &[Vec<u8>]) {
        self.u32(l.len() as u32);
        for b in l {
            self.blob(b)
        }
    }
    fn done(self) -> u64 {
        let mut v = self.0.into_boxed_slice();
        let r = ((v.as_mut_ptr() as usize as u64) << 32) | v.len() as u64;
        std::mem::forget(v);
        r
    }
}

/// Puts the status in front: 0 and the answer, or 1 and a text.
pub fn finish(r: Result<Out, String>) -> u64 {
    let mut o = Out::default();
    match r {
        Ok(b) => {
            o.u32(0);
            o.0.extend_from_slice(&b.0);
        }
        Err(e) => {
            o.u32(1);
            o.blob(e.as_bytes());
        }
    }
    o.done()
}

pub fn to_xdr<T: WriteXdr>(t: &T) -> Vec<u8> {
    t.to_xdr(Limits::none()).expect("encoding to memory does not fail")
}
pub fn to_xdrs<T: WriteXdr>(t: &[T]) -> Vec<Vec<u8>> {
    t.iter().map(to_xdr).collect()
}
pub fn from_xdr<T: ReadXdr>(b: &[u8]) -> Result<T, String> {
    T::from_xdr(b, Limits { depth: 500, len: b.len() * 4 + 1024 }).map_err(|e| e.to_string())
}
