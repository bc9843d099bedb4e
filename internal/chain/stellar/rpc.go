package stellar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
)

const (
	maxAnswer   = 32 << 20 // bytes of one answer
	callTimeout = 30 * time.Second
)

// rpc speaks JSON-RPC 2.0 to a Stellar RPC server. The SDK's own client is not used: it closes the connection under all concurrent calls when one of them fails, and it bounds neither
// time nor size. Its request and answer types are.
type rpc struct {
	url  string
	http *http.Client
	id   atomic.Uint64
}

// rpcError is the server's refusal of a request.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// call makes one request. Errors are a fault Unavailable when the server cannot be reached or talks nonsense, and an *rpcError when it refuses.
func (r *rpc) call(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := json.Marshal(struct {
		JSONRPC string `json:"jsonrpc"`
		ID      uint64 `json:"id"`
		Method  string `json:"method"`
		Params  any    `json:"params,omitempty"`
	}{"2.0", r.id.Add(1), method, params})
	if err != nil {
		return fmt.Errorf("request %s: %w", method, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("request %s: %w", method, err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := r.http.Do(req)
	if err != nil {
		return unavailable(err, method)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return unavailable(err, method)
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  *rpcError       `json:"error"`
	}
	switch {
	case len(raw) > maxAnswer:
		return unavailable(fmt.Errorf("answer above %d bytes", maxAnswer), method)
	case json.Unmarshal(raw, &answer) != nil || answer.Error == nil && answer.Result == nil:
		return unavailable(fmt.Errorf("HTTP %d, no JSON-RPC answer: %.100q", res.StatusCode, raw), method)
	case answer.Error != nil:
		return fmt.Errorf("%s: %w", method, answer.Error)
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return unavailable(err, method)
	}
	return nil
}

func unavailable(cause error, method string) error {
	return fault.Wrap(cause, fault.Unavailable, "unavailable", "the Stellar RPC does not answer %s", method)
}

// passing reports whether the same request may succeed later.
func passing(err error) bool { return fault.CodeOf(err) == "unavailable" }

// refused gives the server's refusal, if it is one.
func refused(err error) (*rpcError, bool) {
	var e *rpcError
	ok := errors.As(err, &e)
	return e, ok
}
