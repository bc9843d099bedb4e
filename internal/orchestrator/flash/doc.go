// Package flash is the reference of the FLASH token (docs/spec/flash.md): balances and allowances as SEP-41 has them, with a supply that was made once.
//
// A State and an Op give the next State and its Effects, or an error of the contracts' table. It has no I/O, clock or randomness: the ledger's number, which allowances end by, comes with the op.
package flash
