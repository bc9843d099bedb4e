// Package dispute is the reference model of the Dispute contract (docs/spec/disputes.md): proofs that decide at once, and panels that commit, reveal and can be appealed once.
//
// A State and an Op at a ledger time give Effects or an error with the code of the contracts' error table; a step that fails changes nothing. It has no I/O, clock or randomness. What the contract asks of the
// other contracts goes through World; Stage is a world in small, for tests and vectors. It imports the domain's arithmetic and the leaf packages only.
package dispute
