// Package devnet is a Stellar network in one process: real contract execution, one operator, no consensus. It serves the
// JSON-RPC of a Stellar RPC server, so that code above it knows a URL and nothing else; docs/chain.md says what it is,
// what it is not, and every limit.
//
// The parts: host (the Soroban host as wasm), ledger (transactions, state, durability), rpc (JSON-RPC). This package
// wires them, drives time, and has the friendbot.
package devnet
