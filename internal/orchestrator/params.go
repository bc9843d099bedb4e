package orchestrator

import "github.com/flashback-network/flashback/internal/money"

const (
	year      = 365 * 86_400
	maxFee    = 1_000
	maxTiers  = 8
	maxExcess = 100_000
	wholeBps  = 10_000
	million   = 1_000_000

	maxWindows = 1_000 // of a reclaim's notice
)

// FullDeposit is the most that is paid in for an SLA of a total price: that, and the bond.
func (p *Params) FullDeposit(total money.Amount) money.Amount {
	return total.Add(total.Bps(uint32(p.EarlyBps)))
}

// Validate refuses parameters out of bounds, whoever sets them.
func (p *Params) Validate() error {
	atMost := func(limit uint16, l ...uint16) bool {
		for _, v := range l {
			if v > limit {
				return false
			}
		}
		return true
	}
	whole := func(s [4]uint16) bool {
		return atMost(wholeBps, s[:]...) && uint32(s[0])+uint32(s[1])+uint32(s[2])+uint32(s[3]) == wholeBps
	}
	seconds := func(v, least uint64) bool { return v >= least && v <= year }
	ok := p.Version >= 1 && atMost(maxFee, p.FeeBps) && atMost(p.FeeBps, p.FeeFlashBps) &&
		atMost(wholeBps, p.HoldbackBps, p.LostBps, p.SlashBreach, p.SlashLost, p.SlashAbandon, p.SlashCapBps, p.BreachBps, p.EarlyBps, p.ReclaimBps) &&
		atMost(maxWindows, p.ReclaimWindows) && p.GraceEpochs <= million && p.RetentionEpochs <= million &&
		p.MinSamples >= 1 && p.CoveragePpm <= million && p.LostChallenges >= 1 && p.BreachBps >= 1 && p.BreachOf >= 1 && p.BreachOf <= 3 &&
		p.BreachCount >= 1 && p.BreachCount <= p.BreachOf && p.AbandonWindows >= 1 && p.SlashPeriod >= 1 && whole(p.SlashSplit) && whole(p.FeeSplit) &&
		seconds(p.AcceptSeconds, 1) && seconds(p.FundSeconds, 1) && seconds(p.CloseSeconds, 1) && seconds(p.NoticeSeconds, 0) && seconds(p.QuotaSeconds, 0) &&
		len(p.AvailabilityTiers) <= maxTiers && len(p.ExcessTiers) <= maxTiers
	for _, x := range p.AvailabilityTiers {
		ok = ok && x.Below <= million && x.Bps <= wholeBps
	}
	for _, x := range p.ExcessTiers {
		ok = ok && x.Ratio >= 100 && x.Ratio <= maxExcess && x.Bps <= wholeBps
	}
	if !ok {
		return ErrArgumentInvalid
	}
	return nil
}

func (s *State) setParams(op *SetParams) error {
	if op.Admin != s.admins.consumer {
		return ErrNotAuthorized
	}
	if op.Params.Validate() != nil || op.Params.Version != s.params.Version+1 {
		return ErrArgumentInvalid
	}
	assign(s, &s.params, op.Params)
	s.versions.set(op.Params.Version, op.Params)
	s.emit("params_set", decimal(op.Params.Version))
	return nil
}

// setProviderParams are the Provider Orchestrator's own: it has one version, since what SLAs keep stands in their terms.
func (s *State) setProviderParams(op *SetProviderParams) error {
	if op.Admin != s.admins.provider {
		return ErrNotAuthorized
	}
	if op.Params.Validate() != nil || op.Params.Version != s.offers.Version+1 {
		return ErrArgumentInvalid
	}
	assign(s, &s.offers, op.Params)
	s.emit("params_set", decimal(op.Params.Version))
	return nil
}

func (s *State) setAdmin(op *SetAdmin) error {
	next := s.admins
	admin := &next.consumer
	if op.Provider {
		admin = &next.provider
	}
	if op.Admin != *admin {
		return ErrNotAuthorized
	}
	*admin = op.Next
	assign(s, &s.admins, next)
	s.emit("admin_set", op.Next)
	return nil
}

func (s *State) pause(op *Pause) error {
	if op.Admin != s.admins.consumer {
		return ErrNotAuthorized
	}
	assign(s, &s.paused, op.Paused)
	s.emit("paused", flag(op.Paused))
	return nil
}
