package main

import (
	"testing"

	"github.com/flashback-network/flashback/internal/sla"
)

// An accusation that nobody contests is for the provider, out of the consumer's bond.
func TestAccuse(t *testing.T) {
	t.Parallel()
	judges := []string{"judge-1", "judge-2", "judge-3"}
	v := newTown(t, append([]string{"provider", "consumer"}, judges...)...)
	for _, who := range judges {
		v.does("treasury", "flash", "send", who, "200")
		v.does(who, "stake", "add", "100", "--role", "arbiter")
		v.does(who, "arbiter", "on")
	}
	v.does("treasury", "flash", "send", "provider", "200")
	x := v.rent(sla.Stream, 40)
	for range testWindow {
		x.epoch(nil)
	}
	id := x.id.String()
	v.refused("NotAuthorized", "consumer", "dispute", "accuse", id, "--window", "0", "--amount", "0.0001")
	v.refused("AmountInvalid", "provider", "dispute", "accuse", id, "--window", "0", "--amount", "1000")
	before, err := v.chain.SLA(t.Context(), x.id)
	v.must(err)
	made, _ := v.told("provider", "dispute", "accuse", id, "--window", "0", "--amount", "0.00001")["id"].(string)
	v.shows(v.does("consumer", "dispute", "show", made), "accusation", "evidence", "frozen      0.0000100 USDT")
	v.pass(3 * testDay)
	v.does("judge-1", "dispute", "advance", made)
	v.shows(v.does("consumer", "dispute", "show", made), "ruled", "for the provider")
	v.pass(3 * testDay)
	v.does("judge-1", "dispute", "execute", made)
	after, err := v.chain.SLA(t.Context(), x.id)
	v.must(err)
	if got := after.ProviderClaim.Sub(before.ProviderClaim).String(); got != "100" {
		t.Errorf("the provider's claim rose by %s", got)
	}
	v.does("judge-1", "dispute", "claim", "provider")
	if got := v.told("provider", "flash", "balance")["balance"]; got != "2000000000" {
		t.Errorf("the provider has %v", got)
	}
	if out := v.told("consumer", "dispute", "window", id, "0"); out["accused"] != true {
		t.Errorf("%v", out)
	}
}
