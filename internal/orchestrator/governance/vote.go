package governance

import (
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func (s *State) propose(op *Propose) error {
	if s.now == 0 {
		return orchestrator.ErrPowerMissing
	}
	p := Proposal{Number: s.Count() + 1, Proposer: op.Proposer, Actions: op.Actions, About: op.About, Snapshot: s.now - 1, QuorumBps: s.params.QuorumBps, MajorityBps: s.params.MajorityBps}
	p.Total = s.others.TotalAt(p.Snapshot)
	power := s.others.PowerAt(op.Proposer, p.Snapshot)
	if power.Sign() <= 0 || times(power, wholeBps).Cmp(times(p.Total, s.params.ThresholdBps)) < 0 {
		return orchestrator.ErrPowerMissing
	}
	p.Ends = s.now + s.seconds(s.params.VotingSeconds)
	p.Opens = p.Ends + s.seconds(s.params.DelaySeconds)
	p.Closes = p.Opens + s.seconds(s.params.OpenSeconds)
	s.proposals = append(s.proposals, p)
	s.out.Number = p.Number
	s.emit("proposed", p.Number)
	return nil
}

func (s *State) vote(op *Vote) error {
	if op.Choice > Abstain {
		return orchestrator.ErrArgumentInvalid
	}
	p, ok := s.Proposal(op.Number)
	b := ballot{op.Number, op.Voter}
	_, voted := s.votes[b]
	switch {
	case !ok:
		return orchestrator.ErrNotFound
	case p.At(s.now) != Open:
		return orchestrator.ErrVotingClosed
	case voted:
		return orchestrator.ErrVoted
	}
	votes := s.others.PowerAt(op.Voter, p.Snapshot)
	if votes.Sign() <= 0 {
		return orchestrator.ErrPowerMissing
	}
	switch op.Choice {
	case Against:
		p.Against = p.Against.Add(votes)
	case For:
		p.InFavour = p.InFavour.Add(votes)
	default:
		p.Abstain = p.Abstain.Add(votes)
	}
	s.proposals[op.Number-1], s.votes[b], s.out.Votes = p, op.Choice, votes
	s.emit("voted", op.Number)
	return nil
}

func (s *State) cancel(op *Cancel) error {
	p, ok := s.Proposal(op.Number)
	switch {
	case !ok:
		return orchestrator.ErrNotFound
	case p.Proposer != op.Proposer:
		return orchestrator.ErrNotAuthorized
	case p.At(s.now) != Open:
		return orchestrator.ErrVotingClosed
	}
	p.Cancelled = true
	s.proposals[op.Number-1] = p
	s.emit("cancelled", op.Number)
	return nil
}

func (s *State) guardianPause() error {
	if s.pause.Until != 0 || s.now < s.pause.RestUntil {
		return orchestrator.ErrPauseSpent
	}
	s.pause.Until = s.now + s.seconds(s.params.PauseSeconds)
	s.out.Until = s.pause.Until
	s.emit("guardian_paused", s.guardian)
	return s.others.Pause(s.now, true)
}

func (s *State) unpause(op *Unpause) error {
	if s.pause.Until == 0 {
		return orchestrator.ErrStateWrong
	}
	if s.now < s.pause.Until && !op.ByGuardian {
		return orchestrator.ErrNotAuthorized // on the chain: the missing authorisation
	}
	s.over()
	return s.others.Pause(s.now, false)
}

// over ends a guardian's pause.
func (s *State) over() {
	s.pause = Pause{RestUntil: s.now + s.seconds(s.params.RestSeconds)}
	s.emit("guardian_unpaused", s.guardian)
}
