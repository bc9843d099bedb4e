//! Whether signatures are a quorum's: distinct known signers in ascending order, low s, more than two thirds of the weight.

use flashback_core::{
    error::Error,
    types::{Signature, Validator},
};
use soroban_sdk::{crypto::Hash, BytesN, Env, Vec};

/// n/2 of secp256k1, the largest s that is accepted.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
    0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];
/// n of secp256k1; r is below it.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
    0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// Checks `signatures` over `digest`. A signature from which the host can recover no key at all fails the call with the host's own
/// error instead of [`Error::SignatureBad`].
pub fn verify(env: &Env, validators: &Vec<Validator>, digest: &Hash<32>, signatures: &Vec<Signature>) -> Result<(), Error> {
    let mut signed = 0u64;
    let mut next = 0u32;
    for signature in signatures.iter() {
        if signature.signer < next {
            return Err(Error::SignerOrder);
        }
        let validator = validators.get(signature.signer).ok_or(Error::SignerUnknown)?;
        next = signature.signer + 1;
        check_form(&signature)?;
        if env.crypto().secp256k1_recover(digest, &signature.sig, signature.recovery) != validator.key {
            return Err(Error::SignatureBad);
        }
        signed += u64::from(validator.weight);
    }
    let total: u64 = validators.iter().map(|v| u64::from(v.weight)).sum();
    if 3 * signed > 2 * total {
        Ok(())
    } else {
        Err(Error::QuorumMissing)
    }
}

fn check_form(signature: &Signature) -> Result<(), Error> {
    let raw = BytesN::to_array(&signature.sig);
    let (r, s) = raw.split_at(32);
    if *s > HALF_ORDER[..] {
        return Err(Error::SignatureHigh);
    }
    let zero = [0u8; 32];
    if r == zero || s == zero || *r >= ORDER[..] || signature.recovery > 1 {
        return Err(Error::SignatureBad);
    }
    Ok(())
}
