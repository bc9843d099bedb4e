package bridge

import (
	"context"
	"slices"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/access"
	"github.com/flashback-network/flashback/internal/bridge/meter"
	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/ids"
)

const (
	probeRoom  = 64 << 20 // bytes that the provider keeps for measuring, shared by the validators' operators
	probeLeast = 4 << 20  // of each, however many they are
	probeRate  = 100      // requests per second of each
	tidyEvery  = time.Minute
)

// configure follows what the chain says of epochs and validators: it opens a space for each operator.
func (n *node) configure(genesis uint64, epochSeconds uint32, operators []ids.Account) {
	n.meter.SetEpochs(genesis, epochSeconds)
	for _, o := range operators {
		space := access.ProbeSpace(o)
		n.engine.SetLimit(space, max(probeRoom/int64(len(operators)), probeLeast))
		if err := n.meter.Admit(space, meter.Limits{Egress: -1, RateLimit: probeRate}, false); err != nil {
			n.log.Error("a probe space is not open", "operator", o, "err", err)
		}
	}
	for _, o := range n.view.Operators() {
		if !slices.Contains(operators, o) {
			n.meter.Forget(access.ProbeSpace(o))
			if err := n.engine.RemoveSpace(context.Background(), access.ProbeSpace(o)); err != nil {
				n.log.Error("a former operator's probe space is not removed", "operator", o, "err", err)
			}
		}
	}
}

// housekeeping removes old probes and sweeps keys that will never work again.
func (n *node) housekeeping(ctx context.Context) {
	tick := time.NewTicker(time.Second) // by which tidyEvery of the node's clock is looked at
	defer tick.Stop()
	var tidied time.Time
	for {
		if now := n.o.Now(); now.Sub(tidied) >= tidyEvery {
			tidied = now
			for _, o := range n.view.Operators() {
				n.tidyProbes(ctx, access.ProbeSpace(o))
			}
			if err := n.keys.Sweep(); err != nil {
				n.log.Error("old keys were not removed", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tidyProbes removes what a validator left behind: objects older than the time to live, and, when more than half of the room is used, older than a tenth of it. So the space
// never stays full, and a validator that measures loses nothing that it is about to read.
func (n *node) tidyProbes(ctx context.Context, space object.Space) {
	u, err := n.engine.Usage(space)
	if err != nil || u.Objects == 0 && u.Uploads == 0 {
		return
	}
	ttl := n.o.ProbeTTL
	if u.Bytes+u.Uploads > probeLeast/2 {
		ttl /= 10
	}
	before := n.o.Now().Add(-ttl)
	buckets, err := n.engine.Buckets(ctx, space)
	if err != nil {
		return
	}
	for _, b := range buckets {
		after := ""
		for ctx.Err() == nil {
			page, err := n.engine.List(ctx, space, b.Name, object.ListOptions{After: after})
			if err != nil {
				break
			}
			for i := range page.Objects {
				o := &page.Objects[i]
				if o.Modified.Before(before) {
					g := o.Generation
					_, _ = n.engine.Delete(ctx, o.Key, object.Condition{IfGenerationMatch: &g}) // replaced meanwhile: it is new
				}
			}
			if !page.More {
				break
			}
			after = page.Next
		}
		uploads, err := n.engine.Uploads(ctx, space, b.Name, "")
		if err != nil {
			continue
		}
		for _, up := range uploads {
			if up.Started.Before(before) {
				_ = n.engine.AbortUpload(ctx, up.Key, up.ID)
			}
		}
	}
}
