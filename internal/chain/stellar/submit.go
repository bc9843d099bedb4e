package stellar

import (
	"context"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"time"

	protocol "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/protocols/stellarcore"
	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
)

const (
	patience         = 3 * time.Minute // a submission's whole time, when the caller sets none
	attempts         = 6               // transactions tried for one submission: each but the last was certainly not applied
	sequenceAttempts = 24              // the same where somebody else used the sequence number: that costs nothing

	validity = 60 // seconds of ledger time in which a ledger has to take a transaction

	inclusionFee    = 1_000     // stroops offered above the resource fee; the network charges what the ledger's market asks
	maxInclusionFee = 1_000_000 // stroops; a tenth of a lumen

	pollFirst   = 20 * time.Millisecond // between polls, at first
	pollSteady  = 12                    // polls until it grows: a local network closes ledgers faster than that
	pollLast    = time.Second
	resendAfter = 5 * time.Second
)

// lane is the queue of one account's submissions: sequence numbers are used one after another.
type lane struct {
	turn  chan struct{} // holds a token while nobody is in
	seq   int64         // last one used; with the turn only
	known bool
	fee   int64 // inclusion fee that was accepted last
}

// enter waits for the account's turn; leave gives it on.
func (c *Client) enter(ctx context.Context, a ids.Account) (*lane, error) {
	c.mu.Lock()
	l := c.lanes[a]
	if l == nil {
		l = &lane{turn: make(chan struct{}, 1), fee: inclusionFee}
		l.turn <- struct{}{}
		c.lanes[a] = l
	}
	c.mu.Unlock()
	select {
	case <-l.turn:
		return l, nil
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Unavailable, "not_applied", "earlier transactions of %s take too long; nothing was sent", a)
	}
}

func (l *lane) leave() { l.turn <- struct{}{} }

// again says that a transaction was certainly not applied and that a new one may be.
type again struct{ cause error }

func (e *again) Error() string { return e.cause.Error() }
func (e *again) Unwrap() error { return e.cause }

var errSequence = &again{fault.New(fault.Conflict, "bad_sequence", "the account's key is used by somebody else at the same time")}

// prepare makes the operation of one attempt. It is called with the account's turn.
type prepare func(ctx context.Context, l *lane) (txnbuild.Operation, error)

// perform makes transactions of by's account until one is applied or refused for good. The fees of all of them are in the outcome.
func (c *Client) perform(ctx context.Context, by chain.Signer, next prepare) (outcome, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	l, err := c.enter(ctx, by.Account())
	if err != nil {
		return outcome{}, err
	}
	defer l.leave()
	var paid int64
	for attempt := 1; ; attempt++ {
		op, err := next(ctx, l)
		var out outcome
		if err == nil {
			out, err = c.transact(ctx, l, by, op)
		}
		paid += out.fee
		out.fee = paid
		var retry *again
		if !errors.As(err, &retry) {
			return out, err
		}
		if attempt >= attempts && (retry != errSequence || attempt >= sequenceAttempts) {
			return out, retry.cause
		}
		c.log.Debug("transaction is tried again", "account", by.Account(), "attempt", attempt, "cause", retry.cause)
		if err := sleep(ctx, rand.N(time.Duration(attempt)*2*pollFirst)); err != nil { // at random, so that two users of a key do not meet again
			return out, retry.cause
		}
	}
}

// transact builds, signs, sends and follows one transaction.
func (c *Client) transact(ctx context.Context, l *lane, by chain.Signer, op txnbuild.Operation) (outcome, error) {
	if !l.known {
		e, err := c.accountEntry(ctx, by.Account())
		if err != nil {
			return outcome{}, err
		}
		l.seq, l.known = int64(e.SeqNum), true
	}
	_, at, err := c.Head(ctx)
	if err != nil {
		return outcome{}, err
	}
	tx, err := c.sign(by, op, l.seq+1, l.fee, at.Unix()+validity)
	if err != nil {
		return outcome{}, err
	}
	if err := c.send(ctx, l, tx); err != nil {
		return outcome{}, err
	}
	answer, err := c.follow(ctx, tx)
	if err != nil {
		l.known = false
		return outcome{}, err
	}
	l.seq++
	return read(tx.hash, answer)
}

