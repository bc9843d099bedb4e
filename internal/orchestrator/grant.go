package orchestrator

import (
	"bytes"
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
)

// Bounds of a grant.
const (
	MaxPrefix = 1024 // bytes
	MaxDepth  = 4    // grants between one that was passed on and the consumer's
)

func (s *State) grantAccess(op *GrantAccess) error {
	x, err := s.ownSLA(op.SLA, op.Consumer)
	if err != nil {
		return err
	}
	if x.State.Terminal() {
		return ErrStateWrong
	}
	return s.newGrant(op.SLA, op.Nonce, Grant{SLA: op.SLA, Grantor: op.Consumer, Grantee: op.Grantee, Prefix: op.Prefix, Ops: op.Ops, Expires: op.Expires})
}

// delegateAccess passes on part of a grant. That the new one ends no later than its parent makes an expired ancestor an expired parent, which no expiry is allowed under.
func (s *State) delegateAccess(op *DelegateAccess) error {
	p, ok := s.grants.get(op.Parent)
	switch {
	case !ok:
		return ErrNotFound
	case p.Grantee != op.Grantee || p.Ops&OpDelegate == 0:
		return ErrNotAuthorized
	}
	if x, _ := s.slas.get(p.SLA); x.State.Terminal() || s.revoked(p) || s.root(p).Grantor != x.Consumer {
		return ErrStateWrong
	}
	if p.Depth >= MaxDepth || !bytes.HasPrefix(op.Prefix, p.Prefix) || op.Ops&^p.Ops != 0 || op.Expires > p.Expires {
		return ErrGrantInvalid
	}
	return s.newGrant(op.Parent, op.Nonce,
		Grant{SLA: p.SLA, Parent: op.Parent, Depth: p.Depth + 1, Grantor: op.Grantee, Grantee: op.To, Prefix: op.Prefix, Ops: op.Ops, Expires: op.Expires})
}

// revoked of a grant or of one that it comes from.
func (s *State) revoked(g Grant) bool {
	for !g.Revoked && !g.Parent.Zero() {
		g, _ = s.grants.get(g.Parent)
	}
	return g.Revoked
}

// root is the grant of a consumer that a grant comes from. Once the SLA is another's, nothing that comes from the former consumer holds.
func (s *State) root(g Grant) Grant {
	for !g.Parent.Zero() {
		g, _ = s.grants.get(g.Parent)
	}
	return g
}

// newGrant stores a grant under an id of the SLA or, when it was passed on, of the parent: nobody but who may make grants there can take an id away.
func (s *State) newGrant(under ids.ID, nonce [32]byte, g Grant) error {
	if len(g.Prefix) > MaxPrefix || g.Ops == 0 || g.Ops > OpMask || g.Expires <= s.now {
		return ErrGrantInvalid
	}
	g.ID = ids.GrantID(s.genesis.Consumer, under, nonce)
	if _, ok := s.grants.get(g.ID); ok {
		return ErrExists
	}
	g.Prefix = slices.Clone(g.Prefix)
	s.grants.set(g.ID, g)
	s.out.ID = g.ID
	s.emit("granted", g.ID)
	return nil
}

// revokeAccess ends a grant and with it everything below, which is not touched.
func (s *State) revokeAccess(op *RevokeAccess) error {
	g, ok := s.grants.get(op.ID)
	if !ok {
		return ErrNotFound
	}
	if x, _ := s.slas.get(g.SLA); op.By != g.Grantor && op.By != g.Grantee && op.By != x.Consumer {
		return ErrNotAuthorized
	}
	if g.Revoked {
		return ErrStateWrong
	}
	g.Revoked = true
	s.grants.set(op.ID, g)
	s.emit("revoked", op.ID)
	return nil
}

// grant: none allows more than the one that it comes from.
func (c *checker) grant(g *Grant) {
	_, ok := c.s.slas.get(g.SLA)
	c.that(ok, "grant of an SLA", g.ID, "%s", g.SLA)
	c.that(g.Ops > 0 && g.Ops <= OpMask && len(g.Prefix) <= MaxPrefix, "grant", g.ID, "operations %d, %d bytes of prefix", g.Ops, len(g.Prefix))
	if g.Parent.Zero() {
		c.that(g.Depth == 0, "grant of the consumer", g.ID, "%s at depth %d", g.Grantor, g.Depth)
		return
	}
	p, ok := c.s.grants.get(g.Parent)
	c.that(ok && g.SLA == p.SLA && g.Grantor == p.Grantee && p.Ops&OpDelegate != 0, "grant passed on", g.ID, "by %s, from %+v", g.Grantor, p)
	c.that(g.Depth == p.Depth+1 && g.Depth <= MaxDepth, "depth of a grant", g.ID, "%d under %d", g.Depth, p.Depth)
	c.that(bytes.HasPrefix(g.Prefix, p.Prefix) && g.Ops&^p.Ops == 0 && g.Expires <= p.Expires, "a grant is part of its parent", g.ID, "%+v of %+v", *g, p)
}
