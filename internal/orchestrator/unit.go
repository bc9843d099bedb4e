package orchestrator

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// MaxRegion is the longest region of a unit, bytes; MaxCapacity the largest unit.
const (
	MaxRegion   = 64
	MaxCapacity = 1 << 60
)

// Validate checks what the contract checks of a unit by itself.
func (u *UnitSpec) Validate() error {
	if !priceValid(u.StoragePrice) || !priceValid(u.EgressPrice) {
		return ErrAmountInvalid
	}
	ok := (u.Kind == 1 || u.Kind == 2) && u.Capacity >= 1 && u.Capacity <= MaxCapacity && len(u.Region) <= MaxRegion && u.Class <= 2 &&
		u.QoS.AvailabilityPpm <= 1_000_000 && u.QoS.ErrorPpm <= 1_000_000 && u.MinEpochs >= 1 && u.MinEpochs <= u.MaxEpochs
	if !ok {
		return ErrArgumentInvalid
	}
	return nil
}

func priceValid(p money.Amount) bool { return p.Sign() >= 0 && !sla.MaxPrice.Less(p) }

// free capacity.
func (u *Unit) free() uint64 { return u.Capacity - u.ReservedBytes - u.InUseBytes }

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
	if err := op.Spec.Validate(); err != nil {
		return err
	}
	if op.Spec.CollateralBps < s.offers.CollateralMinBps {
		return ErrArgumentInvalid
	}
	id := ids.UnitID(s.genesis.Provider, op.Provider, op.Nonce)
	if _, ok := s.units.get(id); ok {
		return ErrExists
	}
	n, err := s.ownNode(op.Spec.Node, op.Provider)
	if err != nil {
		return err
	}
	if err := s.listable(op.Provider, op.Spec.Listed); err != nil {
		return err
	}
	s.units.set(id, Unit{ID: id, Provider: op.Provider, UnitSpec: op.Spec, PriceVersion: 1})
	n.Units++
	s.nodes.set(n.ID, n)
	s.out.ID = id
	s.emit("unit_created", id)
	return nil
}

// ownUnit finds a unit of the provider that is not retired.
func (s *State) ownUnit(id ids.ID, provider ids.Account) (Unit, error) {
	u, ok := s.units.get(id)
	switch {
	case !ok:
		return u, ErrNotFound
	case u.Provider != provider:
		return u, ErrNotAuthorized
	case u.State == UnitRetired:
		return u, ErrStateWrong
	}
	return u, nil
}

func (s *State) unitPrice(op *UnitPrice) error {
	if !priceValid(op.StoragePrice) || !priceValid(op.EgressPrice) {
		return ErrAmountInvalid
	}
	u, err := s.ownUnit(op.ID, op.Provider)
	if err != nil {
		return err
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
	if u.State == UnitDecommissioning && op.Listed {
		return ErrUnitDecommissioning
	}
	if err := s.listable(op.Provider, op.Listed); err != nil {
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
	if op.From < s.now+s.offers.NoticeSeconds {
		return ErrNoticeShort
	}
	return s.maintain(u, op.From, op.Until, op.Until-op.From)
}

// unitEmergency is maintenance that nobody announced: it counts double.
func (s *State) unitEmergency(op *UnitEmergency) error {
	u, err := s.ownUnit(op.ID, op.Provider)
	if err != nil {
		return err
	}
	if u.Maintenance.Until > s.now {
		return ErrStateWrong
	}
	if op.Until <= s.now {
		return ErrArgumentInvalid
	}
	seconds := op.Until - s.now
	if seconds > s.offers.QuotaSeconds {
		return ErrQuotaExceeded // before it is doubled
	}
	return s.maintain(u, s.now, op.Until, 2*seconds)
}

// maintain charges seconds to the quota of the window that the maintenance begins in.
func (s *State) maintain(u Unit, from, until, seconds uint64) error {
	m := Maintenance{From: from, Until: until, Window: s.config.Epoch(from) / uint64(s.config.WindowEpochs)}
	if u.Maintenance.Window == m.Window {
		m.Used = u.Maintenance.Used
	}
	quota := s.offers.QuotaSeconds
	if m.Window < u.Maintenance.Window || seconds > quota || m.Used+seconds > quota {
		return ErrQuotaExceeded
	}
	m.Used += seconds
	u.Maintenance = m
	s.units.set(u.ID, u)
	s.emit("unit_state", u.ID)
	return nil
}

// listable: listing has its price where there is a Registry.
func (s *State) listable(provider ids.Account, listed bool) error {
	if listed && s.mayList != nil && !s.mayList(provider) {
		return ErrListingUnpaid
	}
	return nil
}

func (s *State) unitResume(op *UnitResume) error {
	u, err := s.ownUnit(op.ID, op.Provider)
	if err != nil {
		return err
	}
	m := &u.Maintenance
	if m.Until <= s.now {
		return ErrStateWrong
	}
	if m.From <= s.now {
		m.Used -= min(m.Used, m.Until-s.now) // what was not needed
	} else {
		m.From = s.now
	}
	m.Until = s.now
	s.units.set(u.ID, u)
	s.emit("unit_state", u.ID)
	return nil
}

func (s *State) unitDecommission(op *UnitDecommission) error {
	u, err := s.ownUnit(op.ID, op.Provider)
	if err != nil {
		return err
	}
	if u.State != UnitAvailable {
		return ErrStateWrong
	}
	u.State, u.Listed = UnitDecommissioning, false
	s.units.set(u.ID, u)
	s.emit("unit_state", u.ID)
	s.emit("unit_listed", u.ID)
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

// quote refuses what the unit does not take. What it gives is the unit as it is for this consumer, with the price that it was made.
func (s *State) quote(op *Request) (Unit, error) {
	u, ok := s.units.get(op.Unit)
	p, special := s.PriceOf(s.now, op.Unit, op.Consumer)
	if special {
		u.StoragePrice, u.EgressPrice, u.PriceVersion, u.AutoAccept = p.StoragePrice, p.EgressPrice, 0, true
	}
	takes := s.takeOver(op.Previous, op.Unit, op.Volume)
	switch {
	case !ok:
		return u, ErrNotFound
	case u.State >= UnitDecommissioning:
		return u, ErrUnitDecommissioning
	case u.at(s.now) == UnitMaintenance:
		return u, ErrUnitMaintenance
	case !u.Listed && !special:
		return u, ErrUnitUnlisted
	case op.Volume == 0 || op.Volume > sla.MaxVolume:
		return u, ErrArgumentInvalid
	case takes > 0 && takes < op.Volume: // more would be kept for it, and not paid, until the one before it ends
		return u, ErrArgumentInvalid
	case op.Volume-takes > u.free():
		return u, ErrCapacityMissing
	case special && !p.allows(op.Volume, op.Egress, op.Duration):
		return u, ErrArgumentInvalid
	case op.Duration < u.MinEpochs || op.Duration > u.MaxEpochs || uint64(op.Duration)*uint64(s.config.EpochSeconds) > sla.MaxSeconds:
		return u, ErrDurationOutside
	case op.Egress > sla.MaxEgress:
		return u, ErrArgumentInvalid
	}
	return u, nil
}
