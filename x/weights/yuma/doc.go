// Package yuma turns opinions into pay: from the stake of a subnet's neurons and
// the weights that they give one another it computes, once per epoch, who earned
// what. It is pure: no state, no clock, no floats, the same bits on every machine.
//
// One call does it all:
//
//	var engine yuma.Engine // keeps its memory between epochs
//	var out yuma.Output
//	err := engine.Epoch(&in, &out)
//
// An epoch runs through the files in this order:
//
//   - stake.go: shares of stake, permits, activity;
//   - matrix.go: rows masked and normalised, kept as lists of non-zero entries;
//   - consensus.go: per column the weight that enough stake supports, what lies
//     above it clipped, incentive from what remains;
//   - yuma2.go or yuma3.go with liquid.go: bonds follow the weights, dividends
//     follow the bonds;
//   - pay.go: the emission split, to the last rao.
//
// Shares are Q32.32 integers, 2^32 being one (fixed.go, exp.go). With
// Params.Upstream what is paid, bonds and permits are those of subtensor's epoch to
// the bit; without it the package differs where the README says that it is better.
//
// Explain takes the pay of one neuron apart. Scenario runs epochs from a JSON file,
// for people who want to try an idea before staking on it.
package yuma
