//! Grants that are passed on, and what ends them.

use flashback_consumer::types::Grant;
use flashback_core::{error::Error, id};
use flashback_tests::{oracle::GENESIS, refused, stopped, world::World};
use soroban_sdk::{
    testutils::{storage::Persistent as _, Address as _, Ledger as _},
    Address, Bytes, BytesN,
};

const LATER: u64 = GENESIS + 1_000;
const ALL: u32 = 63;
const DELEGATE: u32 = 32;

struct Chain {
    w: World,
    sla: BytesN<32>,
    /// Grantees, by depth.
    heirs: Vec<Address>,
    /// Grants, by depth.
    grants: Vec<BytesN<32>>,
}

#[derive(Clone)]
struct Part {
    prefix: Bytes,
    ops: u32,
    expires: u64,
    nonce: BytesN<32>,
}

impl Chain {
    /// The consumer's grant of `ops` under `demo/`, and an SLA that it is for.
    fn new(ops: u32) -> Self {
        let w = World::new();
        let sla = w.request(&w.wish(0));
        let heirs: Vec<Address> = (0..7).map(|_| Address::generate(&w.env)).collect();
        let (prefix, nonce) = (Bytes::from_slice(&w.env, b"demo/"), w.bytes32(1));
        w.allow(&w.consumer, w.co_id(), "grant", (&w.consumer, &sla, &heirs[0], prefix.clone(), ops, LATER, &nonce));
        let first = w.co().grant(&w.consumer, &sla, &heirs[0], &prefix, &ops, &LATER, &nonce);
        Self { w, sla, heirs, grants: vec![first] }
    }

    /// All of the last grant.
    fn whole(&self) -> Part {
        let g = self.get(self.grants.len() - 1);
        Part { prefix: g.prefix, ops: g.ops, expires: g.expires, nonce: self.w.bytes32(1) }
    }

    fn get(&self, depth: usize) -> Grant {
        self.w.co().grant_of(&self.grants[depth])
    }

    fn allow(&self, by: &Address, parent: &BytesN<32>, to: &Address, p: &Part) {
        let args = (by, parent, to, p.prefix.clone(), p.ops, p.expires, &p.nonce);
        self.w.allow(by, self.w.co_id(), "delegate", args);
    }

    fn refuses(&self, by: &Address, parent: &BytesN<32>, p: &Part) -> Error {
        let to = self.heirs.last().unwrap();
        self.allow(by, parent, to, p);
        refused(self.w.co().try_delegate(by, parent, to, &p.prefix, &p.ops, &p.expires, &p.nonce))
    }

    /// Passes on part of the last grant.
    fn pass(&mut self, p: &Part) -> BytesN<32> {
        let depth = self.grants.len() - 1;
        let (by, to, parent) = (&self.heirs[depth], &self.heirs[depth + 1], &self.grants[depth]);
        self.allow(by, parent, to, p);
        let made = self.w.co().delegate(by, parent, to, &p.prefix, &p.ops, &p.expires, &p.nonce);
        self.grants.push(made.clone());
        made
    }

    fn deep(ops: u32, times: usize) -> Self {
        let mut c = Self::new(ops);
        for _ in 0..times {
            let p = c.whole();
            c.pass(&p);
        }
        c
    }

    fn revoke(&self, by: &Address, depth: usize) -> Result<(), Error> {
        let id = &self.grants[depth];
        self.w.allow(by, self.w.co_id(), "revoke", (by, id));
        match self.w.co().try_revoke(by, id) {
            Ok(done) => {
                done.unwrap();
                Ok(())
            }
            error => Err(refused(error)),
        }
    }
}

#[test]
fn a_part_is_stored_with_where_it_comes_from() {
    let mut c = Chain::new(ALL);
    let part = Part { prefix: Bytes::from_slice(&c.w.env, b"demo/photos/"), ops: 3, expires: LATER - 1, nonce: c.w.bytes32(1) };
    let made = c.pass(&part);
    let want = Grant {
        sla: c.sla.clone(),
        parent: c.grants[0].clone(),
        depth: 1,
        grantor: c.heirs[0].clone(),
        grantee: c.heirs[1].clone(),
        prefix: part.prefix,
        ops: 3,
        expires: LATER - 1,
        revoked: false,
    };
    assert_eq!(c.get(1), want);
    assert_eq!(made, id::grant(&c.w.env, c.w.co_id(), &c.grants[0], &part.nonce).unwrap());
    assert_eq!((c.get(0).depth, c.get(0).parent), (0, BytesN::from_array(&c.w.env, &[0; 32])));
    assert_ne!(made, c.grants[0], "the same nonce under another parent is another id");
}

#[test]
fn only_the_grantee_passes_on_and_only_what_allows_it() {
    let c = Chain::new(ALL);
    let p = c.whole();
    c.w.allow_nothing();
    stopped(c.w.co().try_delegate(&c.heirs[0], &c.grants[0], &c.heirs[1], &p.prefix, &p.ops, &p.expires, &p.nonce));
    // Another's authorisation is not the grantee's.
    c.allow(&c.heirs[1], &c.grants[0], &c.heirs[1], &p);
    stopped(c.w.co().try_delegate(&c.heirs[0], &c.grants[0], &c.heirs[1], &p.prefix, &p.ops, &p.expires, &p.nonce));
    assert_eq!(c.refuses(&c.heirs[0], &c.w.bytes32(9), &p), Error::NotFound);
    assert_eq!(c.refuses(&c.heirs[1], &c.grants[0], &p), Error::NotAuthorized);
    assert_eq!(c.refuses(&c.w.consumer, &c.grants[0], &p), Error::NotAuthorized);
    let plain = Chain::new(ALL & !DELEGATE);
    assert_eq!(
        plain.refuses(&plain.heirs[0], &plain.grants[0], &Part { ops: 0, ..plain.whole() }),
        Error::NotAuthorized,
        "before what is wrong with the part"
    );
}

