//! Disputes on a whole network: the real Oracle, Orchestrators, Staking and FLASH, a provider, a consumer and validators that sign.

use flashback_core::{account::Account, hash::sha256, leaf::Leaf};
use flashback_dispute::{
    types::{Params, Phase, ProvenLeaf},
    Dispute, DisputeClient,
};
use flashback_flash::{Flash, FlashClient};
use flashback_staking::{Staking, StakingClient};
use flashback_tests::{
    oracle::{EPOCH_SECONDS, WINDOW},
    refused,
    world::{Proven, World},
};
use soroban_sdk::{
    testutils::{Address as _, Ledger as _, MockAuth, MockAuthInvoke},
    Address, BytesN, Env, IntoVal, Val, Vec as HostVec,
};

const BOND: i128 = 1_000;
const FEE: i128 = 70;
const STAKE: i128 = 5_000;

struct Net {
    world: World,
    dispute: Address,
    staking: Address,
    flash: Address,
    treasury: Address,
    sla: BytesN<32>,
}

impl Net {
    fn new() -> Self {
        let world = World::new();
        let env = world.env.clone();
        let treasury = Address::generate(&env);
        let flash = env.register(Flash, (&treasury, 1_000_000_000i128));
        let staking = env.register(Staking, (&world.admin, &flash, &world.payees.fund));
        let params = Params {
            version: 1,
            bond: BOND,
            juror_fee: FEE,
            arbiter_stake: STAKE,
            panel: 3,
            evidence_seconds: 100,
            commit_seconds: 50,
            reveal_seconds: 40,
            appeal_seconds: 60,
            max_age_seconds: 100_000,
            quorum_bps: 6_000,
            slash_equivocation_bps: 2_500,
            fund: world.payees.fund.clone(),
        };
        let oracle = world.oracle().address.clone();
        let args = (&world.admin, &oracle, world.po_id(), world.co_id(), &staking, &flash, params);
        let dispute = env.register(Dispute, args);
        world.allow(&world.admin, world.co_id(), "wire_dispute", (&dispute,));
        world.co().wire_dispute(&dispute);
        world.allow(&world.admin, &staking, "slasher", (&dispute, true));
        StakingClient::new(&env, &staking).slasher(&dispute, &true);
        let sla = world.request(&world.wish(0));
        let net = Net { world, dispute, staking, flash, treasury, sla };
        for who in [&net.world.consumer, &net.world.provider] {
            net.give(who, 10 * BOND);
        }
        net
    }

    fn env(&self) -> &Env {
        &self.world.env
    }

