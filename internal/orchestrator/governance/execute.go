package governance

import (
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Names of what governance does to itself.
const (
	setParams       = "set_params"
	setGuardian     = "set_guardian"
	addTarget       = "add_target"
	upgradeAnnounce = "upgrade_announce"
	pauseFunction   = "pause"
)

// never called, whatever the target: they move money or stake.
var never = []string{"slash", "hold", "transfer", "transfer_from", "approve", "burn", "burn_from", "clawback", "stake", "unbond", "deposit", "withdraw"}

const upgradeSeconds = 7 * day

func (s *State) execute(op *Execute) error {
	p, ok := s.Proposal(op.Number)
	if !ok {
		return orchestrator.ErrNotFound
	}
	switch p.At(s.now) {
	case Executed, Cancelled:
		return orchestrator.ErrStateWrong
	case Open:
		return orchestrator.ErrVotingOpen
	case Failed:
		return orchestrator.ErrVoteFailed
	case Expired:
		return orchestrator.ErrTimeLocked
	}
	switch {
	case s.now < p.Opens:
		return orchestrator.ErrTimeLocked
	case len(op.Actions) < 1 || len(op.Actions) > actionsMost:
		return orchestrator.ErrArgumentInvalid
	case s.others.Hash(op.Actions) != p.Actions:
		return orchestrator.ErrActionMismatch
	}
	for _, a := range op.Actions {
		own := a.Target == s.genesis.Governance && slices.Contains([]string{setParams, setGuardian, addTarget, upgradeAnnounce}, a.Function)
		if !own && !slices.Contains(s.functions[a.Target], a.Function) {
			return orchestrator.ErrTargetUnknown
		}
	}
	p.Executed = true
	s.proposals[op.Number-1] = p
	s.emit("executed", op.Number)
	for _, a := range op.Actions {
		if err := s.act(&a); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) act(a *Action) error {
	if a.Target != s.genesis.Governance {
		if a.Target == s.genesis.Consumer && a.Function == pauseFunction && s.pause.Until != 0 {
			s.over() // the vote decided: the guardian cannot undo that
		}
		return s.others.Call(s.now, a.Target, a.Function, a.Arguments)
	}
	switch {
	case a.Function == setParams && a.SetParams != nil:
		if a.SetParams.Validate() != nil || a.SetParams.Version != s.params.Version+1 {
			return orchestrator.ErrArgumentInvalid
		}
		s.params = *a.SetParams
		s.emit("params_set", a.SetParams.Version)
	case a.Function == setGuardian && a.SetGuardian != nil:
		s.guardian = *a.SetGuardian
		s.emit("guardian_set", s.guardian)
	case a.Function == addTarget && a.AddTarget != nil:
		return s.addTarget(a.AddTarget)
	case a.Function == upgradeAnnounce && a.UpgradeAnnounce != nil:
		s.announced, s.from = *a.UpgradeAnnounce, s.now+upgradeSeconds
		s.emit("upgrade_announced", s.from)
	default: // arguments of another shape
		return orchestrator.ErrArgumentInvalid
	}
	return nil
}

// addTarget sets what may be called at a contract; nothing takes it off the list.
func (s *State) addTarget(t *Target) error {
	bad := func(f string) bool { return slices.Contains(never, f) }
	if t.Contract == s.genesis.Governance || len(t.Functions) > functionMost || slices.ContainsFunc(t.Functions, bad) {
		return orchestrator.ErrArgumentInvalid
	}
	switch known := slices.Contains(s.targets, t.Contract); {
	case len(t.Functions) == 0:
		s.targets = slices.DeleteFunc(s.targets, func(a ids.Account) bool { return a == t.Contract })
	case !known && len(s.targets) == targetsMost:
		return orchestrator.ErrArgumentInvalid
	case !known:
		s.targets = append(s.targets, t.Contract)
	}
	s.functions[t.Contract] = slices.Clone(t.Functions)
	s.emit("target_set", t.Contract)
	return nil
}
