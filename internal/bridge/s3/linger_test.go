package s3

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestRefusedBodyIsAnswered: a client that sends all of a large body before it reads anything has to get the reason, not a reset connection.
func TestRefusedBodyIsAnswered(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	b.store.SetLimit("space", 1000)
	for _, expect := range []string{"", "100-continue"} {
		r := b.request("PUT", "/bucket/big", strings.Repeat("x", 24<<20))
		if expect != "" {
			r.Header.Set("Expect", expect) // and does not wait for it
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Write(conn); err != nil {
			t.Fatalf("expect %q: sending: %v", expect, err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), r)
		if err != nil {
			t.Fatalf("expect %q: reading the answer: %v", expect, err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "QuotaExceeded") || !res.Close {
			t.Errorf("expect %q: %s, close %v, %v: %s", expect, res.Status, res.Close, err, body)
		}
		conn.Close()
	}
}