// transaction that is signed.
type transaction struct {
	hash     string
	envelope string // base64
	account  ids.Account
	seq      int64
	until    int64 // no ledger that closes later takes it
	sent     bool  // it may have reached the network
	doubtful bool  // its sequence number is used up, perhaps by itself
}

// sign builds and signs. A random time long past, from which on the transaction is valid, makes it unlike any other: else two programs with one key that do the same at the same time would
// make the same transaction, which is applied once, and both would take it for theirs.
func (c *Client) sign(by chain.Signer, op txnbuild.Operation, seq, fee, until int64) (*transaction, error) {
	broken := func(err error) (*transaction, error) {
		return nil, fault.Wrap(err, fault.Internal, "internal", "the transaction cannot be built")
	}
	tx, err := txnbuild.NewTransaction(txnbuild.TransactionParams{
		SourceAccount: &txnbuild.SimpleAccount{AccountID: by.Account().String(), Sequence: seq}, Operations: []txnbuild.Operation{op},
		BaseFee: fee, Preconditions: txnbuild.Preconditions{TimeBounds: txnbuild.NewTimebounds(rand.Int64N(until/2), until)}})
	if err != nil {
		return broken(err)
	}
	hash, err := tx.Hash(c.passphrase)
	if err != nil {
		return broken(err)
	}
	sig, err := by.SignHash(hash)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unauthorized, "signature_missing", "%s did not sign the transaction", by.Account())
	}
	var hint xdr.SignatureHint
	key := by.Account().Address
	copy(hint[:], key[len(key)-len(hint):])
	if tx, err = tx.AddSignatureDecorated(xdr.DecoratedSignature{Hint: hint, Signature: sig}); err != nil {
		return broken(err)
	}
	text, err := tx.Base64()
	if err != nil {
		return broken(err)
	}
	return &transaction{hash: hex.EncodeToString(hash[:]), envelope: text, account: by.Account(), seq: seq, until: until}, nil
}

// send hands the transaction to the network. Handing it over again is harmless: its sequence number lets it apply once.
func (c *Client) send(ctx context.Context, l *lane, tx *transaction) error {
	wait := 5 * pollFirst
	for {
		var res protocol.SendTransactionResponse
		err := c.rpc.call(ctx, protocol.SendTransactionMethodName, protocol.SendTransactionRequest{Transaction: tx.envelope}, &res)
		switch {
		case err != nil && !passing(err):
			return plainRefusal(err)
		case err != nil:
			tx.sent = true // perhaps
		case res.Status == stellarcore.TXStatusPending || res.Status == stellarcore.TXStatusDuplicate:
			tx.sent = true
			return nil
		case res.Status == stellarcore.TXStatusTryAgainLater:
		case res.Status == stellarcore.TXStatusError:
			return c.rejected(l, tx, res)
		default:
			return fault.New(fault.Unavailable, "unavailable", "the Stellar RPC answers %q to a transaction", res.Status)
		}
		if sleep(ctx, wait) != nil {
			l.known = false
			if tx.sent {
				return unconfirmed(ctx, tx)
			}
			return fault.Wrap(ctx.Err(), fault.Unavailable, "not_applied", "the network is busy and took no transaction; nothing happened")
		}
		wait = min(2*wait, 2*time.Second)
	}
}

