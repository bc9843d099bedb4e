package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/sla"
)

// disputeWalk is a random sequence of calls, likely and unlikely ones, by everybody. After it every dispute is brought to its end by time-outs alone.
func disputeWalk(seed uint64, depth int) *disputeScript {
	x := newDispute(fmt.Sprintf("walk %d", seed), 8)
	x.Steps = nil
	w := &walker{x, seeded(x.Name)}
	for i := range 14 {
		a := arbiterAccount(20 + i)
		x.do(putStake{a, dispute.RoleArbiter, money.Of(5_000 + int64(i)), money.Of(0)})
		if i%2 == 0 {
			x.do(dispute.RegisterArbiter{Arbiter: a, Active: true})
		}
	}
	for range depth {
		if w.r.IntN(3) == 0 {
			x.pass(uint64(w.r.IntN(45)))
		}
		w.step()
	}
	for _, id := range x.s.Cases() {
		w.finish(id)
	}
	return x
}

type walker struct {
	*disputeScript
	r *rand.Rand
}

// step takes one call; which one depends on where a dispute stands, mostly.
func (w *walker) step() {
	var c dispute.Case
	if l := w.s.Cases(); len(l) > 0 {
		w.id = l[w.r.IntN(len(l))]
		if open, ok := w.s.Open(w.terms.SLA); ok && w.r.IntN(4) > 0 {
			w.id = open
		}
		c, _ = w.s.Dispute(w.now, w.id)
	}
	switch w.r.IntN(10) {
	case 0:
		w.around()
		return
	case 1:
		w.proof()
		return
	case 2:
		w.play(w.any(c))
		return
	}
	switch {
	case w.id.Zero() || c.Over():
		if w.r.IntN(3) == 0 {
			w.fresh()
		}
		w.play(w.random())
	case c.Phase == dispute.Evidence && w.r.IntN(3) > 0:
		other := c.Provider
		if c.Accused {
			other = c.Consumer
		}
		w.play(dispute.AnswerDispute{Party: other, ID: w.id, Evidence: hash("answer")})
	case c.Phase == dispute.Draw && w.r.IntN(2) == 0:
		latest, _ := w.w.Latest()
		w.play(putRoot{max(latest+1, c.SeedEpoch+uint64(w.r.IntN(2))), hash(fmt.Sprint("root", w.r.Uint64()))})
	case c.Phase == dispute.Commit || c.Phase == dispute.Reveal:
		w.vote(&c)
	case c.Phase == dispute.Ruled && c.Round == 0 && w.r.IntN(3) == 0:
		loser := c.Consumer
		if c.Ruling == dispute.ForConsumer {
			loser = c.Provider
		}
		w.play(dispute.Appeal{Party: loser, ID: w.id})
	case c.Phase == dispute.Ruled:
		w.play(dispute.Execute{ID: w.id})
	default:
		w.play(dispute.Advance{ID: w.id})
	}
}

// vote of everybody on the panel, each in its time or not at all.
func (w *walker) vote(c *dispute.Case) {
	choice := func(i int) uint32 { return []uint32{0, 1, 1, 2, 0, 1, 0}[(i+int(c.Round)+len(w.s.Cases()))%7] }
	for i, seat := range w.s.Panel(w.id, c.Round) {
		if c.Phase == dispute.Reveal {
			w.play(dispute.RevealVote{Arbiter: seat.Arbiter, ID: w.id, Choice: choice(i), Salt: hash("salt")})
		} else if w.r.IntN(6) > 0 {
			w.play(dispute.CommitVote{Arbiter: seat.Arbiter, ID: w.id, Hash: dispute.VoteHash(w.id, c.Round, seat.Arbiter, choice(i), hash("salt"))})
		}
	}
	if c.Phase == dispute.Reveal {
		w.now = max(w.now, c.RevealUntil)
		w.play(dispute.Advance{ID: w.id})
	} else if w.r.IntN(4) > 0 {
		w.now = c.Until
	}
}

// fresh SLA that is settled to its end.
func (w *walker) fresh() {
	a := w.w.SLAs[w.terms.SLA]
	t := disputeTerms()
	t.SLA = ids.SLAID(co, buyer, hash(fmt.Sprint("sla", w.r.Uint64())))
	w.terms = t
	w.play(putSLA{ID: t.SLA, Terms: t.Bytes(), Provider: seller, Unit: t.Units[0].Unit, StartEpoch: (w.now-genesis)/10 + 1 - min(9, (w.now-genesis)/10+1), SettledEpochs: 9, Done: true, Node: a.Node, NodeKey: a.NodeKey, Owner: buyer,
		Claim: money.Of(int64(w.r.IntN(12_000))), Bond: money.Of(int64(w.r.IntN(6_000)))})
}

