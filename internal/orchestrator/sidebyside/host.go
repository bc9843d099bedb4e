package sidebyside

import "github.com/flashback-network/flashback/internal/devnet/direct"

// Host that the rig's contracts run on, for a test that deploys another contract beside them; not there behind an RPC.
func (r *Rig) Host() (*direct.Rig, bool) {
	l, ok := r.net.(*local)
	if !ok {
		return nil, false
	}
	return l.Rig, true
}
