package stellar

import (
	"context"
	"math/big"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

// ask runs a view of one of the contracts around the Orchestrators and gives its value as the field "value" of a record, so that a wrong kind is a fault.
func (c *Chain) ask(ctx context.Context, contract ids.Account, view string, with ...xdr.ScVal) (*record, error) {
	if contract.Zero() {
		return nil, fault.New(fault.NotFound, "contract_missing", "this deployment has no contract for %s", view)
	}
	v, err := c.view(ctx, contract, view, with...)
	if err != nil {
		return nil, err
	}
	return &record{what: view, f: scval.Fields{"value": v}}, nil
}

// askAbout is ask about an account.
func (c *Chain) askAbout(ctx context.Context, contract, account ids.Account, view string, with ...xdr.ScVal) (*record, error) {
	var b args
	a := b.account(account)
	if b.err != nil {
		return nil, fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "%s cannot be asked like this", view)
	}
	return c.ask(ctx, contract, view, append([]xdr.ScVal{a}, with...)...)
}

func amountOf(r *record, err error) (money.Amount, error) {
	if err != nil {
		return money.Amount{}, err
	}
	return r.amount("value"), r.done()
}

func numberOf(r *record, err error) (uint64, error) {
	if err != nil {
		return 0, err
	}
	return r.u64("value"), r.done()
}

// void reports an absent optional field.
func (r *record) void(name string) bool { return r.take(name).Type == xdr.ScValTypeScvVoid }

// id is zero for void.
func (r *record) id(name string) (id ids.ID) {
	if !r.void(name) {
		id = r.b32(name)
	}
	return id
}

func (r *record) wide(name string) sla.Wide {
	n := scval.Integer(r.take(name))
	if n == nil || n.Sign() < 0 || n.BitLen() > 128 {
		r.fail(name, "is no number of 128 bits")
		return sla.Wide{}
	}
	return sla.Wide{Hi: new(big.Int).Rsh(n, 64).Uint64(), Lo: new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0))).Uint64()}
}

// Allowance that a spender has of an account's FLASH.
func (c *Chain) Allowance(ctx context.Context, from, spender ids.Account) (money.Amount, error) {
	var b args
	s := b.account(spender)
	if b.err != nil {
		return money.Amount{}, fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "there is no allowance like this")
	}
	return amountOf(c.askAbout(ctx, c.at.Flash, from, "allowance", s))
}

// Stake of an owner in a role.
func (c *Chain) Stake(ctx context.Context, owner ids.Account, role staking.Role) (staking.Position, error) {
	r, err := c.askAbout(ctx, c.at.Staking, owner, "position", vU32(role))
	if err != nil {
		return staking.Position{}, err
	}
	return readPosition(r.sub("value"))
}

func readPosition(r *record) (staking.Position, error) {
	p := staking.Position{Active: r.amount("active"), Unbonding: r.amount("unbonding"), HeldUntil: r.u64("held_until"), Next: r.u32("next")}
	var nested []*record
	for _, x := range r.list("unbondings") {
		u := newRecord("Unbonding", x)
		p.Unbondings = append(p.Unbondings, staking.Unbonding{Number: u.u32("number"), Amount: u.amount("amount"), Until: u.u64("until")})
		nested = append(nested, u)
	}
	return p, r.done(nested...)
}

// Votes of an account now.
func (c *Chain) Votes(ctx context.Context, owner ids.Account) (money.Amount, error) {
	return amountOf(c.askAbout(ctx, c.at.Staking, owner, "votes"))
}

// TotalVotes of everybody now.
func (c *Chain) TotalVotes(ctx context.Context) (money.Amount, error) {
	return amountOf(c.ask(ctx, c.at.Staking, "total"))
}

// PowerAt is the votes at the end of a second.
func (c *Chain) PowerAt(ctx context.Context, owner ids.Account, time uint64) (money.Amount, error) {
	return amountOf(c.askAbout(ctx, c.at.Staking, owner, "power_at", scval.U64(time)))
}

