package score_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/orchestrator/sidebyside"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

// beside is the contract's Wasm on the real host, beside its model, over the real Orchestrators beside theirs.
type beside struct {
	*testing.T
	rig            *sidebyside.Rig
	host           *direct.Rig
	model          *score.State
	contract       ids.Account
	admin, dispute direct.Party
	noted          map[ids.ID]sla.Leaf // last recorded
	taken, refused map[string]int
	most           uint64 // instructions of a record
}

const besideCalls = 100

func TestBesideTheContract(t *testing.T) {
	t.Parallel()
	wasm, err := os.ReadFile("../../../contracts/artifacts/score.wasm")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("contracts/artifacts/score.wasm is missing: contracts/soroban/build.sh score makes it")
	}
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { runBeside(t, wasm, seed) })
}

func runBeside(t *testing.T, wasm []byte, seed uint64) {
	ctx := t.Context()
	rig, err := sidebyside.Open(ctx, seed)
	if err != nil {
		t.Fatal(err)
	}
	defer rig.Close()
	host, ok := rig.Host()
	if !ok {
		t.Fatal("the rig has no host")
	}
	b := &beside{T: t, rig: rig, host: host, noted: map[ids.ID]sla.Leaf{}, taken: map[string]int{}, refused: map[string]int{}}
	for name, p := range map[string]*direct.Party{"score admin": &b.admin, "score dispute": &b.dispute} {
		if *p, err = host.Party(name); err != nil {
			t.Fatal(err)
		}
	}
	g, c := rig.World.State.Genesis(), rig.World.State.Config()
	params := score.DefaultParams()
	if b.contract, err = host.Deploy(ctx, "score", wasm, b.admin.Arg(), scval.Address(g.Provider), scval.Address(g.Consumer), paramsArg(params)); err != nil {
		t.Fatal(err)
	}
	if b.model, err = score.New(score.Genesis{Admin: b.admin.Account(), Begin: c.Genesis, EpochSeconds: c.EpochSeconds, Params: params}); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 1))
	for _, a := range rig.World.Cast.Assets[:1+r.IntN(len(rig.World.Cast.Assets))] {
		b.step(ctx, score.SetUnit{Admin: b.admin.Account(), Asset: a, Unit: money.Of(1 + r.Int64N(50))})
	}
	b.step(ctx, score.Wire{Admin: b.admin.Account(), Dispute: b.dispute.Account()})
	prelude := rig.World.Prelude()
	for calls := 0; calls < besideCalls; {
		op := orchestrator.Op(nil)
		if len(prelude) > 0 {
			op, prelude = prelude[0], prelude[1:]
		} else {
			op = rig.World.Next()
		}
		_, refused, err := rig.Step(ctx, op)
		if err != nil {
			t.Fatal(err)
		}
		var of ids.ID
		switch x := op.(type) {
		case orchestrator.Settle:
			of = x.SLA
		case orchestrator.SettleReservation:
			of = x.SLA
		}
		if refused == nil && !of.Zero() || r.IntN(20) == 0 {
			b.step(ctx, b.next(r, of))
			calls++
		}
	}
	t.Logf("taken %v, refused %v; at most %d instructions for a record", b.taken, b.refused, b.most)
	if b.taken["Record"] == 0 {
		t.Error("nothing was ever recorded")
	}
}

// next call: mostly the record that a settlement allows, else something at random.
func (b *beside) next(r *rand.Rand, of ids.ID) score.Op {
	s := b.rig.World.State
	slas := s.IDs(ids.SLA)
	if of.Zero() && len(slas) > 0 {
		of = slas[r.IntN(len(slas))]
	}
	parties := append([]ids.Account{b.admin.Account()}, append(b.rig.World.Cast.Providers, b.rig.World.Cast.Consumers...)...)
	someone := parties[r.IntN(len(parties))]
	switch r.IntN(16) {
	case 0:
		return score.SetUnit{Admin: b.admin.Account(), Asset: b.rig.World.Cast.Assets[0], Unit: money.Of(r.Int64N(100) - 5)}
	case 1:
		return score.SetParams{Admin: b.admin.Account(), Params: score.Params{Version: b.model.Params().Version + r.Uint32N(2), Cap: r.Uint32N(70_000), Severity: r.Uint32N(103)}}
	case 2, 3:
		if x, ok := s.SLA(of); ok && r.IntN(3) > 0 {
			someone = []ids.Account{x.Provider, x.Consumer}[r.IntN(2)]
		}
		return score.Ruled{By: b.dispute.Account(), ID: [32]byte{byte(r.IntN(6))}, SLA: of, Loser: someone}
	}
	to, ok := s.SettledReservation(of)
	if t, there := s.Terms(of); !ok && there {
		to = sla.Zero(t)
	}
	from, ok := b.noted[of]
	if t, there := s.Terms(of); !ok && there {
		from = sla.Zero(t)
	}
	switch r.IntN(12) {
	case 0:
		from.BytesIn++
	case 1:
		to.BytesIn++
	case 2:
		to.Status = 3
	}
	return score.Record{SLA: of, From: from, To: to}
}

