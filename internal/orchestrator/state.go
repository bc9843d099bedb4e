package orchestrator

import (
	"fmt"
	"slices"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// Genesis is a deployment before its first call.
type Genesis struct {
	Oracle, Provider, Consumer ids.Account // the contracts' own addresses
	Admin                      ids.Account
	Dispute                    ids.Account // that the Consumer Orchestrator is wired to; zero: none
	Config                     cert.Config // of the validators; its Network is the deployment's
	Params                     Params
}

// State of the three contracts and of the balances of the tokens that they move. Use it from one goroutine.
type State struct {
	genesis  Genesis
	config   cert.Config
	params   Params // of new SLAs
	offers   Params // the Provider Orchestrator's
	admins   admins
	mayList  func(provider ids.Account) bool                   // the Registry's word; nil: everyone may
	receives func(asset money.Asset, account ids.Account) bool // whether a token lets an account receive; nil: everyone may
	paused   bool

	reported bool
	latest   uint64
	roots    table[uint64, [32]byte]

	balances     table[holding, money.Amount]
	providers    table[ids.Account, Provider]
	collateral   table[holding, Collateral]
	nodes        table[ids.ID, Node]
	nodeOf       table[ids.Account, ids.ID]
	units        table[ids.ID, Unit]
	reservations table[ids.ID, Reservation]
	slas         table[ids.ID, SLA]
	terms        table[ids.ID, *sla.Terms]
	grants       table[ids.ID, Grant]
	specials     table[deal, Special]
	groups       table[ids.ID, []ids.ID] // joint SLAs by their first part's id
	versions     table[uint32, Params]   // live SLAs keep the parameters that they began with

	// What the contracts do not store, for Check and for tests: the settled leaves of both halves, and all tokens that were made.
	settled, covered table[ids.ID, sla.Leaf]
	divisions        table[ids.ID, division]
	supply           map[money.Asset]money.Amount

	undo []func()
	now  uint64
	out  Effects
}

// admins of the two Orchestrators.
type admins struct{ provider, consumer ids.Account }

type holding struct {
	Asset money.Asset
	Of    ids.Account
}

// deal is who a price is for, and where.
type deal struct {
	Unit     ids.ID
	Consumer ids.Account
}

// New makes the state after the three constructors and the wiring.
func New(g Genesis) (*State, error) {
	if err := g.Config.Validate(); err != nil {
		return nil, err
	}
	if err := g.Params.Validate(); err != nil {
		return nil, err
	}
	s := &State{genesis: g, config: g.Config, params: g.Params, offers: g.Params, admins: admins{g.Admin, g.Admin}, supply: map[money.Asset]money.Amount{}}
	s.roots.in(s)
	s.balances.in(s)
	s.providers.in(s)
	s.collateral.in(s)
	s.nodes.in(s)
	s.nodeOf.in(s)
	s.units.in(s)
	s.reservations.in(s)
	s.slas.in(s)
	s.terms.in(s)
	s.grants.in(s)
	s.specials.in(s)
	s.groups.in(s)
	s.divisions.in(s)
	s.versions.in(s)
	s.versions.m[g.Params.Version] = g.Params
	s.settled.in(s)
	s.covered.in(s)
	return s, nil
}

// table is a map whose writes are undone when a step fails. Values are replaced, never changed in place.
type table[K comparable, V any] struct {
	m map[K]V
	s *State
}

func (t *table[K, V]) in(s *State) { t.m, t.s = map[K]V{}, s }

func (t *table[K, V]) get(k K) (V, bool) { v, ok := t.m[k]; return v, ok }

func (t *table[K, V]) set(k K, v V) {
	old, had := t.m[k]
	t.s.undo = append(t.s.undo, func() {
		if had {
			t.m[k] = old
		} else {
			delete(t.m, k)
		}
	})
	t.m[k] = v
}

func (t *table[K, V]) remove(k K) {
	old, had := t.m[k]
	if had {
		t.s.undo = append(t.s.undo, func() { t.m[k] = old })
		delete(t.m, k)
	}
}

// assign sets one of the state's own fields, undone like a table's.
func assign[T any](s *State, field *T, v T) {
	old := *field
	s.undo = append(s.undo, func() { *field = old })
	*field = v
}

// Mint makes tokens out of nothing: the world before the first step.
func (s *State) Mint(asset money.Asset, to ids.Account, amount money.Amount) {
	h := holding{asset, to}
	s.balances.m[h] = s.balances.m[h].Add(amount)
	s.supply[asset] = s.supply[asset].Add(amount)
}

// Donate moves tokens outside of the contracts' books, as a plain token transfer does.
func (s *State) Donate(asset money.Asset, from, to ids.Account, amount money.Amount) error {
	defer func() { s.undo, s.out = s.undo[:0], Effects{} }()
	return s.transfer(asset, from, to, amount)
}

// transfer is the token's own refusal or the moved balance.
func (s *State) transfer(asset money.Asset, from, to ids.Account, amount money.Amount) error {
	if amount.Sign() == 0 {
		return nil
	}
	f, t := holding{asset, from}, holding{asset, to}
	b, _ := s.balances.get(f)
	if b.Less(amount) {
		return ErrBalance
	}
	if s.receives != nil && !s.receives(asset, to) {
		return ErrTransferFailed
	}
	s.balances.set(f, b.Sub(amount))
	b, _ = s.balances.get(t)
	s.balances.set(t, b.Add(amount))
	s.out.Transfers = append(s.out.Transfers, Transfer{asset, from, to, amount})
	return nil
}

// share pays one of those that the protocol's parameters name; what it cannot receive is the fund's.
func (s *State) share(asset money.Asset, from, to, fund ids.Account, amount money.Amount) error {
	if s.transfer(asset, from, to, amount) == nil {
		return nil
	}
	return s.transfer(asset, from, fund, amount)
}

// The views of the contracts. What they give is a copy, but for the bytes of a prefix and the terms, which are not to be changed.

func (s *State) Genesis() Genesis                              { return s.genesis }
func (s *State) Config() cert.Config                           { return s.config }
func (s *State) Params() Params                                { return s.params }
func (s *State) ProviderParams() Params                        { return s.offers }
func (s *State) Paused() bool                                  { return s.paused }
func (s *State) Latest() (epoch uint64, ok bool)               { return s.latest, s.reported }
func (s *State) Root(epoch uint64) ([32]byte, bool)            { return s.roots.get(epoch) }
func (s *State) Provider(a ids.Account) (Provider, bool)       { return s.providers.get(a) }
func (s *State) Node(id ids.ID) (Node, bool)                   { return s.nodes.get(id) }
func (s *State) NodeOf(key ids.Account) (ids.ID, bool)         { return s.nodeOf.get(key) }
func (s *State) Reservation(id ids.ID) (Reservation, bool)     { return s.reservations.get(id) }
func (s *State) SLA(id ids.ID) (SLA, bool)                     { return s.slas.get(id) }
func (s *State) Terms(id ids.ID) (*sla.Terms, bool)            { return s.terms.get(id) }
func (s *State) Grant(id ids.ID) (Grant, bool)                 { return s.grants.get(id) }
func (s *State) SettledLeaf(id ids.ID) (sla.Leaf, bool)        { return s.settled.get(id) } // of the consumer's half
func (s *State) SettledReservation(id ids.ID) (sla.Leaf, bool) { return s.covered.get(id) }

// Admins of the Provider and the Consumer Orchestrator.
func (s *State) Admins() (provider, consumer ids.Account) {
	return s.admins.provider, s.admins.consumer
}

// SetListing makes the Provider Orchestrator ask who may list units, as it asks a Registry that it was wired to. Call it before the first step.
func (s *State) SetListing(mayList func(provider ids.Account) bool) { s.mayList = mayList }

// SetReceivers makes the tokens refuse to pay some accounts, as a token does that has no trust line of theirs or has blocked them. Call it before the first step.
func (s *State) SetReceivers(receives func(asset money.Asset, account ids.Account) bool) {
	s.receives = receives
}

// Group is the parts of a joint SLA by the group's id, in their order.
func (s *State) Group(id ids.ID) ([]ids.ID, bool) { return s.groups.get(id) }

// PriceOf is the price that a unit has for a consumer at a time.
func (s *State) PriceOf(now uint64, unit ids.ID, consumer ids.Account) (Special, bool) {
	p, ok := s.specials.get(deal{unit, consumer})
	return p, ok && now < p.Until
}

// Collateral of a provider, zero when there is none.
func (s *State) Collateral(provider ids.Account, asset money.Asset) Collateral {
	return s.collateral.m[holding{asset, provider}]
}

// Balance of an account, zero when there is none.
func (s *State) Balance(asset money.Asset, account ids.Account) money.Amount {
	return s.balances.m[holding{asset, account}]
}

// Unit as its state is at a time.
func (s *State) Unit(now uint64, id ids.ID) (Unit, bool) {
	u, ok := s.units.get(id)
	u.State = u.at(now)
	return u, ok
}

// SLAAt is an SLA as its state is at a time.
func (s *State) SLAAt(now uint64, id ids.ID) (SLA, bool) {
	x, ok := s.slas.get(id)
	x.State = x.At(now, &s.config)
	return x, ok
}

// IDs of everything of a kind, ascending.
func (s *State) IDs(k ids.Kind) []ids.ID {
	switch k {
	case ids.Node:
		return sorted(s.nodes.m)
	case ids.Unit:
		return sorted(s.units.m)
	case ids.SLA:
		return sorted(s.slas.m)
	case ids.Grant:
		return sorted(s.grants.m)
	}
	panic(fmt.Sprintf("orchestrator: no ids of kind %d", k))
}

func sorted[V any](m map[ids.ID]V) []ids.ID {
	l := make([]ids.ID, 0, len(m))
	for id := range m {
		l = append(l, id)
	}
	slices.SortFunc(l, func(a, b ids.ID) int { return slices.Compare(a[:], b[:]) })
	return l
}
