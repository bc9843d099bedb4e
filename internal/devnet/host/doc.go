// Package host runs the real soroban-env-host, compiled to WebAssembly (contracts/host), under wazero. It turns Go calls
// into the module's blob-list messages and back; what a contract may do and what it costs is decided inside the module.
//
// A Runtime holds the compiled module. An Instance is one copy of its memory: it serves one call at a time, and after a
// trap it is broken for good. A Pool lends instances. Ledger entries are read through a Reader given with each call.
// Nothing here knows about transactions, accounts or storage.
package host
