// Package governance is the reference model of the governance contract (docs/spec/governance.md): votes by stake at a snapshot, a time-lock, bounded parameters, and a guardian's pause.
//
// A State and an Op give the next State and its Effects, or an error with the code of the contracts' error table, which changes nothing. It has no I/O, clock or randomness: the
// ledger's time comes with the op; what it asks of Staking and of the contracts that it governs goes through Others. Who authorises is the chain's business: an op's first account has
// authorised it.
package governance