// Certifier as registered.
func (c *Chain) Certifier(ctx context.Context, account ids.Account) (registry.Certifier, error) {
	r, err := c.askAbout(ctx, c.at.Registry, account, "certifier_of")
	if err != nil {
		return registry.Certifier{}, err
	}
	v := r.sub("value")
	return registry.Certifier{Info: v.b32("info"), Registered: v.u64("registered"), Bonded: v.amount("bonded"), DutyUntil: v.u64("duty_until")}, r.done(v)
}

// Certification by its id.
func (c *Chain) Certification(ctx context.Context, id ids.ID) (registry.Certification, error) {
	r, err := c.ask(ctx, c.at.Registry, "certification", scval.ID(id))
	if err != nil {
		return registry.Certification{}, err
	}
	return readCertification(r.sub("value"), id)
}

func readCertification(v *record, id ids.ID) (registry.Certification, error) {
	x := registry.Certification{ID: id, Certifier: v.account("certifier"), Subject: v.account("subject"), Kind: v.u32("kind"), Level: v.u32("level"), Scope: v.b32("scope"), Evidence: v.b32("evidence"),
		Issued: v.u64("issued"), Expires: v.u64("expires"), BoundUntil: v.u64("bound_until"), Bond: v.amount("bond"), State: registry.StateOf(v.u32("state")), Conflict: v.id("conflict"),
		ConcedeUntil: v.u64("concede_until"), LapseFrom: v.u64("lapse_from")}
	if x.State > registry.Refuted {
		v.fail("state", "is %d", x.State)
	}
	return x, v.done()
}

// MayList reports whether a provider may be listed.
func (c *Chain) MayList(ctx context.Context, provider ids.Account) (bool, error) {
	r, err := c.askAbout(ctx, c.at.Registry, provider, "may_list")
	if err != nil {
		return false, err
	}
	return r.flag("value"), r.done()
}

// Subscription is the time until which a provider's listing is paid; 0 when it never was.
func (c *Chain) Subscription(ctx context.Context, provider ids.Account) (uint64, error) {
	return numberOf(c.askAbout(ctx, c.at.Registry, provider, "subscription"))
}

// RegistryParams of now.
func (c *Chain) RegistryParams(ctx context.Context) (registry.Params, error) {
	r, err := c.ask(ctx, c.at.Registry, "params")
	if err != nil {
		return registry.Params{}, err
	}
	return readRegistryParams(r.sub("value"))
}

func readRegistryParams(v *record) (registry.Params, error) {
	p := registry.Params{Version: v.u32("version"), ListStake: v.amount("list_stake"), ListPrice: v.amount("list_price"), ListPeriodSeconds: v.u64("list_period_seconds"), Payee: v.account("payee"),
		Fund: v.account("fund"), Resolver: v.account("resolver"), MaxLifeSeconds: v.u64("max_life_seconds"), ChallengeSeconds: v.u64("challenge_seconds"), ConcedeSeconds: v.u64("concede_seconds"),
		LapseSeconds: v.u64("lapse_seconds"), ConcedeBps: v.u32("concede_bps"), ConflictFundBps: v.u32("conflict_fund_bps")}
	l := v.list("bonds")
	if v.err == nil && len(l) != len(p.Bonds) {
		v.fail("bonds", "has %d levels", len(l))
	}
	for i := range min(len(l), len(p.Bonds)) {
		x := &record{what: "bonds", f: scval.Fields{"bond": l[i]}}
		if p.Bonds[i] = x.amount("bond"); v.err == nil {
			v.err = x.err
		}
	}
	return p, v.done()
}

// Proposals is how many there are.
func (c *Chain) Proposals(ctx context.Context) (uint32, error) {
	r, err := c.ask(ctx, c.at.Governance, "count")
	if err != nil {
		return 0, err
	}
	return r.u32("value"), r.done()
}

// Proposal with its state at the latest ledger's time.
func (c *Chain) Proposal(ctx context.Context, number uint32) (governance.Proposal, governance.StateOf, error) {
	r, err := c.ask(ctx, c.at.Governance, "proposal", scval.U32(number))
	if err != nil {
		return governance.Proposal{}, 0, err
	}
	p, err := readProposal(r.sub("value"), number)
	if err != nil {
		return p, 0, err
	}
	_, now, err := c.Head(ctx)
	return p, p.At(uint64(now.Unix())), err
}

