// Package register is the platform's memory of who is there: announced nodes, claims in progress, wallet sessions. What is on chain stays on chain; nothing here authorises anything there.
package register

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"time"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/store"
)

// Chain is what the register needs of a chain: signatures of wallets, and the relay of a binding.
type Chain interface {
	Authorize(ctx context.Context, op orchestrator.Op, account ids.Account) ([]byte, error)
	Relay(ctx context.Context, by chain.Signer, op orchestrator.Op, authorizations ...[]byte) (chain.Receipt, error)
	VerifyMessage(account ids.Account, message, signature []byte) bool
}

// Limits of the procedures.
const (
	ClockSkew     = 5 * time.Minute
	CodeLife      = 15 * time.Minute
	ChallengeLife = 5 * time.Minute
	SessionLife   = 12 * time.Hour
	MaxAttempts   = 5 // wrong secrets and codes per node within CodeLife
	maxNodes      = 100_000
	maxChallenges = 10_000
)

// Register of one platform. Its methods are safe for concurrent use.
type Register struct {
	db    *sql.DB
	chain Chain
	relay chain.Signer
	now   func() time.Time
}

// New makes a register. relay pays the fees of bindings.
func New(db *sql.DB, c Chain, relay chain.Signer, now func() time.Time) *Register {
	return &Register{db: db, chain: c, relay: relay, now: now}
}

// Node as announced, and as bound once it is.
type Node struct {
	Key       ids.Account `json:"key"`
	Endpoint  string      `json:"endpoint"`
	Version   string      `json:"version"`
	Announced time.Time   `json:"announced"`
	ID        string      `json:"id,omitempty" doc:"On-chain id, once the node is bound"`
	Provider  string      `json:"provider,omitempty"`
}

