//! The Orchestrators as far as the Market sees them, with the authorisations that they ask for: units, prices for one consumer, and
//! requests that pay a deposit; and a token. What is refused, and in which order, is as in `internal/orchestrator/market/stage`.

pub mod oracle {
    use flashback_core::types::{Config, Validator};
    use soroban_sdk::{contract, contractimpl, BytesN, Env, Vec};

    #[contract]
    pub struct StagedOracle;

    #[contractimpl]
    impl StagedOracle {
        pub fn __constructor(env: Env, epoch_seconds: u32) {
            env.storage().instance().set(&0u32, &epoch_seconds);
        }

        pub fn config(env: Env) -> Config {
            let epoch_seconds = env.storage().instance().get(&0u32).unwrap();
            Config {
                version: 1,
                genesis: 0,
                epoch_seconds,
                slots_per_epoch: 12,
                window_epochs: 12,
                validators: Vec::<Validator>::new(&env),
            }
        }

        pub fn network(env: Env) -> BytesN<32> {
            BytesN::from_array(&env, &[7; 32])
        }
    }
}

pub mod token {
    use soroban_sdk::{contract, contractimpl, panic_with_error, Address, Env};

    #[contract]
    pub struct Coin;

    #[contractimpl]
    impl Coin {
        pub fn give(env: Env, to: Address, amount: i128) {
            env.storage().persistent().set(&to, &amount);
        }

        pub fn balance(env: Env, of: Address) -> i128 {
            env.storage().persistent().get(&of).unwrap_or_default()
        }

        pub fn transfer(env: Env, from: Address, to: Address, amount: i128) {
            from.require_auth();
            let has = Self::balance(env.clone(), from.clone());
            if has < amount {
                panic_with_error!(&env, soroban_sdk::Error::from_contract_error(10));
            }
            env.storage().persistent().set(&from, &(has - amount));
            let had = Self::balance(env.clone(), to.clone());
            env.storage().persistent().set(&to, &(had + amount));
        }
    }
}

pub mod po {
    use flashback_core::{error::Error, terms::PRICE_MAX};
    use flashback_market::Price;
    use soroban_sdk::{contract, contractimpl, contracttype, Address, BytesN, Env, Map, Symbol, TryFromVal, Val};

    const LIFE: u64 = 90 * 86_400;
    const DECOMMISSIONING: u32 = 4;
    const RETIRED: u32 = 5;

    #[contract]
    pub struct StagedPo;

    #[contracttype]
    enum Key {
        Unit(BytesN<32>),
        Unpaid(Address),
        Price(BytesN<32>, Address),
    }

    #[contractimpl]
    impl StagedPo {
        pub fn put(env: Env, id: BytesN<32>, fields: Map<Symbol, Val>) {
            env.storage().persistent().set(&Key::Unit(id), &fields);
        }

        pub fn unpaid(env: Env, provider: Address) {
            env.storage().persistent().set(&Key::Unpaid(provider), &true);
        }

        pub fn unit(env: Env, id: BytesN<32>) -> Result<Map<Symbol, Val>, Error> {
            env.storage().persistent().get(&Key::Unit(id)).ok_or(Error::NotFound)
        }

        pub fn price_for(env: Env, provider: Address, unit: BytesN<32>, consumer: Address, price: Price) -> Result<(), Error> {
            provider.require_auth();
            let Price { storage_price, egress_price, until, .. } = price;
            if !(0..=PRICE_MAX).contains(&storage_price) || !(0..=PRICE_MAX).contains(&egress_price) {
                return Err(Error::AmountInvalid);
            }
            let fields = Self::unit(env.clone(), unit.clone())?;
            let get = |name| fields.get(Symbol::new(&env, name)).unwrap();
            if Address::try_from_val(&env, &get("provider")).unwrap() != provider {
                return Err(Error::NotAuthorized);
            }
            match u32::try_from_val(&env, &get("state")).unwrap() {
                RETIRED => return Err(Error::StateWrong),
                DECOMMISSIONING => return Err(Error::UnitDecommissioning),
                _ => {}
            }
            if env.storage().persistent().has(&Key::Unpaid(provider)) {
                return Err(Error::ListingUnpaid);
            }
            let now = env.ledger().timestamp();
            if until.saturating_sub(now) > LIFE {
                return Err(Error::ArgumentInvalid);
            }
            let key = Key::Price(unit, consumer);
            if until > now {
                env.storage().persistent().set(&key, &price);
            } else {
                env.storage().persistent().remove(&key);
            }
            Ok(())
        }

        pub fn price_of(env: Env, unit: BytesN<32>, consumer: Address) -> Option<Price> {
            let special: Price = env.storage().persistent().get(&Key::Price(unit, consumer))?;
            (env.ledger().timestamp() < special.until).then_some(special)
        }

        /// One price, one SLA.
        pub fn used(env: Env, unit: BytesN<32>, consumer: Address) {
            env.storage().persistent().remove(&Key::Price(unit, consumer));
        }
    }
}

pub mod co {
    use super::po::StagedPoClient;
    use flashback_core::{error::Error, id, money::Rate, token};
    use flashback_market::Request;
    use soroban_sdk::{contract, contractimpl, Address, BytesN, Env};

    #[contract]
    pub struct StagedCo;

    #[contractimpl]
    impl StagedCo {
        pub fn __constructor(env: Env, oracle: Address, po: Address, asset: Address, epoch_seconds: u32) {
            env.storage().instance().set(&0u32, &(oracle, po, asset, epoch_seconds));
        }

        pub fn oracle(env: Env) -> Result<Address, Error> {
            Ok(Self::places(&env).0)
        }

        pub fn request(env: Env, consumer: Address, request: Request) -> Result<BytesN<32>, Error> {
            consumer.require_auth();
            let (_, po, asset, epoch_seconds) = Self::places(&env);
            if request.deposit < 0 {
                return Err(Error::AmountInvalid);
            }
            let here = env.current_contract_address();
            let id = id::sla(&env, &here, &consumer, &request.nonce)?;
            if env.storage().persistent().has(&id) {
                return Err(Error::Exists);
            }
            let po = StagedPoClient::new(&env, &po);
            let price = po.price_of(&request.unit, &consumer).filter(|_| request.price_version == 0).ok_or(Error::PriceChanged)?;
            let (storage, egress) = (price.storage_price as u128, price.egress_price as u128);
            let total = Rate::new(storage, egress, request.volume, epoch_seconds)?.gross(request.duration, request.egress)?;
            if total > request.max_total {
                return Err(Error::PriceAbove);
            }
            po.used(&request.unit, &consumer);
            env.storage().persistent().set(&id, &request);
            if request.deposit > 0 {
                token::transfer(&env, &asset, &consumer, &here, request.deposit)?;
            }
            Ok(id)
        }

        /// What was requested.
        pub fn requested(env: Env, id: BytesN<32>) -> Option<Request> {
            env.storage().persistent().get(&id)
        }
    }

    impl StagedCo {
        fn places(env: &Env) -> (Address, Address, Address, u32) {
            env.storage().instance().get(&0u32).unwrap()
        }
    }
}
