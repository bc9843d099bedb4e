package main

import (
	"crypto/ed25519"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/sla"
)

// leaves of the two first windows as honest validators have them: so many bad slots and failed challenges in each epoch of the second.
func (x *disputeScript) leaves(bad, failed int) (before, after sla.Leaf) {
	l := sla.Zero(x.terms)
	base := l
	for i := range uint32(6) {
		m := &sla.Measure{Operations: 20, Challenges: 4, Passed: 4, BytesOut: uint64(i+1) * gib}
		for j := range 5 {
			s := healthy
			if i >= 3 && j < bad {
				s = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
			}
			m.Slots = append(m.Slots, s)
		}
		if i >= 3 {
			m.Passed -= uint64(failed)
		}
		next, v := x.terms.Advance(l, &base, m, 9)
		if l = next; v != nil {
			base = l
		}
		if i == 2 {
			before = l
		}
	}
	return before, l
}

// certify a leaf for its epoch, beside another one.
func (x *disputeScript) certify(l sla.Leaf) dispute.ProvenLeaf {
	hashes := []merkle.Hash{merkle.Leaf([]byte("the leaf of another SLA")), l.Hash()}
	epoch := x.w.SLAs[x.terms.SLA].Reservation.StartEpoch + uint64(l.Epochs) - 1
	x.do(putRoot{epoch, merkle.Root(hashes)})
	return dispute.ProvenLeaf{Leaf: l.Bytes(), Epoch: epoch, Proof: merkle.Prove(hashes, 1)}
}

// verdict on the second window, whose certified leaf is another than the right one.
func (x *disputeScript) verdict(bad int, lie func(*sla.Leaf)) dispute.ProveVerdict {
	before, after := x.leaves(bad, 0)
	lie(&after)
	x.settled(6, false, 40_000)
	x.pass(30)
	return dispute.ProveVerdict{SLA: x.terms.SLA, Before: x.certify(before), After: x.certify(after)}
}

// noCredit is a verdict that found nothing.
func noCredit(l *sla.Leaf) {
	l.PriceCreditEpochs, l.PriceCreditOut, l.CollateralCreditEpochs, l.CollateralCreditOut = 0, sla.Wide{}, 0, sla.Wide{}
	l.Causes[sla.None]++
	l.Causes[sla.Provider]--
	l.Recent[0] = 0
}

func truth(*sla.Leaf) {}

// observation of a unit, signed.
func observation(validator uint32, change ...func(*observed)) dispute.Signed {
	c := disputeConfig()
	o := observed{c.Network, c.Digest(), 3, validator, hash("unit"), 1, int(validator)}
	for _, f := range change {
		f(&o)
	}
	doc := canon.Tagged("FLASHBACK-OBSERVATION-v1").Raw(o.network[:]).Raw(o.config[:]).U64(o.epoch).U32(o.validator).Raw(o.unit[:]).U32(1).U8(1).U32(o.operations).U32(0).U32(40).U32(20_000).U32(0).Bytes()
	s := cert.Sign(key(o.by), o.validator, canon.Hash(doc))
	return dispute.Signed{Document: doc, RS: s.RS, Recovery: s.Recovery}
}

type observed struct {
	network, config [32]byte
	epoch           uint64
	validator       uint32
	unit            [32]byte
	operations      uint32
	by              int
}

func other(o *observed) { o.operations++ }

// staked gives validators something to lose.
func (x *disputeScript) staked() {
	for i, v := range disputeConfig().Validators {
		x.do(putStake{v.Operator, dispute.RoleValidator, money.Of(10_001), money.Of(int64(i) * 1_000)})
	}
}

func (x *disputeScript) equivocation(want string, change ...func(*observed)) {
	x.take(want, dispute.ProveEquivocation{Reporter: bystander, First: observation(2, change...), Second: observation(2, append(change, other)...)})
}

