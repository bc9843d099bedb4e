package stellar

import (
	"context"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/orchestrator/flash"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/governance/actions"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
	"github.com/flashback-network/flashback/internal/scval"
)

var _ chain.Duties = (*Chain)(nil)

// Do makes duty a transaction of by's account.
func (c *Chain) Do(ctx context.Context, by chain.Signer, duty any) (chain.Done, error) {
	k, err := translateDuty(c.at, duty)
	if err != nil {
		return chain.Done{}, err
	}
	out, err := c.invoke(ctx, by, k.hostFunction(), nil)
	d := chain.Done{Receipt: out.receipt()}
	if err != nil {
		return d, flashRefusal(err)
	}
	answer(&d, duty, out.value)
	return d, nil
}

// flashRefusal puts a refusal of the token right: these contracts move no token but FLASH, whose number for a balance that does not suffice is a Stellar asset's for a missing trust line.
func flashRefusal(err error) error {
	if fault.CodeOf(err) != "trustline_missing" {
		return err
	}
	r := refusals[13]
	return fault.Wrap(err, r.kind, r.name, "%s", r.message)
}

// answer reads what an entry point gives back.
func answer(d *chain.Done, duty any, v xdr.ScVal) {
	switch duty.(type) {
	case registry.Certify, registry.Object, dispute.OpenDispute, dispute.Accuse:
		if b, ok := v.GetBytes(); ok && len(b) == len(d.ID) {
			copy(d.ID[:], b)
		}
	case staking.Unbond, governance.Propose, governance.GuardianPause, registry.Subscribe:
		if n := scval.Integer(v); n != nil && n.IsUint64() {
			d.Number = n.Uint64()
		}
	case staking.Withdraw, governance.Vote, dispute.ProveVerdict, dispute.ProveEquivocation, dispute.ProvePossession, dispute.Recover, dispute.Claim:
		r := &record{what: "answer", f: scval.Fields{"amount": v}}
		if a := r.amount("amount"); r.err == nil {
			d.Amount = a
		}
	}
}