func readProposal(v *record, number uint32) (governance.Proposal, error) {
	return governance.Proposal{Number: number, Proposer: v.account("proposer"), Actions: v.b32("actions"), About: v.b32("about"), Snapshot: v.u64("snapshot"), Total: v.amount("total"), Ends: v.u64("ends"),
		Opens: v.u64("opens"), Closes: v.u64("closes"), QuorumBps: v.u32("quorum_bps"), MajorityBps: v.u32("majority_bps"), Against: v.amount("against"), InFavour: v.amount("in_favour"),
		Abstain: v.amount("abstain"), Executed: v.flag("executed"), Cancelled: v.flag("cancelled")}, v.done()
}

// VoteOf an account on a proposal.
func (c *Chain) VoteOf(ctx context.Context, number uint32, voter ids.Account) (uint32, bool, error) {
	var b args
	a := b.account(voter)
	if b.err != nil {
		return 0, false, fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "there is no voter like this")
	}
	r, err := c.ask(ctx, c.at.Governance, "vote_of", scval.U32(number), a)
	if err != nil || r.void("value") {
		return 0, false, err
	}
	return r.u32("value"), true, r.done()
}

// ScoreOf an account.
func (c *Chain) ScoreOf(ctx context.Context, account ids.Account, as score.Role, time uint64) (score.Score, error) {
	view := map[score.Role]string{score.AsProvider: "provider", score.AsConsumer: "consumer"}[as]
	r, err := c.askAbout(ctx, c.at.Score, account, view, scval.U64(time))
	if err != nil {
		return score.Score{}, err
	}
	return readScore(r.sub("value"))
}

func readScore(v *record) (score.Score, error) {
	s := score.Score{Total: v.u32("total"), Points: v.wide("points"), Updated: v.u64("updated")}
	for _, x := range v.list("dimensions") {
		n, ok := x.GetU32()
		if !ok {
			v.fail("dimensions", "has a %s", x.Type)
		}
		s.Dimensions = append(s.Dimensions, uint32(n))
	}
	return s, v.done()
}

// Recorded leaf of an SLA.
func (c *Chain) Recorded(ctx context.Context, id ids.ID) (leaf [32]byte, ok bool, err error) {
	r, err := c.ask(ctx, c.at.Score, "recorded", scval.ID(id))
	if err != nil || r.void("value") {
		return leaf, false, err
	}
	return r.b32("value"), true, r.done()
}

// ScoreParams of now.
func (c *Chain) ScoreParams(ctx context.Context) (score.Params, error) {
	r, err := c.ask(ctx, c.at.Score, "params")
	if err != nil {
		return score.Params{}, err
	}
	v := r.sub("value")
	return score.Params{Version: v.u32("version"), Cap: v.u32("cap"), Severity: v.u32("severity")}, r.done(v)
}

// ScoreUnit of an asset.
func (c *Chain) ScoreUnit(ctx context.Context, asset money.Asset) (money.Amount, error) {
	return amountOf(c.askAbout(ctx, c.at.Score, asset, "unit"))
}

// Dispute by its id, in the phase that it shows at the latest ledger's time.
func (c *Chain) Dispute(ctx context.Context, id ids.ID) (dispute.Case, error) {
	r, err := c.ask(ctx, c.at.Dispute, "dispute", scval.ID(id))
	if err != nil {
		return dispute.Case{}, err
	}
	return readCase(r.sub("value"))
}

func readCase(v *record) (dispute.Case, error) {
	x := dispute.Case{SLA: v.b32("sla"), Window: v.u32("window"), Consumer: v.account("consumer"), Provider: v.account("provider"), Amount: v.amount("amount"), Frozen: v.amount("frozen"),
		Evidence: v.b32("evidence"), Answered: !v.void("answer"), Answer: v.id("answer"), Phase: dispute.Phase(v.u8("phase")), Round: v.u32("round"), ConsumerBond: v.amount("consumer_bond"),
		ProviderBond: v.amount("provider_bond"), Silence: v.amount("silence"), Ruling: v.u32("ruling"), Cut: v.u64("cut"), Slots: v.u32("slots"), SeedEpoch: v.u64("seed_epoch"), Until: v.u64("until"),
		RevealUntil: v.u64("reveal_until"), ParamsVersion: v.u32("params_version"), Accused: v.flag("accused")}
	if x.Phase > dispute.Inconclusive || x.Ruling > dispute.CannotSay {
		v.fail("phase", "is %d, the ruling %d", x.Phase, x.Ruling)
	}
	return x, v.done()
}

