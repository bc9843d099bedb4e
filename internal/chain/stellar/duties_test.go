package stellar

import (
	"errors"
	"testing"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/orchestrator/flash"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
	"github.com/flashback-network/flashback/internal/scval"
)

// Every duty is a call that the contract's own Wasm declares like this, and nothing that people may call is left out.
func TestDutiesFitTheContracts(t *testing.T) {
	t.Parallel()
	at := chain.Contracts{}
	specs := map[ids.Account]spec{}
	for i, c := range []struct {
		name string
		at   *ids.Account
	}{{"flash", &at.Flash}, {"staking", &at.Staking}, {"registry", &at.Registry}, {"score", &at.Score}, {"dispute", &at.Dispute}, {"governance", &at.Governance}} {
		*c.at = ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{byte(i + 1)}}
		specs[*c.at] = readSpec(t, c.name)
	}
	g := ids.Account{Chain: ids.Stellar, Address: [32]byte{9}}
	leaf := dispute.ProvenLeaf{Proof: merkle.Proof{Path: []merkle.Hash{{1}}}}
	called := map[ids.Account]map[string]bool{}
	for a := range specs {
		called[a] = map[string]bool{}
	}
	for _, duty := range []any{
		flash.Approve{From: g, Spender: g}, flash.Transfer{From: g, To: g}, flash.TransferFrom{Spender: g, From: g, To: g}, flash.Burn{From: g}, flash.BurnFrom{Spender: g, From: g},
		staking.Stake{From: g, Owner: g}, staking.Unbond{Owner: g}, staking.CancelUnbond{Owner: g}, staking.Withdraw{Owner: g}, staking.NameSlasher{Contract: g}, staking.SetAdmin{Admin: g},
		staking.UpgradeAnnounce{}, staking.Upgrade{},
		registry.Register{Certifier: g}, registry.Certify{Certifier: g, Subject: g}, registry.Object{Certifier: g}, registry.Revoke{Certifier: g}, registry.Expire{}, registry.Conflict{},
		registry.Resolve{By: g}, registry.Lapse{}, registry.Hold{Certifier: g}, registry.Subscribe{From: g, Provider: g},
		governance.Propose{Proposer: g}, governance.Vote{Voter: g}, governance.Cancel{Proposer: g}, governance.GuardianPause{}, governance.Unpause{},
		score.Record{}, score.SetUnit{Asset: g}, score.SetAdmin{Next: g},
		dispute.OpenDispute{Consumer: g}, dispute.Accuse{Provider: g}, dispute.AnswerDispute{Party: g}, dispute.CommitVote{Arbiter: g}, dispute.RevealVote{Arbiter: g}, dispute.Appeal{Party: g}, dispute.Advance{}, dispute.Execute{},
		dispute.ProveVerdict{Before: leaf, After: leaf}, dispute.ProveEquivocation{Reporter: g}, dispute.ProvePossession{Before: leaf, After: leaf, Answers: []dispute.Answer{{}}}, dispute.Recover{},
		dispute.Note{}, dispute.RegisterArbiter{Arbiter: g}, dispute.Claim{Account: g}, dispute.SetAdmin{Admin: g},
	} {
		c, err := translateDuty(at, duty)
		if err != nil {
			t.Errorf("%T: %v", duty, err)
			continue
		}
		called[c.contract][c.function] = true
		f, ok := specs[c.contract].functions[c.function]
		if !ok || len(f.Inputs) != len(c.args) {
			t.Errorf("%T calls %s with %d arguments; the contract has %+v", duty, c.function, len(c.args), f)
			continue
		}
		for i, in := range f.Inputs {
			if err := specs[c.contract].check(c.args[i], in.Type); err != nil {
				t.Errorf("%T: %s(%s): %v", duty, c.function, in.Name, err)
			}
		}
	}
	// Made by set_params of Change, called by contracts, wired at deployment, kept alive by anyone's transaction, or views.
	inner := map[ids.Account][]string{
		at.Staking:    {"slash", "hold"},
		at.Registry:   {"set_params", "upgrade_announce", "upgrade"},
		at.Governance: {"execute", "upgrade"},
		at.Score:      {"ruled", "wire", "set_params", "extend", "extend_sla", "upgrade_announce", "upgrade"},
		at.Dispute:    {"wire", "set_params", "extend", "upgrade_announce", "upgrade"},
	}
	for a, s := range specs {
		for _, name := range inner[a] {
			called[a][name] = true
		}
		for name, f := range s.functions {
			if !called[a][name] && name != "__constructor" && !views[name] {
				t.Errorf("no duty calls %s%v", name, f.Inputs)
			}
		}
	}
}