// Announce records a node that proved its key. A later announcement replaces an earlier one; a replayed one is refused.
func (r *Register) Announce(ctx context.Context, a *claim.Announcement) error {
	now := r.now()
	u, err := url.Parse(a.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(a.Endpoint) > 200 {
		return fault.New(fault.Invalid, "endpoint_invalid", "the endpoint must be an http or https address of at most 200 bytes")
	}
	if len(a.SecretHash) != 32 {
		return fault.New(fault.Invalid, "secret_hash_invalid", "the secret's hash must have 32 bytes")
	}
	if d := now.Sub(time.Unix(int64(a.At), 0)); d > ClockSkew || d < -ClockSkew {
		return fault.New(fault.Invalid, "clock_skew", "the announcement's time differs from ours by %s: set the node's clock", d.Round(time.Second))
	}
	if !claim.Verify(a.Key, a.Digest(), a.Signature) {
		return fault.New(fault.Unauthorized, "signature_invalid", "the announcement is not signed by the node's key")
	}
	return store.Tx(ctx, r.db, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM nodes`).Scan(&n); err != nil {
			return err
		}
		if n >= maxNodes {
			return fault.New(fault.Exhausted, "register_full", "the register takes no more nodes")
		}
		res, err := tx.ExecContext(ctx, `INSERT INTO nodes (key, endpoint, version, secret_hash, announced_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (key) DO UPDATE SET endpoint = excluded.endpoint, version = excluded.version, secret_hash = excluded.secret_hash, announced_at = excluded.announced_at
			WHERE excluded.announced_at > nodes.announced_at`, a.Key.String(), a.Endpoint, a.Version, hex.EncodeToString(a.SecretHash), a.At)
		if err != nil {
			return err
		}
		if c, err := res.RowsAffected(); err == nil && c == 0 {
			return fault.New(fault.Conflict, "announcement_old", "a later announcement of this node is known: announcements must carry a rising time")
		}
		return nil
	})
}

// Nodes lists announced nodes: all, or those of a provider, or the unclaimed ones (provider "-").
func (r *Register) Nodes(ctx context.Context, provider, after string, limit int) ([]Node, error) {
	q := `SELECT key, endpoint, version, announced_at, coalesce(node_id, ''), coalesce(provider, '') FROM nodes WHERE key > $1`
	args := []any{after}
	switch provider {
	case "":
	case "-":
		q += ` AND provider IS NULL`
	default:
		q += ` AND provider = $2`
		args = append(args, provider)
	}
	rows, err := r.db.QueryContext(ctx, q+fmt.Sprintf(` ORDER BY key LIMIT %d`, limit), args...)
	if err != nil {
		return nil, store.Map(err)
	}
	defer rows.Close()
	l := []Node{}
	for rows.Next() {
		n, err := scanNode(rows)
		if err != nil {
			return nil, err
		}
		l = append(l, n)
	}
	return l, store.Map(rows.Err())
}

// Node by its key.
func (r *Register) Node(ctx context.Context, key ids.Account) (Node, error) {
	n, err := scanNode(r.db.QueryRowContext(ctx, `SELECT key, endpoint, version, announced_at, coalesce(node_id, ''), coalesce(provider, '') FROM nodes WHERE key = $1`, key.String()))
	if fault.KindOf(err) == fault.NotFound {
		return n, fault.New(fault.NotFound, "node_unknown", "no node with this key has announced itself")
	}
	return n, err
}

func scanNode(row interface{ Scan(...any) error }) (n Node, err error) {
	var key string
	var at int64
	if err := row.Scan(&key, &n.Endpoint, &n.Version, &at, &n.ID, &n.Provider); err != nil {
		return n, store.Map(err)
	}
	n.Announced = time.Unix(at, 0).UTC()
	n.Key, err = ids.ParseAccount(key)
	return n, err
}

// SetBound records what the chain says of a node's key; an empty provider unbinds it. The indexer calls it.
func (r *Register) SetBound(ctx context.Context, key ids.Account, id ids.ID, provider ids.Account, endpoint string) error {
	var pid, p any
	if !provider.Zero() {
		pid, p = id.String(), provider.String()
	}
	// A node that never announced itself here is known from the chain alone.
	_, err := r.db.ExecContext(ctx, `INSERT INTO nodes (key, endpoint, version, secret_hash, announced_at, node_id, provider) VALUES ($1, $2, '', '', 0, $3, $4)
		ON CONFLICT (key) DO UPDATE SET node_id = excluded.node_id, provider = excluded.provider`, key.String(), endpoint, pid, p)
	return store.Map(err)
}

// attempt counts a wrong secret or code and refuses when there were too many. It runs in its own transaction, so that a refusal does not undo the count.
func (r *Register) attempt(ctx context.Context, key ids.Account) error {
	_, err := r.db.ExecContext(ctx, `INSERT INTO attempts (node_key, at) VALUES ($1, $2)`, key.String(), r.now().Unix())
	return store.Map(err)
}

func (r *Register) allowed(ctx context.Context, key ids.Account) error {
	since := r.now().Add(-CodeLife).Unix()
	if _, err := r.db.ExecContext(ctx, `DELETE FROM attempts WHERE at <= $1`, since); err != nil {
		return store.Map(err)
	}
	var n int
	if err := r.db.QueryRowContext(ctx, `SELECT count(*) FROM attempts WHERE node_key = $1`, key.String()).Scan(&n); err != nil {
		return store.Map(err)
	}
	if n >= MaxAttempts {
		return fault.New(fault.TooMany, "too_many_attempts", "too many wrong secrets or codes for this node: try again in a quarter of an hour")
	}
	return nil
}

// Claim checks a node secret and answers what the provider's wallet has to sign.
func (r *Register) Claim(ctx context.Context, provider, key ids.Account, secret string) (*claim.Opened, error) {
	if err := r.allowed(ctx, key); err != nil {
		return nil, err
	}
	var want, endpoint, owner string
	err := r.db.QueryRowContext(ctx, `SELECT secret_hash, endpoint, coalesce(provider, '') FROM nodes WHERE key = $1`, key.String()).Scan(&want, &endpoint, &owner)
	if err != nil && fault.KindOf(store.Map(err)) != fault.NotFound {
		return nil, store.Map(err)
	}
	b, perr := claim.Parse(secret, claim.SecretSize)
	h := claim.SecretHash(key, b)
	if perr != nil || subtle.ConstantTimeCompare([]byte(hex.EncodeToString(h[:])), []byte(want)) != 1 {
		if err := r.attempt(ctx, key); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Forbidden, "secret_wrong", "this is not the node's secret: the node prints it at its first start and with 'flashback node secret'")
	}
	if owner != "" {
		return nil, fault.New(fault.Conflict, "node_bound", "the node is bound to %s already: its provider has to release it first", owner)
	}
	op := orchestrator.NodeBind{Provider: provider, Node: key, Endpoint: endpoint}
	unsigned, err := r.chain.Authorize(ctx, op, provider)
	if err != nil {
		return nil, fmt.Errorf("preparing the provider's authorisation: %w", err)
	}
	o := &claim.Opened{Claim: hex.EncodeToString(claim.Random(16)), Provider: provider, Node: key, Endpoint: endpoint, Authorization: unsigned}
	_, err = r.db.ExecContext(ctx, `INSERT INTO claims (id, node_key, provider, endpoint, state, expires_at) VALUES ($1, $2, $3, $4, 'opened', $5)`,
		o.Claim, key.String(), provider.String(), endpoint, r.now().Add(CodeLife).Unix())
	return o, store.Map(err)
}

var errClaimUnknown = fault.New(fault.NotFound, "claim_unknown", "no such claim of yours is open: it may have expired")

// AuthorizeClaim takes the wallet's signed authorisation and gives the claim code, once.
func (r *Register) AuthorizeClaim(ctx context.Context, provider, key ids.Account, id string, signed []byte) (*claim.Code, error) {
	code := claim.Random(claim.CodeSize)
	h := claim.CodeHash(key, code)
	expires := r.now().Add(CodeLife).Unix()
	res, err := r.db.ExecContext(ctx, `UPDATE claims SET state = 'coded', code_hash = $1, authorization = $2, expires_at = $3
		WHERE id = $4 AND node_key = $5 AND provider = $6 AND state = 'opened' AND expires_at > $7`,
		hex.EncodeToString(h[:]), signed, expires, id, key.String(), provider.String(), r.now().Unix())
	if err != nil {
		return nil, store.Map(err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return nil, errClaimUnknown
	}
	return &claim.Code{Code: claim.Format(code), Expires: uint64(expires)}, nil
}

// Redeem takes a code from the node itself, once, and answers what the node has to sign.
func (r *Register) Redeem(ctx context.Context, key ids.Account, x *claim.Redemption) (*claim.Redeemed, error) {
	if d := r.now().Sub(time.Unix(int64(x.At), 0)); d > ClockSkew || d < -ClockSkew {
		return nil, fault.New(fault.Invalid, "clock_skew", "the node's clock differs from ours by %s", d.Round(time.Second))
	}
	if !claim.Verify(key, x.Digest(key), x.Signature) {
		return nil, fault.New(fault.Unauthorized, "signature_invalid", "the request is not signed by the node's key")
	}
	if err := r.allowed(ctx, key); err != nil {
		return nil, err
	}
	o := &claim.Redeemed{Node: key}
	b, perr := claim.Parse(x.Code, claim.CodeSize)
	h := claim.CodeHash(key, b)
	err := store.Tx(ctx, r.db, func(tx *sql.Tx) error {
		var provider string
		// By the code's hash: an expired, used or foreign code looks like a wrong one.
		err := tx.QueryRowContext(ctx, `SELECT id, provider, endpoint FROM claims WHERE node_key = $1 AND code_hash = $2 AND state = 'coded' AND expires_at > $3`,
			key.String(), hex.EncodeToString(h[:]), r.now().Unix()).Scan(&o.Claim, &provider, &o.Endpoint)
		if err != nil {
			return err
		}
		if o.Provider, err = ids.ParseAccount(provider); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE claims SET state = 'redeemed' WHERE id = $1`, o.Claim)
		return err
	})
	if perr != nil || fault.KindOf(err) == fault.NotFound {
		if err := r.attempt(ctx, key); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Forbidden, "code_wrong", "this claim code is wrong, expired or used: claim the node again to get a new one")
	}
	if err != nil {
		return nil, err
	}
	o.Authorization, err = r.chain.Authorize(ctx, orchestrator.NodeBind{Provider: o.Provider, Node: key, Endpoint: o.Endpoint}, key)
	if err != nil {
		return nil, fmt.Errorf("preparing the node's authorisation: %w", err)
	}
	return o, nil
}