// possession: a node that committed to one object of five chunks and answers for three of them with other bytes.
func (x *disputeScript) possession(wrong ...uint64) dispute.ProvePossession {
	op := dispute.ProvePossession{SLA: x.terms.SLA}
	verdict := x.verdict(0, truth)
	op.Before, op.After = verdict.Before, verdict.After
	leaves := make([]merkle.Hash, 5)
	for i := range leaves {
		leaves[i] = merkle.Leaf([]byte{byte(i)})
	}
	a := x.w.SLAs[x.terms.SLA]
	held := dispute.Held{Object: hash("object"), Size: 5 * dispute.ChunkSize}
	held.Commitment = dispute.Commitment(held.Size, merkle.Root(leaves))
	set := []merkle.Hash{merkle.Leaf([]byte("another object")), merkle.Leaf(held.Bytes())}
	u := dispute.Usage{Node: a.Node, SLA: x.terms.SLA, Epoch: 4, Rest: [48]byte{7: 2}, Leaves: 5, SetRoot: merkle.Root(set)}
	op.Statement, op.StatementSig = u.Bytes(), x.nodeSigns(u.Bytes())
	for i := range leaves {
		answer := dispute.NodeAnswer{Statement: u.Hash(), Number: uint64(i), Held: held, HeldPath: merkle.Prove(set, 1), Root: merkle.Root(leaves), Chunk: leaves[i], ChunkProof: merkle.Prove(leaves, i)}
		for _, w := range wrong {
			if w == uint64(i) {
				answer.Chunk = hash("rot")
				op.Answers = append(op.Answers, x.answer(&answer))
			}
		}
	}
	return op
}

func (x *disputeScript) answer(a *dispute.NodeAnswer) dispute.Answer {
	return dispute.Answer{Document: a.Bytes(), Signature: x.nodeSigns(a.Bytes())}
}

func (x *disputeScript) nodeSigns(doc []byte) [64]byte {
	h := canon.Hash(doc)
	return [64]byte(ed25519.Sign(x.node, h[:]))
}