    fn c(&self) -> DisputeClient<'_> {
        DisputeClient::new(self.env(), &self.dispute)
    }

    fn give(&self, to: &Address, amount: i128) {
        self.world.allow(&self.treasury, &self.flash, "transfer", (&self.treasury, to, amount));
        FlashClient::new(self.env(), &self.flash).transfer(&self.treasury, to, &amount);
    }

    /// `who` authorises this call with a transfer of FLASH inside.
    fn allow_paying(&self, who: &Address, contract: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>, amount: i128) {
        let transfer = MockAuthInvoke {
            contract: &self.flash,
            fn_name: "transfer",
            args: (who, contract, amount).into_val(self.env()),
            sub_invokes: &[],
        };
        let subs = [transfer];
        let invoke = MockAuthInvoke { contract, fn_name: name, args: args.into_val(self.env()), sub_invokes: &subs };
        self.env().mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    fn arbiters(&self, n: u32) -> Vec<Address> {
        let staking = StakingClient::new(self.env(), &self.staking);
        (0..n)
            .map(|_| {
                let who = Address::generate(self.env());
                self.give(&who, STAKE);
                self.allow_paying(&who, &self.staking, "stake", (&who, &who, 3u32, STAKE), STAKE);
                staking.stake(&who, &who, &3, &STAKE);
                self.world.allow(&who, &self.dispute, "arbiter", (&who, true));
                self.c().arbiter(&who, &true);
                who
            })
            .collect()
    }

    /// Two windows, the second with a node that was down for half of it; `lie` is what the validators certify instead of the truth.
    fn two_windows(&self, lie: impl Fn(&mut Leaf)) -> (Proven, Proven) {
        let mut meter = self.world.meter(&self.sla);
        for _ in 0..WINDOW {
            meter.good(1 << 30);
        }
        let first = self.world.certify(&self.sla, &meter);
        self.world.settle(&self.sla, &self.world.zero_leaf(&self.sla), &first);
        for i in 0..WINDOW {
            if i % 2 == 0 {
                meter.down();
            } else {
                meter.good(1 << 30);
            }
        }
        lie(&mut meter.leaf);
        let second = self.world.certify(&self.sla, &meter);
        self.world.settle(&self.sla, &first.leaf, &second);
        (first, second)
    }

    fn open(&self, window: u32, amount: i128) -> BytesN<32> {
        let (consumer, evidence, nonce) = (&self.world.consumer, self.world.bytes32(1), self.world.bytes32(2));
        let args = (consumer, &self.sla, window, amount, &evidence, &nonce);
        self.allow_paying(consumer, &self.dispute, "open", args, BOND);
        self.c().open(consumer, &self.sla, &window, &amount, &evidence, &nonce)
    }

    fn answer(&self, id: &BytesN<32>) {
        let (provider, evidence) = (&self.world.provider, self.world.bytes32(3));
        self.allow_paying(provider, &self.dispute, "answer", (provider, id, &evidence), BOND);
        self.c().answer(provider, id, &evidence);
    }

    fn now(&self, t: u64) {
        self.env().ledger().set_timestamp(t);
    }
}

fn proven(p: &Proven) -> ProvenLeaf {
    ProvenLeaf { leaf: p.leaf.clone(), epoch: p.epoch, bits: p.bits, path: p.path.clone() }
}

fn no_credit(leaf: &mut Leaf) {
    leaf.price_credit_epochs = 0;
    leaf.price_credit_out = 0;
    leaf.collateral_credit_epochs = 0;
    leaf.collateral_credit_out = 0;
    leaf.slash_bps = 0;
    leaf.recent = [0; 2];
    leaf.causes = [2, 0, 0, 0, 0, 0];
}

#[test]
fn an_honest_verdict_stands() {
    let net = Net::new();
    let (first, second) = net.two_windows(|_| {});
    assert_eq!(
        refused(net.c().try_prove_verdict(&net.sla, &proven(&first), &proven(&second))),
        flashback_core::error::Error::VerdictStands
    );
    let zero = ProvenLeaf { leaf: net.world.zero_leaf(&net.sla), epoch: 0, bits: 0, path: HostVec::new(net.env()) };
    assert_eq!(refused(net.c().try_prove_verdict(&net.sla, &zero, &proven(&first))), flashback_core::error::Error::VerdictStands);
}

#[test]
fn a_denied_credit_goes_to_the_consumer() {
    let net = Net::new();
    let (first, second) = net.two_windows(no_credit);
    let before = net.world.sla(&net.sla);
    let denied = net.c().prove_verdict(&net.sla, &proven(&first), &proven(&second));
    let after = net.world.sla(&net.sla);
    let moved = after.consumer_claim - before.consumer_claim;
    assert!(denied > 0 && moved == denied.min(before.provider_claim), "denied {denied}, moved {moved} of {}", before.provider_claim);
    assert_eq!((before.provider_claim - after.provider_claim, after.disputed), (moved, 0));
    let window = net.c().window(&net.sla, &1);
    assert_eq!((window.proved, window.moved, window.wrong), (denied, moved, true));
}

