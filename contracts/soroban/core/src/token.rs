//! Transfers of a token whose refusal is a number of ours, so that a caller learns the same from every token.

use soroban_sdk::{token::TokenClient, Address, Env};

use crate::error::Error;

/// Moves `amount`; nothing to do for 0.
///
/// # Errors
/// TransferFailed: the token refused, whatever its own reason was.
pub fn transfer(env: &Env, asset: &Address, from: &Address, to: &Address, amount: i128) -> Result<(), Error> {
    if amount == 0 {
        return Ok(());
    }
    match TokenClient::new(env, asset).try_transfer(from, to, &amount) {
        Ok(Ok(())) => Ok(()),
        _ => Err(Error::TransferFailed),
    }
}
