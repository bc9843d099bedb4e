//! What the contract reads of the Orchestrators. Their records are read by the names of the fields that count here, so that another
//! version of them which has more fields is read as well.

use flashback_core::{
    error::Error,
    interface::{forward, ConsumerClient},
    leaf::{Leaf, LEAF_LEN},
    merkle::leaf_hash,
    settlement::decode_terms,
    terms::Terms,
};
use soroban_sdk::{contractclient, Address, Bytes, BytesN, Env, Map, Symbol, TryFromVal, Val};

use crate::points::Ending;

type Fields = Map<Symbol, Val>;

#[allow(dead_code)]
#[contractclient(name = "PoClient")]
trait Po {
    fn reservation(env: Env, sla: BytesN<32>) -> Result<Map<Symbol, Val>, Error>;
}

#[allow(dead_code)]
#[contractclient(name = "CoClient")]
trait Co {
    fn sla(env: Env, id: BytesN<32>) -> Result<Map<Symbol, Val>, Error>;
    fn oracle(env: Env) -> Result<Address, Error>;
}

const ACTIVE: u32 = 2;
const SLA_COMPLETED: u32 = 5;
const SLA_TERMINATED: u32 = 9;
const SLA_DEFAULTED: u32 = 12;

/// The provider's half of an SLA.
pub struct Half {
    pub provider: Address,
    pub asset: Address,
    pub terms_hash: BytesN<32>,
    pub settled_hash: BytesN<32>,
    pub start_epoch: u64,
    /// Whether the provider gave notice.
    pub reclaimed: bool,
    /// Whether it has been active.
    pub began: bool,
}

pub fn half(env: &Env, po: &Address, sla: &BytesN<32>) -> Result<Half, Error> {
    let fields = forward(PoClient::new(env, po).try_reservation(sla))?;
    let settled_hash: BytesN<32> = field(env, &fields, "settled_hash")?;
    let state: u32 = field(env, &fields, "state")?;
    Ok(Half {
        provider: field(env, &fields, "provider")?,
        asset: field(env, &fields, "asset")?,
        terms_hash: field(env, &fields, "terms_hash")?,
        // One that was given up before it was active has no leaf.
        began: state >= ACTIVE && settled_hash.to_array() != [0; 32],
        settled_hash,
        start_epoch: field(env, &fields, "start_epoch")?,
        reclaimed: later_field::<u32>(env, &fields, "reclaim_epochs")?.unwrap_or(0) > 0,
    })
}

/// The terms whose hash is known.
pub fn terms(env: &Env, co: &Address, sla: &BytesN<32>, hash: &BytesN<32>) -> Result<Terms, Error> {
    let document = forward(ConsumerClient::new(env, co).try_terms(sla))?;
    if flashback_core::hash::sha256_bytes(env, &document) != *hash {
        return Err(Error::LeafForeign);
    }
    decode_terms(&document)
}

pub fn oracle(env: &Env, co: &Address) -> Result<Address, Error> {
    forward(CoClient::new(env, co).try_oracle())
}

/// The consumer's half of an SLA.
pub struct Record {
    /// Of now: an SLA may have been handed on.
    pub consumer: Address,
    /// Epochs that are agreed: fewer than in the terms once it was split.
    pub duration: u32,
    state: u32,
}

pub fn record(env: &Env, co: &Address, sla: &BytesN<32>, terms: &Terms) -> Result<Record, Error> {
    let fields = forward(CoClient::new(env, co).try_sla(sla))?;
    Ok(Record {
        consumer: field(env, &fields, "consumer")?,
        duration: later_field(env, &fields, "duration")?.unwrap_or(terms.duration_epochs),
        state: field(env, &fields, "state")?,
    })
}

/// How the SLA ended: the leaf says that it did, the two halves how.
pub fn ending(half: &Half, record: &Record, leaf: &Leaf) -> Result<Ending, Error> {
    use flashback_core::leaf::{STATUS_ABANDONED, STATUS_RUNNING};
    match (leaf.status, record.state) {
        (STATUS_RUNNING, _) => Ok(Ending::Running),
        (STATUS_ABANDONED, _) => Ok(Ending::Abandoned),
        _ if leaf.epochs >= record.duration => Ok(Ending::Kept),
        (_, SLA_TERMINATED) => Ok(Ending::Terminated),
        (_, SLA_DEFAULTED | SLA_COMPLETED) if half.reclaimed => Ok(Ending::Reclaimed),
        (_, SLA_DEFAULTED) => Ok(Ending::Defaulted),
        (_, SLA_COMPLETED) => Ok(Ending::Closed),
        // The consumer's half has to be settled first.
        _ => Err(Error::StateWrong),
    }
}

/// The hash of a leaf's bytes.
pub fn hash(env: &Env, leaf: &Bytes) -> Result<BytesN<32>, Error> {
    Ok(leaf_hash(env, &array(leaf)?))
}

pub fn decode(leaf: &Bytes) -> Result<Leaf, Error> {
    Leaf::decode(&array(leaf)?)
}

fn array(leaf: &Bytes) -> Result<[u8; LEAF_LEN], Error> {
    let mut out = [0; LEAF_LEN];
    if leaf.len() as usize != LEAF_LEN {
        return Err(Error::Malformed);
    }
    leaf.copy_into_slice(&mut out);
    Ok(out)
}

/// A field that older Orchestrators do not have.
fn later_field<V: TryFromVal<Env, Val>>(env: &Env, fields: &Fields, name: &str) -> Result<Option<V>, Error> {
    if fields.contains_key(Symbol::new(env, name)) {
        return field(env, fields, name).map(Some);
    }
    Ok(None)
}

fn field<V: TryFromVal<Env, Val>>(env: &Env, fields: &Fields, name: &str) -> Result<V, Error> {
    let value = fields.get(Symbol::new(env, name)).ok_or(Error::StateWrong)?;
    V::try_from_val(env, &value).map_err(|_| Error::StateWrong)
}
