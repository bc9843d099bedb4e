package stellar

import (
	"testing"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
)

// Every op is a call that the Market's own Wasm declares like this, and nothing that people may call is left out.
func TestTheMarketFits(t *testing.T) {
	t.Parallel()
	s := readSpec(t, "market")
	at := ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{1}}
	g := ids.Account{Chain: ids.Stellar, Address: [32]byte{9}}
	called := map[string]bool{"__constructor": true, "upgrade": true, "upgrade_announce": true, "extend": true} // governance's, and anyone's
	for _, view := range []string{"ask_of", "answer_of", "answer_at", "admin", "upgrade_announced"} {
		called[view] = true
	}
	for _, op := range []market.Op{market.Want{Consumer: g, Wanted: market.Wanted{Asset: at}}, market.Offer{Provider: g}, market.Commit{Provider: g}, market.Reveal{Provider: g},
		market.Take{Consumer: g, Provider: g, Deal: market.Deal{Refund: g}}, market.Withdraw{Consumer: g}, market.Expire{}, market.SetAdmin{Admin: g}} {
		c, err := translateMarket(at, op)
		if err != nil {
			t.Errorf("%T: %v", op, err)
			continue
		}
		called[c.function] = true
		f, ok := s.functions[c.function]
		if !ok || len(f.Inputs) != len(c.args) {
			t.Errorf("%T calls %s with %d arguments; the contract has %+v", op, c.function, len(c.args), f)
			continue
		}
		for i, in := range f.Inputs {
			if err := s.check(c.args[i], in.Type); err != nil {
				t.Errorf("%T: %s(%s): %v", op, c.function, in.Name, err)
			}
		}
	}
	for name, f := range s.functions {
		if !called[name] {
			t.Errorf("no op calls %s%v", name, f.Inputs)
		}
	}
	zero := func(name string) *record {
		return newRecord(name, s.zero(xdr.ScSpecTypeDef{Type: xdr.ScSpecTypeScSpecTypeUdt, Udt: &xdr.ScSpecTypeUdt{Name: name}}))
	}
	if _, err := readAsk(zero("Ask"), ids.ID{}); err != nil {
		t.Error(err)
	}
	if _, err := readAnswer(zero("Answer")); err != nil {
		t.Error(err)
	}
	if _, err := translateMarket(ids.Account{}, market.Expire{}); fault.CodeOf(err) != "contract_missing" {
		t.Error(err)
	}
	if _, err := translateMarket(at, market.SetAdmin{Admin: ids.Account{Chain: ids.Starknet, Kind: ids.Contract}}); fault.CodeOf(err) != "ArgumentInvalid" {
		t.Error(err)
	}
}
