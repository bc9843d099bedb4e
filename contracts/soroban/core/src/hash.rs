//! SHA-256 by the host.

use soroban_sdk::{Bytes, BytesN, Env};

/// SHA-256 of a slice.
pub fn sha256(env: &Env, data: &[u8]) -> BytesN<32> {
    sha256_bytes(env, &Bytes::from_slice(env, data))
}

/// SHA-256 of host bytes.
pub fn sha256_bytes(env: &Env, data: &Bytes) -> BytesN<32> {
    env.crypto().sha256(data).to_bytes()
}
