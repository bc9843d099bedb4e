package devnet

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"
)

// maxStep bounds one step of the manual clock: a hundred years.
const maxStep = 100 * 365 * 24 * time.Hour

// clock is the wall clock, or one that stands still until it is moved.
type clock struct {
	manual bool
	mu     sync.Mutex
	at     time.Time
}

func newClock(manual bool, start time.Time) *clock { return &clock{manual: manual, at: start} }

func (c *clock) now() time.Time {
	if !c.manual {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// notBefore moves a manual clock to t unless it is later already.
func (c *clock) notBefore(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.Before(t) {
		c.at = t
	}
}

func (c *clock) add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return c.at
}

var errClock = errors.New("devnet: the clock is not manual, or the step is not between 0 and 100 years")

// Advance moves a manual clock by d and closes a ledger with the new time, its number `ledgers` after the last one's (0
// counts as 1): so contract entries can be made to age without time, and time to pass without ageing them.
func (n *Network) Advance(d time.Duration, ledgers uint32) error {
	if !n.o.Manual || d < 0 || d > maxStep {
		return errClock
	}
	at := n.clock.add(d)
	return n.ledger.Close(context.Background(), at.Unix(), max(ledgers, 1))
}

// serveClock is Advance over HTTP: {"seconds": N, "ledgers": M}. It answers with the new ledger and its time.
func (n *Network) serveClock(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Seconds int64  `json:"seconds"`
		Ledgers uint32 `json:"ledgers"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&q); err != nil ||
		q.Seconds < 0 || q.Seconds > int64(maxStep/time.Second) {
		http.Error(w, `want {"seconds": N, "ledgers": M}, at most a hundred years`, http.StatusBadRequest)
		return
	}
	if err := n.Advance(time.Duration(q.Seconds)*time.Second, q.Ledgers); err != nil {
		n.o.Logger.Error("the clock was not moved", "cause", err)
		http.Error(w, "the clock was not moved", http.StatusInternalServerError)
		return
	}
	head := n.ledger.Head()
	writeJSON(w, http.StatusOK, map[string]any{"ledger": head.Seq, "closeTime": head.CloseTime})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// Nothing can be done about a client that does not read.
	_ = json.NewEncoder(w).Encode(v)
}