/// A provider that draws its claim at once is liable with what it earns later.
#[test]
fn a_claim_that_was_drawn_is_recovered() {
    let net = Net::new();
    let (first, second) = net.two_windows(no_credit);
    net.world.co().payout(&net.sla);
    let denied = net.c().prove_verdict(&net.sla, &proven(&first), &proven(&second));
    assert_eq!(net.c().window(&net.sla, &1).moved, 0);
    assert_eq!(refused(net.c().try_recover(&net.sla, &1)), flashback_core::error::Error::NothingDue);
    let mut meter = net.world.meter(&net.sla);
    let mut bytes = [0; flashback_core::leaf::LEAF_LEN];
    second.leaf.copy_into_slice(&mut bytes);
    meter.leaf = Leaf::decode(&bytes).unwrap();
    let mut next = meter.leaf.clone();
    next.epochs += 6;
    next.slots += 60;
    let next = net.world.certify_at(second.epoch + 6, &next);
    net.world.settle(&net.sla, &second.leaf, &next);
    let earned = net.world.sla(&net.sla).provider_claim;
    assert_eq!(net.c().recover(&net.sla, &1), earned.min(denied));
    net.world.check(&net.sla);
}

#[test]
fn a_panel_with_stakes_at_risk() {
    let net = Net::new();
    net.arbiters(5);
    net.two_windows(|_| {});
    let claim = net.world.sla(&net.sla).provider_claim;
    let id = net.open(0, 5);
    assert_eq!(net.world.sla(&net.sla).disputed, 5);
    net.answer(&id);
    let seed = net.c().dispute(&id).seed_epoch;
    net.now(net.env().ledger().timestamp() + 2 * u64::from(EPOCH_SECONDS));
    net.world.submit(seed, &net.world.bytes32(9));
    net.world.allow_nothing();
    net.c().advance(&id);
    let case = net.c().dispute(&id);
    assert_eq!(case.phase, Phase::Commit);
    let seats: Vec<Address> = net.c().panel(&id, &0).iter().map(|s| s.arbiter).collect();
    // The third stays silent.
    for arbiter in &seats[..2] {
        let account = Account::of(arbiter).unwrap();
        let vote = [b"FLASHBACK-VOTE-v1".as_slice(), &id.to_array(), &[0], &account.0, &[1], &[9; 32]].concat();
        let hash = sha256(net.env(), &vote);
        net.world.allow(arbiter, &net.dispute, "commit", (arbiter, &id, &hash));
        net.c().commit(arbiter, &id, &hash);
    }
    net.now(case.until);
    for arbiter in &seats[..2] {
        let salt = net.world.bytes32(9);
        net.world.allow(arbiter, &net.dispute, "reveal", (arbiter, &id, 1u32, &salt));
        net.c().reveal(arbiter, &id, &1, &salt);
    }
    net.now(case.reveal_until);
    net.world.allow_nothing();
    net.c().advance(&id);
    let staking = StakingClient::new(net.env(), &net.staking);
    assert_eq!(staking.stake_of(&seats[2], &3), STAKE - FEE, "silence costs the fee");
    net.now(net.c().dispute(&id).until);
    net.c().execute(&id);
    let sla = net.world.sla(&net.sla);
    assert_eq!((sla.provider_claim, sla.disputed, sla.consumer_claim >= 5), (claim - 5, 0, true));
    for arbiter in &seats[..2] {
        assert_eq!(net.c().claim(arbiter), FEE + FEE / 2);
    }
    assert_eq!(net.c().claim(&net.world.consumer), 2 * BOND - 2 * FEE);
    assert_eq!(FlashClient::new(net.env(), &net.flash).balance(&net.dispute), 0, "nothing is left over");
}

/// A stake cannot be withdrawn while its owner may be drawn, and unbonding does not save it.
#[test]
fn an_arbiters_stake_is_held() {
    let net = Net::new();
    let who = net.arbiters(1).remove(0);
    let staking = StakingClient::new(net.env(), &net.staking);
    net.world.allow(&who, &net.staking, "unbond", (&who, 3u32, STAKE));
    staking.unbond(&who, &3, &STAKE);
    net.now(net.env().ledger().timestamp() + 31 * 86_400);
    assert_eq!(refused(staking.try_withdraw(&who, &3)), flashback_core::error::Error::StakeHeld);
    net.now(net.env().ledger().timestamp() + 30 * 86_400);
    assert_eq!(staking.withdraw(&who, &3), STAKE);
}
