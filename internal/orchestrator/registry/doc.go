// Package registry is the reference model of the Registry (docs/spec/registry.md): certifications with bonds, conflicts that freeze and name both, and who may be listed.
//
// A State and an Op give the next State and its Effects, or an error with the code of the contracts' error table, which changes nothing. It has no I/O, clock or randomness: the
// ledger's time comes with the op; what it asks of Staking and of FLASH goes through Others. Who authorises is the chain's business: an op's first account has authorised it.
package registry