// step takes one call on both sides and compares error, standings and scores.
func (b *beside) step(ctx context.Context, op score.Op) {
	b.Helper()
	now := b.host.Now()
	e, want := b.model.Step(now, b.rig.World.State, op)
	name, by, args := b.call(op)
	out, err := b.host.Call(ctx, b.contract, name, by, args...)
	var refusal *direct.Refusal
	if err != nil && !errors.As(err, &refusal) {
		b.Fatal(err)
	}
	wanted := uint32(0)
	if want != nil {
		for n, e := range orchestrator.Codes() {
			if e.Code == fault.CodeOf(want) {
				wanted = n
			}
		}
	}
	if got := direct.Code(err); got != wanted || (err == nil) != (want == nil) {
		b.Fatalf("%s: the model says %v, the contract %v", name, want, err)
	}
	for _, v := range b.model.Check() {
		b.Fatalf("after %s: %v", name, v)
	}
	kind := reflect.TypeOf(op).Name()
	if want != nil {
		b.refused[kind+" "+fault.CodeOf(want)]++
		return
	}
	b.taken[kind]++
	if x, ok := op.(score.Record); ok {
		b.noted[x.SLA] = x.To
		b.equal("recorded", b.view(ctx, "recorded", scval.ID(x.SLA)), scval.Plain(scval.ID(x.To.Hash())))
		b.told(out, e.Scored)
		b.most = max(b.most, out.Cost.Instructions)
		b.archived(ctx, x)
	}
	var touched []ids.Account
	if e.Scored != nil {
		touched = append(touched, e.Scored.Provider, e.Scored.Consumer)
	}
	if e.Ruling != nil {
		touched = append(touched, e.Ruling.Loser)
	}
	for _, a := range touched {
		p, c := score.Party{Of: a, As: score.AsProvider}, score.Party{Of: a, As: score.AsConsumer}
		b.equal("pairs of "+a.String(), b.view(ctx, "pairs", scval.Address(a)), map[string]any{"provider": standing(b.model.Standing(p)), "consumer": standing(b.model.Standing(c))})
		for view, party := range map[string]score.Party{"provider": p, "consumer": c} {
			at := b.model.Standing(party).Updated + 12_345
			b.equal(view+" "+a.String(), b.view(ctx, view, scval.Address(a), scval.U64(at)), shown(b.model.Score(party, at)))
		}
	}
}

// told: the event has all that the model's effect has.
func (b *beside) told(out direct.Outcome, e *score.Scored) {
	b.Helper()
	for _, event := range out.Events {
		if event.Name() != "scored" {
			continue
		}
		b.equal("subject", event.Subject(), e.SLA.String())
		b.equal("event", scval.Plain(event.Data), map[string]any{
			"provider": e.Provider.String(), "consumer": e.Consumer.String(), "from": scval.Plain(scval.ID(e.From)), "to": scval.Plain(scval.ID(e.To)), "epochs": uint64(e.Epochs), "windows": uint64(e.Windows),
			"at": e.At, "ending": uint64(e.Ending), "whole": e.Weight.Whole.Big().String(), "paid": e.Weight.Paid.Big().String(), "unit": e.Unit.String(), "params_version": uint64(b.model.Params().Version),
			"provider_rise": pairs(e.Rise[score.AsProvider]), "consumer_rise": pairs(e.Rise[score.AsConsumer]),
		})
		return
	}
	b.Error("no event")
}

// archived: an SLA whose last record was archived does not begin anew; the entry comes back with whoever touches it.
func (b *beside) archived(ctx context.Context, x score.Record) {
	b.Helper()
	if err := b.host.Archive(b.contract, scval.Variant("Recorded", scval.ID(x.SLA))); err != nil {
		b.Fatal(err)
	}
	terms, _ := b.rig.World.State.Terms(x.SLA)
	again := score.Record{SLA: x.SLA, From: sla.Zero(terms), To: x.To}
	name, by, args := b.call(again)
	if _, err := b.host.Call(ctx, b.contract, name, by, args...); direct.Code(err) != 902 {
		b.Fatalf("a replay over an archived record: %v", err)
	}
}

func (b *beside) view(ctx context.Context, name string, args ...xdr.ScVal) any {
	v, err := b.host.View(ctx, b.contract, name, args...)
	if err != nil {
		b.Fatal(name, err)
	}
	return scval.Plain(v)
}

func (b *beside) equal(what string, have, want any) {
	b.Helper()
	if !reflect.DeepEqual(have, want) {
		b.Fatalf("%s: the contract has %v, the model %v", what, have, want)
	}
}

// call is how an op is made of the contract.
func (b *beside) call(op score.Op) (string, direct.Auth, []xdr.ScVal) {
	args := func(l ...xdr.ScVal) []xdr.ScVal { return l }
	switch x := op.(type) {
	case score.Record:
		return "record", direct.Nobody(), args(scval.ID(x.SLA), scval.Bytes(x.From.Bytes()), scval.Bytes(x.To.Bytes()))
	case score.Ruled:
		return "ruled", direct.By(b.dispute), args(scval.ID(x.ID), scval.ID(x.SLA), scval.Address(x.Loser))
	case score.SetUnit:
		return "set_unit", direct.By(b.admin), args(scval.Address(x.Asset), scval.Amount(x.Unit))
	case score.SetParams:
		return "set_params", direct.By(b.admin), args(paramsArg(x.Params))
	case score.Wire:
		return "wire", direct.By(b.admin), args(scval.Address(x.Dispute))
	}
	panic(fmt.Sprintf("no call for %T", op))
}

func paramsArg(p score.Params) xdr.ScVal {
	return scval.Struct(scval.Fields{"version": scval.U32(p.Version), "cap": scval.U32(p.Cap), "severity": scval.U32(p.Severity)})
}

func pairs(l []score.Pair) any {
	out := []any{}
	for _, p := range l {
		out = append(out, map[string]any{"good": p.Good.Big().String(), "bad": p.Bad.Big().String()})
	}
	return out
}

func standing(x score.Standing) any {
	return map[string]any{"updated": x.Updated, "pairs": pairs(x.Pairs)}
}

func shown(x score.Score) any {
	dimensions := []any{}
	for _, d := range x.Dimensions {
		dimensions = append(dimensions, uint64(d))
	}
	return map[string]any{"total": uint64(x.Total), "dimensions": dimensions, "points": x.Points.Big().String(), "updated": x.Updated}
}
