// Package market is the reference model of the Market (docs/spec/market.md): what consumers want, what providers answer, openly or sealed, and the SLA that comes of one answer.
//
// A State and an Op give the next State and its Effects, or an error with the code of the contracts' error table, which changes nothing. It has no I/O, clock or randomness: the ledger's time comes with
// the op; what it asks of the Orchestrators goes through Others. Who authorises is the chain's business: an op's first account has authorised it, and what it does at the Orchestrators inside.
package market
