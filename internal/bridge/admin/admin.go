// Package admin is the node's local door: HTTP on a Unix socket in the node's folder, mode 0600, for `flashback node …` on the same machine. Who may open the
// socket may administer the node; there is no other check. Server and client are both here.
package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/claim"
	"github.com/flashback-network/flashback/internal/bridge/door"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
)

// SocketName in the node's folder.
const SocketName = "admin.sock"

// Status is a snapshot of a node for people and dashboards.
type Status struct {
	Key           ids.Account `json:"key"`
	Node          string      `json:"node,omitempty"` // id on chain; empty: not claimed
	Provider      ids.Account `json:"provider"`       // empty: not claimed
	Endpoint      string      `json:"endpoint"`
	Version       string      `json:"version"`
	Started       time.Time   `json:"started"`
	UptimeSeconds int64       `json:"uptimeSeconds"`
	ChainAnswered time.Time   `json:"chainAnswered"` // the last complete answer
	Ready         bool        `json:"ready"`
	AccessKeys    int         `json:"accessKeys"`
	DiskTotal     int64       `json:"diskTotal"`
	DiskFree      int64       `json:"diskFree"`
	SLAs          []SLA       `json:"slas"`
}

// SLA that the node serves, as of now.
type SLA struct {
	ID          ids.ID      `json:"id"`
	Consumer    ids.Account `json:"consumer"`
	State       string      `json:"state"`
	Phase       string      `json:"phase"`
	Ends        time.Time   `json:"ends"`
	Reserve     uint64      `json:"reserve"` // bytes
	Stored      uint64      `json:"stored"`
	Objects     uint64      `json:"objects"`
	Egress      uint64      `json:"egress"` // bytes that may be read in its life
	BytesIn     uint64      `json:"bytesIn"`
	BytesOut    uint64      `json:"bytesOut"`
	ByteSeconds string      `json:"byteSeconds"` // decimal
}

// Node is what the door opens to.
type Node interface {
	Status() Status
	// Claim redeems a claim code.
	Claim(ctx context.Context, code string) (claim.Claimed, error)
	// Secret is the node secret; Conflict when the node is claimed.
	Secret() (string, error)
}

// claimTime bounds a redemption: the platform relays a transaction and the node waits for the chain.
const claimTime = 3 * time.Minute

type codeBody struct {
	Code string `json:"code"`
}

type secretBody struct {
	Secret string `json:"secret"`
}

// Listen opens the socket in dir.
func Listen(dir string) (net.Listener, error) {
	l, err := listen(filepath.Join(dir, SocketName))
	if err != nil {
		return nil, fmt.Errorf("opening the admin socket: %w", err)
	}
	return l, nil
}

// Serve answers on the socket until ctx ends, and closes it.
func Serve(ctx context.Context, l net.Listener, n Node, log *slog.Logger) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { door.Answer(w, http.StatusOK, n.Status()) })
	mux.HandleFunc("GET /secret", func(w http.ResponseWriter, r *http.Request) {
		s, err := n.Secret()
		if err != nil {
			door.Refuse(w, r, log, err)
			return
		}
		door.Answer(w, http.StatusOK, secretBody{s})
	})
	mux.Handle("POST /claim", door.Handle(log, func(r *http.Request, in codeBody) (claim.Claimed, error) {
		ctx, cancel := context.WithTimeout(r.Context(), claimTime)
		defer cancel()
		return n.Claim(ctx, in.Code)
	}))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = srv.Close() // removes the socket
		close(ended)
	})
	err := srv.Serve(l)
	if !stop() {
		<-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// listen makes the socket so that nobody else can open it, not even for a moment. One that a dead process left is replaced.
func listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".admin-*") // mode 0700
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	made := filepath.Join(private, "s")
	short, done, err := shorten(made)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &socket{l, path}, nil
}

type socket struct {
	net.Listener
	path string
}

func (s *socket) Close() error {
	_ = os.Remove(s.path) // a later start removes it too
	return s.Listener.Close()
}

// shorten gives a name for a socket's path that the system takes: it takes about 100 bytes only. The name is good until done.
func shorten(path string) (short string, done func(), err error) {
	if len(path) < 100 {
		return path, func() {}, nil
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), filepath.Base(path)), func() { _ = d.Close() }, nil
}

// Client talks to the node whose folder it was made for.
type Client struct{ http *http.Client }

// NewClient makes a client for the node in dir. Whether one runs there shows at the first call: fault Unavailable, code node_not_running.
func NewClient(dir string) *Client {
	return &Client{&http.Client{Timeout: claimTime + 10*time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			short, done, err := shorten(filepath.Join(dir, SocketName))
			if err != nil {
				return nil, err
			}
			defer done()
			var d net.Dialer
			return d.DialContext(ctx, "unix", short)
		}}}}
}

// Status of the node.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	err = c.do(ctx, http.MethodGet, "/status", nil, &s)
	return s, err
}

// Secret is the node secret again.
func (c *Client) Secret(ctx context.Context) (string, error) {
	var s secretBody
	err := c.do(ctx, http.MethodGet, "/secret", nil, &s)
	return s.Secret, err
}

// Claim redeems a claim code.
func (c *Client) Claim(ctx context.Context, code string) (out claim.Claimed, err error) {
	err = c.do(ctx, http.MethodPost, "/claim", codeBody{code}, &out)
	return out, err
}

func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://node"+path, &body)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "node_not_running", "no node answers here: is it running, with this folder?")
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("reading the node's answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return door.Fault(res.StatusCode, b, "the node")
	}
	return json.Unmarshal(b, out)
}
