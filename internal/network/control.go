package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
)

// serveControl answers 'flashback local' on the control socket, which only its owner can open, until ctx ends.
func (s *supervisor) serveControl(ctx context.Context) error {
	path := s.layout.Control()
	_ = os.Remove(path) // of a network that was killed; the lock says that it is not running
	ln, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("opening the control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, ln.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /processes", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil, s.processes()) })
	mux.HandleFunc("POST /processes/{name}/stop", func(w http.ResponseWriter, r *http.Request) {
		answer(w, s.stop(r.PathValue("name")), s.processes)
	})
	mux.HandleFunc("POST /processes/{name}/start", func(w http.ResponseWriter, r *http.Request) {
		answer(w, s.start(r.PathValue("name")), s.processes)
	})
	srv := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute}
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = srv.Shutdown(end) // what does not end in time ends with the process
	}()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type controlAnswer struct {
	Processes []Process `json:"processes,omitempty"`
	Code      string    `json:"code,omitempty"`
	Message   string    `json:"message,omitempty"`
	Kind      fault.Kind
}

func answer(w http.ResponseWriter, err error, v any) {
	a := controlAnswer{}
	switch x := v.(type) {
	case []Process:
		a.Processes = x
	case func() []Process:
		a.Processes = x()
	}
	if err != nil {
		a = controlAnswer{Code: fault.CodeOf(err), Message: fault.Public(err), Kind: fault.KindOf(err)}
		w.WriteHeader(http.StatusConflict)
	}
	_ = json.NewEncoder(w).Encode(a) // the caller went away otherwise
}

// Control asks the running network of a folder: "" lists its processes, "stop" and "start" change one.
func Control(ctx context.Context, l Layout, action, name string) ([]Process, error) {
	c := http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", l.Control())
	}}}
	defer c.CloseIdleConnections()
	method, path := http.MethodGet, "/processes"
	if action != "" {
		method, path = http.MethodPost, "/processes/"+name+"/"+action
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://local"+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "network_stopped", "no network runs from %s: start it with 'flashback up'", l.Dir)
	}
	defer res.Body.Close()
	var a controlAnswer
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&a); err != nil {
		return nil, fmt.Errorf("reading the network's answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fault.New(a.Kind, a.Code, "%s", a.Message)
	}
	return a.Processes, nil
}
