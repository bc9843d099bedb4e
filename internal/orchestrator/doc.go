// Package orchestrator is the reference model of the contracts (docs/spec/contracts.md): the Oracle, the Provider Orchestrator and the Consumer Orchestrator as one pure state machine.
//
// A State and an Op give the next State, its Effects, or an error with the code of the contracts' error table. It has no I/O, clock or randomness: the ledger's time comes with
// the op. The contracts on every chain are run beside it and have to agree with it on every balance; Check asserts the invariants of the design after every step.
// It imports the domain's arithmetic (sla, cert, merkle) and the leaf packages only.
package orchestrator
