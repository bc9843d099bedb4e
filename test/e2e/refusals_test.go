//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/bridge/admin"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/network"
	"github.com/flashback-network/flashback/internal/oracle"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// refused runs a command that must fail with a code.
func (l *local) refused(code string, args ...string) {
	l.t.Helper()
	out, err := l.run(args...)
	if err == nil {
		l.t.Errorf("flashback %s: went through: %s", strings.Join(args, " "), out)
		return
	}
	if !strings.Contains(err.Error(), "("+code+")") {
		l.t.Errorf("flashback %s: refused with %v, want %s", strings.Join(args, " "), err, code)
		return
	}
	l.t.Logf("refused: %s", err.Error()[strings.LastIndex(err.Error(), "flashback: ")+len("flashback: "):])
}

// s3Refused checks an S3 error's code.
func s3Refused(t *testing.T, what string, err error, codes ...string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Errorf("%s: %v, want an S3 error", what, err)
		return
	}
	for _, c := range codes {
		if api.ErrorCode() == c {
			t.Logf("refused: %s: %s: %s", what, api.ErrorCode(), api.ErrorMessage())
			return
		}
	}
	t.Errorf("%s: refused with %s (%s), want %v", what, api.ErrorCode(), api.ErrorMessage(), codes)
}

func put(d network.Demo, key string, size int) error {
	_, err := s3Client(d).PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String(d.Bucket), Key: aws.String(key), Body: bytes.NewReader(make([]byte, size))})
	return err
}

func TestRefusals(t *testing.T) {
	l := up(t, quick...)
	d := l.info.Demo
	t.Run("S3 keys and signatures", func(t *testing.T) {
		bad := d
		bad.AccessKey = "FLBKAAAAAAAAAAAAAAAA"
		s3Refused(t, "unknown key", put(bad, "x", 1), "InvalidAccessKeyId")
		bad = d
		bad.SecretKey = strings.Repeat("x", 40)
		s3Refused(t, "bad signature", put(bad, "x", 1), "SignatureDoesNotMatch")
		req, err := http.NewRequest(http.MethodGet, d.S3+"/demo/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		empty := fmt.Sprintf("%x", sha256.Sum256(nil))
		req.Header.Set("X-Amz-Content-Sha256", empty)
		if err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: d.AccessKey, SecretAccessKey: d.SecretKey}, req, empty, "s3", "us-east-1", time.Now().Add(-20*time.Minute)); err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var b bytes.Buffer
		_, _ = b.ReadFrom(res.Body)
		if res.StatusCode != http.StatusForbidden || !strings.Contains(b.String(), "RequestTimeTooSkewed") {
			t.Errorf("a clock 20 minutes late: %s %s", res.Status, b.String())
		}
		t.Logf("refused: clock skew: %s", b.String())
	})
	t.Run("reserve and end", func(t *testing.T) { l.with(t).reserveAndEnd(t) })
	t.Run("revoked grant", func(t *testing.T) {
		l := l.with(t)
		if err := put(d, "before", 10); err != nil {
			t.Fatal(err)
		}
		l.must("grant", "revoke", "demo", "--wallet", "consumer")
		took := eventually(t, 5*time.Second, "refusal after a revoked grant", func() bool { return put(d, "after", 10) != nil })
		s3Refused(t, "a revoked grant", put(d, "after", 10), "AccessDenied", "InvalidAccessKeyId")
		t.Logf("refused %s after the revocation was on chain", took.Round(time.Millisecond))
	})
	t.Run("certificates and leaves", func(t *testing.T) { l.with(t).certificates(t) })
	t.Run("claims", func(t *testing.T) { l.with(t).claims(t) })
}

