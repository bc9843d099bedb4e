package sidebyside

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// roles that a caller may have. The last is the contract that may: the Orchestrators let each other in, and the Consumer Orchestrator the Dispute contract.
var roles = []string{"admin", "provider", "other provider", "consumer", "other consumer", "node", "validator operator", "grantee", "dispute", "stranger", otherContract}

const otherContract = "other contract"

// Door is an entry point with a call of it that succeeds in the scene when the right one makes it.
type Door struct {
	Contract, Function string
	// Who may: roles whose own authorisation suffices. Empty: anyone, without any.
	Who []string
	// By names the account, beside the arguments, that the contract asks: nil when the caller names itself in the arguments.
	By func(s *Scene) ids.Account
	// With are the roles that sign too, where two have to.
	With []string
	// Ready brings the scene to where the right call succeeds; nil: it is.
	Ready func(s *Scene) error
	// Call by an account about an id of the door's subject.
	Call func(s *Scene, by ids.Account, id ids.ID) (stellar.Call, error)
	// About is what the id is of, and the state in which the right call succeeds.
	About subject
	State string
	// Through is a call of another door by which the other contract comes in: what only a contract may do.
	Through *Door
}

// subject of a door.
type subject string

const (
	nothing subject = ""
	aNode   subject = "node"
	aUnit   subject = "unit"
	anSLA   subject = "sla"
	aGrant  subject = "grant"
)

// ids of a subject by state.
func (s *Scene) ids(of subject) map[string]ids.ID {
	switch of {
	case aNode:
		return s.Nodes
	case aUnit:
		return s.Units
	case anSLA:
		return s.SLAs
	case aGrant:
		return map[string]ids.ID{"Active": s.Grant}
	}
	return nil
}

