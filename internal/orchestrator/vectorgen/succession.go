package main

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// succession.json: scripts of SLAs after SLAs (docs/spec/succession.md), of the same form as transitions.json.

type scene struct {
	name string
	play func(*script)
}

func successionFile() succession {
	f := succession{transitions{Genesis: valuesOf(scriptGenesis()), Balances: successionBalances()}}
	for _, l := range [][]scene{jointScenes, renewalScenes, splitScenes, transferScenes, reclaimScenes, specialScenes, bondScenes} {
		for _, s := range l {
			x := &script{transitionCase: transitionCase{Name: s.name}, s: scriptState(scriptGenesis(), successionBalances()), now: genesis}
			s.play(x)
			f.Cases = append(f.Cases, x.transitionCase)
		}
	}
	return f
}

// succession is written a step a line.
type succession struct{ transitions }

func (f succession) write(b *bytes.Buffer) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	var failed error
	line := func(before string, v any, after string) {
		b.WriteString(before)
		if err := e.Encode(v); failed == nil {
			failed = err
		}
		b.Truncate(b.Len() - 1) // the encoder's own new line
		b.WriteString(after)
	}
	comma := func(i, n int) string { return map[bool]string{true: ",\n", false: "\n"}[i < n-1] }
	line("{\n\"genesis\": ", f.Genesis, ",\n")
	line("\"balances\": ", f.Balances, ",\n\"cases\": [\n")
	for i, c := range f.Cases {
		line(" {\"name\": ", c.Name, ", \"steps\": [\n")
		for j, s := range c.Steps {
			line("  ", s, comma(j, len(c.Steps)))
		}
		b.WriteString(" ]}" + comma(i, len(f.Cases)))
	}
	b.WriteString("]}\n")
	return failed
}

var (
	assignee = account(ids.KeyAccount, "assignee")
	second   = account(ids.KeyAccount, "second provider")
	next     = slaNamed("next") // the usual renewal
)

func successionBalances() []balanceVector {
	l := balances()
	for _, a := range []ids.Account{assignee, second} {
		l = append(l, balanceVector{token, a, money.Of(tokens)})
	}
	return l
}

func slaNamed(name string) ids.ID { return ids.SLAID(co, consumer, nonce(name)) }

// unitAt: the first is the scripts' unit; odd ones are the second provider's.
func unitAt(i int) ids.ID {
	if i == 0 {
		return unitID
	}
	return ids.UnitID(po, ownerAt(i), nonce(name("unit", i)))
}

// spread terms over units with these shares.
func spread(redundancy uint8, shares ...uint16) func(*sla.Terms) {
	return func(t *sla.Terms) {
		t.Redundancy, t.Units = redundancy, nil
		for i, bps := range shares {
			t.Units = append(t.Units, sla.Share{Unit: unitAt(i), Bps: bps})
		}
	}
}

func ownerAt(i int) ids.Account { return []ids.Account{provider, second}[i%2] }

func name(of string, i int) string { return of + " " + string(rune('0'+i)) }

// places offers so many units.
func (x *script) places(n int, change ...func(*orchestrator.UnitSpec)) {
	x.offer(change...)
	if n > 1 {
		key := account(ids.KeyAccount, "second node")
		x.do(orchestrator.Register{Provider: second, Payout: second}, orchestrator.NodeBind{Provider: second, Node: key, Endpoint: "https://second.example"},
			orchestrator.DepositCollateral{Provider: second, Asset: token, Amount: money.Of(1_000_000)})
	}
	for i := 1; i < n; i++ {
		s := spec(change...)
		if i%2 == 1 {
			s.Node = ids.NodeID(po, account(ids.KeyAccount, "second node"))
		}
		x.do(orchestrator.UnitCreate{Provider: ownerAt(i), Spec: s, Nonce: nonce(name("unit", i))})
	}
}

// track is an SLA as the validators follow it.
type track struct {
	id                  ids.ID
	terms               *sla.Terms
	leaf, base, settled sla.Leaf
}

