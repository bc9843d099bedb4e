package stellar

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyNeverPrints(t *testing.T) {
	t.Parallel()
	k := GenerateKey()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", k, "in", struct{ K *Key }{k})
	js, err := json.Marshal(map[string]any{"key": k})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprint(k) + fmt.Sprintf("%v %+v %#v %s %q %x %d", k, k, k, k, k, k, k) + log.String() + string(js)
	raw := string(k.private.Seed())
	for _, secret := range []string{k.Seed(), raw, fmt.Sprintf("%x", raw), base64.StdEncoding.EncodeToString([]byte(raw)), fmt.Sprint([]byte(raw))} {
		if strings.Contains(all, secret) {
			t.Fatalf("the secret is in %s", all)
		}
	}
	if strings.Count(all, k.Account().String()) < 10 {
		t.Fatalf("the address is not in %s", all)
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "node.key")
	k, err := LoadOrCreateKey(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	again, err := LoadOrCreateKey(file)
	if err != nil || again.Seed() != k.Seed() {
		t.Fatalf("read back %v, %v", again, err)
	}
	if err := k.Save(file); err == nil {
		t.Error("a key file was overwritten")
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(file); err == nil {
		t.Error("a key that others can read was loaded")
	}
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte(k.Account().String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(bad); err == nil {
		t.Error("an address was loaded as a key")
	}
}

// The vectors are those of SEP-53.
func TestMessageSignature(t *testing.T) {
	t.Parallel()
	k, err := ParseKey("SAKICEVQLYWGSOJS4WW7HZJWAHZVEEBS527LHK5V4MLJALYKICQCJXMW")
	if err != nil {
		t.Fatal(err)
	}
	if got := k.Account().String(); got != "GBXFXNDLV4LSWA4VB7YIL5GBD7BVNR22SGBTDKMO2SBZZHDXSKZYCP7L" {
		t.Fatalf("address %s", got)
	}
	for _, v := range []struct{ message, signature string }{
		{"Hello, World!", "fO5dbYhXUhBMhe6kId/cuVq/AfEnHRHEvsP8vXh03M1uLpi5e46yO2Q8rEBzu3feXQewcQE5GArp88u6ePK6BA=="},
		{"こんにちは、世界！", "CDU265Xs8y3OWbB/56H9jPgUss5G9A0qFuTqH2zs2YDgTm+++dIfmAEceFqB7bhfN3am59lCtDXrCtwH2k1GBA=="},
	} {
		sig, err := k.SignMessage([]byte(v.message))
		if err != nil {
			t.Fatal(err)
		}
		if got := base64.StdEncoding.EncodeToString(sig); got != v.signature {
			t.Errorf("%s: %s", v.message, got)
		}
		if !VerifyMessage(k.Account(), []byte(v.message), sig) || VerifyMessage(k.Account(), []byte(v.message+" "), sig) || VerifyMessage(GenerateKey().Account(), []byte(v.message), sig) {
			t.Errorf("%s: verification is wrong", v.message)
		}
	}
}
