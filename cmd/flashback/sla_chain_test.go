package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// slaAt is the SLA that a command's JSON names, as the chain has it.
func (v *town) slaAt(id any) orchestrator.SLA {
	v.Helper()
	parsed, err := ids.Parse(fmt.Sprint(id))
	v.must(err)
	s, err := v.chain.SLA(v.Context(), parsed)
	v.must(err)
	return s
}

// TestSLAsAfterSLAsByCommands: what the commands sign is what the contracts take, also when the other one signs elsewhere.
func TestSLAsAfterSLAsByCommands(t *testing.T) {
	t.Parallel()
	v := newTown(t, "provider", "consumer", "buyer")
	x := v.rent(sla.Stream, 100)
	unit := x.terms.Units[0].Unit.String()

	renewed := v.slaAt(v.told("consumer", "sla", "renew", x.id.String(), "--epochs", "20", "--volume", "2GiB")["id"])
	if renewed.Previous != x.id || v.slaAt(x.id).Next != renewed.ID || renewed.StartEpoch != x.start+100 || renewed.Duration != 20 || renewed.State != orchestrator.Active {
		t.Errorf("renewed: %+v", renewed)
	}
	v.refused("StateWrong", "consumer", "sla", "renew", x.id.String())

	notice := v.told("provider", "sla", "reclaim", x.id.String())
	if s := v.slaAt(x.id); s.State != orchestrator.Reclaiming || fmt.Sprint(notice["endEpochs"]) != fmt.Sprint(s.EndEpochs) || notice["price"] == "0" {
		t.Errorf("reclaimed: %v, %+v", notice, s)
	}
	v.refused("NotAuthorized", "consumer", "sla", "reclaim", renewed.ID.String())

	// A split, whose other part's consumer signs by a file.
	whole := v.slaAt(v.told("consumer", "sla", "open", "--unit", unit, "--volume", "10GiB", "--egress", "1GiB", "--epochs", "40")["id"])
	file := filepath.Join(t.TempDir(), "split")
	stranger := stellar.GenerateKey().Account().String()
	v.refused("signature_missing", "consumer", "sla", "split", whole.ID.String(), "--part", "to="+stranger)
	v.refused("parts_invalid", "consumer", "sla", "split", whole.ID.String(), "--part", "volume=11GiB")
	v.does("consumer", "sla", "split", whole.ID.String(), "--epochs", "20", "--part", "volume=6GiB", "--part", "to=buyer,egress=2GiB", "--save", file)
	v.refused("signature_missing", "consumer", "sla", "send", file)
	v.refused("signature_needless", "provider", "sla", "sign", file)
	v.shows(v.does("buyer", "sla", "sign", file), "4.0 GiB", "sla send "+file)
	sent := v.told("consumer", "sla", "send", file)
	parts, _ := sent["parts"].([]any)
	if len(parts) != 2 {
		t.Fatalf("split: %v", sent)
	}
	part := func(i int) orchestrator.SLA { return v.slaAt(parts[i].(map[string]any)["id"]) }
	mine, theirs := part(0), part(1)
	if old := v.slaAt(whole.ID); old.EndEpochs != 20 || old.Next != mine.ID || mine.Consumer != v.keys["consumer"].Account() || theirs.Consumer != v.keys["buyer"].Account() ||
		mine.StartEpoch != whole.StartEpoch+20 || theirs.Previous != whole.ID {
		t.Errorf("split: %+v\n%+v\n%+v", old, mine, theirs)
	}

	// A transfer between wallets of one machine.
	v.does("buyer", "sla", "transfer", theirs.ID.String(), "--to", "consumer")
	if s := part(1); s.Consumer != v.keys["consumer"].Account() {
		t.Errorf("transferred: %+v", s)
	}
	v.refused("NotAuthorized", "buyer", "sla", "transfer", theirs.ID.String(), "--to", "provider")

	units := []string{unit}
	for range partsMost {
		units = append(units, fmt.Sprint(v.told("provider", "units", "create", "--node", x.nodeID.String(), "--region", "DE/Bonn", "--asset", "USDT", "--capacity", "20GiB", "--storage-price", "1")["id"]))
	}
	second := units[1]
	for _, n := range []int{partsAtOnce, partsMost} { // so many begin in one call; more are paid one by one
		args := []string{"sla", "joint", "--volume", "1GiB", "--egress", "1GiB", "--epochs", "20", "--redundancy", "2"}
		for _, u := range units[:n] {
			args = append(args, "--part", "unit="+u)
		}
		joint := v.told("consumer", args...)
		l, _ := joint["parts"].([]any)
		if len(l) != n {
			t.Fatalf("joint: %v", joint)
		}
		for _, p := range l {
			if s := v.slaAt(p.(map[string]any)["id"]); s.State != orchestrator.Active || fmt.Sprint(s.Group) != joint["group"] {
				t.Errorf("joint of %d: %+v", n, s)
			}
		}
	}
	tooMany := []string{"sla", "joint", "--volume", "1GiB"}
	for _, u := range units {
		tooMany = append(tooMany, "--part", "unit="+u)
	}
	v.refused("parts_too_many", "consumer", tooMany...)
	v.refused("ArgumentInvalid", "consumer", "sla", "joint", "--volume", "1GiB", "--epochs", "20", "--redundancy", "2", "--part", "unit="+unit+",share=50", "--part", "unit="+second+",share=50")

	// A price for one, once.
	open := []string{"sla", "open", "--unit", second, "--volume", "1GiB", "--egress", "0", "--epochs", "20", "--fund-later"}
	usual := v.slaAt(v.told("consumer", open...)["id"]).Total
	v.does("provider", "units", "price-for", second, "--to", "consumer", "--storage-price", "0.5")
	if special := v.slaAt(v.told("consumer", open...)["id"]).Total; !special.Add(special).Equal(usual) || special.Sign() <= 0 {
		t.Errorf("half the price is %s, the price %s", special, usual)
	}
	if again := v.slaAt(v.told("consumer", open...)["id"]).Total; !again.Equal(usual) {
		t.Errorf("the price for one SLA was good for two: %s", again)
	}
	v.does("provider", "units", "price-for", second, "--to", "consumer", "--storage-price", "0.5")
	if out := v.does("provider", "units", "price-for", second, "--to", "consumer", "--for", "0"); !strings.Contains(out, "no price of its own") {
		t.Error(out)
	}
	if again := v.slaAt(v.told("consumer", open...)["id"]).Total; !again.Equal(usual) || again.Equal(money.Amount{}) {
		t.Errorf("a price that was taken back: %s", again)
	}
}
