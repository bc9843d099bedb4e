//! What is settled becomes evidence, and evidence a score.

use flashback_core::{error::Error, leaf::Leaf, settlement::zero_leaf_hash};
use soroban_sdk::{Address, Bytes, BytesN, Env, Vec};

use crate::{
    arithmetic::{self, Evidence, POINT},
    event, others,
    points::{self, Ending, Weight, CONSUMER, CONSUMER_COMPLETION, CONSUMER_HONESTY, PROVIDER, PROVIDER_COMPLETION, PROVIDER_HONESTY},
    storage,
    types::{Pair, Role, Shown, Standing},
};

pub fn record(env: &Env, sla: &BytesN<32>, from: &Bytes, to: &Bytes) -> Result<(), Error> {
    let co = storage::co(env)?;
    let half = others::half(env, &storage::po(env)?, sla)?;
    if !half.began {
        return Err(Error::StateWrong);
    }
    let to_hash = others::hash(env, to)?;
    let from_hash = others::hash(env, from)?;
    let to = others::decode(to)?;
    let from = others::decode(from)?;
    if to_hash != half.settled_hash {
        return Err(Error::LeafUnknown);
    }
    let terms = others::terms(env, &co, sla, &half.terms_hash)?;
    let last = match storage::recorded(env, sla) {
        Some(hash) => hash,
        None => zero_leaf_hash(env, sla, &half.terms_hash)?,
    };
    if to_hash == last {
        return Err(Error::NothingNew);
    }
    if from_hash != last {
        return Err(Error::FromMismatch);
    }
    if to.windows == from.windows {
        return Err(Error::NothingNew);
    }
    let unit = storage::unit(env, &half.asset).ok_or(Error::AssetUnknown)?;
    let params = storage::params(env)?;
    let scale = params.scale(unit);
    let (before, after) = (Weight::of(&terms, &from, &scale)?, Weight::of(&terms, &to, &scale)?);
    let known = others::record(env, &co, sla, &terms)?;
    if after.whole == 0 {
        return Err(Error::NothingNew);
    }
    let ending = others::ending(&half, &known, &to)?;
    let (consumer, agreed) = (known.consumer, known.duration);
    let own = consumer == half.provider;

    let schedule = storage::schedule(env)?;
    let begins = |leaf: &Leaf| schedule.begins(half.start_epoch.checked_add(leaf.epochs.into()).ok_or(Error::Overflow)?);
    let at = begins(&to)?;
    let seconds = at.checked_sub(begins(&from)?).ok_or(Error::Overflow)?;

    let shown = points::provider(&terms, &to, ending, agreed, &after, params.severity)?;
    let shown_before = points::provider(&terms, &from, Ending::Running, agreed, &before, params.severity)?;
    let provider_rise = rise(env, &shown_before, &shown, PROVIDER_COMPLETION, seconds, own)?;
    let shown = points::consumer(&terms, &to, ending, agreed, &after)?;
    let shown_before = points::consumer(&terms, &from, Ending::Running, agreed, &before)?;
    let consumer_rise = rise(env, &shown_before, &shown, CONSUMER_COMPLETION, seconds, own)?;

    add(env, Role::Provider, &half.provider, at, &provider_rise)?;
    add(env, Role::Consumer, &consumer, at, &consumer_rise)?;
    storage::set_recorded(env, sla, &to_hash);
    event::Scored {
        sla: sla.clone(),
        provider: half.provider,
        consumer,
        from: from_hash,
        to: to_hash,
        epochs: to.epochs,
        windows: to.windows,
        at,
        ending: ending as u32,
        whole: after.whole,
        paid: after.paid,
        unit,
        params_version: params.version,
        provider_rise,
        consumer_rise,
    }
    .publish(env);
    Ok(())
}

/// One window's weight against the honesty of who lost a dispute: the provider, or who was the consumer when it began, also when the SLA is
/// another's by now.
pub fn rule(env: &Env, id: &BytesN<32>, sla: &BytesN<32>, loser: &Address) -> Result<(), Error> {
    if storage::is_ruled(env, id) {
        return Err(Error::Exists);
    }
    let half = others::half(env, &storage::po(env)?, sla)?;
    let terms = others::terms(env, &storage::co(env)?, sla, &half.terms_hash)?;
    let (role, dimensions, honesty) = if *loser == half.provider {
        (Role::Provider, PROVIDER.len(), PROVIDER_HONESTY)
    } else {
        (Role::Consumer, CONSUMER.len(), CONSUMER_HONESTY)
    };
    let unit = storage::unit(env, &half.asset).ok_or(Error::AssetUnknown)?;
    let params = storage::params(env)?;
    let zero = Leaf::zero(sla.to_array(), half.terms_hash.to_array());
    let grains = points::ruling(&terms, Weight::of(&terms, &zero, &params.scale(unit))?.whole, params.severity)?;
    let mut pairs = Vec::new(env);
    for i in 0..dimensions {
        pairs.push_back(Pair { good: 0, bad: if i == honesty { grains } else { 0 } });
    }
    let at = env.ledger().timestamp();
    add(env, role, loser, at, &pairs)?;
    storage::set_ruled(env, id);
    event::Ruled { sla: sla.clone(), id: id.clone(), loser: loser.clone(), role, grains, at }.publish(env);
    Ok(())
}

/// The score of a standing at a time; before `updated` it is that of `updated`.
pub fn score(env: &Env, standing: &Standing, weights: &[u32], time: u64) -> Result<Shown, Error> {
    let age = time.saturating_sub(standing.updated);
    let mut dimensions = Vec::new(env);
    let mut evidence = 0u128;
    for i in 0..weights.len() as u32 {
        let pair = standing.pairs.get(i).map_or(Evidence::default(), Evidence::from).decayed(age)?;
        dimensions.push_back(arithmetic::value(pair)?);
        evidence = evidence.saturating_add(pair.good).saturating_add(pair.bad);
    }
    let total = arithmetic::total(dimensions.iter().zip(weights.iter().copied()))?;
    Ok(Shown { total, dimensions, points: evidence / POINT, updated: standing.updated })
}

/// The evidence between two leaves as it stands at the later one: what came evenly over the span has decayed since, how the SLA ended has
/// not. Between an account and itself (`own`) nothing good counts, and what is bad does: nobody buys its failures off by buying the SLA.
fn rise(env: &Env, from: &[Evidence], to: &[Evidence], completion: usize, seconds: u64, own: bool) -> Result<Vec<Pair>, Error> {
    let mut out = Vec::new(env);
    for (i, (from, to)) in from.iter().zip(to).enumerate() {
        let mut risen = to.since(*from);
        if own {
            risen.good = 0;
        }
        let risen = if i == completion { risen } else { risen.spread(seconds)? };
        out.push_back(risen.into());
    }
    Ok(out)
}

/// Adds evidence of a time: what is older has decayed until then, and evidence of the past until now.
fn add(env: &Env, role: Role, of: &Address, at: u64, rise: &Vec<Pair>) -> Result<(), Error> {
    let old = storage::standing(env, role, of);
    let updated = old.updated.max(at);
    let mut pairs = Vec::new(env);
    for (i, new) in rise.iter().enumerate() {
        let new = Evidence::from(new).decayed(updated.saturating_sub(at))?;
        let before = old.pairs.get(i as u32).map_or(Evidence::default(), Evidence::from);
        pairs.push_back(before.decayed(updated.saturating_sub(old.updated))?.and(new).into());
    }
    storage::set_standing(env, role, of, &Standing { updated, pairs });
    Ok(())
}
