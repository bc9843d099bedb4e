package possession

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/statement"
)

// Node to ask.
type Node struct {
	ID       ids.ID
	Key      [32]byte    // Ed25519, that it signs statements with
	Account  ids.Account // the same as an account
	Endpoint string
}

// ErrStatement refuses a statement that is not this node's about this SLA.
var ErrStatement = fault.New(fault.Invalid, "StatementForeign", "the statement is not this node's about this SLA, or not signed by its key")

// errAnswer is a node's refusal.
type errAnswer struct{ status int }

func (e errAnswer) Error() string { return fmt.Sprintf("the node answered with status %d", e.status) }

// later reports whether the same question may be answered later: the node did not answer, or said that it cannot now, or does not know us yet.
func later(err error) bool {
	var a errAnswer
	if !errors.As(err, &a) {
		return true
	}
	return a.status >= 500 || a.status == http.StatusTooManyRequests || a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
}

// Usage reads the statement of an epoch, or the newest one when newest is set, and checks that it is the node's.
func Usage(ctx context.Context, client *http.Client, n Node, sla ids.ID, epoch uint64, newest bool) (*statement.Signed, error) {
	url := n.Endpoint + statement.PathUsage + "?sla=" + sla.String()
	if !newest {
		url += "&epoch=" + strconv.FormatUint(epoch, 10)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	var a statement.UsageAnswer
	if err := do(client, req, &a); err != nil {
		return nil, err
	}
	s, err := a.Signed()
	if err != nil {
		return nil, err
	}
	if s.SLA != sla || s.Node != n.ID || !newest && s.Epoch != epoch || s.Verify(n.Key) != nil {
		return nil, ErrStatement
	}
	return s, nil
}

func do(client *http.Client, req *http.Request, out any) error {
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, statement.MaxAnswer+1))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return errAnswer{res.StatusCode}
	}
	if len(b) > statement.MaxAnswer {
		return errAnswer{http.StatusRequestEntityTooLarge}
	}
	if err := json.Unmarshal(b, out); err != nil {
		return errAnswer{http.StatusUnprocessableEntity} // it did answer
	}
	return nil
}

// Result of one challenge.
type Result uint8

const (
	Unanswered Result = iota // ask again; at the epoch's end the caller decides what it was
	Passed
	Failed
	Void // the drawn objects were all deleted meanwhile: it does not count
)

// draws of one challenge when the drawn objects are gone.
const draws = 3

// Verifier asks and remembers which objects nodes said were gone. Safe for concurrent use.
type Verifier struct {
	client   *http.Client
	operator chain.Signer
	now      func() time.Time
	dir      string // of evidence; empty: none is kept

	mu   sync.Mutex
	gone map[goneKey]uint64 // the epoch of the statement in which it still was
}

type goneKey struct {
	sla    ids.ID
	object [32]byte
}

const maxGone = 1 << 16

// NewVerifier asks with this client. Challenges are signed by the operator's wallet: an answer discloses some of a consumer's bytes, and is for validators only.
func NewVerifier(client *http.Client, operator chain.Signer, now func() time.Time) *Verifier {
	return &Verifier{client: client, operator: operator, now: now, gone: map[goneKey]uint64{}}
}

// Keep makes the verifier keep wrong answers that a node signed as Evidence in a folder. Call it before the first challenge.
func (v *Verifier) Keep(dir string) { v.dir = dir }

// Challenge number k of an epoch, against a statement with at least one chunk. The error says why it failed or was not answered. An answer that the node did not sign is a failed challenge.
func (v *Verifier) Challenge(ctx context.Context, n Node, u *statement.Signed, seed [32]byte, k uint64) (Result, error) {
	d := report.NewDraw(seed, "possession", u.SLA, k)
	for range draws {
		chunk := d.Below(u.Leaves)
		held, gone, err := v.ask(ctx, n, u, chunk)
		switch {
		case err != nil && held == nil && later(err):
			return Unanswered, err
		case err != nil:
			return Failed, err
		case gone:
			v.forgotten(&u.Usage, held)
		case v.came(&u.Usage, held):
			return Failed, errBack
		default:
			return Passed, nil
		}
	}
	return Void, nil
}

var errBack = fault.New(fault.Invalid, "GoneIsBack", "the node said that this object was deleted, and it stands in a later statement")

func (v *Verifier) ask(ctx context.Context, n Node, u *statement.Signed, chunk uint64) (held *statement.Held, gone bool, err error) {
	signed, err := statement.Challenge{SLA: u.SLA, Epoch: u.Epoch, Chunk: chunk}.Sign(v.operator.Account(), v.now(), v.operator.SignMessage)
	if err != nil {
		return nil, false, err
	}
	b, err := json.Marshal(signed)
	if err != nil {
		return nil, false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.Endpoint+statement.PathPossession, bytes.NewReader(b))
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Content-Type", "application/json")
	var a statement.Answer
	if err := do(v.client, req, &a); err != nil {
		return nil, false, err
	}
	if a.Gone == nil {
		d, err := a.Signed(&u.Usage, chunk, n.Key)
		if err == nil && !d.Right(&u.Usage) {
			err = v.keep(u, d, a.Signature)
		}
		if err != nil {
			return nil, false, errors.Join(errAnswer{http.StatusUnprocessableEntity}, err)
		}
	}
	held, gone, err = a.Verify(&u.Usage, chunk)
	if err != nil {
		return nil, gone, errors.Join(errAnswer{http.StatusUnprocessableEntity}, err)
	}
	return held, gone, nil
}

// keep keeps a wrong answer that was signed, where a folder was named.
func (v *Verifier) keep(u *statement.Signed, d *statement.Document, signature []byte) error {
	if v.dir == "" {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return add(v.dir, u, d, signature)
}

func (v *Verifier) forgotten(u *statement.Usage, h *statement.Held) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.gone) >= maxGone {
		clear(v.gone)
	}
	v.gone[goneKey{u.SLA, h.Object}] = u.Epoch
}

// came reports whether an object that was gone stands in a statement made at least two epochs after the one that it was drawn from.
func (v *Verifier) came(u *statement.Usage, h *statement.Held) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	e, ok := v.gone[goneKey{u.SLA, h.Object}]
	return ok && u.Epoch > e+1
}
