//! What the contract reads and asks of the Orchestrators. A unit is read by the names of the fields that count here, so that another
//! version of it which has more fields is read as well.

use flashback_core::{
    error::Error,
    interface::{forward, OracleClient},
    types::Qos,
};
use soroban_sdk::{contractclient, contracttype, Address, BytesN, Env, Map, String, Symbol, TryFromVal, Val};

type Fields = Map<Symbol, Val>;

#[allow(dead_code)]
#[contractclient(name = "PoClient")]
trait Po {
    fn unit(env: Env, id: BytesN<32>) -> Result<Map<Symbol, Val>, Error>;
    fn price_for(env: Env, provider: Address, unit: BytesN<32>, consumer: Address, price: Price) -> Result<(), Error>;
}

#[allow(dead_code)]
#[contractclient(name = "CoClient")]
trait Co {
    fn request(env: Env, consumer: Address, request: Request) -> Result<BytesN<32>, Error>;
    fn oracle(env: Env) -> Result<Address, Error>;
}

/// The Consumer Orchestrator's request for an SLA.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    pub unit: BytesN<32>,
    pub volume: u64,
    pub egress: u64,
    pub duration: u32,
    pub mode: u32,
    pub refund: Address,
    pub max_total: i128,
    pub price_version: u32,
    pub nonce: BytesN<32>,
    pub deposit: i128,
    pub previous: BytesN<32>,
}

/// What the Provider Orchestrator keeps as a unit's price for one consumer and one SLA.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Price {
    /// Smallest units per GiB·day.
    pub storage_price: i128,
    /// Smallest units per GiB.
    pub egress_price: i128,
    /// Bytes that it may reserve at most; 0: it may be of any size, whatever egress and duration are.
    pub volume: u64,
    /// Bytes that it may read at most.
    pub egress: u64,
    /// Epochs at most.
    pub duration: u32,
    /// Unix seconds.
    pub until: u64,
}

/// What counts of a Data Unit.
pub struct Unit {
    pub provider: Address,
    pub kind: u32,
    pub class: u32,
    pub region: String,
    pub qos: Qos,
    pub asset: Address,
    pub collateral_bps: u32,
    pub min_epochs: u32,
    pub max_epochs: u32,
}

pub fn unit(env: &Env, po: &Address, id: &BytesN<32>) -> Result<Unit, Error> {
    let fields = forward(PoClient::new(env, po).try_unit(id))?;
    Ok(Unit {
        provider: field(env, &fields, "provider")?,
        kind: field(env, &fields, "kind")?,
        class: field(env, &fields, "class")?,
        region: field(env, &fields, "region")?,
        qos: field(env, &fields, "qos")?,
        asset: field(env, &fields, "asset")?,
        collateral_bps: field(env, &fields, "collateral_bps")?,
        min_epochs: field(env, &fields, "min_epochs")?,
        max_epochs: field(env, &fields, "max_epochs")?,
    })
}

/// The provider's price of a unit for one consumer. The provider authorises it.
pub fn price_for(env: &Env, po: &Address, provider: &Address, unit: &BytesN<32>, consumer: &Address, price: &Price) -> Result<(), Error> {
    forward(PoClient::new(env, po).try_price_for(provider, unit, consumer, price))
}

/// Requests an SLA. The consumer authorises it, with the transfer of the deposit inside.
pub fn request(env: &Env, co: &Address, consumer: &Address, request: &Request) -> Result<BytesN<32>, Error> {
    forward(CoClient::new(env, co).try_request(consumer, request))
}

/// The length of an epoch, which never changes.
pub fn epoch_seconds(env: &Env, co: &Address) -> u32 {
    let oracle = CoClient::new(env, co).oracle();
    OracleClient::new(env, &oracle).config().epoch_seconds
}

fn field<V: TryFromVal<Env, Val>>(env: &Env, fields: &Fields, name: &str) -> Result<V, Error> {
    let value = fields.get(Symbol::new(env, name)).ok_or(Error::StateWrong)?;
    V::try_from_val(env, &value).map_err(|_| Error::StateWrong)
}