func (w *walker) random() dispute.Op {
	if w.r.IntN(3) == 0 {
		return dispute.Accuse{Provider: []ids.Account{seller, seller, seller, seller, buyer, bystander}[w.r.IntN(6)], SLA: w.terms.SLA, Window: uint32(w.r.IntN(3)), Amount: money.Of(int64(w.r.IntN(5_500))), Evidence: hash("abuse"), Nonce: hash(fmt.Sprint(w.r.IntN(99)))}
	}
	return dispute.OpenDispute{Consumer: w.party(), SLA: w.terms.SLA, Window: uint32(w.r.IntN(3)), Amount: money.Of(int64(w.r.IntN(9_000))), Evidence: hash("claim"), Nonce: hash(fmt.Sprint(w.r.IntN(99)))}
}

func (w *walker) party() ids.Account {
	return []ids.Account{buyer, buyer, buyer, buyer, buyer, buyer, buyer, seller, bystander}[w.r.IntN(9)]
}

// any call at any time.
func (w *walker) any(c dispute.Case) dispute.Op {
	a := arbiterAccount(w.r.IntN(34))
	switch w.r.IntN(12) {
	case 0:
		return w.random()
	case 1:
		return dispute.AnswerDispute{Party: w.party(), ID: w.id}
	case 2:
		return dispute.CommitVote{Arbiter: a, ID: w.id, Hash: hash("vote")}
	case 3:
		return dispute.RevealVote{Arbiter: a, ID: w.id, Choice: uint32(w.r.IntN(4)), Salt: hash("salt")}
	case 4:
		return dispute.Appeal{Party: w.party(), ID: w.id}
	case 5:
		return dispute.Advance{ID: w.id}
	case 6:
		return dispute.Execute{ID: w.id}
	case 7:
		return dispute.Claim{Account: []ids.Account{a, c.Consumer, c.Provider, disputeParams().Fund}[w.r.IntN(4)]}
	case 8:
		return dispute.Recover{SLA: w.terms.SLA, Window: uint32(w.r.IntN(3))}
	case 9:
		p := w.s.Params()
		p.Version++
		p.Bond = money.Of(int64(700 + w.r.IntN(600)))
		p.QuorumBps = uint32(5_000 + w.r.IntN(5_001))
		return dispute.SetParams{Params: p}
	default:
		return dispute.RegisterArbiter{Arbiter: a, Active: w.r.IntN(4) > 0}
	}
}

// proof of a verdict or of an equivocation.
func (w *walker) proof() {
	if w.r.IntN(2) == 0 {
		epoch := uint64(w.r.IntN(9))
		change := func(o *observed) { o.epoch = epoch }
		w.play(putStake{disputeConfig().Validators[2].Operator, dispute.RoleValidator, money.Of(int64(w.r.IntN(3) * 3_001)), money.Of(int64(w.r.IntN(2) * 77))})
		w.play(dispute.ProveEquivocation{Reporter: bystander, First: observation(2, change), Second: observation(2, change, other)})
		return
	}
	lie := []func(*sla.Leaf){truth, noCredit}[w.r.IntN(2)]
	before, after := w.leaves(1, 0)
	lie(&after)
	w.play(dispute.ProveVerdict{SLA: w.terms.SLA, Before: w.certify(before), After: w.certify(after)})
}

// around the contract: settlements, payouts, balances, a slasher that is none for a while.
func (w *walker) around() {
	switch w.r.IntN(5) {
	case 0:
		w.settled([]uint32{3, 4, 6, 9}[w.r.IntN(4)], w.r.IntN(4) == 0, int64(w.r.IntN(12_000)))
		w.play(dispute.Recover{SLA: w.terms.SLA, Window: uint32(w.r.IntN(2))})
	case 1:
		w.play(putBalance{w.party(), money.Of(int64(w.r.IntN(20_000)))})
	case 2:
		w.play(putMute{w.r.IntN(3) == 0})
	case 3:
		a := w.staged()
		a.Owner, a.Bond = []ids.Account{buyer, buyer, bystander}[w.r.IntN(3)], money.Of(int64(w.r.IntN(6_000)))
		w.play(a)
	default:
		w.play(putStake{arbiterAccount(w.r.IntN(34)), dispute.RoleArbiter, money.Of(int64(4_990 + w.r.IntN(20))), money.Of(int64(w.r.IntN(2)))})
	}
}

// finish a dispute by nothing but time.
func (w *walker) finish(id ids.ID) {
	for range 12 {
		c, _ := w.s.Dispute(w.now, id)
		if c.Over() {
			return
		}
		w.now = max(w.now, c.Until, c.RevealUntil)
		if c.Phase == dispute.Ruled {
			w.do(dispute.Execute{ID: id})
		} else {
			w.do(dispute.Advance{ID: id})
		}
	}
	panic(fmt.Sprintf("dispute %q: %s does not end", w.Name, id))
}
