// Package staking is the reference of the Staking contract (docs/spec/flash.md): who has how much FLASH at stake in which role, what is on its way out, what slashers took, and the votes at any past time.
//
// A State and an Op give the next State and its Effects, or an error of the contracts' table; a step that fails changes nothing. It has no I/O, clock or randomness: the ledger's time comes with the op.
// What it asks of FLASH goes through Token.
package staking
