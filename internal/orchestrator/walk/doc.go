// Package walk makes random, purposeful sequences of calls on one deployment of the contracts, with the parties and the validators played: mostly what honest parties would do next, sometimes
// what nobody may do. The same sequence drives the reference model alone (property tests) and the model beside the contracts (sidebyside). It is deterministic: all chance comes from a Dice.
package walk
