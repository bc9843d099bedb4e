// Package direct runs contract Wasm on the embedded network's real Soroban host without RPC, transactions, consensus or HTTP: for tests that make many calls. Footprints, lifetimes, archival,
// budgets, authorisation and Ed25519 signatures are the host's own and behave as on the network; what is left out is the envelope around a call: sequence numbers, taking of fees, history.
//
//	rig, err := direct.Open(ctx, direct.Options{})
//	defer rig.Close()
//	alice, err := rig.Party("alice")                           // a funded account with a key of its own
//	bank, err := rig.Party("bank")
//	usd, err := rig.Issue(ctx, "USD", bank.Account())          // a classic asset behind its Stellar Asset Contract
//	err = rig.Give(usd, alice.Account(), 1_000_000)            // trust line and tokens
//	vault, err := rig.Deploy(ctx, "vault", wasm, scval.Address(usd))
//	out, err := rig.Call(ctx, vault, "deposit", direct.By(alice), alice.Arg(), scval.I128(5))
//	if n := direct.Code(err); n != 0 { … }                     // the contract refused, with this number
//
// A call that is refused changes nothing; its error is a *Refusal, which names the contract's error number or the host's reason. Any other error is the rig's own failure.
//
// Who authorises is the argument before a call's own: By(parties…) sign what the call asks of them, and only that; Nobody() signs nothing; Instead(right, wrong) answers for right with a signature of wrong's key;
// AsSource(party) is a transaction's own source account, as a wallet's call has it, and the fastest. A party whose authorisation the contract needs and who is missing is the host's refusal (Unauthorised), never the
// rig's. A contract authorises only by calling.
//
// A call runs twice in the host: once to find out what it touches and who has to sign, once with that enforced. Exact makes the first a full simulation, so that footprint, resources and fees are those of a
// wallet's transaction.
//
// Advance moves time and ledger number, so that entries expire and are archived as on the network; a call that needs an archived entry restores it, and says so. Snapshot and Restore are cheap:
// the state is copied when it is next written to. Fork gives an independent rig for another goroutine. A Rig is for one goroutine at a time.
package direct
