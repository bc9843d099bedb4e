package market

import (
	"slices"
	"strings"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Fits reports whether a unit is what is wanted; price, free capacity and collateral are not looked at.
func (w *Wanted) Fits(u *orchestrator.Unit) bool {
	atMost := func(promised, wanted uint32) bool { return wanted == 0 || promised >= 1 && promised <= wanted }
	return uint32(u.Kind) == w.Kind && uint32(u.Class) == w.Class && strings.HasPrefix(u.Region, w.Region) && u.Asset == w.Asset &&
		u.QoS.AvailabilityPpm >= w.QoS.AvailabilityPpm && u.QoS.ThroughputKiBps >= w.QoS.ThroughputKiBps && atMost(u.QoS.TTFBMillis, w.QoS.TTFBMillis) && atMost(u.QoS.ErrorPpm, w.QoS.ErrorPpm) &&
		uint32(u.CollateralBps) >= w.CollateralMinBps && w.Duration >= u.MinEpochs && w.Duration <= u.MaxEpochs
}

// Total is what the SLA costs at these prices.
func (w *Wanted) Total(storage, egress money.Amount, epochSeconds uint32) money.Amount {
	t := sla.Terms{Volume: w.Volume, Egress: w.Egress, Duration: w.Duration, EpochSeconds: epochSeconds, StoragePrice: storage, EgressPrice: egress}
	return t.TotalPrice()
}

// Commitment is what a sealed answer is committed to by; prices are not negative. It names the provider, so that a copied one cannot be revealed.
func Commitment(ask ids.ID, provider ids.Account, unit ids.ID, storage, egress money.Amount, salt [32]byte) [32]byte {
	var w canon.Writer
	w.Raw([]byte("FLASHBACK-ANSWER-PRICE-v1"))
	w.Raw(ask[:])
	w.Raw(provider.Bytes())
	w.Raw(unit[:])
	w.U128(storage.Big())
	w.U128(egress.Big())
	w.Raw(salt[:])
	return canon.Hash(w.Bytes())
}

func (s *State) offer(op *Offer) error {
	a, err := s.open(op.ID)
	switch {
	case err != nil:
		return err
	case a.Sealed:
		return orchestrator.ErrStateWrong
	case s.now > a.AnswerBy:
		return orchestrator.ErrPhaseWrong
	}
	return s.put(a, Answer{Provider: op.Provider, Unit: op.Unit, StoragePrice: op.StoragePrice, EgressPrice: op.EgressPrice})
}

func (s *State) commit(op *Commit) error {
	a, err := s.open(op.ID)
	switch {
	case err != nil:
		return err
	case !a.Sealed:
		return orchestrator.ErrStateWrong
	case s.now > a.AnswerBy:
		return orchestrator.ErrPhaseWrong
	}
	s.store(a, Answer{Provider: op.Provider, Commitment: op.Commitment})
	s.emit("committed", a.ID)
	return nil
}

func (s *State) reveal(op *Reveal) error {
	a, err := s.open(op.ID)
	switch {
	case err != nil:
		return err
	case !a.Sealed:
		return orchestrator.ErrStateWrong
	case s.now <= a.AnswerBy || s.now > a.RevealBy:
		return orchestrator.ErrPhaseWrong
	}
	x, ok := s.Answer(a.ID, op.Provider)
	if !ok {
		return orchestrator.ErrNotFound
	}
	// A price under zero has no encoding, so that nothing can be committed to that it would reveal.
	if op.StoragePrice.Sign() < 0 || op.EgressPrice.Sign() < 0 || Commitment(a.ID, op.Provider, op.Unit, op.StoragePrice, op.EgressPrice, op.Salt) != x.Commitment {
		return orchestrator.ErrCommitMismatch
	}
	return s.put(a, Answer{Provider: op.Provider, Unit: op.Unit, StoragePrice: op.StoragePrice, EgressPrice: op.EgressPrice, Commitment: x.Commitment})
}

// put checks an answer against the ask, makes it the provider's price for the consumer, and stores it.
func (s *State) put(a Ask, x Answer) error {
	u, ok := s.others.Unit(s.now, x.Unit)
	switch {
	case !ok:
		return orchestrator.ErrNotFound
	case u.Provider != x.Provider:
		return orchestrator.ErrNotAuthorized
	case !a.Fits(&u):
		return orchestrator.ErrArgumentInvalid
	}
	// A price holds before its end only, an ask in its last second as well.
	until := a.ChooseBy + 1
	if err := s.others.PriceFor(s.now, orchestrator.PriceFor{Provider: x.Provider, Unit: x.Unit, Consumer: a.Consumer, StoragePrice: x.StoragePrice, EgressPrice: x.EgressPrice,
		Volume: a.Volume, Egress: a.Egress, Duration: a.Duration, Until: until}); err != nil {
		return err
	}
	s.priced = true
	if x.Total = a.Total(x.StoragePrice, x.EgressPrice, s.genesis.EpochSeconds); a.MaxTotal.Less(x.Total) {
		return orchestrator.ErrPriceAbove
	}
	x.Revealed = true
	s.store(a, x)
	s.emit("answered", a.ID)
	return nil
}

// store an answer in place of the provider's former one, or as the next.
func (s *State) store(a Ask, x Answer) {
	l := slices.Clone(s.answers[a.ID])
	if old, ok := s.Answer(a.ID, x.Provider); ok {
		x.Number = old.Number
		l[x.Number] = x
	} else {
		x.Number = a.Answers
		l = append(l, x)
		a.Answers++
		s.asks[a.ID] = a
	}
	s.answers[a.ID] = l
}
