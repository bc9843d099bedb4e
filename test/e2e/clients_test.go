//go:build e2e

package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/network"
)

// tool finds a real client; e2e does not skip: a missing client is a failure that says how to get it.
func tool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("FLASHBACK_S3_TOOLS")
	if cache, err := os.UserCacheDir(); dir == "" && err == nil {
		dir = filepath.Join(cache, "flashback", "s3-tools")
	}
	if p := filepath.Join(dir, "bin", name); exists(p) {
		return p
	}
	p, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: test/conformance/s3/install.sh installs the clients", name)
	}
	return p
}

func exists(p string) bool { _, err := os.Stat(p); return err == nil }

type client struct {
	t    *testing.T
	env  []string
	demo network.Demo
}

func newClient(t *testing.T, d network.Demo) *client {
	home := t.TempDir()
	return &client{t, append(os.Environ(), "AWS_ACCESS_KEY_ID="+d.AccessKey, "AWS_SECRET_ACCESS_KEY="+d.SecretKey, "AWS_DEFAULT_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "HOME="+home,
		"RCLONE_CONFIG_FB_TYPE=s3", "RCLONE_CONFIG_FB_PROVIDER=Other", "RCLONE_CONFIG_FB_ACCESS_KEY_ID="+d.AccessKey, "RCLONE_CONFIG_FB_SECRET_ACCESS_KEY="+d.SecretKey, "RCLONE_CONFIG_FB_ENDPOINT="+d.S3,
		"RESTIC_REPOSITORY=s3:"+d.S3+"/restic", "RESTIC_PASSWORD=e2e", "NO_PROXY=127.0.0.1"), d}
}

func (c *client) try(name string, args ...string) (string, error) {
	cmd := exec.Command(tool(c.t, name), args...)
	cmd.Env = c.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

func (c *client) run(name string, args ...string) string {
	c.t.Helper()
	s, err := c.try(name, args...)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *client) aws(args ...string) string {
	c.t.Helper()
	return c.run("aws", append([]string{"--endpoint-url", c.demo.S3}, args...)...)
}

// random writes a file of random bytes and returns its SHA-256.
func random(t *testing.T, file string, size int64) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(rand.Reader, size)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func sum(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestRealClients(t *testing.T) {
	l := up(t)
	tmp := t.TempDir()

	t.Run("aws", func(t *testing.T) {
		c := newClient(t, l.info.Demo)
		want := random(t, tmp+"/a.bin", 20<<20)
		c.aws("s3", "cp", "--quiet", tmp+"/a.bin", "s3://demo/aws/a.bin")
		if out := c.aws("s3", "ls", "s3://demo/aws/"); !strings.Contains(out, "a.bin") {
			t.Fatalf("ls: %s", out)
		}
		c.aws("s3", "cp", "--quiet", "s3://demo/aws/a.bin", tmp+"/a.back")
		if got := sum(t, tmp+"/a.back"); got != want {
			t.Fatalf("read back %s, want %s", got, want)
		}
		c.aws("s3", "rm", "--quiet", "s3://demo/aws/a.bin")
		if out, err := c.try("aws", "--endpoint-url", c.demo.S3, "s3", "ls", "s3://demo/aws/"); err == nil && strings.Contains(out, "a.bin") {
			t.Fatalf("still there: %s", out)
		}
		t.Log("aws cli: stored, listed, read back byte-equal and deleted 20 MiB")
	})

	t.Run("boto3", func(t *testing.T) {
		c := newClient(t, l.info.Demo)
		out := c.run("python3", "boto3_check.py", l.info.Demo.S3, "demo")
		t.Log("boto3: " + strings.TrimSpace(out))
	})

	t.Run("one file of 1 GiB", func(t *testing.T) {
		c := newClient(t, l.info.Demo)
		want := random(t, tmp+"/big.bin", 1<<30)
		began := time.Now()
		c.aws("s3", "cp", "--quiet", tmp+"/big.bin", "s3://demo/big.bin")
		wrote := time.Since(began)
		began = time.Now()
		c.aws("s3", "cp", "--quiet", "s3://demo/big.bin", tmp+"/big.back")
		read := time.Since(began)
		if got := sum(t, tmp+"/big.back"); got != want {
			t.Fatalf("read back %s, want %s", got, want)
		}
		c.aws("s3", "rm", "--quiet", "s3://demo/big.bin")
		t.Logf("1 GiB with aws cli: written in %s, read back byte-equal in %s", wrote.Round(time.Millisecond), read.Round(time.Millisecond))
		os.Remove(tmp + "/big.bin")
		os.Remove(tmp + "/big.back")
	})

	t.Run("rclone with 10,000 small files", func(t *testing.T) {
		c := newClient(t, l.info.Demo)
		for i := range 10_000 {
			random(t, fmt.Sprintf("%s/many/%02d/%04d.bin", tmp, i%50, i), int64(100+i%4000))
		}
		began := time.Now()
		c.run("rclone", "copy", tmp+"/many", "fb:demo/many", "--transfers", "16", "--checkers", "16")
		wrote := time.Since(began)
		if out := strings.Count(c.run("rclone", "lsf", "-R", "--files-only", "fb:demo/many"), "\n"); out != 10_000 {
			t.Fatalf("listed %d files, want 10000", out)
		}
		c.run("rclone", "check", tmp+"/many", "fb:demo/many", "--download", "--checkers", "16")
		c.run("rclone", "purge", "fb:demo/many")
		if out := c.run("rclone", "lsf", "-R", "fb:demo"); strings.Contains(out, "many") {
			t.Fatalf("still there after purge: %.200s", out)
		}
		t.Logf("rclone: 10,000 files written in %s, listed, checked byte by byte, deleted", wrote.Round(time.Millisecond))
	})

	t.Run("restic", func(t *testing.T) {
		c := newClient(t, l.info.Demo)
		want := random(t, tmp+"/r/one.bin", 30<<20)
		random(t, tmp+"/r/two.bin", 1<<20)
		c.run("restic", "init", "--quiet")
		c.run("restic", "backup", "--quiet", tmp+"/r")
		c.run("restic", "check", "--quiet", "--read-data")
		c.run("restic", "restore", "latest", "--quiet", "--target", tmp+"/restored")
		if got := sum(t, filepath.Join(tmp, "restored", tmp, "r", "one.bin")); got != want {
			t.Fatalf("restored %s, want %s", got, want)
		}
		c.run("restic", "forget", "--quiet", "--keep-last", "1", "--prune")
		t.Log("restic: init, backup, check --read-data, restore byte-equal, forget and prune")
	})
}