// reserveAndEnd opens a small, short SLA and runs into both bounds.
func (l *local) reserveAndEnd(t *testing.T) {
	s := ask[struct {
		ID    ids.ID `json:"id"`
		State string `json:"state"`
	}](l, "sla", "open", "--unit", "node-1", "--volume", "1MiB", "--egress", "1MiB", "--epochs", "4")
	if s.State != "active" {
		t.Fatalf("the SLA is %s", s.State)
	}
	var keys struct{ Endpoint, AccessKey, SecretKey string }
	eventually(t, 10*time.Second, "keys for the new SLA", func() bool {
		k, err := l.run("keys", "new", "--sla", s.ID.String(), "--json")
		return err == nil && unmarshal(k, &keys) == nil
	})
	d := network.Demo{S3: keys.Endpoint, AccessKey: keys.AccessKey, SecretKey: keys.SecretKey, Bucket: "small"}
	if _, err := s3Client(d).CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String("small")}); err != nil {
		t.Fatal(err)
	}
	if err := put(d, "fits", 900<<10); err != nil {
		t.Fatal(err)
	}
	s3Refused(t, "a write past the reserve", put(d, "too much", 200<<10), "ServiceQuotaExceeded", "QuotaExceeded", "AccessDenied")
	o, err := s3Client(d).ListObjectsV2(context.Background(), &s3.ListObjectsV2Input{Bucket: aws.String("small")})
	if err != nil || len(o.Contents) != 1 {
		t.Errorf("after the refusal there are %d objects, %v", len(o.Contents), err)
	}
	eventually(t, 2*window, "the SLA is over", func() bool { return l.sla(s.ID.String()).State == "completed" })
	s3Refused(t, "a write after the SLA's end", put(d, "late", 10), "AccessDenied", "InvalidAccessKeyId")
}

