package sidebyside

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// equal compares one record of the model with the contract's.
func equal[T any](ctx context.Context, what string, want T, there bool, get func(context.Context) (T, error)) error {
	got, err := get(ctx)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		if there {
			return fmt.Errorf("%s: the contract does not have it", what)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", what, err)
	}
	if !there {
		return fmt.Errorf("%s: the contract has it, the model does not", what)
	}
	if d := cmp.Diff(want, got); d != "" {
		return fmt.Errorf("%s (- model, + contract):\n%s", what, d)
	}
	return nil
}

// one record by its id.
func (r *Rig) one(ctx context.Context, id ids.ID) error {
	s := r.World.State
	switch id.Kind() {
	case ids.Node:
		v, ok := s.Node(id)
		return equal(ctx, "node "+id.Short(), v, ok, func(ctx context.Context) (orchestrator.Node, error) { return r.Chain.Node(ctx, id) })
	case ids.Unit:
		v, ok := s.Unit(r.World.Now, id)
		return equal(ctx, "unit "+id.Short(), v, ok, func(ctx context.Context) (orchestrator.Unit, error) { return r.Chain.Unit(ctx, id) })
	case ids.Grant:
		v, ok := s.Grant(id)
		return equal(ctx, "grant "+id.Short(), v, ok, func(ctx context.Context) (orchestrator.Grant, error) {
			g, err := r.Chain.Grant(ctx, id)
			return g, err
		})
	case ids.SLA:
		x, ok := s.SLAAt(r.World.Now, id)
		err := equal(ctx, "sla "+id.Short(), x, ok, func(ctx context.Context) (orchestrator.SLA, error) { return r.Chain.SLA(ctx, id) })
		v, ok := s.Reservation(id)
		err = errors.Join(err, equal(ctx, "reservation "+id.Short(), v, ok, func(ctx context.Context) (orchestrator.Reservation, error) { return r.Chain.Reservation(ctx, id) }))
		if ok {
			err = errors.Join(err, r.one(ctx, v.Unit), r.collateral(ctx, v.Provider, v.Asset))
		}
		return err
	}
	return fmt.Errorf("%s is an id of no kind", id)
}

func (r *Rig) terms(ctx context.Context, id ids.ID) error {
	t, _ := r.World.State.Terms(id)
	b, err := r.Chain.Terms(ctx, id)
	if err != nil {
		return fmt.Errorf("reading the terms of %s: %w", id.Short(), err)
	}
	if !bytes.Equal(b, t.Bytes()) {
		return fmt.Errorf("the terms of %s: model %x, contract %x", id.Short(), t.Bytes(), b)
	}
	return nil
}

func (r *Rig) collateral(ctx context.Context, provider ids.Account, asset money.Asset) error {
	return equal(ctx, "collateral of "+provider.String(), r.World.State.Collateral(provider, asset), true,
		func(ctx context.Context) (orchestrator.Collateral, error) {
			return r.Chain.Collateral(ctx, provider, asset)
		})
}

func (r *Rig) balance(ctx context.Context, asset money.Asset, of ids.Account) error {
	return equal(ctx, "balance of "+of.String(), r.World.State.Balance(asset, of), true,
		func(ctx context.Context) (money.Amount, error) { return r.net.balance(ctx, r.Chain, asset, of) })
}

// touched compares what a call names or made, and whom it paid.
func (r *Rig) touched(ctx context.Context, op orchestrator.Op, e orchestrator.Effects) (err error) {
	made := e.IDs
	if len(made) == 0 && !e.ID.Zero() {
		made = []ids.ID{e.ID}
	}
	list := slices.Clone(made)
	v := reflect.ValueOf(op)
	for i := range v.NumField() {
		if id, ok := v.Field(i).Interface().(ids.ID); ok {
			list = append(list, id)
		}
	}
	for _, id := range r.related(list) {
		err = errors.Join(err, r.one(ctx, id))
	}
	switch o := op.(type) {
	case orchestrator.Request, orchestrator.RequestJoint, orchestrator.Split:
		for _, id := range made {
			err = errors.Join(err, r.terms(ctx, id))
		}
		if j, ok := op.(orchestrator.RequestJoint); ok {
			err = errors.Join(err, r.group(ctx, e.ID))
			for _, p := range j.Parts {
				err = errors.Join(err, r.price(ctx, p.Unit, j.Consumer))
			}
		}
		if q, ok := op.(orchestrator.Request); ok {
			err = errors.Join(err, r.price(ctx, q.Unit, q.Consumer))
		}
	case orchestrator.PriceFor:
		err = errors.Join(err, r.price(ctx, o.Unit, o.Consumer))
	}
	if p, ok := account(op, "Provider"); ok {
		if a, ok := account(op, "Asset"); ok {
			err = errors.Join(err, r.collateral(ctx, p, a))
		}
	}
	for _, t := range e.Transfers {
		err = errors.Join(err, r.balance(ctx, t.Asset, t.From), r.balance(ctx, t.Asset, t.To))
	}
	return err
}

