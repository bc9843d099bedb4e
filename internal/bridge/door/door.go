// Package door has what the node's own HTTP endpoints share: JSON in with a size limit, JSON or an RFC 9457 problem out, and
// rate limits per caller with bounded memory. It imports the fault vocabulary and the standard library.
package door

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/flashback-network/flashback/internal/fault"
)

// MaxBody of a request in bytes.
const MaxBody = 64 << 10

// Problem is an RFC 9457 answer.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"` // stable: fault.CodeOf
}

var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusBadRequest, fault.NotFound: http.StatusNotFound, fault.Exists: http.StatusConflict,
	fault.Conflict: http.StatusConflict, fault.Precondition: http.StatusPreconditionFailed, fault.Unauthorized: http.StatusUnauthorized,
	fault.Forbidden: http.StatusForbidden, fault.Exhausted: http.StatusForbidden, fault.TooMany: http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable, fault.Expired: http.StatusForbidden,
}

// Status of a fault kind; 500 for what the caller can do nothing about.
func Status(k fault.Kind) int {
	if s, ok := statuses[k]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Handle makes a handler of a function from a request to an answer. In is decoded from the JSON body, strictly.
func Handle[In, Out any](log *slog.Logger, f func(r *http.Request, in In) (Out, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := read(w, r, &in); err != nil {
			Refuse(w, r, log, err)
			return
		}
		out, err := f(r, in)
		if err != nil {
			Refuse(w, r, log, err)
			return
		}
		Answer(w, http.StatusOK, out)
	})
}

func read(w http.ResponseWriter, r *http.Request, in any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxBody))
	d.DisallowUnknownFields()
	err := d.Decode(in)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one JSON value")
		}
	}
	if err != nil {
		return fault.New(fault.Invalid, "body_invalid", "the body is not the JSON that is expected here: %s", err.Error())
	}
	return nil
}

// Answer writes a JSON document.
func Answer(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the caller is gone: nobody is left to tell
}

// Refuse answers with a problem. What is internal is logged and not shown.
func Refuse(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	kind := fault.KindOf(err)
	status := Status(kind)
	if status >= http.StatusInternalServerError {
		log.Error("node endpoint failed", "path", r.URL.Path, "err", err)
	}
	if kind == fault.TooMany {
		w.Header().Set("Retry-After", "5")
	}
	b, _ := json.Marshal(Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fault.Public(err), Code: fault.CodeOf(err)})
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

var kinds = map[int]fault.Kind{
	http.StatusBadRequest: fault.Invalid, http.StatusUnprocessableEntity: fault.Invalid, http.StatusUnauthorized: fault.Unauthorized,
	http.StatusForbidden: fault.Forbidden, http.StatusNotFound: fault.NotFound, http.StatusConflict: fault.Conflict,
	http.StatusGone: fault.Expired, http.StatusTooManyRequests: fault.TooMany, http.StatusPreconditionFailed: fault.Precondition,
}

// Fault is the error that a problem answer tells of, for clients. who answered is named when the answer has no words of its own.
func Fault(status int, body []byte, who string) error {
	kind, ok := kinds[status]
	if !ok {
		kind = fault.Unavailable
	}
	var p Problem
	if json.Unmarshal(body, &p) != nil || p.Detail == "" && p.Title == "" {
		return fault.New(kind, "refused", "%s answered with status %d", who, status)
	}
	if p.Detail == "" {
		p.Detail = p.Title
	}
	if p.Code == "" {
		p.Code = "refused"
	}
	return fault.New(kind, p.Code, "%.400s", p.Detail)
}
