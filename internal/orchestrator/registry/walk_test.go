package registry_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
	"github.com/flashback-network/flashback/internal/orchestrator/registry/stakes"
)

const (
	start   = 1_800_000_000
	day     = 86_400
	fortune = 1_000_000
)

func account(kind ids.AccountKind, name string) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: kind, Address: canon.Hash([]byte("registry " + name))}
}

// cast of a walk: who there is.
type cast struct {
	registry, staking, token, admin, resolver, payee, fund ids.Account
	people                                                 []ids.Account
}

func actors() cast {
	c := cast{registry: account(ids.Contract, "registry"), staking: account(ids.Contract, "staking"), token: account(ids.Contract, "token")}
	for _, p := range []struct {
		name string
		to   *ids.Account
	}{{"admin", &c.admin}, {"resolver", &c.resolver}, {"payee", &c.payee}, {"fund", &c.fund}} {
		*p.to = account(ids.KeyAccount, p.name)
	}
	for i := range 5 {
		c.people = append(c.people, account(ids.KeyAccount, fmt.Sprint("person ", i)))
	}
	return c
}

func (c *cast) params() registry.Params {
	of := money.Of
	return registry.Params{Version: 1, Bonds: [4]money.Amount{of(5_000), of(1_000), of(2_000), of(5_000)}, ListStake: of(20_000), ListPrice: of(101), ListPeriodSeconds: 30 * day,
		Payee: c.payee, Fund: c.fund, Resolver: c.resolver, MaxLifeSeconds: 400 * day, ChallengeSeconds: 30 * day, ConcedeSeconds: 7 * day, LapseSeconds: 90 * day, ConcedeBps: 1_000, ConflictFundBps: 2_500}
}

// Calls of Staking that a walk makes beside those of the Registry.
type (
	stake struct {
		owner  ids.Account
		role   uint32
		amount money.Amount
	}
	unbond   stake
	withdraw stake
)

// walker makes random calls, good ones mostly.
type walker struct {
	cast
	s   *registry.State
	l   *stakes.Ledger
	r   *rand.Rand
	now uint64
	n   int // calls so far
}

func newWalker(c cast, seed uint64) (*walker, error) {
	l := stakes.New(c.staking, c.fund)
	s, err := registry.New(registry.Genesis{Registry: c.registry, Admin: c.admin, Params: c.params()}, l)
	if err != nil {
		return nil, err
	}
	for _, p := range c.people {
		l.Mint(p, money.Of(fortune))
	}
	return &walker{cast: c, s: s, l: l, r: rand.New(rand.NewPCG(seed, 7)), now: start}, nil
}

func (w *walker) one() ids.Account { return w.people[w.r.IntN(len(w.people))] }

func (w *walker) hash() (h [32]byte) { h[0], h[1] = byte(w.r.IntN(256)), byte(w.r.IntN(256)); return h }

// id of a certification that is good for something, a made-up one now and then.
func (w *walker) id(good func(registry.Certification) bool) ids.ID {
	var fit []ids.ID
	all := w.s.IDs()
	for _, id := range all {
		if c, _ := w.s.Certification(id); good(c) {
			fit = append(fit, id)
		}
	}
	switch n := w.r.IntN(10); {
	case n > 1 && len(fit) > 0:
		return fit[w.r.IntN(len(fit))]
	case n > 0 && len(all) > 0:
		return all[w.r.IntN(len(all))]
	}
	return ids.New(ids.Stellar, registry.Kind, w.hash())
}

func (w *walker) pair() (a, b ids.ID) {
	a = w.id(func(c registry.Certification) bool { return c.State == registry.Frozen })
	b = w.id(func(registry.Certification) bool { return true })
	if c, ok := w.s.Certification(a); ok && !c.Conflict.Zero() && w.r.IntN(5) > 0 {
		b = c.Conflict
	}
	if w.r.IntN(2) == 0 {
		a, b = b, a
	}
	return a, b
}

