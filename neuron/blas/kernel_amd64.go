package blas

import "golang.org/x/sys/cpu"

// kernels lists what this CPU can run, the fastest first; gonum's is last.
func kernels() []kernel {
	var all []kernel
	avx2 := cpu.X86.HasAVX2 && cpu.X86.HasFMA
	for _, k := range []struct {
		kernel
		here bool
	}{
		{kernel{"avx512", 12, 32, multiplyAVX512, copy12, copy32}, avx2 && cpu.X86.HasAVX512F},
		{kernel{"avx2", 6, 16, multiplyAVX2, copy6, copy16}, avx2},
	} {
		if k.here {
			all = append(all, k.kernel)
		}
	}
	return append(all, kernel{name: "gonum"})
}

//go:noescape
func multiplyAVX512(k int, a, b, c *float32, ldc int, d *float32, ldd int)

//go:noescape
func multiplyAVX2(k int, a, b, c *float32, ldc int, d *float32, ldd int)

// What packs is AVX2 for both kernels.

//go:noescape
func transpose8(dst, src *float32, width, step, quads int)

//go:noescape
func transpose4(dst, src *float32, width, step, quads int)

//go:noescape
func transpose2(dst, src *float32, width, step, quads int)

//go:noescape
func copy6(dst, src *float32, rows, step, panels, size int)

//go:noescape
func copy12(dst, src *float32, rows, step, panels, size int)

//go:noescape
func copy16(dst, src *float32, rows, step, panels, size int)

//go:noescape
func copy32(dst, src *float32, rows, step, panels, size int)
