//! Proofs in RFC 6962 trees (`docs/spec/encoding.md`).

use soroban_sdk::{BytesN, Env, Vec};

use crate::hash::sha256;

/// No tree of ours is deeper.
pub const DEPTH_MAX: u32 = 40;

/// The hash of a leaf of a tree.
pub fn leaf_hash(env: &Env, leaf: &[u8]) -> BytesN<32> {
    let mut data = soroban_sdk::Bytes::from_array(env, &[0x00]);
    data.extend_from_slice(leaf);
    crate::hash::sha256_bytes(env, &data)
}

/// The root that `path`, siblings from the leaf up, leads to from `leaf`; bit i of `bits` is 1 when sibling i stands on the left.
/// None when the path is too deep or `bits` says something about siblings that are not there.
pub fn root_from(env: &Env, leaf: &BytesN<32>, bits: u64, path: &Vec<BytesN<32>>) -> Option<BytesN<32>> {
    if path.len() > DEPTH_MAX || bits >> path.len() != 0 {
        return None;
    }
    let mut hash = leaf.clone();
    for (i, sibling) in path.iter().enumerate() {
        let (left, right) = if bits >> i & 1 == 1 { (sibling, hash) } else { (hash, sibling) };
        let mut node = [0x01u8; 65];
        node[1..33].copy_from_slice(&left.to_array());
        node[33..].copy_from_slice(&right.to_array());
        hash = sha256(env, &node);
    }
    Some(hash)
}
