package network

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/door"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/statement"
)

// S3Keys exchanges a wallet's signature for S3 keys at a node: as the SLA's consumer, or with a grant as its grantee.
func S3Keys(ctx context.Context, endpoint string, w chain.Signer, sla, grant ids.ID) (statement.Keys, error) {
	var keys statement.Keys
	var c statement.KeyChallenged
	if err := post(ctx, endpoint+statement.PathChallenge, statement.KeyChallenge{Account: w.Account(), SLA: sla.String()}, &c); err != nil {
		return keys, err
	}
	if _, ok := c.Node(w.Account(), sla.String()); !ok {
		return keys, fault.New(fault.Forbidden, "challenge_foreign", "the node asks to sign something else than keys for this account and SLA")
	}
	sig, err := w.SignMessage([]byte(c.Challenge))
	if err != nil {
		return keys, err
	}
	req := statement.KeyRequest{Challenge: c.Challenge, Signature: sig}
	if !grant.Zero() {
		req.Grant = grant.String()
	}
	return keys, post(ctx, endpoint+statement.PathKeys, req, &keys)
}

func post(ctx context.Context, url string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "node_unavailable", "the node at %s does not answer", url)
	}
	defer res.Body.Close()
	b, err = io.ReadAll(io.LimitReader(res.Body, statement.MaxAnswer))
	if err != nil {
		return fmt.Errorf("reading the node's answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return door.Fault(res.StatusCode, b, "the node")
	}
	return json.Unmarshal(b, out)
}
