// Package stellar is the driver of internal/chain for Stellar: it turns ops into contract calls, simulates, signs, sends and follows them, and reads records and events back. It
// knows an RPC URL (Stellar RPC, JSON over HTTP) and a network passphrase, and nothing else: the local network, a public test network and the main network differ by these two.
//
// A Client is the network without contracts: accounts, assets, deployment. A Chain is a Client with one deployment: it implements chain.Chain.
//
// What a call costs, in requests to the RPC:
//
//	Head                                  1 (getHealth)
//	records: SLA, Grant, Unit, Node, …    1 (getLedgerEntries, no simulation): cheap enough to be polled
//	Quote, balances of issued assets      1 (simulateTransaction)
//	Events                                1 (getEvents); 2 from the beginning
//	Submit, Transfer                      4 and the polls: getHealth, simulateTransaction, sendTransaction, getTransaction…
//	Authorize                             2; SignAuthorization 1; Relay as Submit
//
// Deploy takes four ledgers. A Submit on the embedded network takes its ledger interval (100 ms) and 20 to 50 ms more: BenchmarkSubmit.
//
// Calls of one account are sent one after another, in the order of their arrival, since a network takes one transaction of an account per ledger; calls of different accounts run side by side.
package stellar