// Panel of a round; empty before it is drawn.
func (c *Chain) Panel(ctx context.Context, id ids.ID, round uint32) ([]dispute.Seat, error) {
	r, err := c.ask(ctx, c.at.Dispute, "panel", scval.ID(id), scval.U32(round))
	if err != nil {
		return nil, err
	}
	var l []dispute.Seat
	var nested []*record
	for _, x := range r.list("value") {
		v := newRecord("Seat", x)
		s := dispute.Seat{Arbiter: v.account("arbiter"), Committed: !v.void("commit"), Hash: v.id("commit"), Revealed: !v.void("choice")}
		if s.Revealed {
			s.Choice = v.u32("choice")
		}
		l, nested = append(l, s), append(nested, v)
	}
	return l, r.done(nested...)
}

// DisputeWindow is what the contract knows of a window.
func (c *Chain) DisputeWindow(ctx context.Context, id ids.ID, number uint32) (dispute.Window, error) {
	r, err := c.ask(ctx, c.at.Dispute, "window", scval.ID(id), scval.U32(number))
	if err != nil {
		return dispute.Window{}, err
	}
	v := r.sub("value")
	return dispute.Window{Proved: v.amount("proved"), Ruled: v.amount("ruled"), Moved: v.amount("moved"), Wrong: v.flag("wrong"), Panel: v.flag("panel"), Accused: v.flag("accused")}, r.done(v)
}

// ArbiterPlace of the register.
func (c *Chain) ArbiterPlace(ctx context.Context, at uint32) (dispute.Slot, bool, error) {
	r, err := c.ask(ctx, c.at.Dispute, "slot", scval.U32(at))
	if err != nil || r.void("value") {
		return dispute.Slot{}, false, err
	}
	v := r.sub("value")
	return dispute.Slot{Arbiter: v.account("arbiter"), Since: v.u64("since"), Expires: v.u64("expires")}, true, r.done(v)
}

// Due is what anybody may pay out to an account.
func (c *Chain) Due(ctx context.Context, account ids.Account) (money.Amount, error) {
	return amountOf(c.askAbout(ctx, c.at.Dispute, account, "due"))
}

// DisputeParams of now.
func (c *Chain) DisputeParams(ctx context.Context) (dispute.Params, error) {
	r, err := c.ask(ctx, c.at.Dispute, "params")
	if err != nil {
		return dispute.Params{}, err
	}
	v := r.sub("value")
	return dispute.Params{Version: v.u32("version"), Bond: v.amount("bond"), JurorFee: v.amount("juror_fee"), ArbiterStake: v.amount("arbiter_stake"), Panel: v.u32("panel"),
		EvidenceSeconds: v.u64("evidence_seconds"), CommitSeconds: v.u64("commit_seconds"), RevealSeconds: v.u64("reveal_seconds"), AppealSeconds: v.u64("appeal_seconds"), MaxAgeSeconds: v.u64("max_age_seconds"),
		QuorumBps: v.u32("quorum_bps"), SlashEquivocationBps: v.u32("slash_equivocation_bps"), Fund: v.account("fund")}, r.done(v)
}

// DutyEvents reads one page of the events of the contracts around the Orchestrators.
func (c *Chain) DutyEvents(ctx context.Context, cursor string, limit int) ([]chain.Event, string, error) {
	var of []string
	for _, a := range []ids.Account{c.at.Flash, c.at.Staking, c.at.Registry, c.at.Score, c.at.Dispute, c.at.Governance} {
		if !a.Zero() {
			of = append(of, a.String())
		}
	}
	if len(of) == 0 {
		return nil, cursor, nil
	}
	return c.eventsOf(ctx, of, cursor, limit)
}
