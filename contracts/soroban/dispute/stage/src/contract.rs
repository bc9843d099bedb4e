//! A world in small: Oracle, both Orchestrators, Staking and FLASH in one contract, with just the behaviour that a dispute can see of them.
//! The same as the reference model's `Stage`. Compiled into the tests of this crate, and by `build.sh` for those of the model.
use flashback_core::{
    error::Error,
    types::{Config, ReservationState},
};
use soroban_sdk::{contract, contractimpl, contracttype, Address, Bytes, BytesN, Env, IntoVal, TryFromVal, Val};

#[contract]
pub struct Stage;

#[contracttype]
enum Key {
    Dispute,
    Config,
    Network,
    Latest,
    Mute,
    Root(u64),
    Sla(BytesN<32>),
    Unit(BytesN<32>),
    Node(BytesN<32>),
    Stake(Address, u32),
    Balance(Address),
    Loser(BytesN<32>),
}

/// What the contract reads of the record of an SLA.
#[contracttype]
#[derive(Clone)]
pub struct StagedRecord {
    pub consumer: Address,
}

/// And of the provider's half.
#[contracttype]
#[derive(Clone)]
pub struct StagedReservation {
    pub unit: BytesN<32>,
    pub provider: Address,
    pub state: ReservationState,
    pub settled_epochs: u32,
    pub start_epoch: u64,
}

/// An SLA with its consumer of now, and P, B, D and K.
#[contracttype]
#[derive(Clone)]
pub struct StagedSla {
    pub terms: Bytes,
    pub reservation: StagedReservation,
    pub owner: Address,
    pub claim: i128,
    pub bond: i128,
    pub frozen: i128,
    pub consumer: i128,
}

#[contracttype]
#[derive(Clone)]
pub struct StagedUnit {
    pub node: BytesN<32>,
}

#[contracttype]
#[derive(Clone)]
pub struct StagedNode {
    pub key: Address,
}

#[contracttype]
#[derive(Clone, Default)]
pub struct StagedStake {
    pub active: i128,
    pub unbonding: i128,
    pub held_until: u64,
}

#[contractimpl]
impl Stage {
    pub fn put_dispute(env: Env, dispute: Address) {
        put(&env, &Key::Dispute, &dispute);
    }

    pub fn put_config(env: Env, config: Config, network: BytesN<32>) {
        put(&env, &Key::Config, &config);
        put(&env, &Key::Network, &network);
    }

    pub fn put_root(env: Env, epoch: u64, root: BytesN<32>) {
        put(&env, &Key::Root(epoch), &root);
        let latest = get(&env, &Key::Latest).map_or(epoch, |l: u64| l.max(epoch));
        put(&env, &Key::Latest, &latest);
    }

    pub fn put_sla(env: Env, id: BytesN<32>, sla: StagedSla, node: BytesN<32>, key: Address) {
        put(&env, &Key::Unit(sla.reservation.unit.clone()), &StagedUnit { node: node.clone() });
        put(&env, &Key::Node(node), &StagedNode { key });
        put(&env, &Key::Sla(id), &sla);
    }

    pub fn put_stake(env: Env, owner: Address, role: u32, active: i128, unbonding: i128) {
        let held_until = Self::position(env.clone(), owner.clone(), role).held_until;
        put(&env, &Key::Stake(owner, role), &StagedStake { active, unbonding, held_until });
    }

    pub fn put_balance(env: Env, owner: Address, amount: i128) {
        put(&env, &Key::Balance(owner), &amount);
    }

    pub fn put_mute(env: Env, mute: bool) {
        put(&env, &Key::Mute, &mute);
    }

    pub fn staged(env: Env, sla: BytesN<32>) -> Option<StagedSla> {
        get(&env, &Key::Sla(sla))
    }

    // Oracle.

    pub fn root(env: Env, epoch: u64) -> Option<BytesN<32>> {
        get(&env, &Key::Root(epoch))
    }

    pub fn latest(env: Env) -> (u64, BytesN<32>) {
        let none = BytesN::from_array(&env, &[0; 32]);
        match get::<u64>(&env, &Key::Latest) {
            Some(epoch) => (epoch, get(&env, &Key::Root(epoch)).unwrap()),
            None => (u64::MAX, none),
        }
    }

    pub fn config(env: Env) -> Config {
        get(&env, &Key::Config).unwrap()
    }

    pub fn network(env: Env) -> BytesN<32> {
        get(&env, &Key::Network).unwrap()
    }

    // Score.

    pub fn ruled(env: Env, id: BytesN<32>, _sla: BytesN<32>, loser: Address) -> Result<(), Error> {
        dispute(&env).require_auth();
        if get(&env, &Key::Mute).unwrap_or(false) {
            return Err(Error::AssetUnknown);
        }
        put(&env, &Key::Loser(id), &loser);
        Ok(())
    }

    pub fn loser(env: Env, id: BytesN<32>) -> Option<Address> {
        get(&env, &Key::Loser(id))
    }

