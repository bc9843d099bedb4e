package attack

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

const year = 365 * 86_400 // seconds

// long is an SLA of three years.
var long = wish{volume: 864 << 30, egress: 4 << 30, duration: 3 * year / 10}

// age lets time pass in which nobody touches anything.
func (w *world) age(seconds uint64) {
	w.Helper()
	if err := w.Advance(seconds, uint32(seconds/5)); err != nil {
		w.Fatal(err)
	}
}

// entries of the deployment's contracts: how many of a kind of key there are, and how many of them are archived.
func (w *world) entries() (all, archived map[string]int) {
	w.Helper()
	all, archived = map[string]int{}, map[string]int{}
	at := w.at()
	err := w.Each(func(k xdr.LedgerKey, f direct.Found) bool {
		if k.ContractData == nil {
			return true
		}
		of := scval.Address(ids.Account{})
		of.Address = &k.ContractData.Contract
		name := ""
		for n, c := range map[string]ids.Account{"oracle": at.Oracle, "provider": at.Provider, "consumer": at.Consumer} {
			if a := scval.Address(c); a.Address.Equals(k.ContractData.Contract) {
				name = n
			}
		}
		if name == "" {
			return true
		}
		switch key := k.ContractData.Key; {
		case key.Type == xdr.ScValTypeScvLedgerKeyContractInstance:
			name += " instance"
		case key.Vec != nil && *key.Vec != nil && len(**key.Vec) > 0:
			s, _ := (**key.Vec)[0].GetSym()
			name += " " + string(s)
		default:
			w.Errorf("%s has an entry with the key %v", name, scval.Plain(key))
		}
		if k.ContractData.Durability == xdr.ContractDataDurabilityTemporary {
			w.Errorf("%s is temporary: it would be lost", name)
		}
		all[name]++
		if f.Archived {
			archived[name]++
		}
		return true
	})
	if err != nil {
		w.Fatal(err)
	}
	return all, archived
}

// kinds of entries that the three contracts store.
var kinds = []string{"oracle instance", "oracle Config", "oracle Digest", "oracle Latest", "oracle Root", "provider instance", "provider Params", "provider Provider", "provider Collateral", "provider Node", "provider NodeOf", "provider Unit", "provider Reservation",
	"consumer instance", "consumer Params", "consumer Terms", "consumer Sla", "consumer Grant"}

// aged is a world with something of every kind, and an SLA that has been settled once, at a year and a half of its three.
func aged(t *testing.T) (*world, *life, ids.ID) {
	w := start(t)
	l := w.open("carl", w.unit("pia", offer{storage: 100, egress: 1_000}), long)
	grant := w.do("carl", orchestrator.GrantAccess{Consumer: account("carl"), SLA: l.id, Grantee: account("heir"), Prefix: []byte("a/"), Ops: 2, Expires: w.Now() + 5*year, Nonce: w.nonce()})
	w.reach(l, 30)
	w.settle("carl", l)
	return w, l, grant
}

// reach certifies an SLA as healthy, judged to a window's boundary, at so many epochs.
func (w *world) reach(l *life, epochs uint32) {
	w.Helper()
	l.leaf.Epochs, l.leaf.JudgedEpochs, l.leaf.Windows = epochs, epochs, epochs/3
	if epochs == w.sla(l.id).EndEpochs {
		l.leaf.Status = sla.Complete
	}
	l.base = l.leaf
	w.certify(l.start+uint64(epochs)-1, l)
}

