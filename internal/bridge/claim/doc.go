// Package claim is the node's side of the claim procedure (docs/spec/protocols.md, "Claim"): the node secret, the announcement to the platform, and the redemption of a
// claim code. The words that are exchanged are internal/claim's.
//
// The node trusts the platform with nothing: before it signs it checks that what it signs is node_bind of its own contract with its own key and endpoint, and it
// believes the binding only when the chain shows it.
package claim
