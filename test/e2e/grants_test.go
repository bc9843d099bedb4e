//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/network"
)

// TestGrantsArePassedOn lets an application pass on part of its grant, and ends all of it by ending the application's.
func TestGrantsArePassedOn(t *testing.T) {
	l := up(t, quick...)
	type made struct {
		ID string `json:"id"`
	}
	for _, w := range []string{"agent", "helper"} {
		l.must("wallet", "new", w)
	}
	l.must("wallet", "fund", "--wallet", "agent")
	whole := ask[made](l, "grant", "create", "--sla", "demo", "--to", "agent", "--prefix", l.info.Demo.Bucket+"/", "--ops", "all,delegate", "--for", "1h", "--wallet", "consumer").ID
	l.refused("GrantInvalid", "grant", "delegate", whole, "--to", "helper", "--prefix", "other/", "--wallet", "agent")
	l.refused("NotAuthorized", "grant", "delegate", whole, "--to", "helper", "--wallet", "consumer")
	part := ask[made](l, "grant", "delegate", whole, "--to", "helper", "--prefix", l.info.Demo.Bucket+"/helped/", "--ops", "list,read,write", "--wallet", "agent").ID
	var keys struct{ Endpoint, AccessKey, SecretKey string }
	eventually(t, 10*time.Second, "keys for what was passed on", func() bool {
		k, err := l.run("keys", "new", "--sla", "demo", "--grant", part, "--wallet", "helper", "--json")
		return err == nil && unmarshal(k, &keys) == nil
	})
	d := network.Demo{S3: keys.Endpoint, AccessKey: keys.AccessKey, SecretKey: keys.SecretKey, Bucket: l.info.Demo.Bucket}
	if err := put(d, "helped/a", 10); err != nil {
		t.Fatal(err)
	}
	s3Refused(t, "outside of the part", put(d, "a", 10), "AccessDenied")
	l.must("grant", "revoke", whole, "--wallet", "consumer")
	took := eventually(t, 5*time.Second, "refusal after the grant above was revoked", func() bool { return put(d, "helped/b", 10) != nil })
	s3Refused(t, "under a revoked grant", put(d, "helped/b", 10), "AccessDenied", "InvalidAccessKeyId")
	t.Logf("refused %s after the revocation was on chain", took.Round(time.Millisecond))
}
