package sidebyside

import (
	"context"
	"fmt"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/orchestrator"
)

// events compares the order, the names and the subjects of what a call emitted, and the count of a warning and the amounts of coverage and slash.
func (r *Rig) events(ctx context.Context, want []orchestrator.Event) error {
	l, err := r.net.events(ctx, r.Chain)
	if err != nil {
		return err
	}
	line := func(name, subject, amount string) string { return name + " " + subject + " " + amount }
	var a, b []string
	for _, e := range want {
		amount := ""
		switch e.Name {
		case "warning", "coverage", "slashed":
			amount = e.Amount.String()
		}
		a = append(a, line(e.Name, e.Subject, amount))
	}
	for _, e := range l {
		amount := ""
		switch e.Name {
		case "warning":
			amount = fmt.Sprint(e.Data["warnings"])
		case "coverage", "slashed":
			amount = fmt.Sprint(e.Data["amount"])
		}
		b = append(b, line(e.Name, e.Subject, amount))
	}
	if d := cmp.Diff(a, b); d != "" {
		return fmt.Errorf("events (- model, + contract):\n%s", d)
	}
	return nil
}
