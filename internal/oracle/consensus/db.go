package consensus

import (
	"sync"

	dbm "github.com/cometbft/cometbft-db"
)

// lateDB survives reads after Close: CometBFT's gossip routines end some time after the node has closed its databases, and they panic on an error. They are told that nothing is there.
type lateDB struct {
	dbm.DB
	mu     sync.RWMutex
	closed bool
}

func (d *lateDB) Get(k []byte) ([]byte, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return nil, nil
	}
	return d.DB.Get(k)
}

func (d *lateDB) Has(k []byte) (bool, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return false, nil
	}
	return d.DB.Has(k)
}

func (d *lateDB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	return d.DB.Close()
}
