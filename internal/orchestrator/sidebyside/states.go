package sidebyside

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
)

// Columns of the tables, in the order of a life.
var (
	unitStates = []string{"Available", "Reserved", "InUse", "Maintenance", "Decommissioning", "Retired"}
	slaStates  = []string{waiting, "Accepted", "Funded", active, "Grace", "Retention", mature, "Renewed", "Split", "Renewal", "Draining", "Closing", "Reclaiming", "Completed", "Defaulted", "Rejected", "Expired", "Cancelled", "Terminated"}
	nodeStates = []string{"Active", "Idle", "Released"}
)

// States is what each door that is about a thing in a state says in each of its states, to the one who may, as a page for people.
func (s *Scene) States(ctx context.Context) (string, error) {
	var b strings.Builder
	b.WriteString(`# What is refused in which state

Made by calling every entry point in every state on the real host (` + "`make tables`" + `); a test fails when it is not what the contracts do. The caller is the one who may
([authorisation.json](authorisation.json)); the other arguments are good. A second word is what the same call says when its time has come. Entry points of the other contract alone are not here: they follow the
calls that lead to them. The order of the checks is in [../docs/spec/refusals.md](../docs/spec/refusals.md) and in the contracts' ` + "`tree`" + ` folders.
`)
	for _, t := range []struct {
		of      subject
		title   string
		columns []string
		note    string
	}{
		{aNode, "Nodes", nodeStates, "Active carries units, Idle does not."},
		{aUnit, "Data Units", unitStates, "Reserved has reservations that are Held and Locked, InUse has Active ones."},
		{anSLA, "SLAs and their reservations", slaStates,
			"Reservations: Requested is Held; Accepted and Funded are Locked; from Active to Reclaiming they are Active; the others are Done. Funded is a part of a joint SLA whose other part is Funded too. Mature is Active after a breach that was slashed, Renewed and Split have a successor that has begun, Renewal is one whose epochs are to come, Draining one on a unit that is being decommissioned. Settlements bring the SLA's next leaf, of SLAs that have none that of another."},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| entry point | %s |\n|---|%s\n", t.title, t.note, strings.Join(t.columns, " | "), strings.Repeat("---|", len(t.columns)))
		for i := range doors {
			d := &doors[i]
			if d.About != t.of || d.Through != nil {
				continue
			}
			var cells []string
			for _, state := range t.columns {
				c, err := s.inState(ctx, d, state)
				if err != nil {
					return "", fmt.Errorf("%s.%s in %s: %w", d.Contract, d.Function, state, err)
				}
				cells = append(cells, c)
			}
			fmt.Fprintf(&b, "| %s `%s` | %s |\n", d.Contract, d.Function, strings.Join(cells, " | "))
		}
	}
	return b.String(), nil
}

// inState is what a door says about the thing that is in a state, now and when it is ready.
func (s *Scene) inState(ctx context.Context, d *Door, state string) (string, error) {
	id, ok := s.ids(d.About)[state]
	if !ok {
		return "", fmt.Errorf("the scene has nothing in this state")
	}
	var said []string
	for _, ready := range []bool{false, true} {
		if ready && d.Ready == nil {
			continue
		}
		_, refused, err := s.open(ctx, d, ready, id)
		if err != nil {
			return "", err
		}
		out, err := outcome(refused)
		if err != nil {
			return "", err
		}
		if !slices.Contains(said, out) {
			said = append(said, out)
		}
	}
	return strings.Join(said, ", "), nil
}

// open a door as the one who may, as a wallet does it, and come back. What the contract refuses is refused.
func (s *Scene) open(ctx context.Context, d *Door, ready bool, id ids.ID) (out direct.Outcome, refused, err error) {
	defer s.Reset()
	if ready && d.Ready != nil {
		if err := d.Ready(s); err != nil {
			return out, nil, err
		}
	}
	auth, by := direct.Nobody(), s.Roles["stranger"].Account()
	if len(d.Who) > 0 {
		auth, by = direct.AsSource(s.Roles[d.Who[0]]), s.Roles[d.Who[0]].Account()
	}
	for _, w := range d.With {
		auth = auth.And(s.co(w))
	}
	call, err := d.Call(s, by, id)
	if err != nil {
		return out, nil, err
	}
	out, refused = s.Host.Call(ctx, call.Contract, call.Function, auth, call.Args...)
	return out, refused, nil
}
