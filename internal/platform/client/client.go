// Package client calls a platform's API from Go: for the commands and for the local network.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
)

// Client of one platform. The zero Token is a visitor's. It is safe for concurrent use once Token is set.
type Client struct {
	URL   string
	Token string
}

// New makes a client of the platform at an address.
func New(url string) *Client { return &Client{URL: strings.TrimSuffix(url, "/")} }

const (
	timeout   = 60 * time.Second
	maxAnswer = 16 << 20
)

// Get asks for path.
func Get[T any](ctx context.Context, c *Client, path string, q url.Values) (T, error) {
	var out T
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	err := c.do(ctx, http.MethodGet, path, nil, &out)
	return out, err
}

// Post sends in to path.
func Post[T any](ctx context.Context, c *Client, path string, in any) (T, error) {
	var out T
	err := c.do(ctx, http.MethodPost, path, in, &out)
	return out, err
}

func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "platform_unavailable", "the platform at %s does not answer", c.URL)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "platform_unavailable", "the platform's answer broke off")
	}
	if res.StatusCode >= 300 {
		return refusal(res.StatusCode, b)
	}
	if len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fault.Wrap(err, fault.Unavailable, "platform_unavailable", "the platform's answer cannot be read")
	}
	return nil
}

var kinds = map[int]fault.Kind{
	400: fault.Invalid, 422: fault.Invalid, 401: fault.Unauthorized, 403: fault.Forbidden, 404: fault.NotFound, 409: fault.Conflict, 410: fault.Expired, 412: fault.Precondition,
	429: fault.TooMany, 502: fault.Unavailable, 503: fault.Unavailable, 504: fault.Unavailable, 507: fault.Exhausted,
}

// refusal turns an RFC 9457 answer back into a fault.
func refusal(status int, b []byte) error {
	var p httpapi.Problem
	if json.Unmarshal(b, &p) != nil || p.Detail == "" {
		p.Detail, p.Code = fmt.Sprintf("the server answers %d", status), "unexpected_answer"
	}
	return fault.New(kinds[status], p.Code, "%s", p.Detail)
}

// Login opens a session with a wallet: it signs the platform's challenge.
func (c *Client) Login(ctx context.Context, w chain.Signer) (*Client, error) {
	ch, err := Post[httpapi.Challenge](ctx, c, "/v1/auth/challenges", map[string]any{"account": w.Account()})
	if err != nil {
		return nil, err
	}
	sig, err := w.SignMessage([]byte(ch.Challenge))
	if err != nil {
		return nil, err
	}
	s, err := Post[httpapi.Session](ctx, c, "/v1/auth/sessions", map[string]any{"account": w.Account(), "challenge": ch.Challenge, "signature": sig})
	if err != nil {
		return nil, err
	}
	return &Client{URL: c.URL, Token: s.Token}, nil
}

// Authorizer checks and signs what a wallet authorises (chain.Chain).
type Authorizer interface {
	SignAuthorization(by chain.Signer, op orchestrator.Op, unsigned []byte) ([]byte, error)
}

// ClaimNode does the provider's side of the claim procedure: login, secret, authorisation. It gives the code for the node.
func (c *Client) ClaimNode(ctx context.Context, ch Authorizer, w chain.Signer, node ids.Account, secret string) (claim.Code, error) {
	s, err := c.Login(ctx, w)
	if err != nil {
		return claim.Code{}, fmt.Errorf("logging in: %w", err)
	}
	o, err := Post[claim.Opened](ctx, s, "/v1/nodes/"+node.String()+"/claims", claim.Secret{Secret: secret})
	if err != nil {
		return claim.Code{}, err
	}
	// The wallet signs what it asked for, not what the platform says it asked for.
	n, err := Get[struct{ Endpoint string }](ctx, c, "/v1/nodes/"+node.String(), nil)
	if err != nil {
		return claim.Code{}, err
	}
	signed, err := ch.SignAuthorization(w, orchestrator.NodeBind{Provider: w.Account(), Node: node, Endpoint: n.Endpoint}, o.Authorization)
	if err != nil {
		return claim.Code{}, fmt.Errorf("signing the authorisation: %w", err)
	}
	return Post[claim.Code](ctx, s, "/v1/nodes/"+node.String()+"/claims/"+o.Claim+"/authorization", claim.Signed{Authorization: signed})
}