// related are ids with those of the SLAs before, after and beside theirs, each once.
func (r *Rig) related(list []ids.ID) (out []ids.ID) {
	add := func(id ids.ID) {
		if !id.Zero() && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, id := range list {
		add(id)
		x, ok := r.World.State.SLA(id)
		if !ok {
			continue
		}
		add(x.Previous)
		add(x.Next)
		parts, _ := r.World.State.Group(x.Group)
		for _, p := range parts {
			add(p)
		}
	}
	return out
}

// group of a joint SLA.
func (r *Rig) group(ctx context.Context, id ids.ID) error {
	v, ok := r.World.State.Group(id)
	return equal(ctx, "group "+id.Short(), v, ok, func(ctx context.Context) ([]ids.ID, error) { return r.Chain.Group(ctx, id) })
}

// price that a unit has for a consumer.
func (r *Rig) price(ctx context.Context, unit ids.ID, consumer ids.Account) error {
	v, ok := r.World.State.PriceOf(r.World.Now, unit, consumer)
	return equal(ctx, "price of "+unit.Short()+" for "+consumer.String(), v, ok, func(ctx context.Context) (orchestrator.Special, error) { return r.Chain.PriceOf(ctx, unit, consumer) })
}

// Equal compares everything that both sides have.
func (r *Rig) Equal(ctx context.Context) (err error) {
	s := r.World.State
	for _, k := range []ids.Kind{ids.Node, ids.Unit, ids.SLA, ids.Grant} {
		for _, id := range s.IDs(k) {
			err = errors.Join(err, r.one(ctx, id))
			if x, _ := s.SLA(id); k == ids.SLA && x.Group == id {
				err = errors.Join(err, r.group(ctx, id))
			}
		}
	}
	for _, c := range r.World.Cast.Consumers {
		for _, unit := range s.IDs(ids.Unit) {
			err = errors.Join(err, r.price(ctx, unit, c))
		}
	}
	for _, asset := range r.World.Cast.Assets {
		for _, p := range r.World.Cast.Providers {
			err = errors.Join(err, r.collateral(ctx, p, asset))
		}
		for _, h := range r.holders {
			err = errors.Join(err, r.balance(ctx, asset, h))
		}
	}
	for _, p := range r.World.Cast.Providers {
		v, ok := s.Provider(p)
		err = errors.Join(err, equal(ctx, "provider "+p.String(), v, ok, func(ctx context.Context) (orchestrator.Provider, error) { return r.Chain.Provider(ctx, p) }))
	}
	for _, key := range r.World.Cast.Nodes {
		v, ok := s.NodeOf(key)
		err = errors.Join(err, equal(ctx, "node of "+key.String(), v, ok, func(ctx context.Context) (ids.ID, error) { return r.Chain.NodeOf(ctx, key) }))
	}
	latest, reported := s.Latest()
	epoch, root, ok, e := r.Chain.LatestReport(ctx)
	want, _ := s.Root(latest)
	if e != nil || ok != reported || ok && (epoch != latest || root != want) {
		err = errors.Join(err, fmt.Errorf("latest report: model %d %x %v, contract %d %x %v (%w)", latest, want, reported, epoch, root, ok, e))
	}
	config, e := r.Chain.OracleConfig(ctx)
	if d := cmp.Diff(s.Config(), config); d != "" || e != nil {
		err = errors.Join(err, fmt.Errorf("oracle configuration: %s (%w)", d, e))
	}
	params, e := r.Chain.Params(ctx)
	if d := cmp.Diff(s.Params(), params); d != "" || e != nil {
		err = errors.Join(err, fmt.Errorf("parameters: %s (%w)", d, e))
	}
	params, e = r.Chain.ProviderParams(ctx)
	if d := cmp.Diff(s.ProviderParams(), params); d != "" || e != nil {
		err = errors.Join(err, fmt.Errorf("parameters of the Provider Orchestrator: %s (%w)", d, e))
	}
	return err
}
