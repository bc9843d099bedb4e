package httpapi_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/flashback-network/flashback/internal/platform/httpapi"
	"github.com/flashback-network/flashback/internal/platform/monitor"
	"github.com/flashback-network/flashback/internal/platform/register"
	"github.com/flashback-network/flashback/internal/store"
)

type operation struct {
	OperationID string                `yaml:"operationId"`
	Summary     string                `yaml:"summary"`
	Security    []map[string][]string `yaml:"security"`
	Responses   map[string]any        `yaml:"responses"`
}

func operations(t *testing.T) map[string]map[string]operation {
	t.Helper()
	b, err := httpapi.Describe()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string                          `yaml:"openapi"`
		Paths   map[string]map[string]operation `yaml:"paths"`
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || len(doc.Paths) < 10 {
		t.Fatalf("OpenAPI %s with %d paths", doc.OpenAPI, len(doc.Paths))
	}
	return doc.Paths
}

func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for path, methods := range operations(t) {
		for method, o := range methods {
			if o.OperationID == "" || o.Summary == "" || seen[o.OperationID] {
				t.Errorf("%s %s: id %q, summary %q", method, path, o.OperationID, o.Summary)
			}
			seen[o.OperationID] = true
			if _, ok := o.Responses["500"]; !ok {
				t.Errorf("%s: no error list", o.OperationID)
			}
		}
	}
}

// open are the operations that need no session; anything else has to refuse a visitor.
var open = map[string]bool{"create-challenge": true, "create-session": true, "announce-node": true, "list-nodes": true, "get-node": true, "redeem-claim": true, "relay-claim": true,
	"list-units": true, "get-unit": true, "search-offers": true, "list-slas": true, "get-sla": true, "get-network": true, "get-status": true, "list-alarms": true, "list-events": true}

func server(t *testing.T) *httptest.Server {
	t.Helper()
	db, err := store.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s := httptest.NewServer(httpapi.New(httpapi.Options{Name: "test", DB: db, Register: register.New(db, nil, nil, time.Now), Monitor: monitor.New(db, nil, time.Now, log), Logger: log, Ready: func() error { return nil }}))
	t.Cleanup(func() { s.Close(); db.Close() })
	return s
}

func TestSessionsAreAskedFor(t *testing.T) {
	t.Parallel()
	s := server(t)
	for path, methods := range operations(t) {
		for method, o := range methods {
			if needs := len(o.Security) > 0; needs == open[o.OperationID] {
				t.Errorf("%s: needs a session: %v; the table says otherwise", o.OperationID, needs)
			}
			if open[o.OperationID] {
				continue
			}
			for _, token := range []string{"", "Bearer ", "Bearer wrong", "Basic eDp5", "Bearer " + strings.Repeat("x", 200)} {
				u := s.URL + strings.NewReplacer("{key}", "GBRPYHIL2CI3FNQ4BXLFMNDLFJUNPU2HY3ZMFSHONUCEOASW7QC7OX2H", "{claim}", "c").Replace(path)
				req, _ := http.NewRequest(strings.ToUpper(method), u, strings.NewReader(`{}`))
				req.Header.Set("Content-Type", "application/json")
				if token != "" {
					req.Header.Set("Authorization", token)
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				var p httpapi.Problem
				err = json.NewDecoder(res.Body).Decode(&p)
				res.Body.Close()
				if res.StatusCode != http.StatusUnauthorized || err != nil || p.Code == "" || res.Header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s with %q: %s, %+v, %v", o.OperationID, token, res.Status, p, err)
				}
			}
		}
	}
}

func TestBadInputIsExplained(t *testing.T) {
	t.Parallel()
	s := server(t)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1/units/zz", "", 422},
		{"GET", "/v1/slas/" + strings.Repeat("0", 64), "", 422},
		{"GET", "/v1/nodes/GAAA", "", 422},
		{"GET", "/v1/units?limit=100000", "", 422},
		{"GET", "/v1/offers?volume=0&epochs=1", "", 422},
		{"GET", "/v1/events?after=x", "", 422},
		{"POST", "/v1/auth/challenges", `{"account":"x"}`, 422},
		{"POST", "/v1/nodes/announce", `{"key":`, 400},
		{"POST", "/v1/nodes/announce", `{"pad":"` + strings.Repeat("x", httpapi.MaxBody) + `"}`, 413},
		{"GET", "/v1/nothing", "", 404},
	} {
		req, _ := http.NewRequest(c.method, s.URL+c.path, bytes.NewReader([]byte(c.body)))
		if c.body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s %s: %s, want %d", c.method, c.path, res.Status, c.status)
		}
	}
}

func TestOpenAPIIsCommitted(t *testing.T) {
	t.Parallel()
	b, err := httpapi.Describe()
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("../../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, have) {
		t.Error("api/openapi.yaml is not what the code says: make gen")
	}
}
