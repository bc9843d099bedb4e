package stellar

import (
	"context"
	"errors"
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/scval"
)

// Around says how to make the contracts around the Orchestrators: FLASH, Staking, Registry, Score, Dispute, Market and Governance, which becomes the admin of all of them in the end.
type Around struct {
	Treasury ids.Account  // holds all of FLASH at first
	Supply   money.Amount // of FLASH
	Guardian ids.Account  // may pause new SLAs, nothing else
	Fund     ids.Account  // gets what of bonds and slashes nobody else has a claim to
	Scale    uint64       // divides governance's times; 1 on public networks
	Units    map[money.Asset]money.Amount
	// Units are the fees that weigh one point of a score, by asset; fees in other assets weigh nothing.
}

// unitFlash is one FLASH in its smallest unit.
const unitFlash = 10_000_000

// day in seconds.
const day = 86_400

// society is what Deploy makes besides the Orchestrators.
type society struct {
	flash, staking, registry, score, dispute, governance, market *contract
}

// around names the contracts around the Orchestrators, whose addresses at gets.
func (c *Client) around(o DeployOptions, at *chain.Contracts) (*society, error) {
	s := &society{}
	for name, to := range map[string]struct {
		contract **contract
		at       *ids.Account
	}{
		"flash": {&s.flash, &at.Flash}, "staking": {&s.staking, &at.Staking}, "registry": {&s.registry, &at.Registry},
		"score": {&s.score, &at.Score}, "dispute": {&s.dispute, &at.Dispute}, "governance": {&s.governance, &at.Governance},
		"market": {&s.market, &at.Market},
	} {
		wasm, err := artifacts.Wasm(name)
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "artifact_missing", "the contract %s is not in this build", name)
		}
		k := &contract{name: name, wasm: wasm}
		if k.at, k.preimage, err = c.contractAddress(o.Admin.Account(), name, o.Label); err != nil {
			return nil, err
		}
		*to.contract, *to.at = k, k.at
	}
	return s, nil
}

// construct fills in the constructors' arguments.
func (s *society) construct(b *args, o DeployOptions, at chain.Contracts) {
	a, admin := o.Around, b.account(o.Admin.Account())
	flash := func(n int64) xdr.ScVal { return scval.Amount(money.Of(n * unitFlash)) }
	s.flash.args = []xdr.ScVal{b.account(a.Treasury), scval.Amount(a.Supply)}
	s.staking.args = []xdr.ScVal{admin, scval.Address(at.Flash), b.account(a.Fund)}
	s.registry.args = []xdr.ScVal{scval.Address(at.Governance), scval.Address(at.Staking), scval.Address(at.Flash), scval.Struct(scval.Fields{
		"version": vU32(uint32(1)), "bonds": scval.Vec(flash(1_000), flash(100), flash(500), flash(1_000)), "list_stake": flash(0), "list_price": flash(0), "list_period_seconds": scval.U64(30 * day),
		"payee": b.account(o.Params.PlatformAddress), "fund": b.account(a.Fund), "resolver": scval.Address(at.Governance), "max_life_seconds": scval.U64(3 * 365 * day), "challenge_seconds": scval.U64(30 * day),
		"concede_seconds": scval.U64(7 * day), "lapse_seconds": scval.U64(90 * day), "concede_bps": vU32(uint32(1_000)), "conflict_fund_bps": vU32(uint32(5_000)),
	})}
	s.score.args = []xdr.ScVal{admin, scval.Address(at.Provider), scval.Address(at.Consumer), scval.Struct(scval.Fields{"version": vU32(uint32(1)), "cap": vU32(uint32(1_000)), "severity": vU32(uint32(20))})}
	s.market.args = []xdr.ScVal{admin, scval.Address(at.Provider), scval.Address(at.Consumer)}
	s.dispute.args = []xdr.ScVal{admin, scval.Address(at.Oracle), scval.Address(at.Provider), scval.Address(at.Consumer), scval.Address(at.Staking), scval.Address(at.Flash), scval.Struct(scval.Fields{
		"version": vU32(uint32(1)), "bond": flash(100), "juror_fee": flash(10), "arbiter_stake": flash(100), "panel": vU32(uint32(3)),
		"evidence_seconds": scval.U64(3 * day), "commit_seconds": scval.U64(3 * day), "reveal_seconds": scval.U64(2 * day), "appeal_seconds": scval.U64(3 * day), "max_age_seconds": scval.U64(30 * day),
		"quorum_bps": vU32(uint32(6_000)), "slash_equivocation_bps": vU32(uint32(5_000)), "fund": b.account(a.Fund),
	})}
	s.governance.args = []xdr.ScVal{scval.Address(at.Staking), scval.Address(at.Consumer), b.account(a.Guardian), scval.Struct(scval.Fields{
		"version": vU32(uint32(1)), "voting_seconds": scval.U64(7 * day), "delay_seconds": scval.U64(2 * day), "open_seconds": scval.U64(14 * day), "threshold_bps": vU32(uint32(100)), "quorum_bps": vU32(uint32(1_000)),
		"majority_bps": vU32(uint32(5_000)), "pause_seconds": scval.U64(7 * day), "rest_seconds": scval.U64(30 * day),
	}), governed(at), scval.U64(a.Scale)}
}

