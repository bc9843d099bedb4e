package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/flashback-network/flashback/internal/money"
)

// FLASH is sent and staked; the stake votes, a parameter of disputes is changed by the vote, and the stake comes back after its time.
func TestStakeVoteExecute(t *testing.T) {
	t.Parallel()
	v := newTown(t, "alice", "bob")
	v.refused("wallet_missing", "", "flash", "balance")
	v.refused("amount_invalid", "treasury", "flash", "send", "alice", "0")
	v.does("treasury", "flash", "send", "alice", "2000")
	v.refused("BalanceMissing", "alice", "flash", "send", "bob", "2000.0000001")
	if got := v.told("alice", "flash", "balance")["balance"]; got != "20000000000" {
		t.Errorf("alice has %v", got)
	}

	v.refused("choice_invalid", "alice", "stake", "add", "1", "--role", "king")
	v.refused("BalanceMissing", "alice", "stake", "add", "2001")
	v.does("alice", "stake", "add", "1500")
	v.does("alice", "stake", "add", "100", "--for", "bob", "--role", "arbiter")
	v.shows(v.does("alice", "stake", "show"), "voter", "1500.0000000 FLASH", "1500.0000000 FLASH of 1600.0000000 FLASH")
	v.shows(v.does("alice", "stake", "show", "bob"), "arbiter", "100.0000000 FLASH")

	v.pass(testDay) // votes count as of the second before a proposal
	v.refused("actions_missing", "alice", "vote", "propose")
	v.refused("parameter_unknown", "alice", "vote", "propose", "--set", "dispute.price=1")
	v.refused("contract_unknown", "alice", "vote", "propose", "--set", "oracle.price=1")
	v.refused("PowerMissing", "treasury", "vote", "propose", "--set", "dispute.juror_fee=50000000")
	if n := v.told("alice", "vote", "propose", "--set", "dispute.juror_fee=50000000", "--set", "dispute.reveal_seconds=86400", "--pause", "true")["number"]; n != 1.0 {
		t.Fatalf("proposal %v", n)
	}
	v.shows(v.does("bob", "vote", "show", "1"), "open", "set_params", `"juror_fee":"50000000"`, "pause[true]")
	v.refused("VotingOpen", "bob", "vote", "execute", "1")
	v.does("alice", "vote", "cast", "1", "for")
	v.refused("Voted", "alice", "vote", "cast", "1", "against")
	v.does("bob", "vote", "cast", "1", "abstain")
	v.pass(7 * testDay)
	v.refused("VotingClosed", "bob", "vote", "cast", "1", "for")
	v.refused("TimeLocked", "bob", "vote", "execute", "1")
	v.pass(2 * testDay)

	kept := filepath.Join(v.dir, "proposals", "1.json")
	b, err := os.ReadFile(kept)
	v.must(err)
	v.must(os.WriteFile(kept, []byte(`[]`), 0o600))
	v.refused("ActionMismatch", "bob", "vote", "execute", "1")
	v.must(os.Remove(kept))
	v.refused("actions_missing", "bob", "vote", "execute", "1")
	other := filepath.Join(t.TempDir(), "actions.json")
	v.must(os.WriteFile(other, b, 0o600))
	v.does("bob", "vote", "execute", "1", "--actions", other)
	v.refused("StateWrong", "bob", "vote", "execute", "1", "--actions", other)
	v.shows(v.does("bob", "vote", "list"), "executed", "1500.0000000")
	p, err := v.chain.DisputeParams(t.Context())
	v.must(err)
	if !p.JurorFee.Equal(money.Of(50_000_000)) || p.RevealSeconds != 86_400 || p.Version != 2 || p.CommitSeconds != 3*86_400 {
		t.Errorf("the parameters are %+v", p)
	}

	v.refused("StakeMissing", "alice", "stake", "unbond", "1501")
	v.does("alice", "stake", "unbond", "500")
	v.does("alice", "stake", "cancel", "0")
	v.does("alice", "stake", "unbond", "1500")
	v.refused("NothingDue", "alice", "stake", "withdraw")
	v.pass(30 * testDay)
	v.does("bob", "stake", "withdraw", "alice")
	if got := v.told("alice", "flash", "balance")["balance"]; got != "19000000000" {
		t.Errorf("alice has %v", got)
	}
}
