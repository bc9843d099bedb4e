package dispute

import (
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func (s *State) commit(op *CommitVote) error {
	c, ok := s.cases[op.ID]
	if !ok {
		return orchestrator.ErrNotFound
	}
	if c.Phase != Commit || s.now >= c.Until {
		return orchestrator.ErrPhaseWrong
	}
	return s.seat(op.ID, c.Round, op.Arbiter, func(x *Seat) error {
		if x.Committed {
			return orchestrator.ErrExists
		}
		x.Committed, x.Hash = true, op.Hash
		return nil
	})
}

func (s *State) reveal(op *RevealVote) error {
	if op.Choice > CannotSay {
		return orchestrator.ErrArgumentInvalid
	}
	c, ok := s.cases[op.ID]
	if !ok {
		return orchestrator.ErrNotFound
	}
	if c.Phase != Commit || s.now < c.Until || s.now >= c.RevealUntil {
		return orchestrator.ErrPhaseWrong
	}
	return s.seat(op.ID, c.Round, op.Arbiter, func(x *Seat) error {
		if x.Revealed {
			return orchestrator.ErrExists
		}
		if !x.Committed || x.Hash != VoteHash(op.ID, c.Round, op.Arbiter, op.Choice, op.Salt) {
			return orchestrator.ErrCommitMismatch
		}
		x.Revealed, x.Choice = true, op.Choice
		return nil
	})
}

// seat of an arbiter, changed.
func (s *State) seat(id ids.ID, round uint32, arbiter ids.Account, change func(*Seat) error) error {
	key := PanelKey{id, round}
	seats := slices.Clone(s.panels[key])
	i := slices.IndexFunc(seats, func(x Seat) bool { return x.Arbiter == arbiter })
	if i < 0 {
		return orchestrator.ErrNotDrawn
	}
	if err := change(&seats[i]); err != nil {
		return err
	}
	s.panels[key] = seats
	return nil
}

// tally fines the silent and counts: CannotSay when too few revealed, or no side has more than half of those who did.
func (s *State) tally(id ids.ID, c *Case, p *Params) uint32 {
	var votes [3]uint32
	seats := s.panels[PanelKey{id, c.Round}]
	for _, x := range seats {
		if x.Revealed {
			votes[x.Choice]++
			continue
		}
		if taken, err := s.world.Slash(x.Arbiter, RoleArbiter, p.JurorFee, s.self, id); err == nil {
			c.Silence = c.Silence.Add(taken)
		}
	}
	revealed := votes[0] + votes[1] + votes[2]
	switch {
	case revealed*10_000 < uint32(len(seats))*p.QuorumBps:
	case 2*votes[ForProvider] > revealed:
		return ForProvider
	case 2*votes[ForConsumer] > revealed:
		return ForConsumer
	}
	return CannotSay
}

// pay shares bonds and fines out.
func (s *State) pay(id ids.ID, c *Case) {
	p := s.params[c.ParamsVersion]
	var jurors []ids.Account
	for round := range c.Round + 1 {
		for _, x := range s.panels[PanelKey{id, round}] {
			if x.Revealed && (c.Ruling == CannotSay || x.Choice == c.Ruling) {
				jurors = append(jurors, x.Arbiter)
			}
		}
	}
	n := len(jurors)
	consumer, provider, fee := c.ConsumerBond, c.ProviderBond, money.Amount{}
	if c.Ruling != CannotSay {
		_, lost := c.loser()
		fee = money.Min(p.JurorFee, over(*lost, n))
		rest := lost.Sub(times(fee, n))
		if c.Ruling == ForConsumer {
			consumer, provider = consumer.Add(rest), money.Amount{}
		} else {
			consumer, provider = money.Amount{}, provider.Add(rest)
		}
	}
	share := over(c.Silence, n)
	for _, a := range jurors {
		s.owe(a, fee.Add(share))
	}
	s.owe(c.Consumer, consumer)
	s.owe(c.Provider, provider)
	s.owe(p.Fund, c.Silence.Sub(times(share, n)))
	c.ConsumerBond, c.ProviderBond, c.Silence = money.Amount{}, money.Amount{}, money.Amount{}
}

// over is ⌊a/n⌋, 0 when n is.
func over(a money.Amount, n int) money.Amount {
	if n == 0 {
		return money.Amount{}
	}
	b := a.Big()
	return money.Must(b.Quo(b, money.Of(int64(n)).Big()))
}