#[test]
fn a_part_is_never_more_than_the_whole() {
    let mut c = Chain::new(1 | 2 | DELEGATE);
    let (p, bytes) = (c.whole(), |b: &[u8]| Bytes::from_slice(&c.w.env, b));
    let long = bytes(&[b"demo/".as_slice(), &[b'x'; 1_020]].concat());
    for wrong in [
        Part { prefix: bytes(b""), ..p.clone() },
        Part { prefix: bytes(b"demo"), ..p.clone() },
        Part { prefix: bytes(b"demos/"), ..p.clone() },
        Part { prefix: long, ..p.clone() },
        Part { ops: 0, ..p.clone() },
        Part { ops: 4, ..p.clone() },
        Part { ops: 64 | 1, ..p.clone() },
        Part { expires: LATER + 1, ..p.clone() },
        Part { expires: GENESIS, ..p.clone() },
    ] {
        assert_eq!(
            c.refuses(&c.heirs[0], &c.grants[0], &wrong),
            Error::GrantInvalid,
            "{} {} {}",
            wrong.prefix.len(),
            wrong.ops,
            wrong.expires
        );
    }
    c.pass(&p);
    assert_eq!(c.refuses(&c.heirs[0], &c.grants[0], &p), Error::Exists);
}

#[test]
fn four_times_and_not_more() {
    let c = Chain::deep(ALL, 4);
    assert_eq!(c.get(4).depth, 4);
    assert_eq!(c.refuses(&c.heirs[4], &c.grants[4], &c.whole()), Error::GrantInvalid);
}

#[test]
fn what_is_revoked_above_or_expired_is_not_passed_on() {
    for at in 0..=3 {
        let c = Chain::deep(ALL, 3);
        c.revoke(&c.w.consumer, at).unwrap();
        assert_eq!(c.refuses(&c.heirs[3], &c.grants[3], &c.whole()), Error::StateWrong, "revoked at depth {at}");
        for depth in (0..=3).filter(|d| *d != at) {
            assert!(!c.get(depth).revoked, "one write");
        }
    }
    let c = Chain::deep(ALL, 1);
    c.w.env.ledger().set_timestamp(LATER);
    assert_eq!(c.refuses(&c.heirs[1], &c.grants[1], &c.whole()), Error::GrantInvalid);
}

#[test]
fn what_is_over_is_not_passed_on() {
    let w = World::by_hand();
    let sla = w.request(&w.wish(0));
    let heir = Address::generate(&w.env);
    let (prefix, nonce) = (Bytes::new(&w.env), w.bytes32(1));
    w.allow(&w.consumer, w.co_id(), "grant", (&w.consumer, &sla, &heir, prefix.clone(), ALL, LATER, &nonce));
    let grant = w.co().grant(&w.consumer, &sla, &heir, &prefix, &ALL, &LATER, &nonce);
    w.allow(&w.consumer, w.co_id(), "cancel", (&w.consumer, &sla));
    w.co().cancel(&w.consumer, &sla);
    w.allow(&heir, w.co_id(), "delegate", (&heir, &grant, &w.refund, prefix.clone(), ALL, LATER, &nonce));
    assert_eq!(refused(w.co().try_delegate(&heir, &grant, &w.refund, &prefix, &ALL, &LATER, &nonce)), Error::StateWrong);
}

#[test]
fn the_consumer_the_grantor_and_the_grantee_revoke() {
    let c = Chain::deep(ALL, 3);
    for stranger in [&c.heirs[0], &c.heirs[3], &c.w.provider] {
        assert_eq!(c.revoke(stranger, 2), Err(Error::NotAuthorized));
    }
    c.w.allow_nothing();
    stopped(c.w.co().try_revoke(&c.heirs[1], &c.grants[2]));
    c.revoke(&c.heirs[3], 3).unwrap(); // its own
    c.revoke(&c.heirs[1], 2).unwrap(); // what it passed on
    c.revoke(&c.w.consumer, 1).unwrap(); // anything under its SLA
    for (by, depth) in [(&c.w.consumer, 1), (&c.heirs[2], 2), (&c.heirs[2], 3)] {
        assert_eq!(c.revoke(by, depth), Err(Error::StateWrong));
    }
    assert!(!c.get(0).revoked);
}

#[test]
fn a_grant_lives_as_long_as_all_that_it_comes_from() {
    let c = Chain::deep(ALL, 4);
    let left = || {
        c.w.env.as_contract(c.w.co_id(), || {
            let s = c.w.env.storage().persistent();
            s.all().keys().iter().filter(|k| s.has(k)).map(|k| s.get_ttl(&k)).min().unwrap()
        })
    };
    c.w.env.ledger().with_mut(|l| l.sequence_number += 1_000_000);
    let before = left();
    c.w.allow_nothing();
    c.w.co().extend(&id::GRANT, &c.grants[4]);
    assert!(left() >= before + 1_000_000, "five grants, SLA, terms, parameters");
}
