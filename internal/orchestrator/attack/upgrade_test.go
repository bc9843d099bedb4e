package attack

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

// marked is a contract's Wasm with a custom section more: the same code under another hash.
func marked(t *testing.T, name, mark string) []byte {
	t.Helper()
	wasm, err := artifacts.Wasm(name)
	if err != nil {
		t.Fatal(err)
	}
	return append(slices.Clone(wasm), append([]byte{0, byte(len(mark) + 1), byte(len(mark))}, mark...)...)
}

// code is the hash of a contract's code as the ledger has it.
func (w *world) code(contract ids.Account) (hash [32]byte) {
	w.Helper()
	f, ok, err := w.Entry(direct.DataKey(contract, xdr.ScVal{Type: xdr.ScValTypeScvLedgerKeyContractInstance}))
	if err != nil || !ok || f.Entry.Data.ContractData.Val.Instance == nil {
		w.Fatalf("the instance of %s: %v", contract, err)
	}
	return *f.Entry.Data.ContractData.Val.Instance.Executable.WasmHash
}

// An upgrade of both Orchestrators under a live SLA: nobody but the admin, not before seven days, not after fourteen, and only to the code that was announced last; everything stored stays, and the SLA goes on to
// its end with its money.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	w := start(t)
	unit := w.unit("pia", offer{storage: 100, egress: 1_000_000})
	x := plain
	x.duration = 300_000 // more than a month
	l, waiting := w.open("carl", unit, x), w.open("carl", w.unit("pia", offer{manual: true}), plain)
	w.run(9, 2, 1<<26, l)
	w.settle("carl", l)
	w.do("carl", orchestrator.Cancel{Consumer: account("carl"), SLA: waiting.id})
	const week = 7 * 86_400
	fails := func(why string, code uint32, by string, contract ids.Account, function string, hash ...[32]byte) {
		w.Helper()
		var err error
		if len(hash) > 0 {
			_, err = w.raw(by, contract, function, scval.ID(hash[0]))
		} else {
			_, err = w.raw(by, contract, function)
		}
		if code == 0 && !direct.Unauthorised(err) || code != 0 && direct.Code(err) != code {
			w.Errorf("%s: %v", why, err)
		}
	}
	const notFound, upgradeEarly = 7, 15
	for name, contract := range map[string]ids.Account{"consumer": w.at().Consumer, "provider": w.at().Provider} {
		old := w.code(contract)
		next, err := w.Upload(w.ctx, marked(t, name, "next"))
		other, err2 := w.Upload(w.ctx, marked(t, name, "other"))
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		fails("nothing announced", notFound, "admin", contract, "upgrade")
		fails("announced by a stranger", 0, "mallory", contract, "upgrade_announce", next)
		w.mustRaw("admin", contract, "upgrade_announce", scval.ID(other))
		w.age(week - 10)
		w.mustRaw("admin", contract, "upgrade_announce", scval.ID(next)) // replaces the other, and begins anew
		w.age(100)
		fails("early, by the first announcement's time", upgradeEarly, "admin", contract, "upgrade")
		w.age(week - 110)
		fails("early", upgradeEarly, "admin", contract, "upgrade")
		w.age(10)
		fails("by a stranger", 0, "mallory", contract, "upgrade")
		if w.code(contract) != old {
			t.Fatal("the code has changed")
		}
		state := w.Snapshot()
		w.age(week + 1)
		fails("too late", notFound, "admin", contract, "upgrade")
		w.Restore(state)
		sla, reservation, collateral := w.sla(l.id), w.reservation(l.id), w.collateral("pia")
		w.mustRaw("admin", contract, "upgrade")
		if w.code(contract) != next {
			t.Fatal("the code has not changed")
		}
		fails("twice", notFound, "admin", contract, "upgrade")
		if d := cmp.Diff(sla, w.sla(l.id)) + cmp.Diff(reservation, w.reservation(l.id)) + cmp.Diff(collateral, w.collateral("pia")); d != "" {
			t.Errorf("the %s's upgrade changes: %s", name, d)
		}
		w.solvent()
	}
	// The Oracle has no such entry point.
	for _, f := range w.functions("oracle") {
		if f.Name == "upgrade" || f.Name == "upgrade_announce" || f.Name == "set_admin" {
			t.Errorf("the Oracle has %s", f.Name)
		}
	}
	// Everything goes on under the new code: settlement, a new request, the end, the money.
	for w.config.Start(l.start+uint64(l.leaf.Epochs)) < w.Now() {
		l.observe(0, l.leaf.BytesOut, 300_000)
	}
	w.certify(l.start+uint64(l.leaf.Epochs)-1, l)
	w.settle("carl", l)
	young := w.open("mallory", unit, plain)
	w.do("carl", orchestrator.CloseSLA{Consumer: account("carl"), SLA: l.id})
	w.run(int(w.sla(l.id).EndEpochs-l.leaf.Epochs), 0, 0, l)
	w.settle("carl", l)
	w.finish(young)
	w.draw(w.lives...)
	w.solvent()
	if c := w.collateral("pia"); c.Locked.Sign() != 0 {
		t.Errorf("%s of the collateral is locked", c.Locked)
	}
	w.honest(l)
	w.honest(young)
	for _, n := range []string{"pia", "carl", "mallory"} {
		if got := w.wealth(n) - purse; got != w.due[n] {
			t.Errorf("%s has %d more, not %d", n, got, w.due[n])
		}
	}
}
