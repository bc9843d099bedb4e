//! What a call is authorised with and what it tells.

use flashback_consumer::types::Sla;
use flashback_core::{account::Account, terms::Terms};
use soroban_sdk::{
    testutils::{Events as _, MockAuth, MockAuthInvoke},
    xdr::{ContractEvent, ContractEventBody, ScVal},
    Address, BytesN, Env, IntoVal, Val, Vec as HostVec,
};

use crate::world::World;

/// The names of the Orchestrators' events of the last call, in order.
pub fn told(w: &World) -> Vec<String> {
    let contracts = [w.co_id(), w.po_id()].map(|a| Account::of(a).unwrap().0[3..].to_vec());
    let ours = |event: &&ContractEvent| event.contract_id.as_ref().is_some_and(|id| contracts.contains(&id.0 .0.to_vec()));
    let name = |event: &ContractEvent| {
        let ContractEventBody::V0(body) = &event.body;
        match body.topics.first() {
            Some(ScVal::Symbol(name)) => name.to_utf8_string_lossy(),
            other => panic!("an event without a name: {other:?}"),
        }
    };
    w.env.events().all().events().iter().filter(ours).map(name).collect()
}

/// Each of `who` authorises exactly this call of the Consumer Orchestrator, the first one with a payment inside.
pub fn allow_all(w: &World, who: &[&Address], name: &str, args: impl IntoVal<Env, HostVec<Val>>, payment: i128) {
    let args = args.into_val(&w.env);
    let transfer =
        MockAuthInvoke { contract: &w.token, fn_name: "transfer", args: (who[0], w.co_id(), payment).into_val(&w.env), sub_invokes: &[] };
    let inside = [transfer];
    let sub_invokes = if payment > 0 { &inside[..] } else { &[] };
    let paying = MockAuthInvoke { contract: w.co_id(), fn_name: name, args: args.clone(), sub_invokes };
    let plain = MockAuthInvoke { contract: w.co_id(), fn_name: name, args, sub_invokes: &[] };
    let entry = |(i, address)| MockAuth { address, invoke: if i == 0 { &paying } else { &plain } };
    w.env.mock_auths(&who.iter().copied().enumerate().map(entry).collect::<Vec<_>>());
}

/// The SLA, whose buckets come to what was paid in, in a world of several.
pub fn sla(w: &World, id: &BytesN<32>) -> Sla {
    let s = w.co().sla(id);
    let buckets =
        [s.escrow, s.holdback, s.provider_claim, s.consumer_claim, s.fees, s.retention, s.bond, s.disputed, s.withdrawn, s.bond_taken];
    assert!(buckets.iter().all(|b| *b >= 0), "{buckets:?}");
    assert_eq!(s.deposited, buckets[..9].iter().sum::<i128>());
    s
}

pub fn terms(w: &World, id: &BytesN<32>) -> Terms {
    Terms::decode(&w.co().terms(id).iter().collect::<Vec<u8>>()).unwrap()
}