// After years in which nobody called anything all entries are archived, and nothing is lost: the first call that needs an entry brings it back as it was, and all money comes out.
func TestAgeing(t *testing.T) {
	t.Parallel()
	w, l, grant := aged(t)
	before := map[string]int64{"pia": purse, "carl": purse, "mallory": purse, "rogue": purse}
	x, r := w.sla(l.id), w.reservation(l.id)
	w.reach(l, 60) // certified, and not settled for years
	w.age(year + year/2)
	all, archived := w.entries()
	for _, k := range kinds {
		if all[k] == 0 || archived[k] != all[k] {
			w.Errorf("%s: %d, of them %d are archived", k, all[k], archived[k])
		}
		delete(all, k)
	}
	if len(all) > 0 {
		w.Errorf("kinds of entries that this test does not know: %v", all)
	}
	if d := cmp.Diff(x, w.sla(l.id)) + cmp.Diff(r, w.reservation(l.id)); d != "" {
		w.Errorf("the books have changed: %s", d)
	}
	// The root of years ago is there: the old leaf settles, by a call that restores what it needs.
	out, err := w.raw("anyone", w.at().Consumer, "extend", scval.U32(3), scval.ID(l.id))
	if err != nil || out.Cost.Restored < 4 {
		w.Errorf("extend restores %d entries: %v", out.Cost.Restored, err)
	}
	w.settle("anyone", l)
	w.do("anyone", orchestrator.Payout{SLA: l.id})
	w.do("anyone", orchestrator.CollectFees{SLA: l.id})
	w.mustRaw("carl", w.at().Consumer, "revoke", arg("carl"), scval.ID(grant))
	w.do("pia", orchestrator.WithdrawCollateral{Provider: account("pia"), Asset: w.usd, Amount: money.Of(1)})
	w.do("pia", orchestrator.DepositCollateral{Provider: account("pia"), Asset: w.usd, Amount: money.Of(1)})
	w.do("pia", orchestrator.UnitPrice{Provider: account("pia"), ID: x.Unit, StoragePrice: money.Of(2), EgressPrice: money.Of(2)})
	// New reports go on from the archived root; new SLAs begin; the old one ends by its last leaf, years later still.
	w.reach(l, uint32((w.Now()-w.config.Start(l.start))/uint64(w.config.EpochSeconds)))
	w.settle("anyone", l)
	young := w.open("mallory", w.unit("rogue", offer{}), plain)
	w.age(2 * year)
	w.reach(l, long.duration)
	w.age(year)
	w.settle("anyone", l)
	w.do("anyone", orchestrator.TimeOut{SLA: young.id})
	w.draw(w.lives...)
	w.solvent()
	w.free("pia", x.Unit)
	if w.sla(l.id).State != orchestrator.Completed || w.sla(young.id).State != orchestrator.Completed {
		w.Error("an SLA has not ended")
	}
	w.honest(l)
	for _, n := range []string{"pia", "carl", "mallory", "rogue"} {
		if got := w.wealth(n) - before[n]; got != w.due[n] {
			w.Errorf("%s has %d more than before the years, not %d", n, got, w.due[n])
		}
	}
}

// extend by anyone, twice a year, is enough: no entry that an SLA needs is ever archived.
func TestExtend(t *testing.T) {
	t.Parallel()
	w, l, grant := aged(t)
	unit := w.sla(l.id).Unit
	for range 6 {
		w.age(100 * 86_400) // the longest lifetime is 120 days
		for _, op := range []orchestrator.Op{
			orchestrator.ExtendConsumer{Kind: 3, ID: l.id}, orchestrator.ExtendConsumer{Kind: 4, ID: grant},
			orchestrator.ExtendProvider{Kind: 1, ID: w.node("pia")}, orchestrator.ExtendProvider{Kind: 2, ID: unit}, orchestrator.ExtendProvider{Kind: 3, ID: l.id},
		} {
			w.do("anyone", op)
		}
		_, archived := w.entries()
		for kind, n := range archived {
			switch kind {
			case "oracle instance", "oracle Config", "oracle Digest", "oracle Latest", "oracle Root": // extended by each report, of which there was none
			case "provider Provider", "provider Node", "provider NodeOf", "provider Collateral": // rogue's: nobody extends them
				if n > 1 {
					w.Errorf("%s: %d are archived", kind, n)
				}
			default:
				w.Errorf("%s: %d are archived", kind, n)
			}
		}
	}
	for _, op := range []orchestrator.Op{orchestrator.ExtendConsumer{Kind: 1, ID: l.id}, orchestrator.ExtendProvider{Kind: 4, ID: l.id}} {
		w.refused("ArgumentInvalid", "anyone", op)
	}
	for _, op := range []orchestrator.Op{orchestrator.ExtendConsumer{Kind: 3, ID: unit}, orchestrator.ExtendConsumer{Kind: 4, ID: unit}, orchestrator.ExtendProvider{Kind: 1, ID: l.id}, orchestrator.ExtendProvider{Kind: 2, ID: l.id},
		orchestrator.ExtendProvider{Kind: 3, ID: unit}} {
		w.refused("NotFound", "anyone", op)
	}
}
