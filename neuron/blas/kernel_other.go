//go:build !amd64

package blas

// kernels lists what this CPU can run.
func kernels() []kernel { return []kernel{{name: "gonum"}} }

// Only kernels in assembly pack.

func transpose8(_, _ *float32, _, _, _ int) {}
func transpose4(_, _ *float32, _, _, _ int) {}
func transpose2(_, _ *float32, _, _, _ int) {}
