package claim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/door"
	"github.com/flashback-network/flashback/internal/chain"
	words "github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Chain is what a claim needs of a chain.Chain.
type Chain interface {
	SignAuthorization(by chain.Signer, op orchestrator.Op, unsigned []byte) ([]byte, error)
	NodeOf(ctx context.Context, key ids.Account) (ids.ID, error)
	Node(ctx context.Context, id ids.ID) (orchestrator.Node, error)
}

// Options of a Client.
type Options struct {
	Platform string // URL
	Key      chain.Signer
	Chain    Chain
	Secret   Secret
	Endpoint string // where consumers reach the node
	Version  string
	HTTP     *http.Client // nil: one with sane limits
	Now      func() time.Time
	Logger   *slog.Logger
	// Wait between two looks whether the chain shows the binding; 0: 500 ms.
	Wait time.Duration
}

// Client speaks with the platform for one node. Safe for concurrent use.
type Client struct{ o Options }

// New makes a client.
func New(o Options) *Client {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 60 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the platform redirects; configure its final address")
		}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Wait <= 0 {
		o.Wait = 500 * time.Millisecond
	}
	o.Platform = strings.TrimRight(o.Platform, "/")
	return &Client{o}
}

// Announce tells the platform once that the node is there.
func (c *Client) Announce(ctx context.Context) error {
	h := words.SecretHash(c.o.Key.Account(), c.o.Secret.b)
	a := words.Announcement{Key: c.o.Key.Account(), Endpoint: c.o.Endpoint, Version: c.o.Version, SecretHash: h[:], At: uint64(c.o.Now().Unix())}
	var err error
	if a.Signature, err = c.o.Key.SignHash(a.Digest()); err != nil {
		return fmt.Errorf("signing the announcement: %w", err)
	}
	return c.post(ctx, "/v1/nodes/announce", a, nil)
}

// Pauses between announcements.
const (
	firstPause  = 500 * time.Millisecond
	longPause   = time.Minute
	againAfter  = 10 * time.Minute
	pauseJitter = 0.2
)

// KeepAnnounced announces the node at once, again after a while, and with growing pauses as long as it fails, until ctx ends.
func (c *Client) KeepAnnounced(ctx context.Context) {
	pause, said := firstPause, false
	for {
		err := c.Announce(ctx)
		wait := againAfter
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			if said || pause == firstPause {
				c.o.Logger.Info("announced to the platform", "platform", c.o.Platform, "endpoint", c.o.Endpoint)
			}
			pause, said = 2*firstPause, false
		default:
			if !said {
				c.o.Logger.Warn("the platform did not take the announcement; trying on", "platform", c.o.Platform, "err", err)
				said = true
			}
			wait = pause
			pause = min(2*pause, longPause)
		}
		wait += time.Duration(float64(wait) * pauseJitter * rand.Float64())
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Claimed is the outcome of a redeemed code.
type Claimed struct {
	Provider ids.Account `json:"provider"`
	Node     ids.ID      `json:"node"`
	Tx       string      `json:"tx"`
}

// Redeem binds the node to the provider whose wallet got the code. It signs nothing before it has checked what the platform sent, and returns when the chain
// shows the binding or ctx ends.
func (c *Client) Redeem(ctx context.Context, code string) (Claimed, error) {
	var out Claimed
	raw, err := words.Parse(code, words.CodeSize)
	if err != nil {
		return out, fault.New(fault.Invalid, "code_invalid", "%s", err.Error())
	}
	self := c.o.Key.Account()
	r := words.Redemption{Code: words.Format(raw), At: uint64(c.o.Now().Unix())}
	if r.Signature, err = c.o.Key.SignHash(r.Digest(self)); err != nil {
		return out, fmt.Errorf("signing the redemption: %w", err)
	}
	base := "/v1/nodes/" + self.String() + "/claims/"
	var offer words.Redeemed
	if err := c.post(ctx, base+"redeem", r, &offer); err != nil {
		return out, err
	}
	op, err := c.check(&offer)
	if err != nil {
		return out, err
	}
	signed, err := c.o.Chain.SignAuthorization(c.o.Key, op, offer.Authorization)
	if err != nil {
		return out, fault.Wrap(err, fault.Forbidden, "authorization_bad", "the platform asked for a signature under something else than binding this node; nothing was signed")
	}
	var bound words.Bound
	if err := c.post(ctx, base+url.PathEscape(offer.Claim)+"/relay", words.Signed{Authorization: signed}, &bound); err != nil {
		return out, err
	}
	id, err := c.await(ctx, op)
	if err != nil {
		return out, err
	}
	return Claimed{Provider: op.Provider, Node: id, Tx: bound.Tx}, nil
}

// check makes the call that the node is ready to authorise out of its own facts, and refuses an offer that differs.
func (c *Client) check(offer *words.Redeemed) (orchestrator.NodeBind, error) {
	op := orchestrator.NodeBind{Provider: offer.Provider, Node: c.o.Key.Account(), Endpoint: c.o.Endpoint}
	foreign := func(what string) (orchestrator.NodeBind, error) {
		return op, fault.New(fault.Forbidden, "offer_foreign", "the platform's answer is for another %s; nothing was signed", what)
	}
	switch {
	case offer.Node != op.Node:
		return foreign("node")
	case offer.Endpoint != op.Endpoint:
		return foreign("endpoint: " + offer.Endpoint)
	case offer.Provider.Zero() || offer.Provider.Chain != op.Node.Chain || offer.Provider == op.Node:
		return foreign("kind of provider")
	case offer.Claim == "" || len(offer.Claim) > 128:
		return foreign("claim")
	}
	return op, nil
}

// await waits until the chain shows the binding.
func (c *Client) await(ctx context.Context, op orchestrator.NodeBind) (ids.ID, error) {
	var last error
	for {
		id, err := c.o.Chain.NodeOf(ctx, op.Node)
		if err == nil {
			n, err := c.o.Chain.Node(ctx, id)
			switch {
			case err != nil:
				last = err
			case n.State == orchestrator.NodeActive && n.Provider != op.Provider:
				return id, fault.New(fault.Conflict, "bound_elsewhere", "the chain shows this node bound to another provider, %s", n.Provider)
			case n.State == orchestrator.NodeActive:
				return id, nil
			}
		} else {
			last = err
		}
		select {
		case <-ctx.Done():
			return id, fault.Wrap(errors.Join(ctx.Err(), last), fault.Unavailable, "binding_unseen", "the transaction was relayed; the chain does not show the binding yet")
		case <-time.After(c.o.Wait):
		}
	}
}

// maxAnswer of the platform in bytes.
const maxAnswer = 256 << 10

// post sends JSON and reads JSON into out, or a problem as a fault of its kind and code.
func (c *Client) post(ctx context.Context, path string, in, out any) error {
	if c.o.Platform == "" {
		return fault.New(fault.Conflict, "no_platform", "this node is not configured with a platform")
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.o.Platform+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.o.HTTP.Do(req)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "platform_unavailable", "the platform at %s does not answer", c.o.Platform)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(b) > maxAnswer {
		return fault.Wrap(err, fault.Unavailable, "platform_unavailable", "the platform's answer broke off or is too long")
	}
	if res.StatusCode/100 != 2 {
		return door.Fault(res.StatusCode, b, "the platform")
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fault.Wrap(err, fault.Unavailable, "platform_unavailable", "the platform's answer is not what is expected")
	}
	return nil
}
