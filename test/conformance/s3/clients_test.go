package s3

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAWSCLI(t *testing.T) {
	t.Parallel()
	aws := tool(t, "aws")
	n, src, dst := newNode(t), tree(t), t.TempDir()
	s3 := func(args ...string) string {
		t.Helper()
		return n.run(aws, append([]string{"--endpoint-url", n.url}, args...)...)
	}

	s3("s3", "mb", "s3://demo")
	s3("s3", "cp", "--no-progress", filepath.Join(src, "large.bin"), "s3://demo/one/large.bin")
	s3("s3", "sync", "--no-progress", src, "s3://demo/tree")
	if out := s3("s3", "sync", "--no-progress", src, "s3://demo/tree"); strings.Contains(out, "upload") {
		t.Errorf("a second sync uploads again:\n%s", out)
	}
	files := len(sums(t, src))
	if out := s3("s3", "ls", "--recursive", "s3://demo/tree/"); strings.Count(out, "\n") != files {
		t.Errorf("%d files are listed as:\n%s", files, out)
	}
	s3("s3", "sync", "--no-progress", "s3://demo/tree", dst)
	same(t, src, dst)
	s3("s3", "mv", "--no-progress", "s3://demo/one/large.bin", "s3://demo/two/large.bin")
	s3("s3api", "head-object", "--bucket", "demo", "--key", "two/large.bin", "--checksum-mode", "ENABLED")
	s3("s3api", "get-object-attributes", "--bucket", "demo", "--key", "tree/large.bin", "--object-attributes", "ETag", "Checksum", "ObjectParts", "ObjectSize")

	link := strings.TrimSpace(s3("s3", "presign", "s3://demo/tree/empty"))
	resp, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || len(body) != 0 {
		t.Errorf("presigned: %s %q", resp.Status, body)
	}

	if out, err := n.try(aws, "--endpoint-url", n.url, "s3", "rb", "s3://demo"); err == nil || !strings.Contains(out, "BucketNotEmpty") {
		t.Errorf("a full bucket was removed: %s", out)
	}
	s3("s3", "rb", "--force", "s3://demo")
	if out := s3("s3", "ls"); out != "" {
		t.Errorf("left: %s", out)
	}
}

func TestBoto3(t *testing.T) {
	t.Parallel()
	python := tool(t, "python3")
	n := newNode(t)
	if out, err := n.try(python, "-c", "import boto3"); err != nil {
		t.Skipf("boto3 is not installed: run test/conformance/s3/install.sh (%s)", out)
	}
	large, small := amounts()
	n.run(python, "testdata/boto3_client.py", n.url, itoa(large), itoa(small))
}

func TestRclone(t *testing.T) {
	t.Parallel()
	rclone := tool(t, "rclone")
	n, src, dst := newNode(t), tree(t), t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		return n.run(rclone, append([]string{"--config", "", "--retries", "1"}, args...)...)
	}

	run("mkdir", "n:demo")
	run("copy", "--s3-upload-cutoff", "8M", "--s3-chunk-size", "5M", src, "n:demo/tree")
	run("check", "--download", src, "n:demo/tree")
	run("check", src, "n:demo/tree")
	if out := run("lsf", "-R", "--files-only", "n:demo/tree"); strings.Count(out, "\n") != len(sums(t, src)) {
		t.Errorf("listed:\n%s", out)
	}
	run("sync", "n:demo/tree", dst)
	same(t, src, dst)
	run("copyto", "n:demo/tree/large.bin", "n:demo/copies/large.bin") // copied by the node, in parts
	run("moveto", "n:demo/copies/large.bin", "n:demo/moved/large.bin")
	run("check", "--download", "--include", "large.bin", src, "n:demo/moved")
	run("touch", "n:demo/moved/large.bin") // copies an object onto itself with other metadata
	run("delete", "n:demo/tree")
	run("purge", "n:demo")
	if out := run("lsd", "n:"); out != "" {
		t.Errorf("left: %s", out)
	}
}

func TestRestic(t *testing.T) {
	t.Parallel()
	restic := tool(t, "restic")
	n, src, dst := newNode(t), tree(t), t.TempDir()
	run := func(args ...string) string { t.Helper(); return n.run(restic, args...) }

	run("init")
	run("backup", "--quiet", src)
	if err := os.WriteFile(filepath.Join(src, "later.txt"), []byte("written after the first backup"), 0o644); err != nil {
		t.Fatal(err)
	}
	run("backup", "--quiet", src)
	run("check", "--read-data")
	run("forget", "--keep-last", "1", "--prune")
	run("check")
	run("restore", "latest", "--target", dst)
	same(t, src, filepath.Join(dst, src))
}

func TestS5cmd(t *testing.T) {
	t.Parallel()
	s5cmd := tool(t, "s5cmd")
	n, src, dst := newNode(t), tree(t), t.TempDir()
	n.run(s5cmd, "mb", "s3://demo")
	n.run(s5cmd, "cp", "--part-size", "5", src+"/", "s3://demo/tree/")
	if out := n.run(s5cmd, "ls", "s3://demo/tree/*"); strings.Count(out, "\n") != len(sums(t, src)) {
		t.Errorf("listed:\n%s", out)
	}
	n.run(s5cmd, "cp", "s3://demo/tree/*", dst+"/")
	same(t, src, dst)
	n.run(s5cmd, "rm", "s3://demo/*")
	n.run(s5cmd, "rb", "s3://demo")
}