// certificates that the Oracle refuses, and a settlement with a foreign leaf.
func (l *local) certificates(t *testing.T) {
	ctx := context.Background()
	_, c := l.open()
	by := l.wallet("relayer")
	config, err := c.OracleConfig(ctx)
	if err != nil {
		t.Fatal(err)
	}
	keys := make([]*secp256k1.PrivateKey, len(config.Validators))
	for i := range keys {
		if keys[i], err = oracle.ReportKey(network.Layout{Dir: l.dir}.Role(fmt.Sprintf("validator-%d", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	// Without the validators nobody else reports meanwhile.
	for i := range keys {
		l.must("local", "stop", fmt.Sprintf("validator-%d", i+1))
	}
	defer func() {
		for i := range keys {
			l.must("local", "start", fmt.Sprintf("validator-%d", i+1))
		}
	}()
	time.Sleep(time.Second)
	latest, root, ok, err := c.LatestReport(ctx)
	if err != nil || !ok {
		t.Fatalf("latest report: %v %v", ok, err)
	}
	eventually(t, window, "a later epoch has ended", func() bool {
		_, at, err := c.Head(ctx)
		return err == nil && config.Epoch(uint64(at.Unix())) > latest+1
	})
	digest := config.Digest()
	other := config
	other.Network = cert.NetworkID([32]byte{1}, ids.Account{Chain: ids.Stellar, Kind: ids.Contract})
	sign := func(cf *cert.Config, x cert.Certificate, who ...int) cert.Certificate {
		h := cert.Digest(cf.Network, cf.Digest(), x.Epoch, x.Root, x.Previous)
		for _, i := range who {
			k := keys[i%len(keys)]
			x.Signatures = append(x.Signatures, cert.Sign(k, uint32(i), h))
		}
		return x
	}
	good := cert.Certificate{Epoch: latest + 1, Root: [32]byte{7}, Previous: root, ConfigDigest: digest}
	high := sign(&config, good, 0, 1, 2)
	var sc secp256k1.ModNScalar
	sc.SetByteSlice(high.Signatures[1].RS[32:])
	sc.Negate()
	hb := sc.Bytes()
	copy(high.Signatures[1].RS[32:], hb[:])
	high.Signatures[1].Recovery ^= 1
	old, future, foreign := good, good, good
	old.Epoch, future.Epoch, foreign.Previous = latest, latest+1000, [32]byte{9}
	for _, x := range []struct {
		what, code string
		c          cert.Certificate
	}{
		{"too few signatures", "QuorumMissing", sign(&config, good, 0, 1)},
		{"a repeated signature", "SignerOrder", sign(&config, good, 0, 1, 1)},
		{"an unknown signer", "SignerUnknown", sign(&config, good, 0, 1, 2, 4)},
		{"a high s", "SignatureHigh", high},
		{"a signature of another network or contract", "SignatureBad", sign(&other, good, 0, 1, 2)},
		{"an old epoch", "EpochOld", sign(&config, old, 0, 1, 2)},
		{"a future epoch", "EpochFuture", sign(&config, future, 0, 1, 2)},
		{"another previous root", "PreviousMismatch", sign(&config, foreign, 0, 1, 2)},
	} {
		_, err := c.Submit(ctx, by, orchestrator.SubmitReport{Certificate: x.c})
		if fault.CodeOf(err) != x.code {
			t.Errorf("%s: %v, want %s", x.what, err, x.code)
			continue
		}
		t.Logf("refused: a certificate with %s: %s", x.what, fault.CodeOf(err))
	}
	if e, r, _, err := c.LatestReport(ctx); err != nil || e != latest || r != root {
		t.Errorf("a refused certificate changed the latest report: %d %x %v", e, r, err)
	}

	// a settlement of the one SLA with the other's leaf
	s, o := l.sla("demo"), l.sla("demo-2")
	before, err := c.SLA(ctx, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.Terms(ctx, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	terms, err := sla.DecodeTerms(raw)
	if err != nil {
		t.Fatal(err)
	}
	leaf := sla.Zero(terms)
	leaf.Epochs = 1
	_, err = c.Submit(ctx, by, orchestrator.Settle{SLA: s.ID, From: sla.Zero(terms), To: leaf, Epoch: latest, Proof: merkle.Proof{}})
	if fault.CodeOf(err) != "LeafForeign" {
		t.Errorf("a foreign leaf: %v, want LeafForeign", err)
	} else {
		t.Logf("refused: a settlement with a foreign leaf: %s", fault.CodeOf(err))
	}
	after, err := c.SLA(ctx, s.ID)
	if err != nil || after.SettledHash != before.SettledHash || !after.Earned.Equal(before.Earned) {
		t.Errorf("a refused settlement changed the SLA: %v", err)
	}
}

// claims: a third node, claimed by hand as a provider does, with every mistake on the way.
func (l *local) claims(t *testing.T) {
	dir := filepath.Join(l.dir, "mine")
	cmd := exec.Command(binary(t), "node", "--dir", dir, "--network", network.Layout{Dir: l.dir}.Deployment(), "--listen", "127.0.0.1:"+strconv.Itoa(l.base+38))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	}()
	node := admin.NewClient(dir)
	var secret, key string
	eventually(t, 20*time.Second, "the new node", func() bool {
		s, err := node.Secret(context.Background())
		if err != nil {
			return false
		}
		st, err := node.Status(context.Background())
		if err != nil {
			return false
		}
		secret, key = s, st.Key.String()
		_, err = l.run("node", "list", "--provider", "-", "--json")
		return err == nil && strings.Contains(l.must("node", "list", "--provider", "-"), key)
	})
	for _, w := range []string{"me", "thief"} {
		l.must("wallet", "new", w)
		l.must("wallet", "fund", "-w", w)
		l.must("wallet", "register", "-w", w)
	}
	l.refused("secret_wrong", "wallet", "claim", key, "--secret", "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AA", "-w", "thief")
	c := ask[struct{ Code string }](l, "wallet", "claim", key, "--secret", secret, "-w", "me")
	if _, err := node.Claim(context.Background(), "AAAA-AAAA-AAAA-AAAA"); fault.CodeOf(err) != "code_wrong" {
		t.Errorf("a wrong claim code: %v", err)
	} else {
		t.Logf("refused: %v", err)
	}
	bound, err := node.Claim(context.Background(), c.Code)
	if err != nil {
		t.Fatalf("claiming: %v", err)
	}
	if bound.Provider != l.wallet("me").Account() {
		t.Errorf("bound to %s", bound.Provider)
	}
	if _, err := node.Claim(context.Background(), c.Code); err == nil {
		t.Error("a used claim code went through")
	} else {
		t.Logf("refused: %v", err)
	}
	eventually(t, 10*time.Second, "the platform sees the binding", func() bool { return !strings.Contains(l.must("node", "list", "--provider", "-"), key) })
	l.refused("node_bound", "wallet", "claim", key, "--secret", secret, "-w", "thief")
	l.must("units", "collateral", "deposit", "100", "-w", "me")
	u := ask[struct{ ID string }](l, "units", "create", "--node", key, "--capacity", "1GiB", "--region", "CH/Zug", "--storage-price", "0.2", "-w", "me")
	eventually(t, 10*time.Second, "the unit on the marketplace", func() bool { return strings.Contains(l.must("market", "search", "--region", "CH"), u.ID) })
	t.Logf("claimed by hand, collateral sent, unit %s listed", u.ID[:16])
}
