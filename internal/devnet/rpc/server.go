package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/flashback-network/flashback/internal/devnet/ledger"
)

const (
	maxBody = 512 << 10        // bytes of one request
	timeout = 30 * time.Second // for one request, simulation included
	maxBusy = 512              // requests at once
)

// The JSON-RPC 2.0 error codes.
const (
	codeParse    = -32700
	codeRequest  = -32600
	codeMethod   = -32601
	codeParams   = -32602
	codeInternal = -32603
)

// rpcError is an error that the client is shown.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return e.Message }

func badParams(format string, a ...any) error {
	return &rpcError{codeParams, fmt.Sprintf(format, a...)}
}

func badRequest(format string, a ...any) error {
	return &rpcError{codeRequest, fmt.Sprintf(format, a...)}
}

// Server answers JSON-RPC for one ledger.
type Server struct {
	ledger  *ledger.Ledger
	log     *slog.Logger
	methods map[string]method
	friend  string
	busy    chan struct{} // one element per request under way
}

// method answers one call; its error is an *rpcError or a fault of ours.
type method func(ctx context.Context, params json.RawMessage) (any, error)

// New makes a server. friendbotURL is told to clients; empty = there is none.
func New(l *ledger.Ledger, friendbotURL string, log *slog.Logger) *Server {
	s := &Server{ledger: l, log: log, friend: friendbotURL, busy: make(chan struct{}, maxBusy)}
	s.methods = map[string]method{
		"getHealth":           with(s.getHealth),
		"getNetwork":          with(s.getNetwork),
		"getVersionInfo":      with(s.getVersionInfo),
		"getLatestLedger":     with(s.getLatestLedger),
		"getLedgers":          with(s.getLedgers),
		"getLedgerEntries":    with(s.getLedgerEntries),
		"getFeeStats":         with(s.getFeeStats),
		"getTransaction":      with(s.getTransaction),
		"getTransactions":     with(s.getTransactions),
		"getEvents":           with(s.getEvents),
		"simulateTransaction": with(s.simulateTransaction),
		"sendTransaction":     with(s.sendTransaction),
	}
	return s
}

// with decodes the parameters, which may be absent, null or an object.
func with[Q, R any](f func(context.Context, Q) (R, error)) method {
	return func(ctx context.Context, params json.RawMessage) (any, error) {
		var q Q
		if p := bytes.TrimSpace(params); len(p) > 0 && !bytes.Equal(p, []byte("null")) && !bytes.Equal(p, []byte("[]")) {
			if p[0] != '{' {
				return nil, badParams("parameters must be an object")
			}
			if err := json.Unmarshal(p, &q); err != nil {
				return nil, badParams("invalid parameters: %v", err)
			}
		}
		return f(ctx, q)
	}
}

type request struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

type response struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  any             `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`
}

// ServeHTTP takes one call per POST. Batches are refused: nothing that we know of sends them, and one request's limits
// would be many calls' limits.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "this is a JSON-RPC server: POST a call", http.StatusMethodNotAllowed)
		return
	}
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many requests at once", http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "request not read", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	answer := s.answer(ctx, body)
	if answer == nil { // a notification
		w.WriteHeader(http.StatusNoContent)
		return
	}
	b, err := json.Marshal(answer)
	if err != nil {
		s.log.Error("an answer cannot be encoded", "cause", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// Nothing can be done about a client that does not read.
	_, _ = w.Write(b)
}

func (s *Server) answer(ctx context.Context, body []byte) *response {
	refuse := func(id json.RawMessage, e *rpcError) *response {
		if len(id) == 0 {
			id = json.RawMessage("null")
		}
		return &response{Version: "2.0", ID: id, Error: e}
	}
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '[' {
		return refuse(nil, &rpcError{codeRequest, "batches are not supported"})
	}
	var q request
	if err := json.Unmarshal(body, &q); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return refuse(nil, &rpcError{codeParse, "invalid JSON"})
		}
		return refuse(nil, &rpcError{codeRequest, "invalid request"})
	}
	if q.Version != "2.0" || q.Method == "" {
		return refuse(q.ID, &rpcError{codeRequest, "invalid request: jsonrpc must be \"2.0\" and method a name"})
	}
	if len(q.ID) == 0 {
		return nil
	}
	m, ok := s.methods[q.Method]
	if !ok {
		return refuse(q.ID, &rpcError{codeMethod, "method not found: " + q.Method})
	}
	result, err := m(ctx, q.Params)
	if err != nil {
		var e *rpcError
		if !errors.As(err, &e) {
			s.log.Error("a call failed", "method", q.Method, "cause", err)
			e = &rpcError{codeInternal, "internal error"}
			if ctx.Err() != nil {
				e.Message = "the call took too long"
			}
		}
		return refuse(q.ID, e)
	}
	return &response{Version: "2.0", ID: q.ID, Result: result}
}
