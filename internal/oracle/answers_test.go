package oracle

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/possession"
)

// The door hands out what the validator keeps about an SLA, and nothing for others, as FetchEvidence reads it.
func TestEvidenceAtTheDoor(t *testing.T) {
	t.Parallel()
	v := &validator{o: Options{Dir: t.TempDir()}}
	id := ids.New(ids.Stellar, ids.SLA, [32]byte{1})
	mux := http.NewServeMux()
	route(mux, "GET /v1/slas/{sla}/evidence", v.getAnswers)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	ask := func(id ids.ID) []possession.Evidence {
		t.Helper()
		l, err := possession.FetchEvidence(t.Context(), s.Client(), s.URL+"/", id)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := ask(id); len(l) != 0 {
		t.Errorf("of nothing: %+v", l)
	}
	dir := EvidenceDir(v.o.Dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := `{"sla":"` + id.String() + `","epoch":7,"statement":"AQ==","signature":"Ag==","answers":[{"chunk":3,"document":"Aw==","signature":"BA=="}]}`
	if err := os.WriteFile(filepath.Join(dir, id.String()+"-7.json"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	if l := ask(id); len(l) != 1 || l[0].Epoch != 7 || len(l[0].Answers) != 1 || l[0].Answers[0].Chunk != 3 {
		t.Errorf("%+v", l)
	}
	if l := ask(ids.New(ids.Stellar, ids.SLA, [32]byte{2})); len(l) != 0 {
		t.Errorf("of another SLA: %+v", l)
	}
	if _, err := possession.FetchEvidence(t.Context(), s.Client(), s.URL+"/nowhere", id); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a door without it: %v", err)
	}
}
