package registry

import (
	"fmt"
	"maps"
	"slices"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Genesis is the contract before its first call.
type Genesis struct {
	Registry, Admin ids.Account
	Params          Params
}

// State of the contract. Use it from one goroutine.
type State struct {
	genesis        Genesis
	others         Others
	params         Params
	certifiers     map[ids.Account]Certifier
	certifications map[ids.ID]Certification
	subscriptions  map[ids.Account]uint64

	now uint64
	out Effects
}

// New makes the state after the constructor.
func New(g Genesis, others Others) (*State, error) {
	if err := g.Params.Validate(); err != nil {
		return nil, err
	}
	return &State{genesis: g, others: others, params: g.Params, certifiers: map[ids.Account]Certifier{}, certifications: map[ids.ID]Certification{}, subscriptions: map[ids.Account]uint64{}}, nil
}

// Step takes one call at a ledger time. A call that fails changes nothing, neither here nor at Others.
func (s *State) Step(now uint64, op Op) (Effects, error) {
	undo := s.others.Mark()
	draft := *s
	draft.now, draft.out = now, Effects{}
	draft.certifiers, draft.certifications, draft.subscriptions = maps.Clone(s.certifiers), maps.Clone(s.certifications), maps.Clone(s.subscriptions)
	if err := draft.apply(op); err != nil {
		undo()
		return Effects{}, err
	}
	*s = draft
	return s.out, nil
}

func (s *State) apply(op Op) error {
	switch op := op.(type) {
	case Register:
		return s.register(&op)
	case Certify:
		_, err := s.certify(&op)
		return err
	case Object:
		return s.object(&op)
	case Revoke:
		return s.revoke(&op)
	case Expire:
		return s.expire(op.ID)
	case Conflict:
		return s.conflict(op.A, op.B)
	case Resolve:
		return s.resolve(&op)
	case Lapse:
		return s.lapse(op.A, op.B)
	case Hold:
		if _, ok := s.certifiers[op.Certifier]; !ok {
			return orchestrator.ErrCertifierUnknown
		}
		return s.hold(op.Certifier)
	case Subscribe:
		return s.subscribe(&op)
	case SetParams:
		if op.Params.Validate() != nil || op.Params.Version != s.params.Version+1 {
			return orchestrator.ErrArgumentInvalid
		}
		s.params = op.Params
		s.emit("params_set", fmt.Sprint(op.Params.Version))
		return nil
	}
	panic(fmt.Sprintf("registry: the model has no %T", op))
}

func (s *State) emit(name, subject string) {
	s.out.Events = append(s.out.Events, orchestrator.Event{Name: name, Subject: subject})
}

// ID of the certification that a certifier issues with a nonce.
func ID(registry, certifier ids.Account, nonce [32]byte) ids.ID {
	return ids.New(registry.Chain, Kind, canon.Hash([]byte("FLASHBACK-CERTIFICATION-v1"), registry.Bytes(), certifier.Bytes(), nonce[:]))
}

// The views.

func (s *State) Genesis() Genesis { return s.genesis }
func (s *State) Params() Params   { return s.params }
func (s *State) Certifier(a ids.Account) (Certifier, bool) {
	c, ok := s.certifiers[a]
	return c, ok
}
func (s *State) Certification(id ids.ID) (Certification, bool) {
	c, ok := s.certifications[id]
	return c, ok
}

// Subscription is the time until which a provider's listing is paid, 0 when it never was.
func (s *State) Subscription(provider ids.Account) uint64 { return s.subscriptions[provider] }

// MayList reports whether a provider may be listed.
func (s *State) MayList(now uint64, provider ids.Account) bool {
	p := &s.params
	return p.ListStake.Sign() == 0 && p.ListPrice.Sign() == 0 || s.subscriptions[provider] > now ||
		p.ListStake.Sign() > 0 && !s.others.StakeOf(provider, ProviderRole).Less(p.ListStake)
}

// IsCertified reports whether a certification says at least that now, and its certifier can still lose something for it. A denial certifies nothing.
func (s *State) IsCertified(now uint64, id ids.ID, subject ids.Account, kind, level uint32, scope [32]byte) bool {
	c, ok := s.certifications[id]
	return ok && c.State == Live && c.Expires > now && c.Level >= max(level, 1) && c.Subject == subject && c.Kind == kind && c.Scope == scope &&
		!s.others.StakeOf(c.Certifier, CertifierRole).Less(s.certifiers[c.Certifier].Bonded)
}

// IDs of all certifications, ascending.
func (s *State) IDs() []ids.ID {
	return slices.SortedFunc(maps.Keys(s.certifications), func(a, b ids.ID) int { return slices.Compare(a[:], b[:]) })
}
