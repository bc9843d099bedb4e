package orchestrator

import (
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
)

// MaxPrefix is the longest prefix of a grant, bytes.
const MaxPrefix = 1024

func (s *State) grantAccess(op *GrantAccess) error {
	x, err := s.ownSLA(op.SLA, op.Consumer)
	if err != nil {
		return err
	}
	if x.State.Terminal() {
		return ErrStateWrong
	}
	if len(op.Prefix) > MaxPrefix || op.Ops == 0 || op.Ops > OpAll || op.Expires <= s.now {
		return ErrGrantInvalid
	}
	id := ids.GrantID(s.genesis.Consumer, op.SLA, op.Nonce)
	if _, ok := s.grants.get(id); ok {
		return ErrExists
	}
	s.grants.set(id, Grant{ID: id, SLA: op.SLA, Grantor: op.Consumer, Grantee: op.Grantee, Prefix: slices.Clone(op.Prefix), Ops: op.Ops, Expires: op.Expires})
	s.out.ID = id
	s.emit("granted", id)
	return nil
}

func (s *State) revokeAccess(op *RevokeAccess) error {
	g, ok := s.grants.get(op.ID)
	switch {
	case !ok:
		return ErrNotFound
	case g.Grantor != op.Consumer:
		return ErrNotAuthorized
	case g.Revoked:
		return ErrStateWrong
	}
	g.Revoked = true
	s.grants.set(op.ID, g)
	s.emit("revoked", op.ID)
	return nil
}