// translateDuty gives the call of an op of the contracts around the Orchestrators, the admin's among them.
func translateDuty(at chain.Contracts, duty any) (call, error) {
	var b args
	var c call
	to := func(contract ids.Account, fn string, args ...xdr.ScVal) { c = call{contract, fn, args} }
	switch o := duty.(type) {
	case flash.Approve:
		to(at.Flash, "approve", b.account(o.From), b.account(o.Spender), scval.Amount(o.Amount), scval.U32(o.LiveUntilLedger))
	case flash.Transfer:
		to(at.Flash, "transfer", b.account(o.From), b.account(o.To), scval.Amount(o.Amount))
	case flash.TransferFrom:
		to(at.Flash, "transfer_from", b.account(o.Spender), b.account(o.From), b.account(o.To), scval.Amount(o.Amount))
	case flash.Burn:
		to(at.Flash, "burn", b.account(o.From), scval.Amount(o.Amount))
	case flash.BurnFrom:
		to(at.Flash, "burn_from", b.account(o.Spender), b.account(o.From), scval.Amount(o.Amount))

	case staking.Stake:
		to(at.Staking, "stake", b.account(o.From), b.account(o.Owner), vU32(o.Role), scval.Amount(o.Amount))
	case staking.Unbond:
		to(at.Staking, "unbond", b.account(o.Owner), vU32(o.Role), scval.Amount(o.Amount))
	case staking.CancelUnbond:
		to(at.Staking, "cancel_unbond", b.account(o.Owner), vU32(o.Role), scval.U32(o.Number))
	case staking.Withdraw:
		to(at.Staking, "withdraw", b.account(o.Owner), vU32(o.Role))
	case staking.NameSlasher:
		to(at.Staking, "slasher", b.account(o.Contract), scval.Bool(o.Allowed))
	case staking.SetAdmin:
		to(at.Staking, "set_admin", b.account(o.Admin))
	case staking.UpgradeAnnounce:
		to(at.Staking, "upgrade_announce", scval.ID(o.Wasm))
	case staking.Upgrade:
		to(at.Staking, "upgrade")

	case registry.Register:
		to(at.Registry, "certifier", b.account(o.Certifier), scval.ID(o.Info))
	case registry.Certify:
		to(at.Registry, "certify", b.account(o.Certifier), b.account(o.Subject), scval.U32(o.Kind), scval.U32(o.Level), scval.ID(o.Scope), scval.ID(o.Evidence), scval.U64(o.Expires), scval.ID(o.Nonce))
	case registry.Object:
		to(at.Registry, "object", b.account(o.Certifier), scval.ID(o.Against), scval.U32(o.Level), scval.ID(o.Evidence), scval.U64(o.Expires), scval.ID(o.Nonce))
	case registry.Revoke:
		to(at.Registry, "revoke", b.account(o.Certifier), scval.ID(o.ID), scval.ID(o.Reason))
	case registry.Expire:
		to(at.Registry, "expire", scval.ID(o.ID))
	case registry.Conflict:
		to(at.Registry, "conflict", scval.ID(o.A), scval.ID(o.B))
	case registry.Resolve:
		to(at.Registry, "resolve", b.account(o.By), scval.ID(o.A), scval.ID(o.B), scval.ID(o.Right))
	case registry.Lapse:
		to(at.Registry, "lapse", scval.ID(o.A), scval.ID(o.B))
	case registry.Hold:
		to(at.Registry, "hold", b.account(o.Certifier))
	case registry.Subscribe:
		to(at.Registry, "subscribe", b.account(o.From), b.account(o.Provider), scval.U32(o.Periods), scval.Amount(o.MaxTotal))

	case governance.Propose:
		to(at.Governance, "propose", b.account(o.Proposer), scval.ID(o.Actions), scval.ID(o.About))
	case governance.Vote:
		to(at.Governance, "vote", b.account(o.Voter), scval.U32(o.Number), scval.U32(o.Choice))
	case governance.Execute:
		l, err := actions.Value(o.Actions)
		if err != nil {
			return call{}, fault.Wrap(err, fault.Invalid, "Malformed", "these are no actions of a proposal")
		}
		to(at.Governance, "execute", scval.U32(o.Number), l)
	case governance.Cancel:
		to(at.Governance, "cancel", b.account(o.Proposer), scval.U32(o.Number))
	case governance.GuardianPause:
		to(at.Governance, "guardian_pause")
	case governance.Unpause:
		to(at.Governance, "unpause")

	case score.Record:
		to(at.Score, "record", scval.ID(o.SLA), scval.Bytes(o.From.Bytes()), scval.Bytes(o.To.Bytes()))
	case score.SetUnit:
		to(at.Score, "set_unit", b.account(o.Asset), scval.Amount(o.Unit))
	case score.SetAdmin:
		to(at.Score, "set_admin", b.account(o.Next))

	case dispute.SetAdmin:
		to(at.Dispute, "set_admin", b.account(o.Admin))
	default:
		if err := translateDispute(at, &b, duty, to); err != nil {
			return call{}, err
		}
	}
	if b.err != nil {
		return call{}, fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "%s cannot be called like this", c.function)
	}
	if c.contract.Zero() {
		return call{}, fault.New(fault.NotFound, "contract_missing", "this deployment has no contract for %s", c.function)
	}
	return c, nil
}

