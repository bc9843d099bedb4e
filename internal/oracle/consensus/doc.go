// Package consensus runs the report's log: CometBFT inside the process, an ABCI application that is thin over report.State, and what a validator keeps on disk of both. Certificates are made from
// vote extensions: in block H each validator signs the root that H itself closed, and the next proposer puts the signatures into the log, where everyone checks them again.
//
// CometBFT ends the whole process on some failures (a broken key file, a state that differs from the log), so a validator in production is a process of its own.
package consensus
