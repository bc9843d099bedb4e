use flashback_core::error::Error;
use soroban_sdk::{contract, contractimpl, panic_with_error, token::TokenInterface, Address, Env, MuxedAddress, String};

use crate::{event, storage, token};

#[contract]
pub struct Flash;

#[contractimpl]
impl Flash {
    /// Makes all that there will ever be.
    pub fn __constructor(env: Env, holder: Address, supply: i128) {
        or_fail(&env, token::mint(&env, &holder, supply));
        event::Mint { to: holder, amount: supply }.publish(&env);
    }

    /// What was made less what was burnt.
    pub fn supply(env: Env) -> i128 {
        storage::supply(&env)
    }
}

/// SEP-41. Its interface has no results: a refusal fails the call with the number of the error table.
#[contractimpl(contracttrait)]
impl TokenInterface for Flash {
    fn allowance(env: Env, from: Address, spender: Address) -> i128 {
        storage::allowance(&env, &from, &spender).amount
    }

    fn approve(env: Env, from: Address, spender: Address, amount: i128, live_until_ledger: u32) {
        from.require_auth();
        or_fail(&env, token::approve(&env, &from, &spender, amount, live_until_ledger));
        event::Approve { from, spender, amount, live_until_ledger }.publish(&env);
    }

    fn balance(env: Env, id: Address) -> i128 {
        storage::balance(&env, &id)
    }

    fn transfer(env: Env, from: Address, to_muxed: MuxedAddress, amount: i128) {
        from.require_auth();
        let to = to_muxed.address();
        or_fail(&env, token::transfer(&env, &from, &to, amount));
        match to_muxed.id() {
            None => event::Transfer { from, to, amount }.publish(&env),
            Some(to_muxed_id) => event::TransferMuxed { from, to, amount, to_muxed_id }.publish(&env),
        }
    }

    fn transfer_from(env: Env, spender: Address, from: Address, to: Address, amount: i128) {
        spender.require_auth();
        or_fail(&env, token::spend(&env, &from, &spender, amount));
        or_fail(&env, token::transfer(&env, &from, &to, amount));
        event::Transfer { from, to, amount }.publish(&env);
    }

    fn burn(env: Env, from: Address, amount: i128) {
        from.require_auth();
        or_fail(&env, token::burn(&env, &from, amount));
        event::Burn { from, amount }.publish(&env);
    }

    fn burn_from(env: Env, spender: Address, from: Address, amount: i128) {
        spender.require_auth();
        or_fail(&env, token::spend(&env, &from, &spender, amount));
        or_fail(&env, token::burn(&env, &from, amount));
        event::Burn { from, amount }.publish(&env);
    }

    fn decimals(_env: Env) -> u32 {
        7
    }

    fn name(env: Env) -> String {
        String::from_str(&env, "Flashback")
    }

    fn symbol(env: Env) -> String {
        String::from_str(&env, "FLASH")
    }
}

fn or_fail(env: &Env, result: Result<(), Error>) {
    if let Err(error) = result {
        panic_with_error!(env, error);
    }
}