// next moves the time on and gives a call of the Registry or of Staking.
func (w *walker) next() any {
	if w.n++; w.n <= 2*len(w.people) { // first everybody registers and stakes
		who := w.people[(w.n-1)/2]
		if w.n%2 == 1 && w.n > 2 { // but one
			return registry.Register{Certifier: who, Info: w.hash()}
		}
		return stake{who, registry.CertifierRole, money.Of(int64(10_000 + w.r.IntN(40_000)))}
	}
	if w.r.IntN(4) == 0 {
		w.now += uint64(w.r.IntN(20 * day))
	} else {
		w.now += uint64(1 + w.r.IntN(100))
	}
	anything := func(registry.Certification) bool { return true }
	live := func(c registry.Certification) bool { return c.State == registry.Live }
	amount := func(most int) money.Amount { return money.Of(int64(1 + w.r.IntN(most))) }
	switch w.r.IntN(22) {
	case 0, 1:
		return registry.Register{Certifier: w.one(), Info: w.hash()}
	case 2, 3, 4, 5:
		nonce := w.hash()
		return registry.Certify{Certifier: w.one(), Subject: w.one(), Kind: uint32(w.r.IntN(2)) + 3*uint32(w.r.IntN(20)/19), Level: uint32(w.r.IntN(9)) / 2, Scope: [32]byte{byte(w.r.IntN(2))},
			Evidence: nonce, Expires: w.now + uint64(w.r.IntN(100*day)) - 2*day, Nonce: [32]byte{nonce[0] % 50}}
	case 6, 7, 8:
		id := w.id(live)
		op := registry.Object{Certifier: w.one(), Against: id, Evidence: w.hash(), Expires: w.now + uint64(w.r.IntN(60*day)) + 1, Nonce: w.hash()}
		if c, ok := w.s.Certification(id); ok && c.Level == 0 || w.r.IntN(8) == 0 {
			op.Level = uint32(1 + w.r.IntN(3))
		}
		return op
	case 9:
		id := w.id(func(c registry.Certification) bool { return c.State == registry.Frozen })
		op := registry.Revoke{Certifier: w.one(), ID: id, Reason: w.hash()}
		if c, ok := w.s.Certification(id); ok && w.r.IntN(6) > 0 {
			op.Certifier = c.Certifier
		}
		return op
	case 10:
		return registry.Expire{ID: w.id(func(c registry.Certification) bool { return c.State == registry.Live && c.BoundUntil <= w.now })}
	case 11, 12:
		a, b := w.id(live), w.id(live)
		if x, ok := w.s.Certification(a); ok {
			b = w.id(func(y registry.Certification) bool {
				return y.State == registry.Live && y.Subject == x.Subject && y.Kind == x.Kind && y.Scope == x.Scope && (y.Level == 0) != (x.Level == 0)
			})
		}
		return registry.Conflict{A: a, B: b}
	case 13, 14:
		a, b := w.pair()
		op := registry.Resolve{By: w.resolver, A: a, B: b, Right: []ids.ID{a, b, a, b, a, b, w.id(anything)}[w.r.IntN(7)]}
		if w.r.IntN(3) == 0 {
			op.By = w.admin
		}
		if w.r.IntN(8) == 0 {
			op.By = w.one()
		}
		return op
	case 15:
		a, b := w.pair()
		return registry.Lapse{A: a, B: b}
	case 16:
		return registry.Hold{Certifier: w.one()}
	case 17:
		return registry.Subscribe{From: w.one(), Provider: w.one(), Periods: uint32(w.r.IntN(40)), MaxTotal: money.Of(int64(w.r.IntN(8_000)))}
	case 18:
		p := w.s.Params()
		if p.Version++; w.r.IntN(4) == 0 {
			p.Version++
		}
		p.Bonds[0] = money.Of(int64(4_000 + w.r.IntN(3_000)))
		p.ConcedeBps, p.ConflictFundBps = uint32(w.r.IntN(10_100)), uint32(w.r.IntN(10_001))
		p.ListPrice = money.Of(int64(w.r.IntN(200)) * int64(w.r.IntN(3)))
		return registry.SetParams{Params: p}
	case 19, 20:
		return stake{w.one(), []uint32{0, 2, 2, 2}[w.r.IntN(4)], amount(30_000)}
	}
	op := stake{w.one(), 2, amount(20_000)}
	if w.r.IntN(3) > 0 {
		return withdraw(op)
	}
	return unbond(op)
}

// take a call in the model, and check what has to hold of every step.
func (w *walker) take(op any) (e registry.Effects, err error) {
	switch op := op.(type) {
	case stake:
		err = w.l.Stake(w.now, op.owner, op.role, op.amount)
	case unbond:
		err = w.l.Unbond(w.now, op.owner, op.role, op.amount)
	case withdraw:
		err = w.l.Withdraw(w.now, op.owner, op.role)
	case registry.Op:
		e, err = w.s.Step(w.now, op)
	}
	return e, err
}

func (w *walker) check() error {
	if v := w.s.Check(); len(v) > 0 {
		return fmt.Errorf("%v", v)
	}
	sum := money.Amount{}
	for _, a := range append([]ids.Account{w.staking, w.payee, w.fund, w.resolver, w.admin, w.registry}, w.people...) {
		sum = sum.Add(w.l.Balance(a))
	}
	if want := money.Of(int64(len(w.people)) * fortune); !sum.Equal(want) {
		return fmt.Errorf("%s FLASH of %s", sum, want)
	}
	if w.l.Balance(w.registry).Sign() != 0 {
		return fmt.Errorf("the Registry holds %s", w.l.Balance(w.registry))
	}
	return nil
}

// Random calls of depth 100 keep every invariant after each step; together they reach every entry point and every refusal.
func TestSequences(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for seed := range uint64(300) {
		w, err := newWalker(actors(), seed)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			op := w.next()
			_, err := w.take(op)
			name := fmt.Sprintf("%T", op)
			if err != nil {
				counts["! "+fault.CodeOf(err)]++
			} else {
				counts[name]++
			}
			if bad := w.check(); bad != nil {
				t.Fatalf("seed %d, step %d, %+v (%v): %v", seed, i, op, err, bad)
			}
		}
	}
	for _, op := range []registry.Op{registry.Register{}, registry.Certify{}, registry.Object{}, registry.Revoke{}, registry.Expire{}, registry.Conflict{}, registry.Resolve{}, registry.Lapse{}, registry.Hold{},
		registry.Subscribe{}, registry.SetParams{}} {
		if name := fmt.Sprintf("%T", op); counts[name] == 0 {
			t.Errorf("%s never succeeds", name)
		}
	}
	for _, e := range []*fault.Error{orchestrator.ErrNotAuthorized, orchestrator.ErrNotFound, orchestrator.ErrExists, orchestrator.ErrStateWrong, orchestrator.ErrArgumentInvalid, orchestrator.ErrNotTimedOut,
		orchestrator.ErrPriceAbove, orchestrator.ErrTransferFailed, orchestrator.ErrCertifierUnknown, orchestrator.ErrBondMissing, orchestrator.ErrCertificationExpired, orchestrator.ErrNoConflict, orchestrator.ErrFrozen} {
		if counts["! "+e.Code] == 0 && e != orchestrator.ErrTransferFailed { // nobody runs out of a fortune here: a vector does
			t.Errorf("%s never occurs", e.Code)
		}
	}
	t.Log(counts)
}
