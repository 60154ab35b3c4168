// Package blas multiplies float32 matrices fast, behind gonum's blas.Float32.
//
// C = alpha op(A) op(B) + beta C is cut as Goto and van de Geijn describe (Anatomy
// of High-Performance Matrix Multiplication, 2008): a block of B, kc x nc, and one of
// A, mc x kc, are copied into panels in the order in which they are read, and a
// micro-kernel keeps a tile of C, mr x nr, in registers for all kc products. The
// kernels are assembly: 12 x 32 with AVX-512, 6 x 16 with AVX2 and FMA. Where neither
// is there, or GODEBUG=cpu.avx2=off hides it, gonum's own Sgemm runs.
//
// Each element of C is summed in one order, whatever the number of workers: results
// do not depend on it. They do depend on the kernel, in the last bits. A NaN or an
// infinity in A or B reaches C by the rules of IEEE 754 (gonum's Sgemm skips zeros of
// A, and 0 x NaN with them).
package blas