// Relay submits the binding with both authorisations.
func (r *Register) Relay(ctx context.Context, key ids.Account, id string, signed []byte) (*claim.Bound, error) {
	var provider, endpoint string
	var auth []byte
	err := r.db.QueryRowContext(ctx, `SELECT provider, endpoint, authorization FROM claims WHERE id = $1 AND node_key = $2 AND state = 'redeemed' AND expires_at > $3`,
		id, key.String(), r.now().Unix()).Scan(&provider, &endpoint, &auth)
	if fault.KindOf(store.Map(err)) == fault.NotFound {
		return nil, errClaimUnknown
	} else if err != nil {
		return nil, store.Map(err)
	}
	p, err := ids.ParseAccount(provider)
	if err != nil {
		return nil, err
	}
	rec, err := r.chain.Relay(ctx, r.relay, orchestrator.NodeBind{Provider: p, Node: key, Endpoint: endpoint}, auth, signed)
	if err != nil {
		return nil, fmt.Errorf("binding the node on chain: %w", err)
	}
	if _, err := r.db.ExecContext(ctx, `UPDATE claims SET state = 'bound', authorization = NULL WHERE id = $1`, id); err != nil {
		return nil, store.Map(err)
	}
	return &claim.Bound{Tx: rec.Tx, Node: rec.ID}, nil
}