// rejected decides what an ERROR of sendTransaction means.
func (c *Client) rejected(l *lane, tx *transaction, res protocol.SendTransactionResponse) error {
	var r xdr.TransactionResult
	if err := xdr.SafeUnmarshalBase64(res.ErrorResultXDR, &r); err != nil {
		return unavailable(err, protocol.SendTransactionMethodName)
	}
	switch r.Result.Code {
	case xdr.TransactionResultCodeTxBadSeq:
		l.known = false
		if tx.sent { // an earlier sending of this transaction may be what used the number up: follow finds out
			tx.doubtful = true
			return nil
		}
		return errSequence
	case xdr.TransactionResultCodeTxInsufficientFee:
		if l.fee == maxInclusionFee {
			return fault.New(fault.Unavailable, "fee_too_low", "the network asks for more than %d stroops: it is very busy", maxInclusionFee)
		}
		l.fee = min(4*l.fee, maxInclusionFee)
		return &again{fault.New(fault.Unavailable, "fee_too_low", "the network asks for a higher fee")}
	case xdr.TransactionResultCodeTxTooLate, xdr.TransactionResultCodeTxTooEarly:
		return &again{fault.New(fault.Unavailable, "not_applied", "the transaction's time ran out; nothing happened")}
	case xdr.TransactionResultCodeTxInsufficientBalance:
		return fault.New(fault.Exhausted, "balance_missing", "the account cannot pay the fee and keep its reserve")
	case xdr.TransactionResultCodeTxNoAccount:
		l.known = false
		return fault.New(fault.NotFound, "account_missing", "the account is not on the chain: it has to be funded first")
	case xdr.TransactionResultCodeTxBadAuth, xdr.TransactionResultCodeTxBadAuthExtra:
		return fault.New(fault.Forbidden, "authorization_bad", "the signature is not one that the account accepts")
	case xdr.TransactionResultCodeTxInternalError:
		return &again{fault.New(fault.Unavailable, "unavailable", "the network failed inside")}
	}
	return fault.Wrap(errors.New(diagnosis(res.DiagnosticEventsXDR)), fault.Internal, "tx_rejected", "the network rejects the transaction (%s)", r.Result.Code)
}

// follow polls until a ledger has the transaction, or none can have it any more.
func (c *Client) follow(ctx context.Context, tx *transaction) (t protocol.GetTransactionResponse, err error) {
	wait, handed, spent := pollFirst, time.Now(), false
	for polls := 1; ; polls++ {
		if sleep(ctx, wait) != nil {
			return t, unconfirmed(ctx, tx)
		}
		t = protocol.GetTransactionResponse{}
		err := c.rpc.call(ctx, protocol.GetTransactionMethodName, protocol.GetTransactionRequest{Hash: tx.hash}, &t)
		switch {
		case err != nil && !passing(err):
			return t, plainRefusal(err)
		case err != nil:
		case t.Status == protocol.TransactionStatusSuccess || t.Status == protocol.TransactionStatusFailed:
			return t, nil
		case t.LatestLedgerCloseTime > tx.until:
			return t, &again{fault.New(fault.Unavailable, "not_applied", "the transaction's time ran out; nothing happened")}
		case spent: // this server's ledgers had the number used up before they were asked for the transaction
			return t, errSequence
		}
		if tx.doubtful {
			e, err := c.accountEntry(ctx, tx.account)
			spent = err == nil && int64(e.SeqNum) >= tx.seq
		}
		if polls >= pollSteady {
			wait = min(wait*3/2, pollLast)
		}
		if time.Since(handed) > resendAfter {
			handed = time.Now()
			var res protocol.SendTransactionResponse // a server that was restarted may have forgotten it; the answer does not matter
			_ = c.rpc.call(ctx, protocol.SendTransactionMethodName, protocol.SendTransactionRequest{Transaction: tx.envelope}, &res)
		}
	}
}

func unconfirmed(ctx context.Context, tx *transaction) error {
	return fault.Wrap(ctx.Err(), fault.Unavailable, "unconfirmed", "transaction %s was sent and is not in a ledger yet; it may still be applied", tx.hash)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
