package walk

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

const start = 1_800_000_000

func account(kind ids.AccountKind, name string, i int) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: kind, Address: canon.Hash([]byte(name), []byte{byte(i)})}
}

func world(t interface{ Fatal(...interface{}) }, d Dice) *World {
	c := Cast{}
	for i := range 3 {
		c.Providers = append(c.Providers, account(ids.KeyAccount, "provider", i))
		c.Consumers = append(c.Consumers, account(ids.KeyAccount, "consumer", i))
		c.Payouts = append(c.Payouts, account(ids.KeyAccount, "payout", i))
		c.Assets = append(c.Assets[:min(i, 1)], account(ids.Contract, "token", i))
	}
	for i := range 6 {
		c.Nodes = append(c.Nodes, account(ids.KeyAccount, "node", i))
		c.Keys = append(c.Keys, Key(fmt.Sprint(i)))
	}
	payees := [4]ids.Account{account(ids.KeyAccount, "payee", 0), account(ids.KeyAccount, "payee", 1), account(ids.KeyAccount, "payee", 2), account(ids.KeyAccount, "payee", 3)}
	c.Admins = []ids.Account{account(ids.KeyAccount, "admin", 0), account(ids.KeyAccount, "admin", 1)}
	g := orchestrator.Genesis{
		Dispute: account(ids.KeyAccount, "dispute", 0),
		Oracle:  account(ids.Contract, "oracle", 0), Provider: account(ids.Contract, "po", 0), Consumer: account(ids.Contract, "co", 0), Admin: account(ids.KeyAccount, "admin", 0),
		Config: Config(canon.Hash([]byte("network")), start, c.Keys[:4], payees[1]), Params: Params(payees),
	}
	s, err := orchestrator.New(g)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range c.Assets {
		for _, l := range [][]ids.Account{c.Providers, c.Consumers} {
			for _, p := range l {
				s.Mint(a, p, money.Of(1_000_000_000_000))
			}
		}
	}
	return New(s, c, start, d)
}

// rapidDice lets rapid shrink a failing sequence.
type rapidDice struct{ t *rapid.T }

func (d rapidDice) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "d") }

// walker checks what has to hold of every step.
type walker struct {
	*World
	warnings map[string]int64
	counts   map[string]int
}

func (w *walker) take(op orchestrator.Op) error {
	e, err := w.Step(op)
	name := fmt.Sprintf("%T", op)[len("orchestrator."):]
	if err != nil {
		w.counts[name+" "+fault.CodeOf(err)]++
	} else {
		w.counts[name]++
		w.successions(op, e)
	}
	if v := w.State.Check(); len(v) > 0 {
		return fmt.Errorf("after %T at %d (%v): %v", op, w.Now, err, v)
	}
	for _, id := range w.State.IDs(ids.SLA) {
		x, _ := w.State.SLAAt(w.Now, id)
		w.counts["state "+x.State.String()]++
	}
	for _, x := range e.Events {
		switch x.Name {
		case "warning":
			w.warnings[x.Subject] = x.Amount.Big().Int64()
		case "slashed":
			if w.warnings[x.Subject] < 2 {
				return fmt.Errorf("slashed %s after %d warnings", x.Subject, w.warnings[x.Subject])
			}
		}
	}
	return nil
}

// successions counts what comes of SLAs that follow each other.
func (w *walker) successions(op orchestrator.Op, e orchestrator.Effects) {
	switch o := op.(type) {
	case orchestrator.Request:
		if o.PriceVersion == 0 {
			w.counts["request at a price of its own"]++
		}
	case orchestrator.Freeze:
		if o.Bond {
			w.counts["Freeze out of the bond"]++
		}
	case orchestrator.Settle:
		x, _ := w.State.SLA(o.SLA)
		if before, ok := w.State.SLA(x.Previous); ok && x.State == orchestrator.Completed && before.Duration < w.agreed(before.ID) {
			w.counts["part of a split ends"]++
		}
	}
	for _, x := range e.Events {
		if x.Name == "succeeded" {
			w.counts["renewal begins"]++
		}
		if id, err := ids.Parse(x.Subject); err == nil && x.Name == "reservation_active" {
			if v, _ := w.State.SLA(id); !v.Group.Zero() {
				w.counts["part of a joint SLA begins"]++
			}
		}
	}
}

