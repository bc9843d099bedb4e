package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/statement"
)

// errChallenge refuses to sign a text that is not the node's own question to us.
var errChallenge = fault.New(fault.Invalid, "challenge_foreign", "the node asks to sign something that is no challenge for this account")

// login gets keys for the probe space of a node: a challenge, signed by the operator's wallet.
func login(ctx context.Context, client *http.Client, endpoint string, node ids.Account, operator chain.Signer) (aws.Credentials, error) {
	var c statement.KeyChallenged
	if err := post(ctx, client, endpoint+statement.PathChallenge, statement.KeyChallenge{Account: operator.Account()}, &c); err != nil {
		return aws.Credentials{}, err
	}
	if asks, ok := c.Node(operator.Account(), ""); !ok || asks != node.String() {
		return aws.Credentials{}, errChallenge
	}
	sig, err := operator.SignMessage([]byte(c.Challenge))
	if err != nil {
		return aws.Credentials{}, err
	}
	var k statement.Keys
	if err := post(ctx, client, endpoint+statement.PathKeys, statement.KeyRequest{Challenge: c.Challenge, Signature: sig}, &k); err != nil {
		return aws.Credentials{}, err
	}
	return aws.Credentials{AccessKeyID: k.AccessKey, SecretAccessKey: k.SecretKey, CanExpire: true, Expires: time.Unix(k.Expires, 0)}, nil
}

// errRefused is an HTTP answer that is not the one wanted: the node is there.
type errRefused struct{ status int }

func (e errRefused) Error() string { return fmt.Sprintf("the node answered with status %d", e.status) }

func post(ctx context.Context, client *http.Client, url string, in, out any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, statement.MaxBody))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return errRefused{res.StatusCode}
	}
	return json.Unmarshal(body, out)
}
