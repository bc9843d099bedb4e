//! A token that works until it is told to do something else: for internal/orchestrator/attack, which pays SLAs with it. Anybody may mint and
//! command it; it guards nothing.
#![no_std]
use soroban_sdk::{contract, contracterror, contractimpl, contracttype, Address, Env, Symbol, Val, Vec};

#[contracterror]
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Error {
    Poor = 1,
    Refused = 2,
}

/// What a transfer does.
#[contracttype]
#[derive(Clone)]
pub enum Mode {
    /// Moves the amount.
    Honest,
    /// Says that it moved the amount, and moves nothing.
    Lie,
    /// Refuses to pay this account.
    Refuse(Address),
    /// Destroys a hundredth of what arrives.
    Tax,
    /// Never ends.
    Spin,
    /// Calls this before it moves the amount; the last says whether it goes on when that call fails.
    Strike(Address, Symbol, Vec<Val>, bool),
}

#[contracttype]
#[derive(Clone)]
enum Key {
    Mode,
    Balance(Address),
    /// Strikes that went through.
    Hits,
}

#[contract]
pub struct Hostile;

#[contractimpl]
impl Hostile {
    pub fn command(env: Env, mode: Mode) {
        env.storage().instance().set(&Key::Mode, &mode);
    }

    pub fn mint(env: Env, to: Address, amount: i128) {
        add(&env, &to, amount);
    }

    pub fn hits(env: Env) -> u32 {
        env.storage().instance().get(&Key::Hits).unwrap_or(0)
    }

    pub fn balance(env: Env, id: Address) -> i128 {
        env.storage().persistent().get(&Key::Balance(id)).unwrap_or(0)
    }

    pub fn transfer(env: Env, from: Address, to: Address, amount: i128) -> Result<(), Error> {
        from.require_auth();
        let mut arrives = amount;
        match env.storage().instance().get(&Key::Mode).unwrap_or(Mode::Honest) {
            Mode::Honest => {}
            Mode::Lie => return Ok(()),
            Mode::Refuse(account) if account == to => return Err(Error::Refused),
            Mode::Refuse(_) => {}
            Mode::Tax => arrives -= amount / 100,
            Mode::Spin => loop {
                env.storage().instance().set(&Key::Hits, &0_u32);
            },
            Mode::Strike(contract, function, args, goes_on) => {
                let struck = env.try_invoke_contract::<Val, soroban_sdk::Error>(&contract, &function, args);
                if matches!(struck, Ok(Ok(_))) {
                    let hits = Self::hits(env.clone()) + 1;
                    env.storage().instance().set(&Key::Hits, &hits);
                } else if !goes_on {
                    return Err(Error::Refused);
                }
            }
        }
        if Self::balance(env.clone(), from.clone()) < amount {
            return Err(Error::Poor);
        }
        add(&env, &from, -amount);
        add(&env, &to, arrives);
        Ok(())
    }
}

fn add(env: &Env, to: &Address, amount: i128) {
    let balance = Hostile::balance(env.clone(), to.clone()) + amount;
    env.storage().persistent().set(&Key::Balance(to.clone()), &balance);
}
