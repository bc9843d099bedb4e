package sidebyside

import (
	"errors"
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
	disputes "github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

// The Dispute contract in the scene: the Consumer Orchestrator knows it, and there are as many arbiters as the first panel has seats, so that all of them are drawn. What is disputed is the first window of the SLA that
// is Mature.
const (
	evidenceSeconds = 100
	commitSeconds   = 110
	revealSeconds   = 120
	appealSeconds   = 130
	firstPanel      = 3
	secondPanel     = 7
	disputeBond     = 1_000
)

// drawn are the arbiters that have a role; jurors those beside them, who are on no table.
var drawn = []string{"validator operator", "other consumer"}

func juror(i int) string { return fmt.Sprintf("juror %d", i) }

func (s *Scene) disputeParams(version uint32) xdr.ScVal {
	return scval.Struct(scval.Fields{"version": scval.U32(version), "bond": scval.I128(disputeBond), "juror_fee": scval.I128(10), "arbiter_stake": scval.I128(50), "panel": scval.U32(firstPanel),
		"evidence_seconds": scval.U64(evidenceSeconds), "commit_seconds": scval.U64(commitSeconds), "reveal_seconds": scval.U64(revealSeconds), "appeal_seconds": scval.U64(appealSeconds),
		"max_age_seconds": scval.U64(86_400), "quorum_bps": scval.U32(6_000), "slash_equivocation_bps": scval.U32(5_000), "fund": s.Roles["admin"].Arg()})
}

func (s *Scene) enterDispute() error {
	c := s.Chain.Contracts()
	err := s.deployCompanion("dispute", s.Roles["admin"].Arg(), scval.Address(c.Oracle), scval.Address(c.Provider), scval.Address(c.Consumer), scval.Address(s.contract("staking")), scval.Address(s.contract("flash")), s.disputeParams(1))
	if err != nil {
		return err
	}
	errs := []error{s.stake("validator operator", disputes.RoleValidator)}
	for i := len(drawn); i < secondPanel; i++ {
		if s.Roles[juror(i)], err = s.Host.Party(juror(i)); err != nil {
			return err
		}
		errs = append(errs, s.stake(juror(i), disputes.RoleArbiter))
	}
	for _, who := range append(drawn, juror(len(drawn))) {
		errs = append(errs, s.stake(who, disputes.RoleArbiter), s.arbiter(who))
	}
	return errors.Join(append(errs, s.Host.Advance(1, 1))...) // an arbiter of this second is too new to be drawn
}

func (s *Scene) stake(who string, role uint32) error {
	return s.call("consumer", "staking", "stake", s.Roles["consumer"].Arg(), s.Roles[who].Arg(), scval.U32(role), scval.I128(100))
}

func (s *Scene) arbiter(who string) error {
	return s.call(who, "dispute", "arbiter", s.Roles[who].Arg(), scval.Bool(true))
}

// opening of a dispute by someone, over so much.
func opening(by xdr.ScVal, id ids.ID, amount int64) []xdr.ScVal {
	return []xdr.ScVal{by, scval.ID(id), scval.U32(0), scval.I128(amount), scval.ID([32]byte{1}), scval.ID([32]byte{2})}
}

// opened is a dispute over little.
func opened(s *Scene) (err error) {
	s.disputed, err = s.make("consumer", "dispute", "open", opening(s.Roles["consumer"].Arg(), s.SLAs[mature], 1)...)
	return err
}

// bonded is the provider, who gets FLASH.
func bonded(s *Scene) error {
	return s.call("consumer", "flash", "transfer", s.Roles["consumer"].Arg(), s.Roles["provider"].Arg(), scval.I128(10*disputeBond))
}

// advanced is the dispute after so many seconds.
func advanced(seconds uint64) func(*Scene) error {
	return func(s *Scene) error {
		return errors.Join(s.Host.Advance(seconds, 1), s.call("stranger", "dispute", "advance", scval.ID(s.disputed)))
	}
}

// seated is the panel of a dispute that the provider answered: by the root of an epoch that began after that.
var seated = inTurn(opened, bonded, func(s *Scene) error {
	return s.call("provider", "dispute", "answer", s.Roles["provider"].Arg(), scval.ID(s.disputed), scval.ID([32]byte{4}))
}, func(s *Scene) error { return s.submit(2, merkle.Leaf([]byte("what nobody could know"))) }, advanced(0))

var salt = [32]byte{5}

// committed are the votes, and the time to reveal them has come.
func committed(s *Scene) error {
	errs := []error{seated(s)}
	for _, who := range drawn {
		hash := disputes.VoteHash(s.disputed, 0, s.Roles[who].Account(), 1, salt)
		errs = append(errs, s.call(who, "dispute", "commit", s.Roles[who].Arg(), scval.ID(s.disputed), scval.ID(hash)))
	}
	return errors.Join(append(errs, s.Host.Advance(commitSeconds, 1))...)
}

// uncontested is a dispute that was lost for want of an answer.
var uncontested = inTurn(opened, advanced(evidenceSeconds))

// appealable is it when there are arbiters enough for a second panel.
func appealable(s *Scene) error {
	errs := []error{uncontested(s), bonded(s)}
	for i := firstPanel; i < secondPanel; i++ {
		errs = append(errs, s.arbiter(juror(i)))
	}
	return errors.Join(errs...)
}

var final = inTurn(uncontested, later(appealSeconds))

var carriedOut = inTurn(final, execute)

func execute(s *Scene) error { return s.call("stranger", "dispute", "execute", scval.ID(s.disputed)) }

// recoverable is what a proof found beyond what a dispute had frozen.
var recoverable = inTurn(opened, wronged, func(s *Scene) error { return s.call("stranger", "dispute", "prove_verdict", verdict(s)...) },
	advanced(evidenceSeconds), later(appealSeconds), execute)

// inTurn makes a scene ready in several steps, as far as each succeeds.
func inTurn(steps ...func(*Scene) error) func(*Scene) error {
	return func(s *Scene) error {
		for _, f := range steps {
			if err := f(s); err != nil {
				return err
			}
		}
		return nil
	}
}

// submit the root of one leaf, so many epochs on.
func (s *Scene) submit(epochs uint64, leaf merkle.Hash) error {
	if err := s.Host.Advance(epochs*uint64(s.config.EpochSeconds), 1); err != nil {
		return err
	}
	call, err := stellar.Translate(s.Chain.Contracts(), orchestrator.SubmitReport{Certificate: s.certificate(s.lastEpoch(), merkle.Root([]merkle.Hash{leaf}))})
	if err != nil {
		return err
	}
	_, err = s.Host.Call(s.ctx, call.Contract, call.Function, direct.Nobody(), call.Args...)
	return err
}

// lastEpoch that is over.
func (s *Scene) lastEpoch() uint64 { return s.config.Epoch(s.Host.Now()) - 1 }

// lie is the leaf at the disputed window's end, but that it denies the consumer what the window gave it.
func (s *Scene) lie() sla.Leaf {
	t, _ := s.World.State.Terms(s.SLAs[mature])
	l := life{terms: t, leaf: sla.Zero(t), base: sla.Zero(t)}
	for range s.config.WindowEpochs {
		next, v := t.Advance(l.leaf, &l.base, badMeasure(&l), t.Duration)
		if l.leaf = next; v != nil {
			l.base = next
		}
	}
	l.leaf.PriceCreditEpochs, l.leaf.PriceCreditOut, l.leaf.CollateralCreditEpochs, l.leaf.CollateralCreditOut = 0, sla.Wide{}, 0, sla.Wide{}
	return l.leaf
}

// wronged is the consumer when that is certified.
func wronged(s *Scene) error {
	l := s.lie()
	return s.submit(1, l.Hash())
}

// verdict on the window, which was certified last.
func verdict(s *Scene) []xdr.ScVal { return ends(settlement{to: s.lie(), epoch: s.lastEpoch()}) }

// ends of an SLA's first window, of which the second is proved.
func ends(x settlement) []xdr.ScVal {
	end := func(l sla.Leaf, epoch uint64, p merkle.Proof) xdr.ScVal {
		var path []xdr.ScVal
		for _, h := range p.Path {
			path = append(path, scval.ID(h))
		}
		return scval.Struct(scval.Fields{"leaf": scval.Bytes(l.Bytes()), "epoch": scval.U64(epoch), "bits": scval.U64(p.Bits), "path": scval.Vec(path...)})
	}
	return []xdr.ScVal{scval.ID(x.to.SLA), end(sla.Leaf{SLA: x.to.SLA, Terms: x.to.Terms}, 0, merkle.Proof{}), end(x.to, x.epoch, x.proof)}
}

func theDisputed(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.ID(s.disputed)} }