var views = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range []string{"allowance", "balance", "decimals", "name", "symbol", "supply", "stake_of", "position", "votes", "total", "power_at", "total_at", "slasher_from", "admin", "token", "fund", "may_list",
		"is_certified", "certification", "certifier_of", "subscription", "params", "state", "proposal", "vote_of", "count", "scale", "targets", "functions", "guardian", "pause", "provider", "consumer", "pairs",
		"recorded", "unit", "dispute", "panel", "window", "slot", "due", "upgrade_announced"} {
		m[name] = true
	}
	return m
}()

// What is read of the contracts around the Orchestrators has the fields that their Wasm declares.
func TestDutyRecordsFitTheContracts(t *testing.T) {
	t.Parallel()
	udt := func(s spec, name string) *record {
		return newRecord(name, s.zero(xdr.ScSpecTypeDef{Type: xdr.ScSpecTypeScSpecTypeUdt, Udt: &xdr.ScSpecTypeUdt{Name: name}}))
	}
	reg, gov, sco, dis := readSpec(t, "registry"), readSpec(t, "governance"), readSpec(t, "score"), readSpec(t, "dispute")
	for name, err := range map[string]error{
		"Position":      second(readPosition(udt(readSpec(t, "staking"), "Position"))),
		"Certification": second(readCertification(udt(reg, "Certification"), ids.ID{})),
		"Proposal":      second(readProposal(udt(gov, "Proposal"), 1)),
		"Shown":         second(readScore(wideScore(udt(sco, "Shown")))),
		"Case":          second(readCase(udt(dis, "Case"))),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readCase(udt(reg, "Certification")); err == nil {
		t.Error("a certification was read as a dispute")
	}
}

// wideScore: the test's zero of a u128 is a u32.
func wideScore(r *record) *record {
	r.f["points"] = xdr.ScVal{Type: xdr.ScValTypeScvU128, U128: &xdr.UInt128Parts{}}
	return r
}

func TestDutiesRefuse(t *testing.T) {
	t.Parallel()
	g := ids.Account{Chain: ids.Stellar, Address: [32]byte{9}}
	for want, duty := range map[string]any{
		"contract_missing": staking.Withdraw{Owner: g}, "op_unknown": struct{}{}, "ArgumentInvalid": staking.Withdraw{Owner: ids.Account{Chain: ids.Starknet, Kind: ids.Contract}},
	} {
		if _, err := translateDuty(chain.Contracts{}, duty); fault.CodeOf(err) != want {
			t.Errorf("%T: %v, want %s", duty, err, want)
		}
	}
	// A balance of FLASH that does not suffice is not a missing trust line.
	if err := flashRefusal(tokenRefusals[13].fault()); fault.CodeOf(err) != "BalanceMissing" {
		t.Error(err)
	}
	other := errors.New("other")
	if err := flashRefusal(other); err != other {
		t.Error(err)
	}
}

// A parameter is read as the kind that it has.
func TestParseAs(t *testing.T) {
	t.Parallel()
	g := ids.Account{Chain: ids.Stellar, Address: [32]byte{9}}
	for _, c := range []struct {
		kind xdr.ScValType
		text string
		want *xdr.ScVal
	}{
		{xdr.ScValTypeScvU32, "7", ref(scval.U32(7))}, {xdr.ScValTypeScvU32, "4294967296", nil}, {xdr.ScValTypeScvU32, "-1", nil}, {xdr.ScValTypeScvU64, "4294967296", ref(scval.U64(1 << 32))},
		{xdr.ScValTypeScvI128, "-5", ref(scval.I128(-5))}, {xdr.ScValTypeScvI128, "170141183460469231731687303715884105728", nil}, {xdr.ScValTypeScvI128, "1.5", nil},
		{xdr.ScValTypeScvBool, "true", ref(scval.Bool(true))}, {xdr.ScValTypeScvBool, "yes", nil}, {xdr.ScValTypeScvAddress, g.String(), ref(scval.Address(g))}, {xdr.ScValTypeScvAddress, "me", nil},
		{xdr.ScValTypeScvVec, "[]", nil},
	} {
		v, err := parseAs(c.kind, c.text)
		if (err == nil) != (c.want != nil) || c.want != nil && !v.Equals(*c.want) {
			t.Errorf("%s as %s: %v, %v", c.text, c.kind, v, err)
		}
	}
}

func ref[T any](v T) *T { return &v }