// Challenge is a text for a wallet to sign (SEP-53 on Stellar): it says what it is for.
func (r *Register) Challenge(ctx context.Context, account ids.Account, platform string) (string, error) {
	now := r.now()
	if _, err := r.db.ExecContext(ctx, `DELETE FROM challenges WHERE expires_at <= $1`, now.Unix()); err != nil {
		return "", store.Map(err)
	}
	var n int
	if err := r.db.QueryRowContext(ctx, `SELECT count(*) FROM challenges`).Scan(&n); err != nil {
		return "", store.Map(err)
	}
	if n >= maxChallenges {
		return "", fault.New(fault.TooMany, "too_many_challenges", "too many logins are open: try again in a minute")
	}
	text := fmt.Sprintf("Flashback login\n%s\n%s\n%s", platform, account, base64.RawURLEncoding.EncodeToString(claim.Random(24)))
	_, err := r.db.ExecContext(ctx, `INSERT INTO challenges (hash, account, expires_at) VALUES ($1, $2, $3)`, hashText(text), account.String(), now.Add(ChallengeLife).Unix())
	return text, store.Map(err)
}

// Login checks a signed challenge and opens a session.
func (r *Register) Login(ctx context.Context, account ids.Account, challenge string, signature []byte) (token string, expires time.Time, err error) {
	wrong := fault.New(fault.Unauthorized, "login_refused", "the challenge is unknown, expired or not signed by this account")
	if !r.chain.VerifyMessage(account, []byte(challenge), signature) {
		return "", expires, wrong
	}
	b := make([]byte, 32)
	rand.Read(b)
	token = base64.RawURLEncoding.EncodeToString(b)
	expires = r.now().Add(SessionLife).Truncate(time.Second)
	err = store.Tx(ctx, r.db, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM challenges WHERE hash = $1 AND account = $2 AND expires_at > $3`, hashText(challenge), account.String(), r.now().Unix())
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return wrong
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires_at <= $1`, r.now().Unix()); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO sessions (token_hash, account, expires_at) VALUES ($1, $2, $3)`, hashText(token), account.String(), expires.Unix())
		return err
	})
	return token, expires, err
}

// Session is the account that a token stands for.
func (r *Register) Session(ctx context.Context, token string) (ids.Account, error) {
	var s string
	err := r.db.QueryRowContext(ctx, `SELECT account FROM sessions WHERE token_hash = $1 AND expires_at > $2`, hashText(token), r.now().Unix()).Scan(&s)
	if fault.KindOf(store.Map(err)) == fault.NotFound {
		return ids.Account{}, fault.New(fault.Unauthorized, "session_unknown", "log in: the session is unknown or over")
	} else if err != nil {
		return ids.Account{}, store.Map(err)
	}
	return ids.ParseAccount(s)
}

// Logout ends a session.
func (r *Register) Logout(ctx context.Context, token string) error {
	_, err := r.db.ExecContext(ctx, `DELETE FROM sessions WHERE token_hash = $1`, hashText(token))
	return store.Map(err)
}

func hashText(text string) string {
	h := canon.Hash([]byte(text))
	return hex.EncodeToString(h[:])
}
