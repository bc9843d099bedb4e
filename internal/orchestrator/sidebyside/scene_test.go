package sidebyside

import (
	"strings"
	"testing"

	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Everything in the scene is in the state that it is called by.
func TestScene(t *testing.T) {
	t.Parallel()
	s, err := NewScene(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	same := func(name, state string) bool {
		return strings.EqualFold(name, strings.ReplaceAll(state, "_", ""))
	}
	followed := map[string]bool{"Renewed": true, "Split": true}
	for _, name := range slaStates {
		x, ok := s.World.State.SLAAt(s.World.Now, s.SLAs[name])
		if state := x.State.String(); !ok || !same(name, state) && !(name == mature && x.Breach && x.State == orchestrator.Active) && !(followed[name] && !x.Next.Zero() && x.State == orchestrator.Active) &&
			!(name == "Renewal" && !x.Previous.Zero() && x.State == orchestrator.Active) &&
			!(name == "Draining" && x.State == orchestrator.Active) {
			t.Errorf("the SLA called %s is %s", name, state)
		}
	}
	for _, name := range unitStates {
		x, ok := s.World.State.Unit(s.World.Now, s.Units[name])
		if !ok || !same(name, x.State.String()) {
			t.Errorf("the unit called %s is %s", name, x.State)
		}
	}
}
