package orchestrator

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// MaxRegion is the longest region of a unit, bytes.
const MaxRegion = 64

// Validate checks what the contract checks of a unit by itself.
func (u *UnitSpec) Validate() error {
	ok := (u.Kind == 1 || u.Kind == 2) && u.Capacity >= 1 && u.Capacity <= sla.MaxVolume && len(u.Region) >= 1 && len(u.Region) <= MaxRegion && u.Class <= 2 &&
		u.QoS.AvailabilityPpm <= 1_000_000 && u.QoS.ErrorPpm <= 1_000_000 && priceValid(u.StoragePrice) && priceValid(u.EgressPrice) &&
		u.MinEpochs >= 1 && u.MinEpochs <= u.MaxEpochs
	if !ok {
		return ErrArgumentInvalid
	}
	return nil
}

func priceValid(p money.Amount) bool { return p.Sign() >= 0 && p.Big().BitLen() <= 63 }

// at is the state that follows from declarations, time and counters.
func (u *Unit) at(now uint64) UnitState {
	switch {
	case u.State >= UnitDecommissioning:
		return u.State
	case u.Maintenance.From <= now && now < u.Maintenance.Until:
		return UnitMaintenance
	case u.InUseBytes > 0:
		return UnitInUse
	case u.ReservedBytes > 0:
		return UnitReserved
	}
	return UnitAvailable
}

func (s *State) unitCreate(op *UnitCreate) error {
	if _, ok := s.providers.get(op.Provider); !ok {
		return ErrProviderUnknown
	}
	n, err := s.ownNode(op.Spec.Node, op.Provider)
	if err != nil {
		return err
	}
	if op.Spec.Validate() != nil || op.Spec.CollateralBps < s.params.CollateralMinBps {
		return ErrArgumentInvalid
	}
	id := ids.UnitID(s.genesis.Provider, op.Provider, op.Nonce)
	if _, ok := s.units.get(id); ok {
		return ErrExists
	}
	s.units.set(id, Unit{ID: id, Provider: op.Provider, UnitSpec: op.Spec, PriceVersion: 1})
	n.Units++
	s.nodes.set(n.ID, n)
	s.out.ID = id
	s.emit("unit_created", id)
	return nil
}

// ownUnit finds a unit of the provider that is not being decommissioned.
func (s *State) ownUnit(id ids.ID, provider ids.Account) (Unit, error) {
	u, ok := s.units.get(id)
	switch {
	case !ok:
		return u, ErrNotFound
	case u.Provider != provider:
		return u, ErrNotAuthorized
	case u.State >= UnitDecommissioning:
		return u, ErrUnitDecommissioning
	}
	return u, nil
}

func (s *State) unitPrice(op *UnitPrice) error {
	u, err := s.ownUnit(op.ID, op.Provider)
	if err != nil {
		return err
	}
	if !priceValid(op.StoragePrice) || !priceValid(op.EgressPrice) {
		return ErrArgumentInvalid
	}
	u.StoragePrice, u.EgressPrice = op.StoragePrice, op.EgressPrice
	u.PriceVersion++
	s.units.set(u.ID, u)
	s.emit("unit_priced", u.ID)
	return nil
}

func (s *State) unitList(op *UnitList) error {
	u, err := s.ownUnit(op.ID, op.Provider)
	if err != nil {
		return err
	}
	u.Listed = op.Listed
	s.units.set(u.ID, u)
	s.emit("unit_listed", u.ID)
	return nil
}

func (s *State) unitMaintain(op *UnitMaintain) error {
	u, err := s.ownUnit(op.ID, op.Provider)
	if err != nil {
		return err
	}
	if u.Maintenance.Until > s.now {
		return ErrStateWrong
	}
	if op.Until <= op.From {
		return ErrArgumentInvalid
	}
	if op.From < s.now+s.params.NoticeSeconds {
		return ErrNoticeShort
	}
	m := Maintenance{From: op.From, Until: op.Until, Window: s.config.Epoch(op.From) / uint64(s.config.WindowEpochs)}
	if u.Maintenance.Window == m.Window {
		m.Used = u.Maintenance.Used
	}
	seconds := op.Until - op.From
	if seconds > s.params.QuotaSeconds || m.Used+seconds > s.params.QuotaSeconds {
		return ErrQuotaExceeded
	}
	m.Used += seconds
	u.Maintenance = m
	s.units.set(u.ID, u)
	s.emit("unit_state", u.ID)
	return nil
}

func (s *State) unitResume(op *UnitResume) error {
	u, ok := s.units.get(op.ID)
	m := &u.Maintenance
	switch {
	case !ok:
		return ErrNotFound
	case u.Provider != op.Provider:
		return ErrNotAuthorized
	case m.Until <= s.now || u.State >= UnitDecommissioning:
		return ErrStateWrong
	}
	end := max(s.now, m.From)
	m.Used -= m.Until - end
	m.Until = end
	s.units.set(u.ID, u)
	s.emit("unit_state", u.ID)
	return nil
}

func (s *State) unitDecommission(op *UnitDecommission) error {
	u, err := s.ownUnit(op.ID, op.Provider)
	if err != nil {
		return err
	}
	u.State, u.Listed = UnitDecommissioning, false
	s.units.set(u.ID, u)
	s.emit("unit_state", u.ID)
	return nil
}

func (s *State) unitRetire(op *UnitRetire) error {
	u, ok := s.units.get(op.ID)
	switch {
	case !ok:
		return ErrNotFound
	case u.State != UnitDecommissioning:
		return ErrStateWrong
	case u.Live > 0:
		return ErrLiveReservations
	}
	u.State = UnitRetired
	s.units.set(u.ID, u)
	n, _ := s.nodes.get(u.Node)
	n.Units--
	s.nodes.set(n.ID, n)
	s.emit("unit_state", u.ID)
	return nil
}

// quote refuses what the unit does not take.
func (s *State) quote(id ids.ID, volume, egress uint64, duration uint32) (Unit, error) {
	u, ok := s.units.get(id)
	switch {
	case !ok:
		return u, ErrNotFound
	case u.State >= UnitDecommissioning:
		return u, ErrUnitDecommissioning
	case !u.Listed:
		return u, ErrUnitUnlisted
	case u.at(s.now) == UnitMaintenance:
		return u, ErrUnitMaintenance
	case volume == 0 || volume > sla.MaxVolume || egress > sla.MaxEgress || duration == 0:
		return u, ErrArgumentInvalid
	case duration < u.MinEpochs || duration > u.MaxEpochs || uint64(duration)*uint64(s.config.EpochSeconds) > sla.MaxSeconds:
		return u, ErrDurationOutside
	case volume > u.Capacity-u.ReservedBytes-u.InUseBytes:
		return u, ErrCapacityMissing
	}
	return u, nil
}
