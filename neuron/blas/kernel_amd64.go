package blas

import "golang.org/x/sys/cpu"

// kernels lists what this CPU can run, the fastest first; gonum's is last.
func kernels() []kernel {
	var all []kernel
	for _, k := range []struct {
		kernel
		here bool
	}{
		{kernel{"avx512", 12, 32, multiplyAVX512}, cpu.X86.HasAVX512F},
		{kernel{"avx2", 6, 16, multiplyAVX2}, cpu.X86.HasAVX2 && cpu.X86.HasFMA},
	} {
		if k.here {
			all = append(all, k.kernel)
		}
	}
	return append(all, kernel{name: "gonum"})
}

//go:noescape
func multiplyAVX512(k int, a, b, c *float32, ldc int)

//go:noescape
func multiplyAVX2(k int, a, b, c *float32, ldc int)
