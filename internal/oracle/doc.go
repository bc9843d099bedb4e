// Package oracle is the validator: it watches the chain for agreements, probes the nodes that keep them, challenges what they hold, and agrees with the other validators on one certified root per
// epoch. Run is the whole of it. The parts: report (what is agreed, pure), consensus (the log), probe and possession (what is measured).
package oracle
