package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
)

const (
	eventPage = 200              // events per question
	pollTime  = 20 * time.Second // for one round of questions
	saveEvery = 30 * time.Second // a cursor that moved without news is written this often
	maxRounds = 50               // pages per poll, so that a long history does not keep Apply waiting
)

// Follow polls until ctx ends. It logs when the chain stops answering and when it is back.
func (v *View) Follow(ctx context.Context) {
	tick := time.NewTicker(v.o.Poll)
	defer tick.Stop()
	var silent time.Time
	for {
		err := v.Poll(ctx)
		switch {
		case ctx.Err() != nil:
			v.pollMu.Lock()
			err := v.save(true)
			v.pollMu.Unlock()
			if err != nil {
				v.o.Logger.Error("the view of the chain was not saved", "err", err)
			}
			return
		case err != nil && silent.IsZero():
			silent = v.o.Now()
			v.o.Logger.Warn("the chain does not answer; what was last known holds on", "limit", v.o.Stale, "err", err)
		case err == nil && !silent.IsZero():
			v.o.Logger.Info("the chain answers again", "after", v.o.Now().Sub(silent).Round(time.Second))
			silent = time.Time{}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Poll asks the chain once for what is new, takes it in and calls Apply. The cursor moves only past what was taken in completely.
func (v *View) Poll(ctx context.Context) error {
	v.pollMu.Lock()
	defer v.pollMu.Unlock()
	ask, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	if err := v.catchUp(ask); err != nil {
		v.apply(ctx) // time goes on also when the chain is silent
		return err
	}
	v.apply(ctx)
	return v.save(false)
}

func (v *View) catchUp(ctx context.Context) error {
	_, at, err := v.o.Chain.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the chain's head: %w", err)
	}
	asked := v.o.Now()
	_, bound := v.Node()
	if !bound {
		if err := v.findNode(ctx); err != nil {
			return err
		}
	}
	for range maxRounds {
		v.mu.RLock()
		cursor := v.s.Cursor
		v.mu.RUnlock()
		events, next, err := v.o.Chain.Events(ctx, cursor, eventPage)
		if fault.CodeOf(err) == "cursor_expired" && cursor != "" {
			v.o.Logger.Warn("the chain no longer has the events after the last one seen; reading everything again", "cursor", cursor)
			v.mu.Lock()
			v.s.Cursor = ""
			v.mu.Unlock()
			v.refreshed = time.Time{}
			continue
		}
		if err != nil {
			return fmt.Errorf("reading events: %w", err)
		}
		if err := v.take(ctx, events); err != nil {
			return err
		}
		v.mu.Lock()
		v.s.Cursor = next
		v.mu.Unlock()
		if len(events) < eventPage {
			break
		}
	}
	if v.refreshed.IsZero() || asked.Sub(v.refreshed) >= v.o.Refresh {
		if err := v.refresh(ctx); err != nil {
			return err
		}
		v.refreshed = asked
	}
	v.mu.Lock()
	v.s.Answered, v.s.Head, v.polled = asked, at, asked
	v.mu.Unlock()
	return nil
}

// take reads again whatever the events are about. An event is a hint: what counts is what the contract then says.
func (v *View) take(ctx context.Context, events []chain.Event) error {
	node, bound := v.Node()
	if !bound && slices.ContainsFunc(events, func(e chain.Event) bool { return e.Name == "node_bound" }) {
		if err := v.findNode(ctx); err != nil {
			return err
		}
		node, bound = v.Node()
	}
	var slas, units, grants []ids.ID
	var config bool
	for i := range events {
		e := &events[i]
		switch e.Name {
		case "rotated":
			config = true
			continue
		case "report":
			continue
		}
		id, err := ids.Parse(e.Subject)
		if err != nil {
			continue
		}
		switch id.Kind() {
		case ids.Node:
			if id == node.ID {
				if err := v.findNode(ctx); err != nil {
					return err
				}
			}
		case ids.Unit:
			units = append(units, id)
		case ids.SLA:
			slas = append(slas, id)
		case ids.Grant:
			grants = append(grants, id)
		}
	}
	if config {
		if err := v.readConfig(ctx); err != nil {
			return err
		}
	}
	if !bound {
		return nil // units come after the binding: nothing here can be about this node
	}
	for _, id := range distinct(units) {
		if err := v.readUnit(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range distinct(slas) {
		if err := v.readSLA(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range distinct(grants) {
		v.mu.RLock()
		_, known := v.s.Grants[id]
		v.mu.RUnlock()
		if known { // others have no keys here
			if _, err := v.readGrant(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func distinct(l []ids.ID) []ids.ID {
	slices.SortFunc(l, func(a, b ids.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(l)
}

// refresh reads everything known again, so that a lost event does no lasting harm.
func (v *View) refresh(ctx context.Context) error {
	if err := v.readConfig(ctx); err != nil {
		return err
	}
	if err := v.findNode(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	clear(v.foreign)
	slas, grants := slices.Collect(maps.Keys(v.s.SLAs)), slices.Collect(maps.Keys(v.s.Grants))
	v.mu.Unlock()
	for _, id := range slas {
		if err := v.readSLA(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range grants {
		if _, err := v.readGrant(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// apply settles whose data it is where an SLA's time has come, and tells the node about what changed.
func (v *View) apply(ctx context.Context) {
	v.applyMu.Lock()
	defer v.applyMu.Unlock()
	v.mu.Lock()
	settled := v.decide(v.chainNow())
	v.mu.Unlock()
	if settled {
		if err := v.save(true); err != nil {
			v.o.Logger.Error("who takes data over was not saved, and waits", "err", err)
			return
		}
	}
	for _, s := range v.SLAs() {
		now := applied{s.Phase, s.Space, s.Starts, s.Ends, s.Succeeded}
		before, known := v.applied[s.ID]
		if !known || before != now {
			if s.Phase == Over && v.Fresh() != nil {
				continue // never remove data on old knowledge
			}
			if err := v.o.Apply(ctx, s); err != nil {
				v.o.Logger.Error("the node does not follow an SLA", "sla", s.ID, "phase", s.Phase, "err", err)
				continue
			}
			if !known || before.phase != s.Phase || before.succeeded != s.Succeeded {
				v.o.Logger.Info("SLA", "id", s.ID, "state", s.State, "phase", s.Phase, "space", s.Space, "succeeded", s.Succeeded)
			}
			v.applied[s.ID] = now
		}
		if s.Phase == Over && !s.Succeeded {
			v.forget(s.ID)
		}
	}
}

// Resume calls Configure and Apply for what an earlier run left, before the chain is asked: without it, limits would not be set when the first request comes.
func (v *View) Resume(ctx context.Context) {
	v.mu.RLock()
	g, operators := v.s.Grid, v.s.Operators
	v.mu.RUnlock()
	if g.EpochSeconds > 0 {
		v.o.Configure(g.Genesis, g.EpochSeconds, operators)
	}
	v.apply(ctx)
}

func (v *View) forget(id ids.ID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.s.SLAs, id)
	for g := range v.s.Grants {
		if v.s.Grants[g].SLA == id {
			delete(v.s.Grants, g)
		}
	}
	delete(v.applied, id)
	v.foreign[id] = true
	v.dirty = true
}

// save writes the view when something changed, and from time to time when only the cursor moved.
func (v *View) save(now bool) error {
	v.saveMu.Lock()
	defer v.saveMu.Unlock()
	at := v.o.Now()
	v.mu.Lock()
	if !v.dirty && !now && at.Sub(v.saved) < saveEvery {
		v.mu.Unlock()
		return nil
	}
	b, err := marshal(&v.s)
	v.dirty = false
	v.mu.Unlock()
	if err == nil {
		err = writeFile(v.file(), b)
	}
	if err != nil {
		v.mu.Lock()
		v.dirty = true
		v.mu.Unlock()
		return fmt.Errorf("saving the view of the chain: %w", err)
	}
	v.saved = at
	return nil
}
