package access

import (
	"bytes"
	"slices"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/s3"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// ops are the grant's words for the front's actions.
var ops = [...]uint32{
	s3.List: orchestrator.OpList, s3.Read: orchestrator.OpRead, s3.Write: orchestrator.OpWrite,
	s3.Delete: orchestrator.OpDelete, s3.Configure: orchestrator.OpConfigure,
}

// holder is who uses a key, and under what.
type holder struct {
	account ids.Account
	sla     ids.ID // zero: the probe space
	grant   ids.ID // zero: the consumer itself
}

func forbidden(code, format string, a ...any) error {
	return fault.New(fault.Forbidden, code, format, a...)
}

// allow says whether the holder may do this now. It is on the path of every request: one read lock, no chain, no allocation when allowed.
func (v *View) allow(h *holder, a s3.Action, bucket, key string) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if err := v.fresh(); err != nil {
		return err
	}
	if h.sla.Zero() {
		if !slices.Contains(v.s.Operators, h.account) {
			return forbidden("not_an_operator", "the account is no longer the operator of a registered validator")
		}
		return nil
	}
	at := v.chainNow()
	if err := v.standing(h, at, a); err != nil {
		return err
	}
	if h.grant.Zero() {
		return nil
	}
	g := v.s.Grants[h.grant]
	if int(a) >= len(ops) || g.Ops&ops[a] == 0 {
		return forbidden("grant_operation", "the grant does not allow to %s", a)
	}
	if !covers(g.Prefix, bucket, key) {
		return forbidden("grant_prefix", "the grant covers names that begin with %q only", g.Prefix)
	}
	return nil
}

// standing checks the SLA's and the grant's state. mu is held.
func (v *View) standing(h *holder, at time.Time, a s3.Action) error {
	s, ok := v.s.SLAs[h.sla]
	if !ok {
		return forbidden("sla_over", "the service-level agreement is over and its data is removed")
	}
	mine := s
	if s = v.inCharge(s, at); s.ID != mine.ID && !h.grant.Zero() {
		return forbidden("grant_ended", "the agreement that the grant is of has ended: its data is now under agreement %s, whose consumer can grant access anew", s.ID)
	}
	switch v.phase(&s, at) {
	case Waiting:
		if s.State.Running() {
			return forbidden("sla_not_started", "the service-level agreement begins at %s", s.starts(v.s.Grid).UTC().Format(time.RFC3339))
		}
		return forbidden("sla_not_active", "the service-level agreement is not active yet: it is %s", s.State)
	case Retention:
		if a == s3.Write || a == s3.Configure {
			return forbidden("sla_retention", "the money of the service-level agreement lasts until %s only: until it is topped up (flashback sla fund), data can be read, listed and deleted, and not be written",
				s.end(v.s.Grid).UTC().Format(time.RFC3339))
		}
	case ReadOnly:
		if a != s3.List && a != s3.Read {
			since, _ := s.ended(v.s.Grid, at)
			if n, ok := v.heir(&s); ok {
				return forbidden("sla_ended", "the service-level agreement ended at %s: its data can be read, and is agreement %s's from %s on",
					since.UTC().Format(time.RFC3339), n.ID, n.starts(v.s.Grid).UTC().Format(time.RFC3339))
			}
			return forbidden("sla_ended", "the service-level agreement ended at %s: its data can be read until %s and not be changed",
				since.UTC().Format(time.RFC3339), since.Add(v.o.Retention).UTC().Format(time.RFC3339))
		}
	case Over:
		return forbidden("sla_over", "the service-level agreement is over and its data is removed")
	}
	if h.grant.Zero() {
		if h.account != s.Consumer {
			return forbidden("not_the_consumer", "the account is not the consumer of this service-level agreement")
		}
		return nil
	}
	g, ok := v.s.Grants[h.grant]
	switch {
	case !ok || g.SLA != h.sla:
		return forbidden("grant_unknown", "there is no such grant for this service-level agreement")
	case g.Grantee != h.account:
		return forbidden("not_the_grantee", "the grant is for another account")
	}
	return v.holds(&g, s.Consumer, at)
}

// holds checks that neither a grant nor one that it comes from is revoked or expired, up to the consumer's own. mu is held.
func (v *View) holds(g *orchestrator.Grant, consumer ids.Account, at time.Time) error {
	for range orchestrator.MaxDepth + 1 {
		switch {
		case g.Revoked:
			return forbidden("grant_revoked", "the grant, or one that it comes from, was revoked on chain")
		case at.Unix() >= int64(min(g.Expires, 1<<62)):
			return forbidden("grant_expired", "the grant expired at %s", time.Unix(int64(min(g.Expires, 1<<62)), 0).UTC().Format(time.RFC3339))
		case g.Parent.Zero():
			if g.Grantor != consumer {
				return forbidden("grant_unknown", "the grant does not come from the consumer")
			}
			return nil
		}
		p, ok := v.s.Grants[g.Parent]
		if !ok || p.SLA != g.SLA || p.Grantee != g.Grantor || p.Ops&orchestrator.OpDelegate == 0 {
			return forbidden("grant_unknown", "the grant does not come from the consumer")
		}
		g = &p
	}
	return forbidden("grant_unknown", "the grant was passed on too often")
}

// covers matches a grant's prefix against "bucket/key". A request without a bucket (the list of buckets) is covered by the
// empty prefix only; a listing is covered when everything that it can show is.
func covers(prefix []byte, bucket, key string) bool {
	if len(prefix) == 0 {
		return true
	}
	if bucket == "" {
		return false
	}
	var buf [256]byte
	target := append(append(append(buf[:0], bucket...), '/'), key...)
	return bytes.HasPrefix(target, prefix)
}
