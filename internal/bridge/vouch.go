package bridge

import "github.com/flashback-network/flashback/internal/statement"

// vouch signs an answer to a challenge with the node's key. What it has not kept as it stated it does not sign: a signature under a wrong answer is proof against it.
func (n *node) vouch(a *statement.Answer, c statement.Challenge) error {
	if a.Gone != nil {
		return nil
	}
	s, err := n.proofs.Statement(c.SLA, c.Epoch)
	if err != nil {
		return err
	}
	if err := a.Sign(&s.Usage, c.Chunk, n.o.Key.SignHash); err != nil {
		n.log.Error("a challenge is not answered: the chunk is not what was stated", "sla", c.SLA, "epoch", c.Epoch, "chunk", c.Chunk, "err", err)
		return err
	}
	return nil
}
