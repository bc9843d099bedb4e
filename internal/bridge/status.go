package bridge

import (
	"context"
	"errors"

	"github.com/flashback-network/flashback/internal/bridge/access"
	"github.com/flashback-network/flashback/internal/bridge/admin"
	"github.com/flashback-network/flashback/internal/bridge/claim"
	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/sla"
)

var _ admin.Node = (*node)(nil)

// readiness tells why the node cannot serve consumers, if so. A node that is not claimed is ready: it serves nobody yet.
func (n *node) readiness() error {
	if !n.serving.Load() {
		return errors.New("starting or draining")
	}
	return n.view.Fresh()
}

// Status is a snapshot.
func (n *node) Status() admin.Status {
	bound, _ := n.view.Node()
	s := admin.Status{Key: n.o.Key.Account(), Provider: bound.Provider, Endpoint: n.o.Endpoint, Version: n.o.Version, Started: n.started.UTC(),
		UptimeSeconds: int64(n.o.Now().Sub(n.started).Seconds()), ChainAnswered: n.view.Answered().UTC(), Ready: n.readiness() == nil, AccessKeys: n.keys.Count(), SLAs: []admin.SLA{}}
	if !bound.ID.Zero() {
		s.Node = bound.ID.String()
	}
	if total, free, err := n.engine.Capacity(); err == nil {
		s.DiskTotal, s.DiskFree = total, free
	}
	for _, l := range n.view.SLAs() {
		if l.Phase == access.Over && l.Succeeded {
			continue // known only because its consumer's keys work under the one that took its data over
		}
		t, _ := n.meter.Tally(object.Space(l.ID.String()))
		hi, lo := t.Area.Seconds()
		s.SLAs = append(s.SLAs, admin.SLA{ID: l.ID, Consumer: l.Consumer, State: l.State.String(), Phase: l.Phase.String(), Ends: l.Ends.UTC(), Reserve: l.Volume,
			Stored: t.Bytes, Objects: t.Objects, Egress: l.Egress, BytesIn: t.In, BytesOut: t.Out, ByteSeconds: sla.Wide{Hi: hi, Lo: lo}.Big().String()})
	}
	return s
}

// Claim redeems a claim code.
func (n *node) Claim(ctx context.Context, code string) (claim.Claimed, error) {
	if b, bound := n.view.Node(); bound {
		return claim.Claimed{}, fault.New(fault.Conflict, "already_claimed", "this node is claimed by %s; it has to be released first", b.Provider)
	}
	out, err := n.claims.Redeem(ctx, code)
	if err != nil {
		return out, err
	}
	n.log.Info("this node is claimed", "provider", out.Provider, "node", out.Node)
	if err := n.view.Poll(ctx); err != nil {
		n.log.Warn("the binding is on chain; the node will see it when the chain answers", "err", err)
	}
	return out, nil
}

// Secret is the node secret, as long as it opens anything.
func (n *node) Secret() (string, error) {
	if b, bound := n.view.Node(); bound {
		return "", fault.New(fault.Conflict, "already_claimed", "this node is claimed by %s; its secret opens nothing any more", b.Provider)
	}
	return n.secret.Reveal(), nil
}
