package market

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// valid reports whether any unit could ever be requested like this.
func (w *Wanted) valid(epochSeconds uint32) bool {
	return (w.Kind == 1 || w.Kind == 2) && w.Class <= 2 && w.Mode <= sla.Escrow && len(w.Region) <= maxRegion && w.Volume >= 1 && w.Volume <= sla.MaxVolume && w.Egress <= sla.MaxEgress &&
		w.Duration >= 1 && uint64(w.Duration)*uint64(epochSeconds) <= sla.MaxSeconds && w.QoS.AvailabilityPpm <= maxPpm && w.QoS.ErrorPpm <= maxPpm && w.CollateralMinBps <= maxBps
}

// timely reports whether the times are in order.
func (w *Wanted) timely(now uint64) bool {
	order := w.RevealBy == w.AnswerBy && w.AnswerBy <= w.ChooseBy
	if w.Sealed {
		order = w.AnswerBy < w.RevealBy && w.RevealBy < w.ChooseBy
	}
	return now < w.AnswerBy && order && w.ChooseBy-now < LifeSeconds
}

func (s *State) want(op *Want) error {
	w := op.Wanted
	if !w.valid(s.genesis.EpochSeconds) {
		return orchestrator.ErrArgumentInvalid
	}
	if w.MaxTotal.Sign() <= 0 {
		return orchestrator.ErrAmountInvalid
	}
	if !w.timely(s.now) {
		return orchestrator.ErrArgumentInvalid
	}
	id := ID(s.genesis.Market, op.Consumer, op.Nonce)
	if _, ok := s.asks[id]; ok {
		return orchestrator.ErrExists
	}
	s.asks[id] = Ask{ID: id, Consumer: op.Consumer, Wanted: w}
	s.out.ID = id
	s.emit("asked", id)
	return nil
}

// open finds an ask that is open.
func (s *State) open(id ids.ID) (Ask, error) {
	a, ok := s.asks[id]
	switch {
	case !ok:
		return a, orchestrator.ErrNotFound
	case a.State != Open:
		return a, orchestrator.ErrStateWrong
	}
	return a, nil
}

// owned finds an open ask of the consumer.
func (s *State) owned(id ids.ID, consumer ids.Account) (Ask, error) {
	if a, ok := s.asks[id]; ok && a.Consumer != consumer {
		return a, orchestrator.ErrNotAuthorized
	}
	return s.open(id)
}

func (s *State) take(op *Take) error {
	a, err := s.owned(op.ID, op.Consumer)
	if err != nil {
		return err
	}
	if a.Sealed && s.now <= a.RevealBy || s.now > a.ChooseBy {
		return orchestrator.ErrPhaseWrong
	}
	x, ok := s.Answer(a.ID, op.Provider)
	if !ok || !x.Revealed {
		return orchestrator.ErrNotFound
	}
	d := &op.Deal
	if x.Unit != d.Unit || d.MaxTotal.Less(x.Total) {
		return orchestrator.ErrPriceChanged
	}
	id, err := s.others.Request(s.now, orchestrator.Request{Consumer: a.Consumer, Unit: x.Unit, Volume: a.Volume, Egress: a.Egress, Duration: a.Duration, Mode: a.Mode, Refund: d.Refund,
		MaxTotal: x.Total, Nonce: d.Nonce, Deposit: d.Deposit})
	if err != nil {
		return err
	}
	a.State, a.SLA = Chosen, id
	s.asks[a.ID] = a
	s.out.ID = id
	s.emit("taken", a.ID)
	return nil
}
