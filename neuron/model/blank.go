package model

import "github.com/taonet/taonet/neuron/nn"

// longestMLP bounds the memory of a Forward; its context reaches back 16 bytes anyway.
const longestMLP = 4096

// Network is what a checkpoint keeps.
type Network interface {
	// Architecture is its kind, image-conv for example.
	Architecture() string
	// Params are what training changes, in a fixed order.
	Params() []*nn.Param
}

// Longest implements Language.
func (m *MLP) Longest() int { return longestMLP }

// Blank implements Language.
func (m *MLP) Blank() Language { return bare(NewMLP(m.config, 0)) }

// Longest implements Language.
func (m *Transformer) Longest() int { return m.config.Context }

// Blank implements Language.
func (m *Transformer) Blank() Language { return bare(NewTransformer(m.config, 0)) }

// bare takes away what only training needs, three quarters of the memory.
func bare[M Network](m M) M {
	for _, p := range m.Params() {
		p.Grad, p.First, p.Second = nil, nil, nil
	}
	return m
}