func theWindow(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.ID(s.SLAs[mature]), scval.U32(0)} }

func theDisputeContract(s *Scene) ids.Account { return s.contract("dispute") }

var (
	openDoor = Door{Contract: "dispute", Function: "open", Who: consumer, About: anSLA, State: mature, Call: raw("dispute", "open", func(_ *Scene, by ids.Account, id ids.ID) []xdr.ScVal {
		return opening(scval.Address(by), id, 5)
	})}
	accuseDoor = Door{Contract: "dispute", Function: "accuse", Who: provider, About: anSLA, State: mature, Ready: bonded, Call: raw("dispute", "accuse", func(_ *Scene, by ids.Account, id ids.ID) []xdr.ScVal {
		return opening(scval.Address(by), id, 5)
	})}
	executeDoor = ready(door("dispute", "execute", nil, anyones(theDisputed)), final)
)

var disputeDoors = []Door{
	openDoor, accuseDoor, executeDoor,
	ready(door("dispute", "answer", provider, by(func(s *Scene) []xdr.ScVal { return append(theDisputed(s), scval.ID([32]byte{4})) })), inTurn(opened, bonded)),
	ready(door("dispute", "commit", drawn, by(func(s *Scene) []xdr.ScVal { return append(theDisputed(s), scval.ID([32]byte{6})) })), seated),
	ready(door("dispute", "reveal", drawn, by(func(s *Scene) []xdr.ScVal { return append(theDisputed(s), scval.U32(1), scval.ID(salt)) })), committed),
	ready(door("dispute", "appeal", provider, by(theDisputed)), appealable),
	ready(door("dispute", "advance", nil, anyones(theDisputed)), inTurn(opened, later(evidenceSeconds))),
	ready(door("dispute", "prove_verdict", nil, anyones(verdict)), wronged),
	door("dispute", "prove_equivocation", nil, anyones(equivocation)),
	{Contract: "dispute", Function: "prove_possession", Call: possession},
	ready(door("dispute", "recover", nil, anyones(theWindow)), recoverable),
	door("dispute", "note", nil, plain),
	door("dispute", "arbiter", drawn, by(func(*Scene) []xdr.ScVal { return []xdr.ScVal{scval.Bool(true)} })),
	ready(door("dispute", "claim", nil, anyones(role("consumer"))), carriedOut),
	asked(door("dispute", "wire", anAdmin, anyones(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.Address(s.contract("score"))} })), theAdmin),
	asked(door("dispute", "set_params", anAdmin, anyones(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.disputeParams(2)} })), theAdmin),
	asked(door("dispute", "set_admin", anAdmin, anyones(role("stranger"))), theAdmin),
	asked(door("dispute", "upgrade_announce", anAdmin, newCode), theAdmin),
	asked(ready(door("dispute", "upgrade", anAdmin, plain), announced("dispute")), theAdmin),
	ready(door("dispute", "extend", nil, anyones(theDisputed)), opened),
	ready(view("dispute", "dispute", nothing, "", about(theDisputed)), opened),
	ready(view("dispute", "panel", nothing, "", about(func(s *Scene) []xdr.ScVal { return append(theDisputed(s), scval.U32(0)) })), seated),
	ready(view("dispute", "window", nothing, "", about(theWindow)), opened),
	view("dispute", "slot", nothing, "", about(func(*Scene) []xdr.ScVal { return []xdr.ScVal{scval.U32(0)} })),
	ready(view("dispute", "due", nothing, "", about(role("consumer"))), carriedOut),
	view("dispute", "params", nothing, "", none),
	view("dispute", "upgrade_announced", nothing, "", none),
	view("dispute", "admin", nothing, "", none),
}
