package possession

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

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

// maxWitnesses is what one proof may bring.
const maxWitnesses = 16

// add keeps a wrong answer in dir, in the file of its SLA and statement: at most as many as a proof may bring, one per chunk.
func add(dir string, s *statement.Signed, d *statement.Document, signature []byte) error {
	a := s.Answer()
	file := filepath.Join(dir, fmt.Sprintf("%s-%d.json", s.SLA, s.Epoch))
	e := &Evidence{SLA: s.SLA, Epoch: s.Epoch, Statement: a.Statement, Signature: a.Signature}
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
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

// insert keeps the order and one answer per chunk; false when the chunk has one.
func (e *Evidence) insert(w Witness) bool {
	i, there := slices.BinarySearchFunc(e.Answers, w.Chunk, func(x Witness, chunk uint64) int {
		switch {
		case x.Chunk < chunk:
			return -1
		case x.Chunk > chunk:
			return 1
		}
		return 0
	})
	if there {
		return false
	}
	e.Answers = slices.Insert(e.Answers, i, w)
	return true
}

// ReadEvidence about an SLA from the files that validators wrote into some folders, one Evidence per statement, the newest first. What several validators have about one statement is put together.
func ReadEvidence(sla ids.ID, dirs ...string) ([]Evidence, error) {
	found := map[string]*Evidence{}
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
			if e.SLA != sla {
				continue
			}
			have := found[string(e.Statement)]
			if have == nil {
				have = &Evidence{SLA: e.SLA, Epoch: e.Epoch, Statement: e.Statement, Signature: e.Signature}
				found[string(e.Statement)] = have
			}
			for _, w := range e.Answers {
				have.insert(w)
			}
		}
	}
	var l []Evidence
	for _, e := range found {
		if len(e.Answers) > maxWitnesses {
			e.Answers = e.Answers[:maxWitnesses]
		}
		l = append(l, *e)
	}
	sort.Slice(l, func(i, j int) bool { return l[i].Epoch > l[j].Epoch })
	return l, nil
}
