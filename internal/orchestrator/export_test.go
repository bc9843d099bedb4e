package orchestrator

import "github.com/flashback-network/flashback/internal/ids"

// Corrupt what is stored, so that a test sees what Check says of it. It cannot be undone.
type Corrupt struct {
	SLA         func(*SLA)
	Reservation func(*Reservation)
	Unit        func(*Unit)
}

// Apply to the things with this id.
func (c Corrupt) Apply(s *State, id ids.ID) {
	change(s.slas.m, id, c.SLA)
	change(s.reservations.m, id, c.Reservation)
	change(s.units.m, id, c.Unit)
}

func change[V any](m map[ids.ID]V, id ids.ID, f func(*V)) {
	if v, ok := m[id]; ok && f != nil {
		f(&v)
		m[id] = v
	}
}
