package sidebyside

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-cmp/cmp"
)

// Tables of what the contracts do, as they are committed.
type Tables struct {
	Authorisation Matrix
	States        string
	Costs         Costs
}

const (
	authorisationFile = "contracts/authorisation.json"
	statesFile        = "contracts/states.md"
	costsFile         = "docs/contract-costs.json"
	costsPage         = "docs/contract-costs.md"
	tolerance         = 3 // percent
)

// MakeTables plays a scene and calls everything in it.
func MakeTables(ctx context.Context) (t Tables, err error) {
	s, err := NewScene(ctx)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if t.Authorisation, err = s.Authorisation(ctx); err != nil {
		return t, err
	}
	if t.States, err = s.States(ctx); err != nil {
		return t, err
	}
	t.Costs, err = s.Costs(ctx)
	return t, err
}

// Write puts them into the repository's folder. Costs that moved less than the tolerance stay as they are.
func (t Tables) Write(root string) error {
	old, err := readCosts(root)
	if err == nil && len(old.Differences(t.Costs, tolerance/2)) == 0 {
		t.Costs = old
	}
	authorisation, err := pretty(t.Authorisation)
	if err != nil {
		return err
	}
	costs, err := pretty(t.Costs)
	if err != nil {
		return err
	}
	for name, b := range map[string][]byte{authorisationFile: authorisation, statesFile: []byte(t.States), costsFile: costs, costsPage: []byte(t.Costs.Page())} {
		if err := os.WriteFile(filepath.Join(root, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Compare with what is committed: what differs, costs beyond the tolerance only.
func (t Tables) Compare(root string) (l []string, err error) {
	l = t.Authorisation.Faults()
	b, err := os.ReadFile(filepath.Join(root, authorisationFile))
	if err != nil {
		return l, err
	}
	var m Matrix
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return l, fmt.Errorf("%s: %w", authorisationFile, err)
	}
	if d := cmp.Diff(m, t.Authorisation); d != "" {
		l = append(l, authorisationFile+" (- committed, + contracts):\n"+d)
	}
	if b, err = os.ReadFile(filepath.Join(root, statesFile)); err != nil {
		return l, err
	}
	if d := cmp.Diff(string(b), t.States); d != "" {
		l = append(l, statesFile+" (- committed, + contracts):\n"+d)
	}
	old, err := readCosts(root)
	if err != nil {
		return l, err
	}
	for _, x := range old.Differences(t.Costs, tolerance) {
		l = append(l, costsFile+": "+x)
	}
	if b, err = os.ReadFile(filepath.Join(root, costsPage)); err != nil {
		return l, err
	}
	if string(b) != old.Page() {
		l = append(l, costsPage+" is not what "+costsFile+" says")
	}
	return l, nil
}

func readCosts(root string) (c Costs, err error) {
	b, err := os.ReadFile(filepath.Join(root, costsFile))
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(b, &c)
}

func pretty(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}
