// Package ledger is the transaction layer of the embedded Stellar network: accounts, signatures, sequence numbers, fees,
// operations, ledger closes and their durable record. Contracts run in package host, which holds the real Soroban host;
// this package decides which transactions reach it, what they pay, and what of their work is kept.
//
// A Ledger has one closer at a time. Readers (simulation, queries) work on a Snapshot and never wait for a close.
// A ledger is visible only after its record is on disk. Nothing here speaks HTTP.
package ledger
