//! Several units for one volume: an SLA on each, which begin together or not at all.

use flashback_core::{
    error::Error,
    id,
    params::narrow,
    terms::{Share, Units, BPS, UNITS_MAX},
};
use soroban_sdk::{Address, BytesN, Env, Vec};

use crate::{
    compose::Spread,
    life,
    request::{self, Opened},
    storage,
    types::{Joint, Part, Request},
};

/// Opens an SLA for each part; the assets that their deposits have to be paid in come in the same order.
pub fn open(env: &Env, consumer: &Address, joint: &Joint) -> Result<(Vec<BytesN<32>>, Vec<Address>), Error> {
    if storage::is_paused(env) {
        return Err(Error::Paused);
    }
    if !is_valid(joint) {
        return Err(Error::ArgumentInvalid);
    }
    let mut ids = Vec::new(env);
    let mut assets = Vec::new(env);
    let mut group = None;
    for part in joint.parts.iter() {
        let spread = Spread { units: units(&joint.parts, &part)?, redundancy: narrow(joint.redundancy)? };
        let wanted = request_of(env, joint, part)?;
        let group = match &group {
            Some(group) => group,
            None => group.insert(id::sla(env, &env.current_contract_address(), consumer, &wanted.nonce)?),
        };
        let Opened { id, asset } = request::open(env, consumer, &wanted, &spread, group.clone())?;
        ids.push_back(id);
        assets.push_back(asset);
    }
    if let Some(group) = group {
        storage::set_group(env, &group, &ids);
        life::begin_group(env, &group)?;
    }
    Ok((ids, assets))
}

/// Whether the parts are on different units, and whatever r − 1 of them are lost, the others have all of the volume.
fn is_valid(joint: &Joint) -> bool {
    let (parts, redundancy) = (&joint.parts, joint.redundancy);
    if parts.len() < 2 || parts.len() > UNITS_MAX as u32 || !(1..=parts.len()).contains(&redundancy) {
        return false;
    }
    let mut shares = [0u32; UNITS_MAX];
    for (i, (share, part)) in shares.iter_mut().zip(parts.iter()).enumerate() {
        if !(1..=BPS).contains(&part.share_bps) || parts.iter().take(i).any(|p| p.unit == part.unit) {
            return false;
        }
        *share = part.share_bps;
    }
    for _ in 1..redundancy {
        if let Some(largest) = shares.iter_mut().max() {
            *largest = 0;
        }
    }
    shares.iter().sum::<u32>() >= BPS
}

/// All units with their shares, the part's own first.
fn units(parts: &Vec<Part>, own: &Part) -> Result<Units, Error> {
    let mut units = Units::default();
    let others = parts.iter().filter(|p| p.unit != own.unit);
    for Part { unit, share_bps, .. } in core::iter::once(own.clone()).chain(others) {
        units.push(Share { unit: unit.to_array(), bps: narrow(share_bps)? })?;
    }
    Ok(units)
}

fn request_of(env: &Env, joint: &Joint, part: Part) -> Result<Request, Error> {
    let volume = (u128::from(joint.volume) * u128::from(part.share_bps)).div_ceil(BPS.into());
    Ok(Request {
        unit: part.unit,
        volume: u64::try_from(volume).map_err(|_| Error::Overflow)?,
        egress: part.egress,
        duration: joint.duration,
        mode: joint.mode,
        refund: joint.refund.clone(),
        max_total: part.max_total,
        price_version: part.price_version,
        nonce: part.nonce,
        deposit: part.deposit,
        previous: life::none(env),
    })
}
