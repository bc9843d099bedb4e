// Package network runs a whole Flashback network on one machine: 'flashback up'. It starts the roles as processes of the same program, in order, brings a demo to life through the doors
// that every user has (friendbot, deployment, claim, collateral, Data Unit, SLA, grant, keys), watches the processes and stops them. Nothing above it knows that the network is local.
package network
