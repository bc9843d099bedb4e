package attack

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

// release is the Wasm of a contract as an earlier release had it: "first", whose contracts could not be upgraded, or "second", whose records had fewer fields.
func release(t *testing.T, which, contract string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", "releases", which, contract+".wasm.zst"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	wasm, err := d.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// without is a contract's struct with some fields less.
func without(v xdr.ScVal, names ...string) xdr.ScVal {
	f := scval.Fields{}
	for _, e := range **v.Map {
		f[string(*e.Key.Sym)] = e.Val
	}
	for _, n := range names {
		delete(f, n)
	}
	return scval.Struct(f)
}

// orchestrators deploys both of an earlier release on an Oracle, which is there; its parameters have some fields less than today's.
func (w *world) orchestrators(which string, oracle ids.Account, missing ...string) chain.Contracts {
	w.Helper()
	at := chain.Contracts{Oracle: oracle}
	for _, name := range []string{"provider", "consumer"} {
		args, err := stellar.Constructor(name, account("admin"), at, w.params)
		if err != nil {
			w.Fatal(err)
		}
		args[len(args)-1] = without(args[len(args)-1], missing...)
		to := map[string]*ids.Account{"provider": &at.Provider, "consumer": &at.Consumer}[name]
		if *to, err = w.Deploy(w.ctx, which+" "+name, release(w.T, which, name), args...); err != nil {
			w.Fatal(err)
		}
	}
	return at
}

// over is the same world, seen through other contracts.
func (w *world) over(at chain.Contracts) *world {
	w.Helper()
	x := *w
	x.lives, x.due, x.gifts = nil, map[string]int64{}, maps.Clone(w.gifts)
	var err error
	if x.chain, err = stellar.Inside(local{w.Rig}, w.Passphrase()).With(w.ctx, at); err != nil {
		w.Fatal(err)
	}
	return &x
}

// oldRequest is a request as releases before successions took it, with all of its price paid in.
func (w *world) oldRequest(consumer string, unit ids.ID, x wish, total int64, deposit money.Amount) ids.ID {
	w.Helper()
	out := w.mustRaw(consumer, w.at().Consumer, "request", arg(consumer), scval.Struct(scval.Fields{
		"unit": scval.ID(unit), "volume": scval.U64(x.volume), "egress": scval.U64(x.egress), "duration": scval.U32(x.duration), "mode": scval.U32(uint32(x.mode)), "refund": arg(consumer),
		"max_total": scval.I128(total), "price_version": scval.U32(1), "nonce": scval.ID(w.nonce()), "deposit": scval.Amount(deposit)}))
	return ids.ID(*out.Value.Bytes)
}

// record is what a view shows, by field.
func (w *world) record(contract ids.Account, view string, id ids.ID) map[string]any {
	w.Helper()
	v, err := w.View(w.ctx, contract, view, scval.ID(id))
	if err != nil {
		w.Fatalf("%s: %v", view, err)
	}
	return scval.Plain(v).(map[string]any)
}

// plainTotal is the price of plain on a usual unit.
const plainTotal = 30*100_000 + 4*1_000_000

// The first release's contracts cannot be upgraded, so what is on them moves: the provider takes no more SLAs there and brings its free collateral over, the consumer makes new SLAs here, and what lives there runs to its end under its
// own terms, beside the new contracts, on the same chain. In the end nothing is left behind.
func TestMoveFromFirstRelease(t *testing.T) {
	t.Parallel()
	w := start(t)
	// The Oracle has no admin and stays: one report settles both.
	first := w.over(w.orchestrators("first", w.at().Oracle, "early_bps", "reclaim_bps", "reclaim_windows", "grace_epochs", "retention_epochs", "fee_flash_bps", "flash"))
	at := first.at()
	first.mustRaw("admin", at.Provider, "wire", scval.Address(at.Consumer))
	const brought = 50_000_000
	first.do("pia", orchestrator.Register{Provider: account("pia"), Payout: account("pia")})
	if _, err := first.Call(w.ctx, at.Provider, "node_bind", direct.By(party("pia"), party("node pia")), arg("pia"), arg("node pia"), scval.String("https://node.example")); err != nil {
		t.Fatal(err)
	}
	first.do("pia", orchestrator.DepositCollateral{Provider: account("pia"), Asset: w.usd, Amount: money.Of(brought)})
	unit := first.unit("pia", offer{})
	id := first.oldRequest("carl", unit, plain, plainTotal, money.Of(plainTotal))

	// Its leaf says which terms it is of; the arithmetic is that of the same SLA here.
	twin := w.open("mallory", w.unit("rogue", offer{}), plain)
	document, err := first.chain.Terms(w.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	terms := *twin.terms
	terms.Bond = money.Amount{}
	l := &life{id: id, terms: &terms, start: first.record(at.Consumer, "sla", id)["start_epoch"].(uint64)}
	l.leaf = sla.Leaf{SLA: id, Terms: canon.Hash(document)}
	l.base, l.settled, l.half = l.leaf, l.leaf, l.leaf
	live := func(epochs, bad int, others ...*life) {
		for range epochs {
			for _, x := range append(others, l) {
				x.observe(bad, x.leaf.BytesOut+1<<26, plain.duration)
			}
		}
		w.certify(l.start+uint64(l.leaf.Epochs)-1, append(others, l)...)
	}
	live(9, 2, twin)
	first.settle("carl", l)

	// The move.
	first.do("pia", orchestrator.UnitDecommission{Provider: account("pia"), ID: unit})
	if _, err := first.raw("carl", at.Consumer, "request", arg("carl"), scval.Struct(scval.Fields{
		"unit": scval.ID(unit), "volume": scval.U64(1), "egress": scval.U64(0), "duration": scval.U32(1), "mode": scval.U32(0), "refund": arg("carl"),
		"max_total": scval.I128(1), "price_version": scval.U32(1), "nonce": scval.ID(w.nonce()), "deposit": scval.I128(0)})); direct.Code(err) != 308 {
		t.Fatalf("a unit that moves takes another SLA: %v", err)
	}
	free := first.collateral("pia").Free
	first.do("pia", orchestrator.WithdrawCollateral{Provider: account("pia"), Asset: w.usd, Amount: free})
	w.do("pia", orchestrator.DepositCollateral{Provider: account("pia"), Asset: w.usd, Amount: free})
	fresh := w.open("carl", w.unit("pia", offer{}), plain)

	// Both live beside each other, to their ends.
	live(21, 0, twin)
	first.settle("anyone", l)
	for _, op := range []orchestrator.Op{orchestrator.Payout{SLA: id}, orchestrator.Refund{SLA: id}, orchestrator.CollectFees{SLA: id}, orchestrator.Claim{SLA: id}, orchestrator.CollectSlash{SLA: id}} {
		if _, refused := first.try("anyone", op); refused != "" && refused != "NothingDue" {
			t.Errorf("%T: %s", op, refused)
		}
	}
	first.do("pia", orchestrator.UnitRetire{ID: unit})
	first.do("pia", orchestrator.NodeRelease{Provider: account("pia"), ID: ids.NodeID(at.Provider, account("node pia"))})
	rest := first.collateral("pia")
	if rest.Locked.Sign() != 0 {
		t.Errorf("%s of the collateral is locked", rest.Locked)
	}
	first.do("pia", orchestrator.WithdrawCollateral{Provider: account("pia"), Asset: w.usd, Amount: rest.Free})
	for name, contract := range map[string]ids.Account{"consumer": at.Consumer, "provider": at.Provider} {
		if n := w.balance(w.usd, contract); n != 0 {
			t.Errorf("%d are left in the first release's %s", n, name)
		}
	}
	w.settle("anyone", twin)
	w.draw(twin)
	w.finish(fresh)
	w.solvent()
	w.honest(fresh)
	w.honest(twin)
	w.lawfulOld("carl", "pia", l)
	for _, n := range []string{"pia", "rogue", "carl", "mallory"} {
		if got := w.wealth(n) - purse; got != w.due[n] {
			t.Errorf("%s has %d more, not %d", n, got, w.due[n])
		}
	}
}

// lawfulOld is what an SLA of a release without bonds has moved by its last leaf.
func (w *world) lawfulOld(consumer, provider string, l *life) {
	t := l.terms.Totals(&l.leaf)
	n := func(a money.Amount) int64 { return a.Big().Int64() }
	shares := sla.Split(t.Slash, l.terms.Protocol.SlashSplit)
	w.owe(consumer, -n(t.Earned)+n(t.Coverage)+n(shares[0]))
	w.owe(provider, n(t.Earned)-n(t.Fee)-n(t.Coverage)-n(t.Slash))
}
