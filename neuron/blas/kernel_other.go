//go:build !amd64

package blas

// kernels lists what this CPU can run.
func kernels() []kernel { return []kernel{{name: "gonum"}} }
