// Package rpc serves a ledger over the JSON-RPC of a Stellar RPC server (the request and answer types are the official
// SDK's), so that the SDK's rpcclient cannot tell the difference. It also answers /friendbot, as public test networks do.
// It holds no state of its own.
package rpc