func (x *script) follow(l ...ids.ID) (tracks []*track) {
	for _, id := range l {
		t, _ := x.s.Terms(id)
		zero := sla.Zero(t)
		tracks = append(tracks, &track{id, t, zero, zero, zero})
	}
	return tracks
}

// epochs of one kind pass for all of them, those that run.
func (x *script) epochs(n, bad, failed int, tracks []*track) {
	for range n {
		x.epoch++
		c := x.s.Config()
		x.now = c.Start(x.epoch + 1)
		for _, t := range tracks {
			a, _ := x.s.SLA(t.id)
			if !a.State.Running() || x.epoch < a.StartEpoch || t.leaf.Status != sla.Running {
				continue
			}
			l, v := t.terms.Advance(t.leaf, &t.base, measureOf(t.terms, &t.leaf, bad, failed), a.EndEpochs)
			if t.leaf = l; v != nil {
				t.base = l
			}
		}
	}
}

// certify the leaves of all of them and settle those that have moved.
func (x *script) certify(tracks []*track) {
	x.certified(tracks)
	for i, t := range tracks {
		if t.leaf != t.settled {
			x.do(x.proven(tracks, i))
			t.settled = t.leaf
		}
	}
}

func (x *script) certified(tracks []*track) {
	c := x.s.Config()
	latest, _ := x.s.Latest()
	previous, _ := x.s.Root(latest)
	r := cert.Certificate{Epoch: x.epoch, Root: merkle.Root(leafHashes(tracks)), Previous: previous, ConfigDigest: c.Digest()}
	r.Signatures = sign(cert.Digest(c.Network, r.ConfigDigest, r.Epoch, r.Root, previous), []int{1, 2, 3})
	x.do(orchestrator.SubmitReport{Certificate: r})
}

func (x *script) proven(tracks []*track, i int) orchestrator.Settle {
	t := tracks[i]
	return orchestrator.Settle{SLA: t.id, From: t.settled, To: t.leaf, Epoch: x.epoch, Proof: merkle.Prove(leafHashes(tracks), i)}
}

func leafHashes(tracks []*track) (l []merkle.Hash) {
	for _, t := range tracks {
		l = append(l, t.leaf.Hash())
	}
	return l
}

// through lets so many good epochs pass, settles and draws.
func (x *script) through(n int, tracks []*track) {
	x.epochs(n, 0, 0, tracks)
	x.certify(tracks)
	for _, t := range tracks {
		x.drawOf(t.id)
	}
}

// nextRequest is the usual renewal: the same again, after it.
func nextRequest(change ...func(*orchestrator.Request)) orchestrator.Request {
	return request(append([]func(*orchestrator.Request){func(r *orchestrator.Request) { r.Previous, r.Nonce = slaID, nonce("next") }}, change...)...)
}

// state asserts what a script is about, so that it cannot say something else silently.
func (x *script) state(id ids.ID, want orchestrator.SLAState) {
	if a, _ := x.s.SLA(id); a.State != want {
		panic(x.Name + ": " + id.String() + " is " + a.State.String() + ", not " + want.String())
	}
}

// relatedTo an SLA after a call that may have changed more of them: what was made with it, its group, and those before and after it.
func relatedTo(s *orchestrator.State, op orchestrator.Op, x *orchestrator.SLA, made []ids.ID) (l []relatedStep) {
	switch op.(type) {
	case orchestrator.Request, orchestrator.RequestJoint, orchestrator.Accept, orchestrator.Fund, orchestrator.Begin, orchestrator.Split:
	default:
		return nil
	}
	seen := map[ids.ID]bool{x.ID: true, {}: true}
	group, _ := s.Group(x.Group)
	for _, id := range slices.Concat(made, group, []ids.ID{x.Previous, x.Next}) {
		if !seen[id] {
			seen[id] = true
			a, _ := s.SLA(id)
			r, _ := s.Reservation(id)
			l = append(l, relatedStep{valuesOf(a), valuesOf(r)})
		}
	}
	return l
}