    // Orchestrators.

    pub fn terms(env: Env, sla: BytesN<32>) -> Result<Bytes, Error> {
        Ok(find(&env, &sla)?.terms)
    }

    pub fn sla(env: Env, id: BytesN<32>) -> Result<StagedRecord, Error> {
        Ok(StagedRecord { consumer: find(&env, &id)?.owner })
    }

    pub fn reservation(env: Env, sla: BytesN<32>) -> Result<StagedReservation, Error> {
        Ok(find(&env, &sla)?.reservation)
    }

    pub fn unit(env: Env, id: BytesN<32>) -> Result<StagedUnit, Error> {
        get(&env, &Key::Unit(id)).ok_or(Error::NotFound)
    }

    pub fn node(env: Env, id: BytesN<32>) -> Result<StagedNode, Error> {
        get(&env, &Key::Node(id)).ok_or(Error::NotFound)
    }

    pub fn freeze(env: Env, sla: BytesN<32>, amount: i128, bond: bool) -> Result<i128, Error> {
        dispute(&env).require_auth();
        let mut staged = find(&env, &sla)?;
        if amount <= 0 {
            return Err(Error::AmountInvalid);
        }
        if staged.frozen > 0 {
            return Err(Error::Disputed);
        }
        let from = if bond { &mut staged.bond } else { &mut staged.claim };
        staged.frozen = amount.min(*from);
        *from -= staged.frozen;
        put(&env, &Key::Sla(sla), &staged);
        Ok(staged.frozen)
    }

    pub fn rule(env: Env, sla: BytesN<32>, to_consumer: i128) -> Result<(), Error> {
        dispute(&env).require_auth();
        let mut staged = find(&env, &sla)?;
        if staged.frozen == 0 {
            return Err(Error::StateWrong);
        }
        if to_consumer < 0 || to_consumer > staged.frozen {
            return Err(Error::AmountInvalid);
        }
        staged.consumer += to_consumer;
        staged.claim += staged.frozen - to_consumer;
        staged.frozen = 0;
        put(&env, &Key::Sla(sla), &staged);
        Ok(())
    }

    // Staking.

    pub fn stake_of(env: Env, owner: Address, role: u32) -> i128 {
        Self::position(env, owner, role).active
    }

    pub fn position(env: Env, owner: Address, role: u32) -> StagedStake {
        get(&env, &Key::Stake(owner, role)).unwrap_or_default()
    }

    pub fn hold(env: Env, by: Address, owner: Address, role: u32, until: u64) -> Result<(), Error> {
        slasher(&env, &by)?;
        let mut stake = Self::position(env.clone(), owner.clone(), role);
        stake.held_until = stake.held_until.max(until);
        put(&env, &Key::Stake(owner, role), &stake);
        Ok(())
    }

    pub fn slash(env: Env, by: Address, owner: Address, role: u32, amount: i128, to: Address, _cause: BytesN<32>) -> Result<i128, Error> {
        slasher(&env, &by)?;
        let mut stake = Self::position(env.clone(), owner.clone(), role);
        let active = amount.min(stake.active);
        let unbonding = (amount - active).min(stake.unbonding);
        stake.active -= active;
        stake.unbonding -= unbonding;
        put(&env, &Key::Stake(owner, role), &stake);
        let balance = Self::balance(env.clone(), to.clone());
        put(&env, &Key::Balance(to), &(balance + active + unbonding));
        Ok(active + unbonding)
    }

    // FLASH.

    pub fn balance(env: Env, id: Address) -> i128 {
        get(&env, &Key::Balance(id)).unwrap_or(0)
    }

    pub fn transfer(env: Env, from: Address, to: Address, amount: i128) -> Result<(), Error> {
        from.require_auth();
        let balance = Self::balance(env.clone(), from.clone());
        if balance < amount {
            return Err(Error::BalanceMissing);
        }
        put(&env, &Key::Balance(from), &(balance - amount));
        let balance = Self::balance(env.clone(), to.clone());
        put(&env, &Key::Balance(to), &(balance + amount));
        Ok(())
    }
}

fn dispute(env: &Env) -> Address {
    get(env, &Key::Dispute).unwrap()
}

fn slasher(env: &Env, by: &Address) -> Result<(), Error> {
    by.require_auth();
    if *by != dispute(env) || get(env, &Key::Mute).unwrap_or(false) {
        return Err(Error::NotAuthorized);
    }
    Ok(())
}

fn find(env: &Env, sla: &BytesN<32>) -> Result<StagedSla, Error> {
    get(env, &Key::Sla(sla.clone())).ok_or(Error::NotFound)
}

fn put<V: IntoVal<Env, Val>>(env: &Env, key: &Key, value: &V) {
    env.storage().persistent().set(key, value);
}

fn get<V: TryFromVal<Env, Val>>(env: &Env, key: &Key) -> Option<V> {
    env.storage().persistent().get(key)
}
