package network

import (
	"fmt"
	"net"

	"github.com/flashback-network/flashback/internal/fault"
)

// DefaultBasePort is where the local network's ports begin.
const DefaultBasePort = 4600

// ports of the local network, all on loopback.
type ports struct {
	base, platform, chain int
}

func portsFrom(base int) ports { return ports{base: base, platform: base, chain: base + 1} }

func (p ports) node(i int) int            { return p.base + 11 + i }
func (p ports) validatorPeer(i int) int   { return p.base + 21 + i }
func (p ports) validatorStatus(i int) int { return p.base + 31 + i }

func (p ports) addr(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
func (p ports) url(port int) string  { return "http://" + p.addr(port) }

// free checks that nobody else listens where we will.
func (p ports) free() error {
	l := []int{p.platform, p.chain}
	for i := range demoNodes {
		l = append(l, p.node(i))
	}
	for i := range validators {
		l = append(l, p.validatorPeer(i), p.validatorStatus(i))
	}
	for _, port := range l {
		ln, err := net.Listen("tcp", p.addr(port))
		if err != nil {
			return fault.Wrap(err, fault.Conflict, "port_taken", "port %d is taken: choose others with --base-port, or stop what uses it", port)
		}
		if err := ln.Close(); err != nil {
			return err
		}
	}
	return nil
}