// translateDispute is translateDuty for what the parties, arbiters and witnesses of a dispute do.
func translateDispute(at chain.Contracts, b *args, duty any, to func(contract ids.Account, fn string, args ...xdr.ScVal)) error {
	on := func(fn string, args ...xdr.ScVal) { to(at.Dispute, fn, args...) }
	switch o := duty.(type) {
	case dispute.OpenDispute:
		on("open", b.account(o.Consumer), scval.ID(o.SLA), scval.U32(o.Window), scval.Amount(o.Amount), scval.ID(o.Evidence), scval.ID(o.Nonce))
	case dispute.Accuse:
		on("accuse", b.account(o.Provider), scval.ID(o.SLA), scval.U32(o.Window), scval.Amount(o.Amount), scval.ID(o.Evidence), scval.ID(o.Nonce))
	case dispute.AnswerDispute:
		on("answer", b.account(o.Party), scval.ID(o.ID), scval.ID(o.Evidence))
	case dispute.CommitVote:
		on("commit", b.account(o.Arbiter), scval.ID(o.ID), scval.ID(o.Hash))
	case dispute.RevealVote:
		on("reveal", b.account(o.Arbiter), scval.ID(o.ID), scval.U32(o.Choice), scval.ID(o.Salt))
	case dispute.Appeal:
		on("appeal", b.account(o.Party), scval.ID(o.ID))
	case dispute.Advance:
		on("advance", scval.ID(o.ID))
	case dispute.Execute:
		on("execute", scval.ID(o.ID))
	case dispute.ProveVerdict:
		on("prove_verdict", scval.ID(o.SLA), provenLeaf(o.Before), provenLeaf(o.After))
	case dispute.ProveEquivocation:
		on("prove_equivocation", b.account(o.Reporter), signed(o.First), signed(o.Second))
	case dispute.ProvePossession:
		var answers []xdr.ScVal
		for _, x := range o.Answers {
			answers = append(answers, scval.Struct(scval.Fields{"document": scval.Bytes(x.Document), "sig": scval.Bytes(x.Signature[:])}))
		}
		on("prove_possession", scval.ID(o.SLA), provenLeaf(o.Before), provenLeaf(o.After), scval.Bytes(o.Statement), scval.Bytes(o.StatementSig[:]), scval.Vec(answers...))
	case dispute.Recover:
		on("recover", scval.ID(o.SLA), scval.U32(o.Window))
	case dispute.Note:
		on("note")
	case dispute.RegisterArbiter:
		on("arbiter", b.account(o.Arbiter), scval.Bool(o.Active))
	case dispute.Claim:
		on("claim", b.account(o.Account))
	default:
		return fault.New(fault.Internal, "op_unknown", "the Stellar driver does not know the duty %T", duty)
	}
	return nil
}

func provenLeaf(l dispute.ProvenLeaf) xdr.ScVal {
	return scval.Struct(scval.Fields{"leaf": scval.Bytes(l.Leaf), "epoch": scval.U64(l.Epoch), "bits": scval.U64(l.Proof.Bits), "path": path(l.Proof)})
}

func signed(s dispute.Signed) xdr.ScVal {
	return scval.Struct(scval.Fields{"document": scval.Bytes(s.Document), "sig": scval.Bytes(s.RS[:]), "recovery": vU32(s.Recovery)})
}

// ActionOf makes an admin's call an action.
func (c *Chain) ActionOf(op any) (governance.Action, error) {
	var k call
	var err error
	if o, ok := op.(orchestrator.Op); ok {
		k, err = translate(c.at, o)
	} else {
		k, err = translateDuty(c.at, op)
	}
	if err != nil {
		return governance.Action{}, err
	}
	return governance.Action{Target: k.contract, Function: k.function, Arguments: actions.Arguments(k.args...)}, nil
}

// Upgrade has the same entry points on every contract.
func (c *Chain) Upgrade(contract ids.Account, wasm *[32]byte) governance.Action {
	if wasm == nil {
		return governance.Action{Target: contract, Function: "upgrade", Arguments: actions.Arguments()}
	}
	return governance.Action{Target: contract, Function: "upgrade_announce", Arguments: actions.Arguments(scval.ID(*wasm))}
}

// ActionsHash is SHA-256 of the XDR of the contract's Vec<Action>.
func (c *Chain) ActionsHash(l []governance.Action) ([32]byte, error) {
	h, err := actions.Hash(l)
	if err != nil {
		return h, fault.Wrap(err, fault.Invalid, "Malformed", "these are no actions of a proposal")
	}
	return h, nil
}

// Describe is the arguments as plain JSON.
func (c *Chain) Describe(a governance.Action) (any, error) {
	var v xdr.ScVal
	if err := xdr.SafeUnmarshal(a.Arguments, &v); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "Malformed", "the arguments of %s are not XDR", a.Function)
	}
	return scval.Plain(v), nil
}
