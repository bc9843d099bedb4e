package dispute

import (
	"bytes"
	"maps"
	"slices"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Kind of a dispute's id.
const Kind ids.Kind = 6

// Genesis of the contract.
type Genesis struct {
	Self, Admin ids.Account
	Params      Params
}

// State of the contract.
type State struct {
	self  ids.Account
	world World
	books

	now uint64
	out Effects
}

// books are all that the contract stores. Values are never changed in place.
type books struct {
	admin   ids.Account
	version uint32
	params  map[uint32]Params
	cases   map[ids.ID]Case
	panels  map[PanelKey][]Seat
	open    map[ids.ID]ids.ID   // by SLA
	freed   map[FreedKey]uint64 // when the last one ended
	windows map[WindowKey]Window
	slots   []Slot
	cursor  uint32
	slotOf  map[ids.Account]uint32
	configs map[[32]byte]cert.Config
	faults  map[FaultKey]bool
	due     map[ids.Account]money.Amount
}

func (b *books) clone() books {
	c := *b
	c.params, c.cases, c.panels, c.open = maps.Clone(b.params), maps.Clone(b.cases), maps.Clone(b.panels), maps.Clone(b.open)
	c.freed = maps.Clone(b.freed)
	c.windows, c.slots, c.slotOf, c.configs = maps.Clone(b.windows), slices.Clone(b.slots), maps.Clone(b.slotOf), maps.Clone(b.configs)
	c.faults, c.due = maps.Clone(b.faults), maps.Clone(b.due)
	return c
}

// New contract in a world, whose Oracle's configuration it notes.
func New(g Genesis, world World) (*State, error) {
	if err := g.Params.Check(); err != nil {
		return nil, err
	}
	s := &State{self: g.Self, world: world, books: books{admin: g.Admin, version: g.Params.Version, params: map[uint32]Params{g.Params.Version: g.Params}, cases: map[ids.ID]Case{},
		panels: map[PanelKey][]Seat{}, open: map[ids.ID]ids.ID{}, freed: map[FreedKey]uint64{}, windows: map[WindowKey]Window{}, slotOf: map[ids.Account]uint32{}, configs: map[[32]byte]cert.Config{},
		faults: map[FaultKey]bool{}, due: map[ids.Account]money.Amount{}}}
	s.noted()
	return s, nil
}

// ID of the dispute that opener opens with nonce.
func (s *State) ID(opener ids.Account, nonce [32]byte) ids.ID {
	return ids.New(s.self.Chain, Kind, canon.Hash([]byte("FLASHBACK-DISPUTE-v1"), s.self.Bytes(), opener.Bytes(), nonce[:]))
}

// The views of the contract. What they give is a copy.

// Dispute as it is at a time.
func (s *State) Dispute(now uint64, id ids.ID) (Case, bool) {
	c, ok := s.cases[id]
	if c.Phase == Commit && now >= c.Until {
		c.Phase = Reveal
	}
	return c, ok
}

func (s *State) Panel(id ids.ID, round uint32) []Seat {
	return slices.Clone(s.panels[PanelKey{id, round}])
}
func (s *State) Window(id ids.ID, number uint32) Window { return s.windows[WindowKey{id, number}] }
func (s *State) Due(a ids.Account) money.Amount         { return s.due[a] }
func (s *State) Slots() []Slot                          { return slices.Clone(s.slots) }
func (s *State) Params() Params                         { return s.params[s.version] }
func (s *State) Admin() ids.Account                     { return s.admin }
func (s *State) Open(sla ids.ID) (ids.ID, bool)         { id, ok := s.open[sla]; return id, ok }

// Cases are all disputes, ascending by id.
func (s *State) Cases() []ids.ID {
	return slices.SortedFunc(maps.Keys(s.cases), func(a, b ids.ID) int { return bytes.Compare(a[:], b[:]) })
}

// VoteHash is what an arbiter commits.
func VoteHash(id ids.ID, round uint32, arbiter ids.Account, choice uint32, salt [32]byte) [32]byte {
	return canon.Tagged("FLASHBACK-VOTE-v1").Raw(id[:]).U8(uint8(round)).Raw(arbiter.Bytes()).U8(uint8(choice)).Raw(salt[:]).Sum()
}
