package access

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/door"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/statement"
)

// Further endpoints beside those of the statement package: the account's own keys.
const (
	PathList   = statement.PathKeys + "/list"   // POST {challenge, signature} → {keys}
	PathDelete = statement.PathKeys + "/delete" // POST {challenge, signature, accessKey} → {}
)

// Endpoint serves challenges and keys.
type Endpoint struct {
	keys       *Keys
	challenges *challenges
	now        func() time.Time
	log        *slog.Logger
	callers    door.Limiter // by remote address, for every request
	accounts   door.Limiter // by account, after its signature was seen: a stranger cannot use up another's share
}

// NewEndpoint makes the endpoint of a node's keys.
func NewEndpoint(k *Keys, node ids.Account, log *slog.Logger) *Endpoint {
	return &Endpoint{keys: k, challenges: newChallenges(node), now: k.now, log: log,
		callers: door.Limiter{Rate: 5, Burst: 100}, accounts: door.Limiter{Rate: 0.5, Burst: 30}}
}

// Routes adds the endpoint to a mux.
func (e *Endpoint) Routes(mux *http.ServeMux) {
	mux.Handle("POST "+statement.PathChallenge, door.Handle(e.log, e.challenge))
	mux.Handle("POST "+statement.PathKeys, door.Handle(e.log, e.issue))
	mux.Handle("POST "+PathList, door.Handle(e.log, e.list))
	mux.Handle("POST "+PathDelete, door.Handle(e.log, e.delete))
}

func tooMany() error {
	return fault.New(fault.TooMany, "too_many", "too many requests: try again in some seconds")
}

func (e *Endpoint) challenge(r *http.Request, in statement.KeyChallenge) (statement.KeyChallenged, error) {
	var out statement.KeyChallenged
	if !e.callers.Allow(door.Caller(r), e.now()) {
		return out, tooMany()
	}
	if in.Account.Zero() || in.Account.Kind != ids.KeyAccount {
		return out, fault.New(fault.Invalid, "account_invalid", "account has to be a wallet's address")
	}
	if in.SLA != "" {
		if _, err := ids.Parse(in.SLA); err != nil {
			return out, fault.New(fault.Invalid, "sla_invalid", "sla has to be an id of 64 hexadecimal digits, or empty")
		}
	}
	out.Challenge = e.challenges.make(in.Account, in.SLA, e.now())
	return out, nil
}

// authenticate checks a signed challenge and uses it up.
func (e *Endpoint) authenticate(r *http.Request, text string, signature []byte) (ids.Account, ids.ID, error) {
	now := e.now()
	if !e.callers.Allow(door.Caller(r), now) {
		return ids.Account{}, ids.ID{}, tooMany()
	}
	account, slaID, nonce, err := e.challenges.read(text, now)
	if err != nil {
		return account, slaID, err
	}
	if !e.keys.view.o.Chain.VerifyMessage(account, []byte(text), signature) {
		return account, slaID, fault.New(fault.Unauthorized, "signature_bad", "the signature is not the account's over this challenge")
	}
	if !e.accounts.Allow(account.String(), now) {
		return account, slaID, tooMany()
	}
	return account, slaID, e.challenges.use(nonce, now)
}

func (e *Endpoint) issue(r *http.Request, in statement.KeyRequest) (statement.Keys, error) {
	var out statement.Keys
	var grant ids.ID
	if in.Grant != "" {
		var err error
		if grant, err = ids.Parse(in.Grant); err != nil {
			return out, fault.New(fault.Invalid, "grant_invalid", "grant has to be an id of 64 hexadecimal digits, or empty")
		}
	}
	account, slaID, err := e.authenticate(r, in.Challenge, in.Signature)
	if err != nil {
		return out, err
	}
	k, err := e.keys.Issue(r.Context(), account, slaID, grant)
	if err != nil {
		return out, err
	}
	e.log.Info("access key issued", "key", k.AccessKey, "account", account, "sla", text(slaID), "grant", text(grant))
	return statement.Keys{AccessKey: k.AccessKey, SecretKey: k.SecretKey, Expires: k.Expires.Unix()}, nil
}

// SignedChallenge authenticates a call on the account's own keys. AccessKey is for PathDelete.
type SignedChallenge struct {
	Challenge string `json:"challenge"`
	Signature []byte `json:"signature"`
	AccessKey string `json:"accessKey,omitempty"`
}

// KeyList answers PathList.
type KeyList struct {
	Keys []KeyInfo `json:"keys"`
}

func (e *Endpoint) list(r *http.Request, in SignedChallenge) (KeyList, error) {
	account, slaID, err := e.authenticate(r, in.Challenge, in.Signature)
	if err != nil {
		return KeyList{}, err
	}
	return KeyList{e.keys.List(account, slaID)}, nil
}

func (e *Endpoint) delete(r *http.Request, in SignedChallenge) (struct{}, error) {
	account, slaID, err := e.authenticate(r, in.Challenge, in.Signature)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, e.keys.Delete(account, slaID, in.AccessKey)
}
