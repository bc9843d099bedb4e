package attack

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
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

func field(v xdr.ScVal, name string) xdr.ScVal {
	for _, e := range **v.Map {
		if string(*e.Key.Sym) == name {
			return e.Val
		}
	}
	return scval.Void()
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

// oldQuote is what a unit asked for in those releases.
func (w *world) oldQuote(unit ids.ID, x wish) int64 {
	w.Helper()
	v, err := w.View(w.ctx, w.at().Provider, "quote", scval.ID(unit), scval.U64(x.volume), scval.U64(x.egress), scval.U32(x.duration))
	if err != nil {
		w.Fatal(err)
	}
	return scval.Integer(field(v, "total")).Int64()
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

// The second release's records have fewer fields than today's. An upgrade in place reads them as they are: every SLA goes on, in whatever state it was, and can do what was not there when it began.
func TestUpgradeFromSecondRelease(t *testing.T) {
	t.Parallel()
	w := start(t)
	w = w.over(w.orchestrators("second", w.at().Oracle))
	at := w.at()
	w.mustRaw("admin", at.Provider, "wire", scval.Address(at.Consumer), scval.Void())
	for _, p := range providers {
		w.do(p, orchestrator.Register{Provider: account(p), Payout: account(p)})
		if _, err := w.Call(w.ctx, at.Provider, "node_bind", direct.By(party(p), party("node "+p)), arg(p), arg("node "+p), scval.String("https://node.example")); err != nil {
			t.Fatal(err)
		}
		w.do(p, orchestrator.DepositCollateral{Provider: account(p), Asset: w.usd, Amount: money.Of(collateral)})
	}
	unit, byHand := w.unit("pia", offer{storage: 100, egress: 1_000_000}), w.unit("pia", offer{storage: 100, egress: 1_000_000, manual: true})
	x := plain
	x.duration = 300_000 // more than a month
	total := w.oldQuote(unit, x)
	all := w.params.FullDeposit(money.Of(total))
	short := money.Of(all.Big().Int64() * 9 / 10)
	running, thin, closing := w.oldRequest("carl", unit, x, total, all), w.oldRequest("carl", unit, x, total, short), w.oldRequest("mallory", unit, x, total, all)
	waiting, accepted := w.oldRequest("carl", byHand, x, total, all), w.oldRequest("carl", byHand, x, total, money.Amount{})
	w.do("pia", orchestrator.Accept{Provider: account("pia"), SLA: accepted})
	w.do("mallory", orchestrator.CloseSLA{Consumer: account("mallory"), SLA: closing})
	document, err := w.chain.Terms(w.ctx, running)
	if err != nil {
		t.Fatal(err)
	}
	terms, err := sla.DecodeTerms(document)
	if err != nil {
		t.Fatal(err)
	}
	l := &life{id: running, terms: terms, start: w.record(at.Consumer, "sla", running)["start_epoch"].(uint64), leaf: sla.Zero(terms)}
	l.base, l.settled, l.half = l.leaf, l.leaf, l.leaf
	live := func(epochs, end uint32) {
		for range epochs {
			l.observe(0, l.leaf.BytesOut+1, end)
		}
		w.certify(l.start+uint64(l.leaf.Epochs)-1, l)
	}
	live(9, x.duration)
	w.settle("carl", l)
	stored := []ids.ID{running, thin, closing, waiting, accepted}
	slas, reservations := map[ids.ID]map[string]any{}, map[ids.ID]map[string]any{}
	read := func(id ids.ID) (sla, reservation map[string]any) {
		return w.record(at.Consumer, "sla", id), w.record(at.Provider, "reservation", id)
	}
	for _, id := range stored {
		slas[id], reservations[id] = read(id)
	}

	for name, contract := range map[string]ids.Account{"provider": at.Provider, "consumer": at.Consumer} {
		wasm, err := artifacts.Wasm(name)
		if err != nil {
			t.Fatal(err)
		}
		hash, err := w.Upload(w.ctx, wasm)
		if err != nil {
			t.Fatal(err)
		}
		w.mustRaw("admin", contract, "upgrade_announce", scval.ID(hash))
	}
	w.age(7 * 86_400)
	w.mustRaw("admin", at.Provider, "upgrade")
	live(uint32((w.Now()-w.config.Start(l.start))/10)-l.leaf.Epochs+1, x.duration)
	w.settle("anyone", l) // also between the two upgrades
	slas[running], reservations[running] = read(running)
	w.mustRaw("admin", at.Consumer, "upgrade")

	for _, id := range stored {
		newSLA, newReservation := read(id)
		for name, old := range slas[id] {
			if d := cmp.Diff(old, newSLA[name]); d != "" {
				t.Errorf("%s: the upgrade changes %s: %s", id.Short(), name, d)
			}
		}
		for name, old := range reservations[id] {
			if d := cmp.Diff(old, newReservation[name]); d != "" {
				t.Errorf("%s: the upgrade changes the reservation's %s: %s", id.Short(), name, d)
			}
		}
		if v := w.sla(id); v.BondTotal.Cmp(terms.Bond) != 0 || v.BondTaken.Sign() != 0 || v.Previous != (ids.ID{}) || v.Next != (ids.ID{}) || v.Group != (ids.ID{}) {
			t.Errorf("%s: bond %s of %s, previous %s, next %s, group %s", id.Short(), v.Bond, v.BondTotal, v.Previous, v.Next, v.Group)
		}
		if r := w.reservation(id); r.Takes != 0 || r.Previous != (ids.ID{}) || r.ReclaimEpochs != 0 || r.Reclaim.Sign() != 0 {
			t.Errorf("%s: %+v", id.Short(), r)
		}
	}

	// What they could do, they can; what they could not, too.
	w.lives = append(w.lives, l)
	for _, id := range stored[1:] {
		w.follow(id)
	}
	w.do("carl", orchestrator.Fund{From: account("carl"), SLA: thin, Amount: all.Sub(short)})
	w.do("pia", orchestrator.Accept{Provider: account("pia"), SLA: waiting})
	w.solvent()
	w.do("carl", orchestrator.Fund{From: account("carl"), SLA: accepted, Amount: all})
	if _, err := w.Call(w.ctx, at.Consumer, "transfer", direct.By(party("carl"), party("mallory")), arg("carl"), scval.ID(thin), arg("mallory"), arg("mallory")); err != nil {
		t.Fatal(err)
	}
	w.do("pia", orchestrator.Reclaim{Provider: account("pia"), SLA: waiting})
	w.do("carl", orchestrator.CloseSLA{Consumer: account("carl"), SLA: running}) // before it is renewed
	r := w.request("carl", unit, x)
	r.Previous = running
	w.follow(w.do("carl", r))
	if v := w.sla(running); v.Next == (ids.ID{}) {
		t.Error("the renewal of an old SLA is not its next one")
	}
	w.solvent()
	end := w.sla(running).EndEpochs
	live(end-l.leaf.Epochs, end)
	w.settle("anyone", l)
	w.draw(w.lives...)
	w.solvent()
	if v := w.sla(running); v.State != orchestrator.Completed || v.Deposited.Cmp(v.Withdrawn) != 0 {
		t.Errorf("it ends %s with %s of %s paid out", v.State, v.Withdrawn, v.Deposited)
	}
}