// agreed is how long an SLA was to be when it began.
func (w *walker) agreed(id ids.ID) uint32 {
	t, _ := w.State.Terms(id)
	return t.Duration
}

func newWalker(w *World) *walker {
	return &walker{World: w, warnings: map[string]int64{}, counts: map[string]int{}}
}

// Random calls of depth 100 keep every invariant after each step.
func TestSequences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWalker(world(t, rapidDice{t}))
		for _, op := range w.Prelude() {
			if err := w.take(op); err != nil {
				t.Fatal(err)
			}
		}
		for range 100 {
			if err := w.take(w.Next()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// beyond are the errors that no sequence of these calls meets: Overflow needs amounts that no token has, the walk's contracts are wired without a Registry, a model's token says itself why it
// refuses, and from 500 on they are other contracts'.
var beyond = func() map[uint32]bool {
	m := map[uint32]bool{3: true, 6: true, 12: true, 13: true, 14: true, 15: true, 313: true}
	for n := range orchestrator.Codes() {
		if n >= 500 {
			m[n] = true
		}
	}
	return m
}()

// often is how often what makes SLAs of SLAs succeeds at least in the long sequences of TestReach. A renewal counts when the one that it follows still runs, a special price when a request uses it up.
var often = map[string]int{"Reclaim": 30, "Drain": 10, "PriceFor": 50, "RequestJoint": 50, "Begin": 10, "Split": 60, "TransferSLA": 100, "renewal begins": 20, "request at a price of its own": 10, "part of a joint SLA begins": 30,
	"part of a split ends": 20, "Freeze out of the bond": 20}

// A long sequence reaches everything: each entry point succeeds, and each error of the table occurs.
func TestReach(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for seed := range uint64(16) {
		w := newWalker(world(t, rand.New(rand.NewPCG(seed, 1))))
		for _, op := range w.Prelude() {
			if err := w.take(op); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 600 {
			if err := w.take(w.Next()); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, i, err)
			}
		}
		for k, n := range w.counts {
			counts[k] += n
		}
	}
	errors := map[string]int{}
	for op, least := range often {
		if counts[op] < least {
			t.Errorf("%s succeeds %d times, at least %d are wanted", op, counts[op], least)
		}
	}
	for _, op := range []string{"SubmitReport", "Rotate", "Register", "UpdateProvider", "NodeBind", "NodeRotate", "NodeRelease", "DepositCollateral", "WithdrawCollateral", "UnitCreate", "UnitPrice", "UnitList",
		"UnitMaintain", "UnitResume", "UnitDecommission", "UnitRetire", "Accept", "Refuse", "SettleReservation", "Claim", "CollectSlash", "Request", "Fund", "Cancel", "Expire", "Settle", "CloseSLA", "Terminate",
		"TimeOut", "Payout", "Refund", "CollectFees", "GrantAccess", "DelegateAccess", "RevokeAccess", "Pause", "SetParams",
		"UnitEmergency", "SetProviderParams", "SetAdmin", "Freeze", "Rule", "ExtendProvider", "ExtendConsumer", "Reclaim", "Drain", "PriceFor",
		"RequestJoint", "Begin", "Split", "TransferSLA"} {
		if counts[op] == 0 {
			t.Errorf("%s never succeeds", op)
		}
		for k, n := range counts {
			if len(k) > len(op)+1 && k[:len(op)+1] == op+" " {
				errors[k[len(op)+1:]] += n
			}
		}
	}
	for s := orchestrator.Requested; s <= orchestrator.Reclaiming; s++ {
		if counts["state "+s.String()] == 0 {
			t.Errorf("no SLA is ever %s", s)
		}
	}
	for n, e := range orchestrator.Codes() {
		if errors[e.Code] == 0 && !beyond[n] {
			t.Errorf("error %d %s never occurs", n, e.Code)
		}
	}
	if testing.Verbose() {
		for k, n := range counts {
			t.Log(n, k)
		}
	}
}
