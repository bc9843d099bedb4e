package dispute_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

// beside is the contract's Wasm on the real host, in a staged world that is a contract too, beside model and Stage.
type beside struct {
	*testing.T
	*rand.Rand
	rig             *direct.Rig
	at, around      ids.Account
	parties         map[ids.Account]direct.Party
	buyer, seller   ids.Account
	arbiters        []ids.Account
	s               *dispute.State
	w               *dispute.Stage
	terms           []*sla.Terms
	now             uint64
	taken, refusals int
}

// TestBesideTheContract takes the same random calls on model and Wasm: answers, errors, disputes, panels, windows, money and stakes are compared after each.
func TestBesideTheContract(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Log("seed", seed)
	b := open(t, artifact(t), seed)
	for i := range 100 {
		b.now += uint64(b.IntN(25))
		if err := b.step(b.next()); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	t.Logf("%d calls taken, %d refused, %d disputes", b.taken, b.refusals, len(b.s.Cases()))
}

func artifact(t *testing.T) []byte {
	wasm, err := artifacts.Wasm("dispute")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("contracts/artifacts/dispute.wasm is missing: contracts/soroban/build.sh dispute makes it")
	}
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

func open(t *testing.T, wasm []byte, seed uint64) *beside {
	rig, err := direct.Open(t.Context(), direct.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rig.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &beside{T: t, Rand: rand.New(rand.NewPCG(seed, 3)), rig: rig, parties: map[ids.Account]direct.Party{}, now: rig.Now()}
	party := func(name string) ids.Account {
		p, err := rig.Party(name)
		if err != nil {
			t.Fatal(err)
		}
		b.parties[p.Account()] = p
		return p.Account()
	}
	b.buyer, b.seller = party("consumer"), party("provider")
	for i := range 14 {
		b.arbiters = append(b.arbiters, party(fmt.Sprint("arbiter ", i)))
	}
	admin, fund := party("admin"), party("fund")
	stage, err := os.ReadFile("testdata/stage.wasm")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("testdata/stage.wasm is missing: contracts/soroban/dispute/stage/build.sh makes it")
	}
	if err != nil {
		t.Fatal(err)
	}
	if b.around, err = rig.Deploy(t.Context(), "stage", stage); err != nil {
		t.Fatal(err)
	}
	config := cert.Config{Network: canon.Hash([]byte("beside")), Version: 1, Genesis: b.now - 1_000, EpochSeconds: 10, SlotsPerEpoch: 5, WindowEpochs: 3,
		Validators: []cert.Validator{{Key: [65]byte{4}, Weight: 1, Operator: fund}}}
	b.put("put_config", configValue(&config), scval.ID(config.Network))
	p := dispute.Params{Version: 1, Bond: money.Of(1_000), JurorFee: money.Of(70), ArbiterStake: money.Of(5_000), Panel: 3, EvidenceSeconds: 100, CommitSeconds: 50, RevealSeconds: 40, AppealSeconds: 60,
		MaxAgeSeconds: 100_000, QuorumBps: 6_000, SlashEquivocationBps: 2_500, Fund: fund}
	world := scval.Address(b.around)
	if b.at, err = rig.Deploy(t.Context(), "dispute", wasm, scval.Address(admin), world, world, world, world, world, paramsValue(&p)); err != nil {
		t.Fatal(err)
	}
	b.put("put_dispute", scval.Address(b.at))
	if _, err := rig.Call(t.Context(), b.at, "wire", direct.By(b.parties[admin]), world); err != nil {
		t.Fatal(err)
	}
	b.w = dispute.NewStage(b.at, config)
	if b.s, err = dispute.New(dispute.Genesis{Self: b.at, Admin: admin, Params: p}, b.w); err != nil {
		t.Fatal(err)
	}
	for _, a := range []ids.Account{b.buyer, b.seller} {
		b.put("put_balance", scval.Address(a), scval.I128(50_000))
		b.w.Balance[a] = money.Of(50_000)
	}
	for _, a := range b.arbiters {
		b.stake(a, 5_000)
		if err := b.step(dispute.RegisterArbiter{Arbiter: a, Active: true}); err != nil {
			t.Fatal(err)
		}
	}
	b.now++
	b.fresh()
	return b
}

// put changes the staged contract.
func (b *beside) put(function string, args ...xdr.ScVal) {
	b.Helper()
	if _, err := b.rig.Call(b.Context(), b.around, function, direct.Nobody(), args...); err != nil {
		b.Fatalf("%s: %v", function, err)
	}
}

func (b *beside) stake(a ids.Account, n int64) {
	b.put("put_stake", scval.Address(a), scval.U32(dispute.RoleArbiter), scval.I128(n), scval.I128(0))
	k := dispute.StakeKey{Owner: a, Role: dispute.RoleArbiter}
	b.w.Stakes[k] = dispute.Stake{Active: money.Of(n), HeldUntil: b.w.Stakes[k].HeldUntil}
}

// fresh SLA, settled to its end, with something in the provider's claim.
func (b *beside) fresh() {
	c := b.w.Oracle
	n := len(b.terms)
	unit := ids.UnitID(b.around, b.seller, [32]byte{1})
	t := &sla.Terms{Network: c.Network, SLA: ids.SLAID(b.around, b.buyer, [32]byte{byte(n)}), Consumer: b.buyer, Provider: b.seller, Payout: b.seller, Refund: b.buyer, Asset: b.around,
		Units: []sla.Share{{Unit: unit, Bps: 10_000}}, Kind: 1, Volume: 100 << 30, Egress: 10 << 30, Duration: 9, EpochSeconds: 10, SlotsPerEpoch: 5, Window: 3, Redundancy: 1, PriceVersion: 1,
		StoragePrice: money.Of(1_200_000), EgressPrice: money.Of(777), Collateral: money.Of(20_000), Bond: money.Of(5_000), QoS: sla.QoS{AvailabilityPpm: 999_000}, Protocol: sla.DefaultProtocol(3)}
	t.Protocol = t.Protocol.For(sla.Stream, t.QoS.AvailabilityPpm)
	b.terms = append(b.terms, t)
	claim, bond := money.Of(int64(b.IntN(12_000))), money.Of(int64(b.IntN(6_000)))
	r := dispute.Reservation{Provider: b.seller, Unit: unit, StartEpoch: c.Epoch(b.now) - 9, SettledEpochs: 9, Done: true}
	b.w.SLAs[t.SLA] = dispute.StagedSLA{Terms: t, Reservation: r, Node: unit, NodeKey: b.seller, Owner: b.buyer, Claim: claim, Bond: bond}
	b.put("put_sla", scval.ID(t.SLA), scval.Struct(scval.Fields{"terms": scval.Bytes(t.Bytes()), "owner": scval.Address(b.buyer), "claim": scval.Amount(claim), "bond": scval.Amount(bond), "frozen": scval.I128(0), "consumer": scval.I128(0),
		"reservation": reservationValue(&r)}), scval.ID(unit), scval.Address(b.seller))
}

// next call: mostly one that the dispute waits for.
func (b *beside) next() dispute.Op {
	terms := b.terms[len(b.terms)-1]
	id, busy := b.s.Open(terms.SLA)
	if !busy {
		if b.IntN(2) == 0 && len(b.s.Cases()) > 0 {
			b.fresh()
			terms = b.terms[len(b.terms)-1]
		}
		window, nonce := uint32(b.IntN(3)), canon.Hash([]byte{byte(b.IntN(256))})
		if b.IntN(2) == 0 {
			return b.perhaps(dispute.Case{}, id, dispute.Accuse{Provider: b.seller, SLA: terms.SLA, Window: window, Amount: money.Of(1 + int64(b.IntN(5_500))), Nonce: nonce})
		}
		return b.perhaps(dispute.Case{}, id, dispute.OpenDispute{Consumer: b.buyer, SLA: terms.SLA, Window: window, Amount: money.Of(1 + int64(b.IntN(8_000))), Nonce: nonce})
	}
	c, _ := b.s.Dispute(b.now, id)
	var op dispute.Op = dispute.Advance{ID: id}
	switch c.Phase {
	case dispute.Evidence:
		if b.IntN(4) > 0 {
			op = dispute.AnswerDispute{Party: map[bool]ids.Account{false: b.seller, true: b.buyer}[c.Accused], ID: id}
		} else {
			b.now = max(b.now, c.Until)
		}
	case dispute.Draw:
		if latest, ok := b.w.Latest(); !ok || latest < c.SeedEpoch {
			root := canon.Hash([]byte(fmt.Sprint(b.Uint64())))
			b.put("put_root", scval.U64(c.SeedEpoch), scval.ID(root))
			b.w.Roots[c.SeedEpoch] = root
		}
	case dispute.Commit, dispute.Reveal:
		op = b.vote(id, &c)
	case dispute.Ruled:
		if c.Round == 0 && b.IntN(2) == 0 {
			op = dispute.Appeal{Party: []ids.Account{b.buyer, b.seller}[c.Ruling], ID: id}
		} else {
			b.now = max(b.now, c.Until)
			op = dispute.Execute{ID: id}
		}
	}
	return b.perhaps(c, id, op)
}

// vote of the first on the panel who has not, or the phase's end.
func (b *beside) vote(id ids.ID, c *dispute.Case) dispute.Op {
	for i, x := range b.s.Panel(id, c.Round) {
		choice := uint32(i+int(c.Window)) % 2
		if c.Phase == dispute.Commit && !x.Committed && i != 2 {
			return dispute.CommitVote{Arbiter: x.Arbiter, ID: id, Hash: dispute.VoteHash(id, c.Round, x.Arbiter, choice, [32]byte{7})}
		}
		if c.Phase == dispute.Reveal && x.Committed && !x.Revealed {
			return dispute.RevealVote{Arbiter: x.Arbiter, ID: id, Choice: choice, Salt: [32]byte{7}}
		}
	}
	if c.Phase == dispute.Commit {
		b.now = max(b.now, c.Until)
		return dispute.Recover{SLA: c.SLA, Window: c.Window}
	}
	b.now = max(b.now, c.RevealUntil)
	return dispute.Advance{ID: id}
}

// perhaps another call instead, which mostly is refused.
func (b *beside) perhaps(c dispute.Case, id ids.ID, op dispute.Op) dispute.Op {
	a := b.arbiters[b.IntN(len(b.arbiters))]
	switch b.IntN(24) {
	case 0:
		return dispute.Advance{ID: id}
	case 1:
		return dispute.Execute{ID: id}
	case 2:
		return dispute.Appeal{Party: b.buyer, ID: id}
	case 3:
		return dispute.AnswerDispute{Party: b.buyer, ID: id}
	case 4:
		return dispute.RegisterArbiter{Arbiter: a, Active: b.IntN(3) > 0}
	case 5:
		return dispute.CommitVote{Arbiter: a, ID: id}
	case 6:
		return dispute.RevealVote{Arbiter: a, ID: id, Choice: uint32(b.IntN(4))}
	case 7:
		return dispute.Claim{Account: []ids.Account{a, b.buyer, b.seller}[b.IntN(3)]}
	case 8:
		return dispute.Recover{SLA: b.terms[b.IntN(len(b.terms))].SLA, Window: c.Window}
	}
	return op
}

// call of the contract that an op is, and who authorises it.
func (b *beside) call(op dispute.Op) (function string, auth direct.Auth, args []xdr.ScVal) {
	by := func(a ids.Account) direct.Auth { return direct.By(b.parties[a]) }
	of, id, u := scval.Address, func(x ids.ID) xdr.ScVal { return scval.ID(x) }, scval.U32
	switch op := op.(type) {
	case dispute.OpenDispute:
		return "open", by(op.Consumer), []xdr.ScVal{of(op.Consumer), id(op.SLA), u(op.Window), scval.Amount(op.Amount), scval.ID(op.Evidence), scval.ID(op.Nonce)}
	case dispute.Accuse:
		return "accuse", by(op.Provider), []xdr.ScVal{of(op.Provider), id(op.SLA), u(op.Window), scval.Amount(op.Amount), scval.ID(op.Evidence), scval.ID(op.Nonce)}
	case dispute.AnswerDispute:
		return "answer", by(op.Party), []xdr.ScVal{of(op.Party), id(op.ID), scval.ID(op.Evidence)}
	case dispute.CommitVote:
		return "commit", by(op.Arbiter), []xdr.ScVal{of(op.Arbiter), id(op.ID), scval.ID(op.Hash)}
	case dispute.RevealVote:
		return "reveal", by(op.Arbiter), []xdr.ScVal{of(op.Arbiter), id(op.ID), u(op.Choice), scval.ID(op.Salt)}
	case dispute.Appeal:
		return "appeal", by(op.Party), []xdr.ScVal{of(op.Party), id(op.ID)}
	case dispute.Advance:
		return "advance", direct.Nobody(), []xdr.ScVal{id(op.ID)}
	case dispute.Execute:
		return "execute", direct.Nobody(), []xdr.ScVal{id(op.ID)}
	case dispute.Recover:
		return "recover", direct.Nobody(), []xdr.ScVal{id(op.SLA), u(op.Window)}
	case dispute.RegisterArbiter:
		return "arbiter", by(op.Arbiter), []xdr.ScVal{of(op.Arbiter), scval.Bool(op.Active)}
	case dispute.Claim:
		return "claim", direct.Nobody(), []xdr.ScVal{of(op.Account)}
	}
	panic(fmt.Sprintf("no entry point for %T", op))
}

func (b *beside) step(op dispute.Op) error {
	if n := b.now - b.rig.Now(); n > 0 {
		if err := b.rig.Advance(n, uint32(n/5)+1); err != nil {
			return err
		}
	}
	function, auth, args := b.call(op)
	_, said := b.rig.Call(b.Context(), b.at, function, auth, args...)
	e, want := b.s.Step(b.now, op)
	code, got := "", ""
	if want != nil {
		code = fault.CodeOf(want)
		b.refusals++
	} else {
		b.taken++
	}
	if said != nil {
		refusal, ok := orchestrator.Codes()[direct.Code(said)]
		if !ok {
			return fmt.Errorf("%s %+v: %w", function, op, said)
		}
		got = refusal.Code
	}
	if got != code {
		return fmt.Errorf("%s %+v: the contract says %q, the model %q", function, op, got, code)
	}
	for _, v := range b.s.Check(b.w.Balance[b.at]) {
		return errors.New(v.String())
	}
	if want != nil {
		return nil
	}
	if err := b.compare(e.ID, op); err != nil {
		return fmt.Errorf("after %s %+v: %w", function, op, err)
	}
	return nil
}

// compare what a call can have changed.
func (b *beside) compare(id ids.ID, op dispute.Op) error {
	var errs []error
	see := func(of ids.Account, want any, name string, args ...xdr.ScVal) {
		got, err := b.rig.View(b.Context(), of, name, args...)
		if err == nil && fmt.Sprint(scval.Plain(got)) != fmt.Sprint(want) {
			err = fmt.Errorf("%s is %v, the model's %v", name, scval.Plain(got), want)
		}
		errs = append(errs, err)
	}
	t := b.terms
	for _, x := range t[max(0, len(t)-2):] {
		if open, ok := b.s.Open(x.SLA); ok {
			id = open
		}
		for n := range uint32(3) {
			w := b.s.Window(x.SLA, n)
			see(b.at, map[string]any{"proved": w.Proved.String(), "ruled": w.Ruled.String(), "moved": w.Moved.String(), "wrong": w.Wrong, "panel": w.Panel, "accused": w.Accused}, "window", scval.ID(x.SLA), scval.U32(n))
		}
		got, err := b.rig.View(b.Context(), b.around, "staged", scval.ID(x.SLA))
		a := b.w.SLAs[x.SLA]
		if m, ok := scval.Plain(got).(map[string]any); err == nil && (!ok || fmt.Sprint(m["claim"], m["bond"], m["frozen"], m["consumer"]) != fmt.Sprint(a.Claim.String(), a.Bond.String(), a.Frozen.String(), a.Consumer.String())) {
			err = fmt.Errorf("the SLA has %v, the model's %s %s %s %s", scval.Plain(got), a.Claim, a.Bond, a.Frozen, a.Consumer)
		}
		errs = append(errs, err)
	}
	switch op := op.(type) {
	case dispute.Advance:
		id = op.ID
	case dispute.Execute:
		id = op.ID
	}
	if c, ok := b.s.Dispute(b.now, id); ok {
		got, err := b.rig.View(b.Context(), b.at, "dispute", scval.ID(id))
		m, _ := scval.Plain(got).(map[string]any)
		contract := fmt.Sprint(m["window"], " ", m["accused"], " ", m["amount"], " ", m["frozen"], " ", m["phase"], " ", m["round"], " ", m["consumer_bond"], " ", m["provider_bond"], " ", m["silence"], " ", m["ruling"], " ", m["cut"], " ", m["slots"], " ",
			m["seed_epoch"], " ", m["until"], " ", m["reveal_until"])
		model := fmt.Sprint(c.Window, " ", c.Accused, " ", c.Amount, " ", c.Frozen, " ", c.Phase, " ", c.Round, " ", c.ConsumerBond, " ", c.ProviderBond, " ", c.Silence, " ", c.Ruling, " ", c.Cut, " ", c.Slots, " ", c.SeedEpoch, " ", c.Until, " ", c.RevealUntil)
		if err == nil && contract != model {
			err = fmt.Errorf("the dispute is %s, the model's %s", contract, model)
		}
		errs = append(errs, err)
		got, err = b.rig.View(b.Context(), b.at, "panel", scval.ID(id), scval.U32(c.Round))
		seats, _ := scval.Plain(got).([]any)
		for i, x := range b.s.Panel(id, c.Round) {
			if err == nil && (i >= len(seats) || fmt.Sprint(seats[i].(map[string]any)["arbiter"]) != x.Arbiter.String()) {
				err = fmt.Errorf("seat %d is another's: %v", i, seats)
			}
		}
		errs = append(errs, err)
	}
	for _, a := range append([]ids.Account{b.at, b.buyer, b.seller, b.s.Params().Fund}, b.arbiters...) {
		see(b.around, b.w.Balance[a].String(), "balance", scval.Address(a))
		see(b.at, b.s.Due(a).String(), "due", scval.Address(a))
	}
	for _, a := range b.arbiters {
		x := b.w.Stakes[dispute.StakeKey{Owner: a, Role: dispute.RoleArbiter}]
		see(b.around, map[string]any{"active": x.Active.String(), "unbonding": x.Unbonding.String(), "held_until": x.HeldUntil}, "position", scval.Address(a), scval.U32(dispute.RoleArbiter))
	}
	return errors.Join(errs...)
}
