package admin

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flashback-network/flashback/internal/bridge/claim"
	"github.com/flashback-network/flashback/internal/fault"
)

// plain is a node that answers what it was told.
type plain struct{ code string }

func (p *plain) Status() Status { return Status{Version: "v1"} }

func (p *plain) Claim(_ context.Context, code string) (claim.Claimed, error) {
	p.code = code
	if code != "good" {
		return claim.Claimed{}, fault.New(fault.Forbidden, "code_wrong", "the code is wrong")
	}
	return claim.Claimed{Tx: "tx"}, nil
}

func (p *plain) Secret() (string, error) { return "secret", nil }

func TestTheDoor(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"short": t.TempDir(), "too long for a socket": filepath.Join(t.TempDir(), strings.Repeat("long", 40))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			c := NewClient(dir)
			if _, err := c.Status(t.Context()); fault.CodeOf(err) != "node_not_running" {
				t.Errorf("without a node: %v", err)
			}
			// A socket of a process that died is in the way.
			if err := os.WriteFile(filepath.Join(dir, SocketName), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			l, err := Listen(dir)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- Serve(ctx, l, &plain{}, slog.New(slog.DiscardHandler)) }()
			if i, err := os.Stat(filepath.Join(dir, SocketName)); err != nil || i.Mode().Perm() != 0o600 || i.Mode().Type() != os.ModeSocket {
				t.Errorf("the socket: %v, %v", i, err)
			}
			if s, err := c.Status(t.Context()); err != nil || s.Version != "v1" {
				t.Errorf("status: %+v, %v", s, err)
			}
			if s, err := c.Secret(t.Context()); err != nil || s != "secret" {
				t.Errorf("secret: %q, %v", s, err)
			}
			if out, err := c.Claim(t.Context(), "good"); err != nil || out.Tx != "tx" {
				t.Errorf("claim: %+v, %v", out, err)
			}
			if _, err := c.Claim(t.Context(), "bad"); fault.CodeOf(err) != "code_wrong" || fault.KindOf(err) != fault.Forbidden || err.Error() != "the code is wrong" {
				t.Errorf("a wrong code: %v", err)
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
