package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// seller makes a wallet a provider with a unit that is not listed; it answers asks only.
func (v *town) seller(name string) ids.ID {
	v.Helper()
	ctx, p := v.Context(), v.keys[name]
	v.must(v.chain.Trust(ctx, p, v.usd))
	_, err := v.chain.Transfer(ctx, v.keys["admin"], v.usd, p.Account(), money.Of(1_000_000_000))
	v.must(err)
	do := func(op orchestrator.Op) ids.ID {
		v.Helper()
		r, err := v.chain.Submit(ctx, p, op)
		v.must(err)
		return r.ID
	}
	do(orchestrator.Register{Provider: p.Account(), Payout: p.Account(), Info: [32]byte{7}})
	node := stellar.GenerateKey()
	bind := orchestrator.NodeBind{Provider: p.Account(), Node: node.Account(), Endpoint: "http://127.0.0.1:9000"}
	var signed [][]byte
	for _, k := range []*stellar.Key{p, node} {
		a, err := v.chain.Authorize(ctx, bind, k.Account())
		v.must(err)
		a, err = v.chain.SignAuthorization(k, bind, a)
		v.must(err)
		signed = append(signed, a)
	}
	r, err := v.chain.Relay(ctx, v.keys["admin"], bind, signed...)
	v.must(err)
	do(orchestrator.DepositCollateral{Provider: p.Account(), Asset: v.usd, Amount: money.Of(500_000_000)})
	return do(orchestrator.UnitCreate{Provider: p.Account(), Nonce: [32]byte{1}, Spec: orchestrator.UnitSpec{Node: r.ID, Kind: 1, Capacity: 100 << 30, Region: "DE/Berlin", QoS: sla.QoS{AvailabilityPpm: 999_000},
		Asset: v.usd, StoragePrice: money.Of(86_400_000), EgressPrice: money.Of(1_000), CollateralBps: 5_000, MinEpochs: 1, MaxEpochs: 1_000, RateLimit: 100}})
}

// Asks by the commands, on a chain with all contracts: openly, where the dearer answer is full, and sealed.
func TestAsks(t *testing.T) {
	t.Parallel()
	v := newTown(t, "consumer", "alice", "bob")
	ctx := t.Context()
	c := v.keys["consumer"]
	v.must(v.chain.Trust(ctx, c, v.usd))
	_, err := v.chain.Transfer(ctx, v.keys["admin"], v.usd, c.Account(), money.Of(1_000_000_000))
	v.must(err)
	units := map[string]string{"alice": v.seller("alice").String(), "bob": v.seller("bob").String()}

	v.shows(v.does("consumer", "ask", "list"), "nobody asks")
	create := []string{"ask", "create", "--asset", "USDT", "--max-total", "50", "--volume", "10GiB", "--egress", "1GiB", "--epochs", "50", "--region", "DE", "--answers", "1h", "--choose", "1h"}
	id := fmt.Sprint(v.told("consumer", create...)["id"])
	v.shows(v.does("alice", "ask", "list"), id, "answers until")
	v.refused("StateWrong", "alice", "ask", "commit", id, "--unit", units["alice"])
	v.refused("PriceAbove", "alice", "ask", "answer", id, "--unit", units["alice"], "--storage-price", "100000000")
	v.does("alice", "ask", "answer", id, "--unit", units["alice"], "--storage-price", "9")
	v.does("bob", "ask", "answer", id, "--unit", units["bob"], "--storage-price", "8")
	v.shows(v.does("consumer", "ask", "show", id), units["alice"], units["bob"])
	taken := v.told("consumer", "ask", "take", id)
	x, err := v.chain.SLA(ctx, mustID(t, taken["id"]))
	v.must(err)
	if x.State != orchestrator.Active || x.Provider != v.keys["bob"].Account() {
		t.Errorf("%s by %s: the cheaper answer was not taken, or its SLA did not begin", x.State, x.Provider)
	}
	v.refused("StateWrong", "consumer", "ask", "take", id)
	v.shows(v.does("consumer", "ask", "show", id), "chosen", x.ID.String())

	sealed := fmt.Sprint(v.told("consumer", append(create, "--sealed", "--reveals", "1h")...)["id"])
	v.refused("StateWrong", "alice", "ask", "answer", sealed, "--unit", units["alice"])
	v.does("alice", "ask", "commit", sealed, "--unit", units["alice"], "--storage-price", "7")
	v.does("alice", "ask", "commit", sealed, "--unit", units["alice"], "--storage-price", "6") // in its place
	v.does("bob", "ask", "commit", sealed, "--unit", units["bob"], "--storage-price", "5")
	v.refused("PhaseWrong", "alice", "ask", "reveal", sealed)
	v.shows(v.does("consumer", "ask", "show", sealed), "sealed", "commitments until")
	v.pass(time.Hour + time.Second)
	v.does("alice", "ask", "reveal", sealed)
	v.refused("PhaseWrong", "consumer", "ask", "take", sealed, "alice")
	kept, err := filepath.Glob(filepath.Join(v.dir, "answers", "*"+v.keys["bob"].Account().String()+"*"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	if f, err := os.Stat(kept[0]); err != nil || f.Mode().Perm() != 0o600 {
		t.Error(f, err)
	}
	v.must(os.Remove(kept[0])) // bob loses what it committed to: it has no answer
	v.refused("sealed_answer_missing", "bob", "ask", "reveal", sealed)
	v.pass(time.Hour)
	v.refused("NotFound", "consumer", "ask", "take", sealed, "bob")
	v.refused("NotAuthorized", "alice", "ask", "withdraw", sealed)
	taken = v.told("consumer", "ask", "take", sealed)
	x, err = v.chain.SLA(ctx, mustID(t, taken["id"]))
	v.must(err)
	if x.State != orchestrator.Active || x.Provider != v.keys["alice"].Account() {
		t.Errorf("%s by %s", x.State, x.Provider)
	}

	gone := fmt.Sprint(v.told("consumer", create...)["id"])
	v.does("consumer", "ask", "withdraw", gone)
	if l := v.toldList("consumer", "ask", "list"); len(l) != 0 {
		t.Errorf("still open: %v", l)
	}
	if l := v.toldList("consumer", "ask", "list", "--all"); len(l) != 3 || l[2]["state"] != "withdrawn" {
		t.Errorf("%v", l)
	}
	v.refused("id_invalid", "consumer", "ask", "show", units["bob"])
}

func mustID(t *testing.T, s any) ids.ID {
	t.Helper()
	id, err := ids.Parse(fmt.Sprint(s))
	if err != nil {
		t.Fatal(err)
	}
	return id
}
