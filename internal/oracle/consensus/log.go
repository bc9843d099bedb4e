package consensus

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/cometbft/cometbft/libs/log"

	"github.com/flashback-network/flashback/internal/fault"
)

// logAdapter gives CometBFT's log to slog. What it calls information is detail here, a block every fifth of a second; so is what it calls an error of the peer-to-peer network, a peer that left.
type logAdapter struct {
	l     *slog.Logger
	quiet bool
	halt  *halt
}

func (a logAdapter) Debug(string, ...any)       {}
func (a logAdapter) Info(msg string, kv ...any) { a.l.Debug(msg, kv...) }
func (a logAdapter) Warn(msg string, kv ...any) { a.l.Debug(msg, kv...) }

func (a logAdapter) Error(msg string, kv ...any) {
	if msg == "CONSENSUS FAILURE!!!" { // the one sign of it: the node still says that it runs
		a.halt.set(kv)
	}
	if a.quiet {
		a.l.Debug(msg, kv...)
		return
	}
	a.l.Warn(msg, kv...)
}

func (a logAdapter) With(kv ...any) log.Logger {
	n := logAdapter{a.l.With(kv...), a.quiet, a.halt}
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i] == "module" {
			n.quiet = slices.Contains([]any{"p2p", "blocksync", "mempool", "evidence", "statesync"}, kv[i+1])
		}
	}
	return n
}

// halt is set once the consensus gave up.
type halt struct {
	once sync.Once
	ch   chan struct{}
	err  error
}

func (h *halt) set(kv []any) {
	h.once.Do(func() {
		reason := "unknown"
		for i := 0; i+1 < len(kv); i += 2 {
			if kv[i] == "err" {
				reason = fmt.Sprint(kv[i+1])
			}
		}
		h.err = fault.New(fault.Internal, "consensus_failed", "the consensus gave up: %s", reason)
		close(h.ch)
	})
}
