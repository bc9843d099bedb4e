package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	front "github.com/flashback-network/flashback/internal/bridge/s3"
	"github.com/flashback-network/flashback/internal/fault"
)

const (
	accessKey = "AKIACONFORMANCE00001"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYCONFORMANCE"
)

type keys struct{}

func (keys) Find(_ context.Context, key string) (*front.Identity, error) {
	if key != accessKey {
		return nil, fault.New(fault.NotFound, "no_such_key", "no such key")
	}
	return &front.Identity{AccessKey: accessKey, Secret: secretKey, Space: "conformance", Owner: "conformance"}, nil
}

// node is a front on an engine in a temporary folder.
type node struct {
	t    *testing.T
	url  string
	home string
}

func newNode(t *testing.T) *node {
	t.Helper()
	store, err := object.Open(t.Context(), t.TempDir(), object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(front.New(front.Options{Store: store, Keys: keys{}}))
	t.Cleanup(func() {
		server.Close()
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &node{t: t, url: server.URL, home: t.TempDir()}
}

// tool finds a client, or skips.
func tool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("FLASHBACK_S3_TOOLS")
	if dir == "" {
		if cache, err := os.UserCacheDir(); err == nil {
			dir = filepath.Join(cache, "flashback", "s3-tools")
		}
	}
	if path := filepath.Join(dir, "bin", name); dir != "" {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: run test/conformance/s3/install.sh", name)
	}
	return path
}

// run runs a client with the node's keys in its environment and nothing of ours, and gives what it printed.
func (n *node) run(name string, args ...string) string {
	n.t.Helper()
	out, err := n.try(name, args...)
	if err != nil {
		n.t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return out
}

func (n *node) try(name string, args ...string) (string, error) {
	cmd := exec.CommandContext(n.t.Context(), name, args...)
	cmd.Env = []string{
		"HOME=" + n.home, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8",
		"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey, "AWS_DEFAULT_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"RCLONE_CONFIG_N_TYPE=s3", "RCLONE_CONFIG_N_PROVIDER=Other", "RCLONE_CONFIG_N_ENV_AUTH=true", "RCLONE_CONFIG_N_ENDPOINT=" + n.url,
		"RESTIC_PASSWORD=conformance", "RESTIC_REPOSITORY=s3:" + n.url + "/restic/repo", "S3_ENDPOINT_URL=" + n.url, "ENDPOINT=" + n.url,
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	err := cmd.Run()
	n.t.Logf("%.1f s: %s %.100s", time.Since(began).Seconds(), filepath.Base(name), strings.Join(args, " "))
	return out.String(), err
}

// amounts are how much a test stores: one large file and how many small ones.
func amounts() (large, small int) {
	if os.Getenv("FLASHBACK_S3_FULL") != "" {
		return 200 << 20, 500
	}
	return 20 << 20, 50
}

// tree makes a folder with one large and many small files with names that people really use.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	large, small := amounts()
	random := rand.New(rand.NewPCG(1, uint64(large)))
	write := func(name string, size int) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		data := make([]byte, size)
		for i := 0; i+8 <= size; i += 8 {
			v := random.Uint64()
			for j := range 8 {
				data[i+j] = byte(v >> (8 * j))
			}
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("large.bin", large)
	write("empty", 0)
	write("späte Straße/日本 + plus & 100%.txt", 1234)
	for i := range small {
		write(fmt.Sprintf("small/%02d/file %d (%c).txt", i%7, i, 'a'+i%26), 100+i*37)
	}
	return dir
}

// sums are the SHA-256 of each file of a folder, by name.
func sums(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	out := make(map[string][32]byte)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		out[name] = sha256.Sum256(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// same fails unless both folders hold the same files with the same bytes.
func same(t *testing.T, want, got string) {
	t.Helper()
	a, b := sums(t, want), sums(t, got)
	if len(a) != len(b) {
		t.Errorf("%d files came back as %d", len(a), len(b))
	}
	for name, sum := range a {
		if b[name] != sum {
			t.Errorf("%q came back different", name)
		}
	}
}

func itoa(n int) string { return fmt.Sprint(n) }
