//! Accounts as (chain, kind, address), 35 bytes (`docs/spec/encoding.md`).

use soroban_sdk::{address_payload::AddressPayload, Address};

use crate::error::Error;

/// The number of this chain in accounts and ids.
pub const CHAIN_STELLAR: u16 = 1;
/// Bytes of an encoded account.
pub const ACCOUNT_LEN: usize = 35;

const KIND_KEY: u8 = 0;
const KIND_CONTRACT: u8 = 1;

/// An account in its canonical encoding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Account(pub [u8; ACCOUNT_LEN]);

impl Account {
    /// The account of a Stellar address. Refuses kinds of addresses that the encoding has no number for.
    pub fn of(address: &Address) -> Result<Self, Error> {
        let (kind, raw) = match address.to_payload() {
            Some(AddressPayload::AccountIdPublicKeyEd25519(key)) => (KIND_KEY, key),
            Some(AddressPayload::ContractIdHash(hash)) => (KIND_CONTRACT, hash),
            None => return Err(Error::ArgumentInvalid),
        };
        let mut out = [0u8; ACCOUNT_LEN];
        out[..2].copy_from_slice(&CHAIN_STELLAR.to_be_bytes());
        out[2] = kind;
        out[3..].copy_from_slice(&raw.to_array());
        Ok(Account(out))
    }

    /// Whether an Ed25519 key stands behind it, as a node's identity must have.
    pub fn is_key(&self) -> bool {
        self.0[2] == KIND_KEY
    }
}
