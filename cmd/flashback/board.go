package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/flashback-network/flashback/internal/bridge/admin"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/network"
	"github.com/flashback-network/flashback/internal/platform/client"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
)

// board shows a running network on a terminal, drawn anew each second below what was printed before.
type board struct {
	app    *app
	out    io.Writer
	layout network.Layout
	lines  int // of the last drawing
	done   sync.WaitGroup
	last   map[string]traffic
}

type traffic struct {
	in, out uint64
	at      time.Time
}

func newBoard(a *app, out io.Writer, l network.Layout) *board {
	return &board{app: a, out: out, layout: l, last: map[string]traffic{}}
}

// start draws until ctx ends; wait waits for that.
func (b *board) start(ctx context.Context, i *network.Info) { b.done.Go(func() { b.run(ctx, i) }) }
func (b *board) wait()                                      { b.done.Wait() }

func (b *board) run(ctx context.Context, i *network.Info) {
	n, err := deployment.Load(ctx, b.layout.Deployment())
	if err != nil {
		return
	}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		b.draw(b.view(ctx, n, i))
		select {
		case <-ctx.Done():
			fmt.Fprintln(b.out, "\nstopping …")
			return
		case <-t.C:
		}
	}
}

// draw replaces the last drawing.
func (b *board) draw(s string) {
	if b.lines > 0 {
		fmt.Fprintf(b.out, "\x1b[%dA\x1b[J", b.lines)
	}
	b.lines = strings.Count(s, "\n")
	fmt.Fprint(b.out, s)
}

var (
	bold  = lipgloss.NewStyle().Bold(true)
	faint = lipgloss.NewStyle().Faint(true)
	good  = lipgloss.NewStyle().Foreground(lipgloss.Color("2"))
	bad   = lipgloss.NewStyle().Foreground(lipgloss.Color("1")).Bold(true)
)

func (b *board) view(ctx context.Context, n *deployment.Network, i *network.Info) string {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var s strings.Builder
	p := client.New(n.Platform)
	if st, err := client.Get[httpapi.Status](ctx, p, "/v1/status", nil); err != nil {
		fmt.Fprintln(&s, bad.Render("the platform does not answer"))
	} else {
		reported := "none yet"
		if st.Reported != nil {
			reported = fmt.Sprint(*st.Reported)
		}
		fmt.Fprintf(&s, "%s %d   ledger %d   last report %s   SLAs %d", bold.Render("epoch"), st.Epoch, st.Ledger, reported, st.SLAs)
		if st.OpenAlarms > 0 {
			fmt.Fprintf(&s, "   %s", bad.Render(fmt.Sprintf("%d alarms: flashback status", st.OpenAlarms)))
		}
		s.WriteByte('\n')
	}
	if l, err := network.Control(ctx, b.layout, "", ""); err == nil {
		for _, x := range l {
			mark := good.Render("●")
			if x.State != "running" {
				mark = bad.Render("○")
			}
			fmt.Fprintf(&s, "%s %s  ", mark, x.Name)
		}
		s.WriteByte('\n')
	}
	for k, d := range append([]network.Demo{i.Demo}, i.More...) {
		sla, err := client.Get[httpapi.SLA](ctx, p, "/v1/slas/"+d.SLA.String(), nil)
		if err != nil {
			fmt.Fprintf(&s, "%s  %s\n", bold.Render(d.Name), faint.Render("not there yet"))
			continue
		}
		as := n.Asset(sla.Asset)
		fmt.Fprintf(&s, "%s  %s, %s   accrued %s   paid %s   held back %s   credited %s   slashed %s\n", bold.Render(d.Name), sla.State, sla.Mode, as.Format(sla.Gross), as.Format(sla.Paid),
			as.Format(sla.Buckets.Holdback), as.Format(sla.Credited), as.Format(sla.Slashed))
		fmt.Fprintf(&s, "      %s\n", b.traffic(ctx, i.Nodes[k].Name))
	}
	return s.String()
}

// traffic of a node since the last look.
func (b *board) traffic(ctx context.Context, node string) string {
	st, err := admin.NewClient(b.layout.Role(node)).Status(ctx)
	if err != nil {
		return bad.Render(node + " does not answer")
	}
	now := traffic{at: time.Now()}
	var stored, objects uint64
	for _, x := range st.SLAs {
		now.in, now.out, stored, objects = now.in+x.BytesIn, now.out+x.BytesOut, stored+x.Stored, objects+x.Objects
	}
	rate := func(a, b uint64, d time.Duration) string {
		return show(uint64(float64(b-min(a, b))/d.Seconds())) + "/s"
	}
	line := fmt.Sprintf("%s: %s in %d objects", node, show(stored), objects)
	if was, ok := b.last[node]; ok && now.at.After(was.at) {
		d := now.at.Sub(was.at)
		line += fmt.Sprintf("   in %s   out %s", rate(was.in, now.in, d), rate(was.out, now.out, d))
	}
	b.last[node] = now
	return faint.Render(line)
}
