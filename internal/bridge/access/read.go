package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// findNode looks whether this node is bound.
func (v *View) findNode(ctx context.Context) error {
	id, err := v.o.Chain.NodeOf(ctx, v.o.Node)
	if fault.KindOf(err) == fault.NotFound {
		return v.bind(orchestrator.Node{})
	}
	if err != nil {
		return fmt.Errorf("reading the node's binding: %w", err)
	}
	n, err := v.o.Chain.Node(ctx, id)
	if err != nil {
		return fmt.Errorf("reading the node: %w", err)
	}
	if n.State == orchestrator.NodeReleased || n.Key != v.o.Node {
		n = orchestrator.Node{}
	}
	return v.bind(n)
}

func (v *View) bind(n orchestrator.Node) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.s.Node != n {
		v.s.Node, v.dirty = n, true
	}
	return nil
}

func (v *View) readConfig(ctx context.Context) error {
	c, err := v.o.Chain.OracleConfig(ctx)
	if err != nil {
		return fmt.Errorf("reading the validators' configuration: %w", err)
	}
	operators := make([]ids.Account, len(c.Validators))
	for i := range c.Validators {
		operators[i] = c.Validators[i].Operator
	}
	if c.EpochSeconds == 0 {
		return errors.New("the validators' configuration has epochs of no length")
	}
	g := grid{c.Genesis, c.EpochSeconds}
	v.mu.RLock()
	same := g == v.s.Grid && slices.Equal(operators, v.s.Operators)
	v.mu.RUnlock()
	if same {
		return nil
	}
	v.o.Configure(c.Genesis, c.EpochSeconds, operators)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.s.Grid, v.s.Operators, v.dirty = g, operators, true
	return nil
}

// readUnit learns whether a unit is on this node.
func (v *View) readUnit(ctx context.Context, id ids.ID) error {
	v.mu.RLock()
	_, known := v.s.Units[id]
	v.mu.RUnlock()
	if known {
		return nil
	}
	u, err := v.o.Chain.Unit(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading unit %s: %w", id, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if u.Node == v.s.Node.ID {
		v.s.Units[id], v.dirty = true, true
	}
	return nil
}

// readSLA takes in an SLA if its unit is on this node.
func (v *View) readSLA(ctx context.Context, id ids.ID) error {
	v.mu.RLock()
	foreign := v.foreign[id]
	v.mu.RUnlock()
	if foreign {
		return nil
	}
	c, err := v.o.Chain.SLA(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading SLA %s: %w", id, err)
	}
	if err := v.readUnit(ctx, c.Unit); err != nil {
		return err
	}
	v.mu.RLock()
	ours, s := v.s.Units[c.Unit], v.s.SLAs[id]
	at := v.chainNow()
	v.mu.RUnlock()
	if !ours {
		v.mu.Lock()
		defer v.mu.Unlock()
		if len(v.foreign) >= maxForeign {
			clear(v.foreign)
		}
		v.foreign[id] = true
		return nil
	}
	if s.ID.Zero() {
		if s, err = v.meet(ctx, id, c); err != nil {
			return err
		}
	}
	s.State, s.StartEpoch, s.EndEpochs, s.Thin = c.State, c.StartEpoch, c.EndEpochs, 0
	s.Consumer, s.Previous, s.Next = c.Consumer, c.Previous, c.Next
	if open := c.State == orchestrator.Active || c.State == orchestrator.Grace || c.State == orchestrator.Retention; open && c.Covered < c.Duration {
		s.State, s.Thin = orchestrator.Active, max(1, c.Covered-min(c.Covered, c.RetentionEpochs)) // time alone tells the rest
	}
	if s.State.Terminal() && s.OverSince == 0 {
		s.OverSince = at.Unix()
	}
	v.mu.Lock()
	now := v.s.SLAs[id]
	s.Root, s.Heir = now.Root, now.Heir // settled meanwhile
	if now != s {
		v.s.SLAs[id], v.dirty = s, true
	}
	var around []ids.ID
	for _, other := range []ids.ID{s.Previous, s.Next} {
		if _, known := v.s.SLAs[other]; !other.Zero() && !known {
			around = append(around, other)
		}
	}
	v.mu.Unlock()
	for _, other := range around { // whose data it is cannot be told without them
		if err := v.readSLA(ctx, other); err != nil {
			return err
		}
	}
	return nil
}

// meet reads the terms of an SLA that is new here. Terms never change.
func (v *View) meet(ctx context.Context, id ids.ID, c orchestrator.SLA) (SLA, error) {
	raw, err := v.o.Chain.Terms(ctx, id)
	if err != nil {
		return SLA{}, fmt.Errorf("reading the terms of SLA %s: %w", id, err)
	}
	t, err := sla.DecodeTerms(raw)
	if err != nil {
		return SLA{}, fmt.Errorf("terms of SLA %s: %w", id, err)
	}
	if t.SLA != id || t.Hash() != c.TermsHash {
		return SLA{}, fmt.Errorf("terms of SLA %s are not the ones that its hash names", id)
	}
	return SLA{ID: id, Unit: c.Unit, Consumer: c.Consumer, Provider: t.Provider, Volume: t.Volume, Egress: t.Egress, RateLimit: t.RateLimit}, nil
}

func (v *View) readGrant(ctx context.Context, id ids.ID) (orchestrator.Grant, error) {
	g, err := v.o.Chain.Grant(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.s.Grants, id)
		v.dirty = true
		return g, err
	}
	if err != nil {
		return g, fmt.Errorf("reading grant %s: %w", id, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ours := v.s.SLAs[g.SLA]; ours {
		g.Revoked = g.Revoked || v.s.Grants[id].Revoked // for good, also when this was read before it and is stored after it
		v.s.Grants[id], v.dirty = g, true
	}
	return g, nil
}

// readChain reads a grant and those that it comes from. The follower then reads each of them again when an event says that it was revoked.
func (v *View) readChain(ctx context.Context, id ids.ID) error {
	for range orchestrator.MaxDepth + 1 {
		g, err := v.readGrant(ctx, id)
		if fault.KindOf(err) == fault.NotFound {
			return nil // the verdict says so
		}
		if err != nil || g.Parent.Zero() {
			return err
		}
		id = g.Parent
	}
	return nil
}

// learn reads an SLA, and a grant if one is named, from the chain at once, for a key that is asked for before the follower saw them.
func (v *View) learn(ctx context.Context, slaID, grant ids.ID) error {
	if err := v.readSLA(ctx, slaID); err != nil {
		return err
	}
	v.apply(ctx)
	if grant.Zero() {
		return nil
	}
	// Twice: what was revoked between the first reading and its being known here, the follower passed over.
	for range 2 {
		if err := v.readChain(ctx, grant); err != nil {
			return err
		}
	}
	return nil
}
