package devnet

import (
	"context"
	"encoding/hex"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/stellar/go-stellar-sdk/keypair"
	"github.com/stellar/go-stellar-sdk/strkey"
	"github.com/stellar/go-stellar-sdk/txnbuild"

	"github.com/flashback-network/flashback/internal/devnet/ledger"
)

// friendbotGift is what an address gets, in lumens: as on public test networks.
const friendbotGift = "10000"

// friendbot creates accounts out of the root account, by ordinary transactions.
type friendbot struct {
	ledger *ledger.Ledger
	log    *slog.Logger
	root   *keypair.Full
	mu     sync.Mutex // one sequence number at a time
}

func newFriendbot(l *ledger.Ledger, log *slog.Logger) *friendbot {
	return &friendbot{ledger: l, log: log, root: ledger.Root(l.Passphrase())}
}

// ServeHTTP answers GET or POST /friendbot?addr=G… when the account exists.
func (f *friendbot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	addr := r.FormValue("addr")
	problem := func(status int, detail string) {
		writeJSON(w, status, map[string]any{"status": status, "title": http.StatusText(status), "detail": detail})
	}
	if !strkey.IsValidEd25519PublicKey(addr) {
		problem(http.StatusBadRequest, "addr must be an account address (G…)")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
	defer cancel()
	hash, status, err := f.create(ctx, addr)
	switch {
	case err != nil:
		f.log.Error("friendbot failed", "addr", addr, "cause", err)
		problem(http.StatusInternalServerError, "the account was not created")
	case status == exists:
		problem(http.StatusBadRequest, "account already funded to starting balance")
	case status == busy:
		problem(http.StatusServiceUnavailable, "too many transactions wait: try again later")
	default:
		writeJSON(w, http.StatusOK, map[string]any{"hash": hex.EncodeToString(hash[:]), "successful": true})
	}
}

type outcome int

const (
	created outcome = iota
	exists
	busy
)

func (f *friendbot) create(ctx context.Context, addr string) ([32]byte, outcome, error) {
	sent, err := f.send(ctx, addr)
	if err != nil {
		return sent.Hash, busy, err
	}
	switch sent.Status {
	case ledger.Pending:
	case ledger.TryAgainLater:
		return sent.Hash, busy, nil
	default:
		return sent.Hash, exists, nil
	}
	if _, err := f.ledger.Wait(ctx, sent.Hash); err != nil {
		return sent.Hash, busy, err
	}
	record, err := f.ledger.Transaction(ctx, sent.Hash)
	if err != nil {
		return sent.Hash, busy, err
	}
	if record == nil || !record.OK {
		return sent.Hash, exists, nil
	}
	return sent.Hash, created, nil
}

func (f *friendbot) send(ctx context.Context, addr string) (ledger.Submitted, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seq, err := f.ledger.LastSequence(f.root.Address())
	if err != nil {
		return ledger.Submitted{}, err
	}
	tx, err := txnbuild.NewTransaction(txnbuild.TransactionParams{
		SourceAccount:        &txnbuild.SimpleAccount{AccountID: f.root.Address(), Sequence: seq},
		IncrementSequenceNum: true,
		BaseFee:              ledger.BaseFee,
		Preconditions:        txnbuild.Preconditions{TimeBounds: txnbuild.NewInfiniteTimeout()},
		Operations:           []txnbuild.Operation{&txnbuild.CreateAccount{Destination: addr, Amount: friendbotGift}},
	})
	if err != nil {
		return ledger.Submitted{}, err
	}
	if tx, err = tx.Sign(f.ledger.Passphrase(), f.root); err != nil {
		return ledger.Submitted{}, err
	}
	raw, err := tx.MarshalBinary()
	if err != nil {
		return ledger.Submitted{}, err
	}
	return f.ledger.Submit(ctx, raw)
}
