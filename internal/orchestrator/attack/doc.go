// Package attack is the attack catalogue: each test is one attack on the built contract Wasm, on the real Soroban host, made of real calls by parties with keys of their own, with its profit and loss. An attack
// that pays fails the build; so does one whose victim loses more than docs/spec allows. The table is docs/attacks.md, which `go test ./internal/orchestrator/attack -update` writes. Beside it stand two questions
// that attackers ask as well: what becomes of money that nobody looks at for years, and what an upgrade does to it.
package attack
