// Package httpapi is the platform's HTTP API, /v1: code first, described by OpenAPI 3.1 (api/openapi.yaml is generated from it). It parses, authorises and answers; what it answers with
// comes from the packages beside it.
package httpapi

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/monitor"
	"github.com/flashback-network/flashback/internal/platform/register"
)

// Chain is what the API reads directly, where the index could lag.
type Chain interface {
	Head(ctx context.Context) (uint32, time.Time, error)
	LatestReport(ctx context.Context) (uint64, [32]byte, bool, error)
	SLA(ctx context.Context, id ids.ID) (orchestrator.SLA, error)
	Reservation(ctx context.Context, sla ids.ID) (orchestrator.Reservation, error)
	Terms(ctx context.Context, sla ids.ID) ([]byte, error)
	Unit(ctx context.Context, id ids.ID) (orchestrator.Unit, error)
}

// Options of the API. All fields are needed.
type Options struct {
	Name     string // shown in login challenges
	DB       *sql.DB
	Chain    Chain
	Register *register.Register
	Monitor  *monitor.Monitor
	Network  deployment.Network // what clients are told
	Oracle   cert.Config
	Ready    func() error // nil when the platform serves
	Logger   *slog.Logger
}

// MaxBody of a request, bytes.
const MaxBody = 256 << 10

type api struct {
	Options
	h huma.API
}

// New makes the handler.
func New(o Options) http.Handler {
	mux := http.NewServeMux()
	a := &api{Options: o}
	a.routes(mux)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := o.Ready(); err != nil {
			http.Error(w, fault.Public(err), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	return http.MaxBytesHandler(mux, MaxBody)
}

// Describe gives the OpenAPI document as YAML, without a running platform.
func Describe() ([]byte, error) {
	a := &api{Options: Options{Logger: slog.New(slog.DiscardHandler)}}
	a.routes(http.NewServeMux())
	return a.h.OpenAPI().YAML()
}

func (a *api) routes(mux *http.ServeMux) {
	c := huma.DefaultConfig("Flashback Platform", "1.0.0")
	c.Info.Description = "Register, marketplace and monitor of a Flashback network. The platform holds neither money nor data: transactions are signed by wallets and sent to the chain; bytes go straight to the nodes.\n\n" +
		"Amounts are decimal strings of the asset's smallest unit. Lists are paged with `after` and `limit`. Errors are problem documents (RFC 9457) with a stable `code`."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/openapi", "", "" // the stock page loads its script from strangers
	c.CreateHooks = nil
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"session": {Type: "http", Scheme: "bearer", Description: "A token from POST /v1/auth/sessions: wallet login with a signed challenge"}}
	a.h = humago.New(mux, c)
	a.h.UseMiddleware(a.authenticate)
	a.auth()
	a.nodes()
	a.market()
	a.slas()
	a.network()
}

// operation describes one route. security nil: open to everyone.
func operation(id, method, path, summary, tag string, session bool, errs ...int) huma.Operation {
	o := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{tag}, MaxBodyBytes: MaxBody, Errors: append(errs, http.StatusInternalServerError), Security: []map[string][]string{}}
	if session {
		o.Security = []map[string][]string{{"session": {}}}
		o.Errors = append(o.Errors, http.StatusUnauthorized)
	}
	return o
}

type sessionKey struct{}

type session struct {
	account ids.Account
	token   string
}

// authenticate lets only sessions through to operations that ask for one.
func (a *api) authenticate(ctx huma.Context, next func(huma.Context)) {
	if len(ctx.Operation().Security) == 0 {
		next(ctx)
		return
	}
	token, ok := strings.CutPrefix(ctx.Header("Authorization"), "Bearer ")
	if !ok || len(token) > 128 {
		a.refuse(ctx, fault.New(fault.Unauthorized, "session_missing", "log in first: this call needs a session token"))
		return
	}
	acc, err := a.Register.Session(ctx.Context(), token)
	if err != nil {
		a.refuse(ctx, err)
		return
	}
	next(huma.WithValue(ctx, sessionKey{}, session{acc, token}))
}

func (a *api) refuse(ctx huma.Context, err error) {
	p := a.problem(err)
	_ = huma.WriteErr(a.h, ctx, p.GetStatus(), p.Error(), p) // the client went away otherwise
}

func who(ctx context.Context) session { s, _ := ctx.Value(sessionKey{}).(session); return s }

// Problem is an RFC 9457 answer with the fault's code.
type Problem struct {
	Type   string `json:"type" example:"about:blank"`
	Title  string `json:"title" example:"Not Found"`
	Status int    `json:"status" example:"404"`
	Detail string `json:"detail" example:"no such SLA"`
	Code   string `json:"code" example:"not_found" doc:"Stable: programs may match it"`
}

// Error and GetStatus make a problem an error that huma answers with.
func (p *Problem) Error() string  { return p.Detail }
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

func init() {
	// huma's own refusals (validation, body too large) take our form too.
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		for _, e := range errs {
			var p *Problem
			if errors.As(e, &p) {
				return p
			}
			if e != nil {
				msg += "; " + e.Error()
			}
		}
		code := "invalid"
		if status >= 500 {
			code = "internal"
		}
		return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: msg, Code: code}
	}
}

var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound, fault.Exists: http.StatusConflict, fault.Conflict: http.StatusConflict,
	fault.Precondition: http.StatusPreconditionFailed, fault.Unauthorized: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden, fault.Exhausted: http.StatusInsufficientStorage,
	fault.TooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable, fault.Expired: http.StatusGone,
}

// problem is the one place where fault kinds become HTTP.
func (a *api) problem(err error) *Problem {
	st, ok := statuses[fault.KindOf(err)]
	if !ok {
		st = http.StatusInternalServerError
		a.Logger.Error("answering a request", "err", err)
	}
	return &Problem{Type: "about:blank", Title: http.StatusText(st), Status: st, Detail: fault.Public(err), Code: fault.CodeOf(err)}
}

// reply answers with a body or the problem.
func reply[T any](a *api, v T, err error) (*body[T], error) {
	if err != nil {
		return nil, a.problem(err)
	}
	return &body[T]{Body: v}, nil
}

type body[T any] struct{ Body T }

// Page is what lists take.
type Page struct {
	After string `query:"after" maxLength:"128" doc:"Continue after this entry: next of the last page"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// List of one page.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Pass as after for more; absent on the last page"`
}

func listOf[T any](items []T, limit int, key func(T) string) List[T] {
	l := List[T]{Items: items}
	if len(items) == limit && limit > 0 {
		l.Next = key(items[len(items)-1])
	}
	return l
}

func account(s string) (ids.Account, error) {
	acc, err := ids.ParseAccount(s)
	if err != nil {
		return acc, fault.Wrap(err, fault.Invalid, "account_invalid", "%s", err.Error())
	}
	return acc, nil
}

func parseID(s string, k ids.Kind, what string) (ids.ID, error) {
	id, err := ids.Parse(s)
	if err != nil || id.Kind() != k {
		return id, fault.New(fault.Invalid, "id_invalid", "%q is no id of a %s", s, what)
	}
	return id, nil
}
