package orchestrator

import (
	"strconv"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// MaxEndpoint is the longest endpoint of a node, bytes.
const MaxEndpoint = 256

type decimal uint64

func (d decimal) String() string { return strconv.FormatUint(uint64(d), 10) }

type flag bool

func (f flag) String() string { return strconv.FormatBool(bool(f)) }

func (s *State) register(op *Register) error {
	if _, ok := s.providers.get(op.Provider); ok {
		return ErrExists
	}
	s.providers.set(op.Provider, Provider{Payout: op.Payout, Info: op.Info, Registered: s.now})
	s.emit("registered", op.Provider)
	return nil
}

func (s *State) updateProvider(op *UpdateProvider) error {
	p, ok := s.providers.get(op.Provider)
	if !ok {
		return ErrProviderUnknown
	}
	p.Payout, p.Info = op.Payout, op.Info
	s.providers.set(op.Provider, p)
	s.emit("registered", op.Provider)
	return nil
}

func (s *State) nodeBind(op *NodeBind) error {
	if op.Provider == op.Node {
		return ErrArgumentInvalid
	}
	if _, ok := s.providers.get(op.Provider); !ok {
		return ErrProviderUnknown
	}
	if !identityValid(op.Node, op.Endpoint) {
		return ErrArgumentInvalid
	}
	id := ids.NodeID(s.genesis.Provider, op.Node)
	if s.taken(id, op.Node) {
		return ErrNodeBound
	}
	s.nodes.set(id, Node{ID: id, Provider: op.Provider, Key: op.Node, Endpoint: op.Endpoint, State: NodeActive, Since: s.now})
	s.nodeOf.set(op.Node, id)
	s.out.ID = id
	s.emit("node_bound", id)
	return nil
}

// identityValid: a node signs statements with an Ed25519 key, so that a contract cannot be one.
func identityValid(key ids.Account, endpoint string) bool {
	return key.Kind == ids.KeyAccount && len(endpoint) > 0 && len(endpoint) <= MaxEndpoint
}

// taken reports whether a key, or the id that it gives, is a node's.
func (s *State) taken(id ids.ID, key ids.Account) bool {
	if _, ok := s.nodeOf.get(key); ok {
		return true
	}
	n, ok := s.nodes.get(id)
	return ok && n.State != NodeReleased
}

// ownNode finds a node of the provider that is not released.
func (s *State) ownNode(id ids.ID, provider ids.Account) (Node, error) {
	n, ok := s.nodes.get(id)
	switch {
	case !ok:
		return n, ErrNotFound
	case n.Provider != provider:
		return n, ErrNotAuthorized
	case n.State == NodeReleased:
		return n, ErrNodeReleased
	}
	return n, nil
}

func (s *State) nodeRotate(op *NodeRotate) error {
	if op.Provider == op.Key || !identityValid(op.Key, op.Endpoint) {
		return ErrArgumentInvalid
	}
	n, err := s.ownNode(op.ID, op.Provider)
	if err != nil {
		return err
	}
	if n.Key != op.Key {
		own := ids.NodeID(s.genesis.Provider, op.Key)
		if _, bound := s.nodeOf.get(op.Key); bound || own != op.ID && s.taken(own, op.Key) {
			return ErrNodeBound
		}
		s.nodeOf.remove(n.Key)
		s.nodeOf.set(op.Key, op.ID)
	}
	n.Key, n.Endpoint, n.Since = op.Key, op.Endpoint, s.now
	s.nodes.set(op.ID, n)
	s.emit("node_rotated", op.ID)
	return nil
}

func (s *State) nodeRelease(op *NodeRelease) error {
	n, err := s.ownNode(op.ID, op.Provider)
	if err != nil {
		return err
	}
	if n.Units > 0 {
		return ErrLiveReservations
	}
	s.nodeOf.remove(n.Key)
	n.State, n.Since = NodeReleased, s.now
	s.nodes.set(op.ID, n)
	s.emit("node_released", op.ID)
	return nil
}

func (s *State) depositCollateral(op *DepositCollateral) error {
	if op.Amount.Sign() <= 0 {
		return ErrAmountInvalid
	}
	if _, ok := s.providers.get(op.Provider); !ok {
		return ErrProviderUnknown
	}
	h := holding{op.Asset, op.Provider}
	c, _ := s.collateral.get(h)
	sum := c.Free.Big()
	free, err := money.FromBig(sum.Add(sum, op.Amount.Big()))
	if err != nil {
		return ErrOverflow
	}
	s.collateral.set(h, Collateral{free, c.Locked})
	s.emit("collateral", op.Provider)
	return s.transfer(op.Asset, op.Provider, s.genesis.Provider, op.Amount)
}

func (s *State) withdrawCollateral(op *WithdrawCollateral) error {
	if op.Amount.Sign() <= 0 {
		return ErrAmountInvalid
	}
	h := holding{op.Asset, op.Provider}
	c, _ := s.collateral.get(h)
	if c.Free.Less(op.Amount) {
		return ErrCollateralMissing
	}
	s.collateral.set(h, Collateral{c.Free.Sub(op.Amount), c.Locked})
	s.emit("collateral", op.Provider)
	return s.transfer(op.Asset, s.genesis.Provider, op.Provider, op.Amount)
}

// lock moves free collateral.
func (s *State) lock(provider ids.Account, asset money.Asset, amount money.Amount) error {
	h := holding{asset, provider}
	c, _ := s.collateral.get(h)
	if c.Free.Less(amount) {
		return ErrCollateralMissing
	}
	s.collateral.set(h, Collateral{c.Free.Sub(amount), c.Locked.Add(amount)})
	s.emit("collateral", provider)
	return nil
}
