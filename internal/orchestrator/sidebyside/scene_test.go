package sidebyside

import "testing"

func TestScene(t *testing.T) {
	t.Parallel()
	s, err := NewScene(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, id := range s.SLAs {
		x, _ := s.World.State.SLA(id)
		r, _ := s.World.State.Reservation(id)
		t.Log(name, x.State, r.State, x.ProviderClaim, x.ConsumerClaim, x.Fees, r.Owed, r.ValidatorsOwed, x.Breach)
	}
	for name, id := range s.Units {
		x, _ := s.World.State.Unit(s.World.Now, id)
		t.Log(name, x.State)
	}
}