var proofScripts = map[string]func(*disputeScript){
	"a verdict that stands":            func(x *disputeScript) { x.take("VerdictStands", x.verdict(1, truth)) },
	"a verdict that stands, no credit": func(x *disputeScript) { x.take("VerdictStands", x.verdict(0, truth)) },
	"a denied credit": func(x *disputeScript) {
		op := x.verdict(1, noCredit)
		x.do(op)
		x.take("Exists", op)
		x.take("NothingDue", dispute.Recover{SLA: op.SLA, Window: 1})
	},
	"a denied credit that the claim does not have yet": func(x *disputeScript) {
		op := x.verdict(1, noCredit)
		x.settled(6, false, 100)
		x.do(op)
		x.settled(9, true, 90_000)
		x.do(dispute.Recover{SLA: op.SLA, Window: 1})
	},
	"a denied credit while the claim is frozen": func(x *disputeScript) {
		op := x.verdict(1, noCredit)
		x.open()
		x.do(op)
		x.take("Disputed", dispute.Recover{SLA: op.SLA, Window: 1})
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.execute()
		x.do(dispute.Recover{SLA: op.SLA, Window: 1})
	},
	"proof and panel on one window do not add up": func(x *disputeScript) {
		op := x.verdict(1, noCredit)
		x.do(x.opening(func(op *dispute.OpenDispute) { op.Window = 1 }), op)
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.execute()
		x.do(dispute.Recover{SLA: op.SLA, Window: 1}) // the proof gave more
		x.take("NothingDue", dispute.Recover{SLA: op.SLA, Window: 1})
	},
	"a credit that nobody owed": func(x *disputeScript) {
		op := x.verdict(0, func(l *sla.Leaf) {
			l.PriceCreditEpochs = 3_000
			l.Causes[sla.None]--
			l.Causes[sla.Provider]++
			l.Recent[0] = 1_000
		})
		x.do(op)
		x.take("Exists", op)
	},
	"the first window starts from nothing": func(x *disputeScript) {
		l, _ := x.leaves(0, 0)
		l.PriceCreditEpochs = 3_000
		zero := sla.Zero(x.terms)
		x.do(dispute.ProveVerdict{SLA: x.terms.SLA, Before: dispute.ProvenLeaf{Leaf: zero.Bytes()}, After: x.certify(l)})
	},
	"refused: verdict": func(x *disputeScript) {
		op := x.verdict(1, noCredit)
		try := func(want string, change func(*dispute.ProveVerdict)) {
			y := op
			change(&y)
			x.take(want, y)
		}
		try("NotFound", func(y *dispute.ProveVerdict) { y.SLA = unknown; y.Before.Leaf = nil })
		try("Malformed", func(y *dispute.ProveVerdict) { y.Before.Leaf = y.Before.Leaf[1:] })
		try("Malformed", func(y *dispute.ProveVerdict) { y.After.Leaf = nil })
		before, after := x.leaves(1, 0)
		foreign := after
		foreign.Terms = hash("terms")
		try("LeafForeign", func(y *dispute.ProveVerdict) { y.After.Leaf = foreign.Bytes() })
		foreign = before
		foreign.SLA = unknown
		try("LeafForeign", func(y *dispute.ProveVerdict) { y.Before.Leaf = foreign.Bytes() })
		try("LeafUnknown", func(y *dispute.ProveVerdict) { y.Before.Epoch = 1 })
		try("LeafUnknown", func(y *dispute.ProveVerdict) { y.After.Epoch = 2 })
		try("LeafUnknown", func(y *dispute.ProveVerdict) { y.After.Leaf = after.Bytes() })
		try("LeafUnknown", func(y *dispute.ProveVerdict) { y.After.Proof.Bits = 3 })
		try("LeafUnknown", func(y *dispute.ProveVerdict) { y.After.Proof.Bits = 0 })
		try("WindowWrong", func(y *dispute.ProveVerdict) { y.Before, y.After = y.After, y.Before })
		try("WindowWrong", func(y *dispute.ProveVerdict) { y.Before = y.After })
		try("WindowWrong", func(y *dispute.ProveVerdict) {
			zero := sla.Zero(x.terms)
			y.Before = dispute.ProvenLeaf{Leaf: zero.Bytes()}
		})
		x.settled(5, false, 10_000)
		x.take("WindowWrong", op)
		x.settled(6, false, 10_000)
		x.now = genesis + 60 + 1_001
		x.take("WindowWrong", op)
		x.now--
		x.do(op)
	},
	"a boundary between windows is none": func(x *disputeScript) {
		op := x.verdict(1, func(l *sla.Leaf) { l.Epochs, l.JudgedEpochs = 5, 5 })
		x.take("WindowWrong", op)
	},
	"equivocation": func(x *disputeScript) {
		x.staked()
		x.equivocation("")
		x.equivocation("Exists", func(o *observed) { o.unit = hash("another unit") })
		x.equivocation("", func(o *observed) { o.epoch = 4 })
	},
	"equivocation under an older configuration": func(x *disputeScript) {
		x.staked()
		x.do(putVersion{2})
		x.equivocation("")
		next := disputeConfig()
		next.Version = 2
		x.equivocation("", func(o *observed) { o.config, o.epoch = next.Digest(), 4 })
		x.do(putVersion{3})
		next.Version = 3
		x.do(dispute.Note{}, putVersion{4})
		x.equivocation("", func(o *observed) { o.config, o.epoch = next.Digest(), 5 })
	},
	"equivocation with nothing active": func(x *disputeScript) {
		x.do(putStake{disputeConfig().Validators[2].Operator, dispute.RoleValidator, money.Of(0), money.Of(800)})
		x.equivocation("")
	},
	"refused: equivocation": func(x *disputeScript) {
		x.equivocation("StakeMissing")
		x.staked()
		try := func(want string, a, b dispute.Signed) {
			x.take(want, dispute.ProveEquivocation{Reporter: bystander, First: a, Second: b})
		}
		a, b := observation(2), observation(2, other)
		try("Malformed", dispute.Signed{Document: a.Document[:100]}, b)
		try("Malformed", a, dispute.Signed{Document: append([]byte("F"), b.Document...)})
		try("EvidenceWrong", a, a)
		for _, f := range []func(*observed){
			func(o *observed) { o.epoch++ }, func(o *observed) { o.unit = hash("another") }, func(o *observed) { o.validator++ },
			func(o *observed) { o.network = hash("another") }, func(o *observed) { o.config = hash("another") },
		} {
			try("EvidenceWrong", a, observation(2, f))
		}
		x.equivocation("EvidenceWrong", func(o *observed) { o.network = hash("another") })
		x.equivocation("EvidenceWrong", func(o *observed) { o.validator = 4 })
		x.equivocation("EvidenceWrong", func(o *observed) { o.by = 3 }) // another's signatures
		forged := disputeConfig()
		forged.Validators[2].Key = cert.PublicKey(key(9)) // a configuration of one's own making, with somebody else's operator in it
		x.equivocation("EvidenceWrong", func(o *observed) { o.config, o.by = forged.Digest(), 9 })
		high := b
		s := highS(cert.Signature{RS: b.RS, Recovery: b.Recovery})
		high.RS, high.Recovery = s.RS, s.Recovery
		try("EvidenceWrong", a, high)
		zero := b
		zero.RS = [64]byte{}
		try("EvidenceWrong", a, zero)
		beyond := b
		beyond.Recovery = 2
		try("EvidenceWrong", a, beyond)
		x.equivocation("WindowWrong", func(o *observed) { o.epoch = 6 })
		x.equivocation("WindowWrong", func(o *observed) { o.epoch = 1<<64 - 1 })
		x.do(putMute{true})
		x.equivocation("NotAuthorized")
		x.do(putMute{false})
		x.now = genesis + 30 + 1_001
		x.equivocation("WindowWrong")
		x.now--
		x.equivocation("")
	},
	"three wrong answers": func(x *disputeScript) {
		op := x.possession(0, 2, 4)
		x.do(op)
		x.take("Exists", op)
	},
	"refused: possession": func(x *disputeScript) {
		op := x.possession(0, 2, 4)
		try := func(want string, change func(*dispute.ProvePossession)) {
			y := op
			y.Answers = append([]dispute.Answer{}, op.Answers...)
			change(&y)
			x.take(want, y)
		}
		u, _ := dispute.DecodeUsage(op.Statement)
		restate := func(y *dispute.ProvePossession, change func(*dispute.Usage)) {
			v := *u
			change(&v)
			y.Statement, y.StatementSig = v.Bytes(), x.nodeSigns(v.Bytes())
		}
		try("WindowWrong", func(y *dispute.ProvePossession) { y.Before = y.After; y.Statement = nil })
		try("Malformed", func(y *dispute.ProvePossession) { y.Statement = y.Statement[1:] })
		try("EvidenceWrong", func(y *dispute.ProvePossession) { restate(y, func(u *dispute.Usage) { u.SLA = unknown }) })
		try("EvidenceWrong", func(y *dispute.ProvePossession) { restate(y, func(u *dispute.Usage) { u.Node = unknown }) })
		try("EvidenceWrong", func(y *dispute.ProvePossession) { restate(y, func(u *dispute.Usage) { u.Epoch = 2 }) })
		try("EvidenceWrong", func(y *dispute.ProvePossession) { restate(y, func(u *dispute.Usage) { u.Epoch = 6 }) })
		try("EvidenceWrong", func(y *dispute.ProvePossession) { restate(y, func(u *dispute.Usage) { u.Rest[15]++ }) }) // another statement than was answered for
		try("signature_wrong", func(y *dispute.ProvePossession) { y.StatementSig[0] ^= 1 })
		try("signature_wrong", func(y *dispute.ProvePossession) { y.Answers[1].Signature[63] ^= 1 })
		try("ArgumentInvalid", func(y *dispute.ProvePossession) {
			for len(y.Answers) <= 16 {
				y.Answers = append(y.Answers, y.Answers[0])
			}
		})
		sign := func(doc []byte) dispute.Answer { return dispute.Answer{Document: doc, Signature: x.nodeSigns(doc)} }
		try("Malformed", func(y *dispute.ProvePossession) { y.Answers[0] = sign(make([]byte, 3_000)) })
		try("Malformed", func(y *dispute.ProvePossession) {
			y.Answers[0] = sign(append([]byte{}, append(y.Answers[0].Document, 0)...))
		})
		try("EvidenceWrong", func(y *dispute.ProvePossession) { y.Answers = y.Answers[:2] })
		try("EvidenceWrong", func(y *dispute.ProvePossession) { y.Answers[1] = y.Answers[0] })
		try("EvidenceWrong", func(y *dispute.ProvePossession) { y.Answers[1] = x.rightAnswer(u, 1) })
		try("EvidenceWrong", func(y *dispute.ProvePossession) { y.Answers[2] = x.beyond(u) })
	},
}

// rightAnswer leads to the set that possession commits to.
func (x *disputeScript) rightAnswer(u *dispute.Usage, i int) dispute.Answer {
	leaves := make([]merkle.Hash, 5)
	for i := range leaves {
		leaves[i] = merkle.Leaf([]byte{byte(i)})
	}
	held := dispute.Held{Object: hash("object"), Size: 5 * dispute.ChunkSize}
	held.Commitment = dispute.Commitment(held.Size, merkle.Root(leaves))
	set := []merkle.Hash{merkle.Leaf([]byte("another object")), merkle.Leaf(held.Bytes())}
	return x.answer(&dispute.NodeAnswer{Statement: u.Hash(), Number: uint64(i), Held: held, HeldPath: merkle.Prove(set, 1), Root: merkle.Root(leaves), Chunk: leaves[i], ChunkProof: merkle.Prove(leaves, i)})
}

// beyond answers for a chunk that the statement does not have.
func (x *disputeScript) beyond(u *dispute.Usage) dispute.Answer {
	return x.answer(&dispute.NodeAnswer{Statement: u.Hash(), Number: u.Leaves})
}