// specs of the contracts whose doors are in the table, as their Wasm has them.
func specs() (map[string]direct.Spec, error) {
	out := map[string]direct.Spec{}
	for _, name := range artifacts.Names() {
		if name == "soroban_host" {
			continue
		}
		wasm, err := artifacts.Wasm(name)
		if err != nil {
			return nil, err
		}
		if out[name], err = direct.ReadSpec(wasm); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
}

// how a role authorises.
var ways = []string{"none", "wrong", "right"}

// outcome of a call in a word: ok, Auth, an error's name, or the host's kind.
func outcome(err error) (string, error) {
	var r *direct.Refusal
	switch {
	case err == nil:
		return "ok", nil
	case !errors.As(err, &r):
		return "", err
	case r.Kind != "Contract":
		return r.Kind, nil
	}
	if e, ok := orchestrator.Codes()[r.Number]; ok {
		return e.Code, nil
	}
	return fmt.Sprintf("%d", r.Number), nil
}

// try a door by a role in a way, from where it is ready.
func (s *Scene) try(ctx context.Context, d *Door, at direct.Snapshot, role, way string) (string, error) {
	s.Host.Restore(at)
	id := s.ids(d.About)[d.State]
	if role == otherContract && d.Through != nil && way == "right" {
		return s.through(ctx, d)
	}
	party := s.Roles[role]
	account := party.Account()
	if role == otherContract {
		account, party = s.Chain.Contracts().Consumer, s.Roles["forger"] // nobody has a contract's key
		if d.Contract == "consumer" {
			account = s.Chain.Contracts().Provider
		}
	}
	asked := account
	if d.By != nil {
		asked = d.By(s)
	}
	call, err := d.Call(s, account, id)
	if err != nil {
		return "", err
	}
	var auth direct.Auth
	switch {
	case way == "none":
		auth = direct.Nobody()
	case way == "wrong" && asked == account:
		auth = direct.Instead(asked, s.Roles["forger"])
	case way == "wrong", role == otherContract:
		auth = direct.Instead(asked, party)
	default:
		auth = direct.By(party)
	}
	for _, w := range d.With {
		auth = auth.And(s.co(w))
	}
	_, err = s.Host.Call(ctx, call.Contract, call.Function, auth, call.Args...)
	return outcome(err)
}

// co is who signs beside the caller.
func (s *Scene) co(role string) direct.Party {
	if role == "free node" {
		return s.FreeNode
	}
	return s.Roles[role]
}

// through lets the other contract in by the door that leads to it: the door opened when the contract was called.
func (s *Scene) through(ctx context.Context, d *Door) (string, error) {
	call, err := d.Call(s, s.Chain.Contracts().Consumer, s.ids(d.About)[d.State])
	if err != nil {
		return "", err
	}
	t := d.Through
	if t.Ready != nil {
		if err := t.Ready(s); err != nil {
			return "", err
		}
	}
	auth, by := direct.Nobody(), s.Roles["stranger"].Account()
	if len(t.Who) > 0 {
		auth, by = direct.By(s.Roles[t.Who[0]]), s.Roles[t.Who[0]].Account()
	}
	for _, w := range t.With {
		auth = auth.And(s.co(w))
	}
	outer, err := t.Call(s, by, s.ids(t.About)[t.State])
	if err != nil {
		return "", err
	}
	out, err := s.Host.Call(ctx, outer.Contract, outer.Function, auth, outer.Args...)
	if err != nil {
		return outcome(err)
	}
	calls, err := out.Calls()
	if err != nil {
		return "", err
	}
	for _, c := range calls {
		if c.Contract == call.Contract && c.Function == call.Function {
			return "ok", nil
		}
	}
	return "", fmt.Errorf("%s.%s does not call %s.%s", t.Contract, t.Function, d.Contract, d.Function)
}

// op makes a door's call of one that the model knows.
func op(make func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op) func(*Scene, ids.Account, ids.ID) (stellar.Call, error) {
	return func(s *Scene, by ids.Account, id ids.ID) (stellar.Call, error) {
		return stellar.Translate(s.Chain.Contracts(), make(s, by, id))
	}
}

// raw makes a door's call of plain arguments.
func raw(contract, function string, make func(s *Scene, by ids.Account, id ids.ID) []xdr.ScVal) func(*Scene, ids.Account, ids.ID) (stellar.Call, error) {
	return func(s *Scene, by ids.Account, id ids.ID) (stellar.Call, error) {
		return stellar.Call{Contract: s.contract(contract), Function: function, Args: make(s, by, id)}, nil
	}
}

func (s *Scene) contract(name string) ids.Account {
	c := s.Chain.Contracts()
	if a, ok := map[string]ids.Account{"oracle": c.Oracle, "provider": c.Provider, "consumer": c.Consumer}[name]; ok {
		return a
	}
	return s.others[name]
}

// later moves the time on.
func later(seconds uint64) func(*Scene) error {
	return func(s *Scene) error { return s.Host.Advance(seconds, 1) }
}

// Row of the matrix: what each role is told in each way.
type Row struct {
	Who   []string          `json:"who"`   // written by hand: the roles that may; empty: anyone
	Cells map[string]string `json:"cells"` // by role: none, wrong, right
}

// Matrix of all doors, by contract and function.
type Matrix map[string]map[string]Row

// Authorisation tries every door by every role in every way.
func (s *Scene) Authorisation(ctx context.Context) (Matrix, error) {
	m := Matrix{}
	for i := range doors {
		d := &doors[i]
		if m[d.Contract] == nil {
			m[d.Contract] = map[string]Row{}
		}
		if d.Ready != nil {
			if err := d.Ready(s); err != nil {
				return nil, fmt.Errorf("%s.%s made ready: %w", d.Contract, d.Function, err)
			}
		}
		at := s.Host.Snapshot()
		row := Row{Who: append([]string{}, d.Who...), Cells: map[string]string{}}
		for _, role := range roles {
			var cells []string
			for _, way := range ways {
				c, err := s.try(ctx, d, at, role, way)
				if err != nil {
					return nil, fmt.Errorf("%s.%s by %s (%s): %w", d.Contract, d.Function, role, way, err)
				}
				cells = append(cells, c)
			}
			row.Cells[role] = strings.Join(cells, " ")
		}
		m[d.Contract][d.Function] = row
		s.Reset()
	}
	return m, nil
}

// Faults of a matrix: cells that contradict who may.
func (m Matrix) Faults() (l []string) {
	for contract, rows := range m {
		for function, row := range rows {
			for role, cells := range row.Cells {
				c := strings.Fields(cells)
				may := len(row.Who) == 0 || slices.Contains(row.Who, role)
				switch {
				case len(c) != len(ways):
					l = append(l, fmt.Sprintf("%s.%s: %s has %d cells", contract, function, role, len(c)))
				case len(row.Who) == 0 && (c[0] != "ok" || c[1] != "ok" || c[2] != "ok"):
					l = append(l, fmt.Sprintf("%s.%s: anyone may, but %s is told %s", contract, function, role, cells))
				case len(row.Who) > 0 && (c[0] == "ok" || c[1] == "ok"):
					l = append(l, fmt.Sprintf("%s.%s: opens to %s without the right authorisation: %s", contract, function, role, cells))
				case may != (c[2] == "ok"):
					l = append(l, fmt.Sprintf("%s.%s: %s is told %s", contract, function, role, c[2]))
				}
			}
		}
	}
	slices.Sort(l)
	return l
}
