// Package setup makes a neuron's home: what somebody answers to four questions becomes
// a commented configuration, and a coldkey and a hotkey are made, imported or kept.
// Nothing that is there is ever written over.
package setup