// governed is what governance may call.
func governed(at chain.Contracts) xdr.ScVal {
	var l []xdr.ScVal
	for _, t := range []struct {
		at        ids.Account
		functions []string
	}{
		{at.Provider, []string{"set_params", "set_admin", "upgrade_announce", "upgrade"}},
		{at.Consumer, []string{"set_params", "set_admin", "pause", "upgrade_announce", "upgrade"}},
		{at.Staking, []string{"slasher", "set_admin", "upgrade_announce", "upgrade"}},
		{at.Registry, []string{"set_params", "resolve", "upgrade_announce", "upgrade"}},
		{at.Score, []string{"set_params", "set_unit", "set_admin", "upgrade_announce", "upgrade"}},
		{at.Dispute, []string{"set_params", "set_admin", "upgrade_announce", "upgrade"}},
		{at.Market, []string{"set_admin", "upgrade_announce", "upgrade"}},
	} {
		var names []xdr.ScVal
		for _, f := range t.functions {
			names = append(names, scval.Symbol(f))
		}
		l = append(l, scval.Struct(scval.Fields{"contract": scval.Address(t.at), "functions": scval.Vec(names...)}))
	}
	return scval.Vec(l...)
}

// handOver tells the contracts of each other and makes governance their admin. An attempt that was interrupted is gone on with: as long as governance has none of them, everything before is done
// again, which changes nothing.
func (c *Client) handOver(ctx context.Context, o DeployOptions, at chain.Contracts) error {
	var left []xdr.HostFunction
	owned := []ids.Account{at.Provider, at.Consumer, at.Score, at.Dispute, at.Market, at.Staking}
	for _, k := range owned {
		admin, err := c.instanceValue(ctx, k, "Admin")
		if err != nil {
			return err
		}
		if admin == nil || !admin.Equals(scval.Address(at.Governance)) {
			left = append(left, call{k, "set_admin", []xdr.ScVal{scval.Address(at.Governance)}}.hostFunction())
		}
	}
	if len(left) == len(owned) {
		var b args
		before := []xdr.HostFunction{
			call{at.Staking, "slasher", []xdr.ScVal{scval.Address(at.Dispute), scval.Bool(true)}}.hostFunction(),
			call{at.Staking, "slasher", []xdr.ScVal{scval.Address(at.Registry), scval.Bool(true)}}.hostFunction(),
		}
		for asset, unit := range o.Around.Units {
			before = append(before, call{at.Score, "set_unit", []xdr.ScVal{b.account(asset), scval.Amount(unit)}}.hostFunction())
		}
		if b.err != nil {
			return fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "scores cannot be weighed like this")
		}
		if err := c.wireOnce(ctx, o.Admin, "Dispute", at.Dispute, call{at.Score, "wire", []xdr.ScVal{scval.Address(at.Dispute)}}); err != nil {
			return fmt.Errorf("wire the score: %w", err)
		}
		if err := c.wireOnce(ctx, o.Admin, "Score", at.Score, call{at.Dispute, "wire", []xdr.ScVal{scval.Address(at.Score)}}); err != nil {
			return fmt.Errorf("wire the disputes: %w", err)
		}
		if err := c.invokeEach(ctx, o.Admin, before); err != nil {
			return fmt.Errorf("set up the contracts around: %w", err)
		}
	}
	if err := c.invokeEach(ctx, o.Admin, left); err != nil {
		return fmt.Errorf("hand over to governance: %w", err)
	}
	return nil
}

// invokeEach makes calls that may be repeated: all at once, and one after another where the network does not let them through like that.
func (c *Client) invokeEach(ctx context.Context, by chain.Signer, fns []xdr.HostFunction) error {
	err := c.invokeAll(ctx, by, fns)
	var retry *again
	if !errors.As(err, &retry) {
		return err
	}
	for _, fn := range fns {
		if _, err := c.invoke(ctx, by, fn, nil); err != nil {
			return err
		}
	}
	return nil
}
