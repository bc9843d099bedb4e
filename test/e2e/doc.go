// Package e2e runs the built binary as users do: a whole network, the real S3 clients, faults, kill -9. Build tag e2e; 'make e2e' runs it. Every test prints what it saw.
package e2e
