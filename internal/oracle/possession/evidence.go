package possession

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/statement"
)

// Evidence against a node: a usage statement and wrong answers about it, all signed by the node's key. Enough of it makes the Dispute contract judge the window again (prove_possession).
type Evidence struct {
	SLA       ids.ID    `json:"sla"`
	Epoch     uint64    `json:"epoch"`
	Statement []byte    `json:"statement"`
	Signature []byte    `json:"signature"`
	Answers   []Witness `json:"answers"` // ascending by chunk
}

// Witness is one wrong answer.
type Witness struct {
	Chunk     uint64 `json:"chunk"`
	Document  []byte `json:"document"`
	Signature []byte `json:"signature"`
}

// maxWitnesses is what one proof may bring, maxStatements of how many statements of an SLA evidence is kept: more than are young enough for the contract, at an epoch an hour.
const (
	maxWitnesses  = 16
	maxStatements = 1_500
)

// add keeps a wrong answer in dir, in the file of its SLA and statement: at most as many as a proof may bring, one per chunk.
func add(dir string, s *statement.Signed, d *statement.Document, signature []byte) error {
	a := s.Answer()
	file := filepath.Join(dir, fmt.Sprintf("%s-%d.json", s.SLA, s.Epoch))
	e := &Evidence{SLA: s.SLA, Epoch: s.Epoch, Statement: a.Statement, Signature: a.Signature}
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := prune(dir, s.SLA, maxStatements-1); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		var old Evidence
		if json.Unmarshal(b, &old) == nil && string(old.Statement) == string(e.Statement) { // a node that states an epoch twice is for another proof; the newest statement is kept here
			e.Answers = old.Answers
		}
	}
	if len(e.Answers) >= maxWitnesses || !e.insert(Witness{d.Number, d.Bytes(), signature}) {
		return nil
	}
	if b, err = json.Marshal(e); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", b, 0o600); err != nil {
		return fmt.Errorf("keeping evidence: %w", err)
	}
	return os.Rename(file+".new", file)
}

// prune leaves an SLA the files of so many statements, the newest.
func prune(dir string, sla ids.ID, keep int) error {
	files, err := filepath.Glob(filepath.Join(dir, sla.String()+"-*.json"))
	if err != nil || len(files) <= keep {
		return err
	}
	epoch := func(file string) uint64 { // 0 for what is none of ours
		n, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), sla.String()+"-"), ".json"), 10, 64)
		return n
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Compare(epoch(b), epoch(a)) })
	for _, old := range files[keep:] {
		if err := os.Remove(old); err != nil {
			return fmt.Errorf("forgetting old evidence: %w", err)
		}
	}
	return nil
}

// insert keeps the order and one answer per chunk; false when the chunk has one.
func (e *Evidence) insert(w Witness) bool {
	i, there := slices.BinarySearchFunc(e.Answers, w.Chunk, func(x Witness, chunk uint64) int { return cmp.Compare(x.Chunk, chunk) })
	if there {
		return false
	}
	e.Answers = slices.Insert(e.Answers, i, w)
	return true
}

// ReadEvidence about an SLA from the files that validators wrote into some folders.
func ReadEvidence(sla ids.ID, dirs ...string) (l []Evidence, err error) {
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, x := range entries {
			if !strings.HasPrefix(x.Name(), sla.String()+"-") || filepath.Ext(x.Name()) != ".json" {
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, x.Name()))
			if err != nil {
				return nil, err
			}
			var e Evidence
			if err := json.Unmarshal(b, &e); err != nil {
				return nil, fmt.Errorf("reading the evidence in %s: %w", x.Name(), err)
			}
			if e.SLA == sla {
				l = append(l, e)
			}
		}
	}
	return l, nil
}

// maxEvidence bounds what a validator's door is believed to have about an SLA.
const maxEvidence = 32 << 20

// FetchEvidence about an SLA from a validator's status door. A validator that has none answers with an empty list. Nothing of it is to be believed: Together sorts it.
func FetchEvidence(ctx context.Context, client *http.Client, door string, sla ids.ID) (l []Evidence, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(door, "/")+"/v1/slas/"+sla.String()+"/evidence", nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "validator_unavailable", "the validator at %s does not answer", door)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fault.New(fault.Unavailable, "validator_unavailable", "%s answers %s", door, res.Status)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxEvidence)).Decode(&l); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "validator_unavailable", "%s answers something else than evidence", door)
	}
	return l, nil
}

// Together puts what several sources have about one statement of an SLA together: one Evidence per statement, the newest first. What the node's Ed25519 key did not sign, and answers that are right, are left out: a source
// that says something else hides nothing.
func Together(sla ids.ID, nodeKey [32]byte, l []Evidence) (out []Evidence) {
	found := map[string]*Evidence{}
	for _, e := range l {
		u, err := statement.DecodeUsage(e.Statement)
		if err != nil || u.SLA != sla || !signed(nodeKey, e.Statement, e.Signature) {
			continue
		}
		have := found[string(e.Statement)]
		if have == nil {
			have = &Evidence{SLA: sla, Epoch: u.Epoch, Statement: e.Statement, Signature: e.Signature}
			found[string(e.Statement)] = have
		}
		for _, w := range e.Answers {
			d, err := statement.DecodeDocument(w.Document)
			if err == nil && d.Statement == u.Hash() && d.Number == w.Chunk && d.Number < u.Leaves && !d.Right(u) && signed(nodeKey, w.Document, w.Signature) {
				have.insert(w)
			}
		}
	}
	for _, e := range found {
		e.Answers = e.Answers[:min(len(e.Answers), maxWitnesses)]
		out = append(out, *e)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Epoch > out[j].Epoch })
	return out
}

func signed(key [32]byte, document, signature []byte) bool {
	h := canon.Hash(document)
	return ed25519.Verify(key[:], h[:], signature)
}
