#include "textflag.h"
#include "vector_amd64.h"

DATA epsilon<>+0(SB)/4, $0x3727c5ac // normEpsilon
GLOBL epsilon<>(SB), RODATA|NOPTR, $4
DATA one<>+0(SB)/4, $0x3f800000
GLOBL one<>(SB), RODATA|NOPTR, $4

// func normalizeAVX2(out, x, gain, bias []float32) (mean, inverse float32)
// Y9 is the mean, Y10 the inverse deviation, X8 the number of values.
TEXT ·normalizeAVX2(SB), NOSPLIT, $0-104
	MOVQ out_base+0(FP), DI
	MOVQ out_len+8(FP), CX
	MOVQ x_base+24(FP), SI
	MOVQ gain_base+48(FP), R8
	MOVQ bias_base+72(FP), R9
	MOVQ CX, DX
	VXORPS X8, X8, X8
	VCVTSI2SSQ CX, X8, X8
	ANDQ $7, CX
	JZ   masked
	TAIL

masked:
	VXORPS Y0, Y0, Y0
	XORQ BX, BX
	MOVQ DX, CX
	SUBQ $8, CX
	JLT  sumTail

sumLoop:
	VADDPS (SI)(BX*4), Y0, Y0
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  sumLoop

sumTail:
	ADDQ $8, CX
	JZ   summed
	VMASKMOVPS (SI)(BX*4), Y15, Y1
	VADDPS Y1, Y0, Y0

summed:
	SUM(Y0, X0, X1)
	VDIVSS X8, X0, X9
	VMOVSS X9, mean+96(FP)
	VBROADCASTSS X9, Y9
	VXORPS Y0, Y0, Y0
	XORQ BX, BX
	MOVQ DX, CX
	SUBQ $8, CX
	JLT  squareTail

squareLoop:
	VMOVUPS (SI)(BX*4), Y1
	VSUBPS Y9, Y1, Y1
	VFMADD231PS Y1, Y1, Y0
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  squareLoop

squareTail:
	ADDQ $8, CX
	JZ   squared
	VMASKMOVPS (SI)(BX*4), Y15, Y1
	VSUBPS Y9, Y1, Y1
	VANDPS Y15, Y1, Y1
	VFMADD231PS Y1, Y1, Y0

squared:
	SUM(Y0, X0, X1)
	VDIVSS X8, X0, X0
	VADDSS epsilon<>(SB), X0, X0
	VSQRTSS X0, X0, X0
	VMOVSS one<>(SB), X1
	VDIVSS X0, X1, X10
	VMOVSS X10, inverse+100(FP)
	VBROADCASTSS X10, Y10
	XORQ BX, BX
	MOVQ DX, CX
	SUBQ $8, CX
	JLT  tail

loop:
	VMOVUPS (SI)(BX*4), Y0
	VSUBPS Y9, Y0, Y0
	VMULPS Y10, Y0, Y0
	VMOVUPS (R9)(BX*4), Y1
	VFMADD231PS (R8)(BX*4), Y0, Y1
	VMOVUPS Y1, (DI)(BX*4)
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	VMASKMOVPS (SI)(BX*4), Y15, Y0
	VSUBPS Y9, Y0, Y0
	VMULPS Y10, Y0, Y0
	VMASKMOVPS (R9)(BX*4), Y15, Y1
	VMASKMOVPS (R8)(BX*4), Y15, Y2
	VFMADD231PS Y2, Y0, Y1
	VMASKMOVPS Y1, Y15, (DI)(BX*4)

done:
	VZEROUPPER
	RET

// func normalizeBackAVX2(g, x, gain []float32, mean, inverse float32)
// Y9 is the mean, Y10 the inverse deviation, Y4 sums h and Y5 h y.
TEXT ·normalizeBackAVX2(SB), NOSPLIT, $0-80
	MOVQ g_base+0(FP), DI
	MOVQ g_len+8(FP), CX
	MOVQ x_base+24(FP), SI
	MOVQ gain_base+48(FP), R8
	VBROADCASTSS mean+72(FP), Y9
	VBROADCASTSS inverse+76(FP), Y10
	MOVQ CX, DX
	VXORPS X8, X8, X8
	VCVTSI2SSQ CX, X8, X8
	ANDQ $7, CX
	JZ   masked
	TAIL

masked:
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	XORQ BX, BX
	MOVQ DX, CX
	SUBQ $8, CX
	JLT  sumTail

sumLoop:
	VMOVUPS (DI)(BX*4), Y0
	VMULPS (R8)(BX*4), Y0, Y0
	VMOVUPS (SI)(BX*4), Y1
	VSUBPS Y9, Y1, Y1
	VMULPS Y10, Y1, Y1
	VADDPS Y0, Y4, Y4
	VFMADD231PS Y1, Y0, Y5
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  sumLoop

sumTail:
	ADDQ $8, CX
	JZ   summed
	VMASKMOVPS (DI)(BX*4), Y15, Y0
	VMASKMOVPS (R8)(BX*4), Y15, Y1
	VMULPS Y1, Y0, Y0
	VMASKMOVPS (SI)(BX*4), Y15, Y1
	VSUBPS Y9, Y1, Y1
	VMULPS Y10, Y1, Y1
	VADDPS Y0, Y4, Y4
	VFMADD231PS Y1, Y0, Y5

summed:
	SUM(Y4, X4, X0)
	SUM(Y5, X5, X0)
	VDIVSS X8, X4, X4
	VDIVSS X8, X5, X5
	VBROADCASTSS X4, Y4
	VBROADCASTSS X5, Y5
	XORQ BX, BX
	MOVQ DX, CX
	SUBQ $8, CX
	JLT  tail

loop:
	VMOVUPS (DI)(BX*4), Y0
	VMULPS (R8)(BX*4), Y0, Y0
	VMOVUPS (SI)(BX*4), Y1
	VSUBPS Y9, Y1, Y1
	VMULPS Y10, Y1, Y1
	VSUBPS Y4, Y0, Y0
	VFNMADD231PS Y5, Y1, Y0
	VMULPS Y10, Y0, Y0
	VMOVUPS Y0, (DI)(BX*4)
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	VMASKMOVPS (DI)(BX*4), Y15, Y0
	VMASKMOVPS (R8)(BX*4), Y15, Y1
	VMULPS Y1, Y0, Y0
	VMASKMOVPS (SI)(BX*4), Y15, Y1
	VSUBPS Y9, Y1, Y1
	VMULPS Y10, Y1, Y1
	VSUBPS Y4, Y0, Y0
	VFNMADD231PS Y5, Y1, Y0
	VMULPS Y10, Y0, Y0
	VMASKMOVPS Y0, Y15, (DI)(BX*4)

done:
	VZEROUPPER
	RET

// func gainsAVX2(dgain, dbias, g, x []float32, mean, inverse float32)
// dgain += g y, dbias += g with y = (x - mean) inverse.
TEXT ·gainsAVX2(SB), NOSPLIT, $0-104
	MOVQ dgain_base+0(FP), R8
	MOVQ dgain_len+8(FP), CX
	MOVQ dbias_base+24(FP), R9
	MOVQ g_base+48(FP), DI
	MOVQ x_base+72(FP), SI
	VBROADCASTSS mean+96(FP), Y9
	VBROADCASTSS inverse+100(FP), Y10
	XORQ BX, BX
	SUBQ $8, CX
	JLT  tail

loop:
	VMOVUPS (DI)(BX*4), Y0
	VMOVUPS (SI)(BX*4), Y1
	VSUBPS Y9, Y1, Y1
	VMULPS Y10, Y1, Y1
	VMOVUPS (R8)(BX*4), Y2
	VFMADD231PS Y1, Y0, Y2
	VMOVUPS Y2, (R8)(BX*4)
	VADDPS (R9)(BX*4), Y0, Y0
	VMOVUPS Y0, (R9)(BX*4)
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (DI)(BX*4), Y15, Y0
	VMASKMOVPS (SI)(BX*4), Y15, Y1
	VSUBPS Y9, Y1, Y1
	VMULPS Y10, Y1, Y1
	VMASKMOVPS (R8)(BX*4), Y15, Y2
	VFMADD231PS Y1, Y0, Y2
	VMASKMOVPS Y2, Y15, (R8)(BX*4)
	VMASKMOVPS (R9)(BX*4), Y15, Y2
	VADDPS Y2, Y0, Y0
	VMASKMOVPS Y0, Y15, (R9)(BX*4)

done:
	VZEROUPPER
	RET

// STEP moves eight parameters: data Y0, gradient Y1, moments Y2 and Y3.
// Y6 is beta1, Y7 (1-beta1) factor, Y8 beta2, Y9 (1-beta2) factor^2, Y10 the rate,
// Y11 the second moment's correction, Y12 epsilon, Y13 1 - decay.
#define STEP \
	VMULPS Y1, Y1, Y4; \
	VMULPS Y6, Y2, Y2; \
	VFMADD231PS Y7, Y1, Y2; \
	VMULPS Y8, Y3, Y3; \
	VFMADD231PS Y9, Y4, Y3; \
	VMULPS Y11, Y3, Y4; \
	VSQRTPS Y4, Y4; \
	VADDPS Y12, Y4, Y4; \
	VMULPS Y10, Y2, Y5; \
	VDIVPS Y4, Y5, Y4; \
	VFMSUB213PS Y4, Y13, Y0

// func adamAVX2(data, grad, first, second []float32, c *adamConstants)
TEXT ·adamAVX2(SB), NOSPLIT, $0-104
	MOVQ data_base+0(FP), DI
	MOVQ data_len+8(FP), CX
	MOVQ grad_base+24(FP), SI
	MOVQ first_base+48(FP), R8
	MOVQ second_base+72(FP), R9
	MOVQ c+96(FP), DX
	VBROADCASTSS 0(DX), Y6
	VBROADCASTSS 4(DX), Y7
	VBROADCASTSS 8(DX), Y8
	VBROADCASTSS 12(DX), Y9
	VBROADCASTSS 16(DX), Y10
	VBROADCASTSS 20(DX), Y11
	VBROADCASTSS 24(DX), Y12
	VBROADCASTSS 28(DX), Y13
	VXORPS Y14, Y14, Y14
	XORQ BX, BX
	SUBQ $8, CX
	JLT  tail

loop:
	VMOVUPS (DI)(BX*4), Y0
	VMOVUPS (SI)(BX*4), Y1
	VMOVUPS (R8)(BX*4), Y2
	VMOVUPS (R9)(BX*4), Y3
	STEP
	VMOVUPS Y0, (DI)(BX*4)
	VMOVUPS Y14, (SI)(BX*4)
	VMOVUPS Y2, (R8)(BX*4)
	VMOVUPS Y3, (R9)(BX*4)
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (DI)(BX*4), Y15, Y0
	VMASKMOVPS (SI)(BX*4), Y15, Y1
	VMASKMOVPS (R8)(BX*4), Y15, Y2
	VMASKMOVPS (R9)(BX*4), Y15, Y3
	STEP
	VMASKMOVPS Y0, Y15, (DI)(BX*4)
	VMASKMOVPS Y14, Y15, (SI)(BX*4)
	VMASKMOVPS Y2, Y15, (R8)(BX*4)
	VMASKMOVPS Y3, Y15, (R9)(BX*4)

done:
	VZEROUPPER
	RET

DATA lanes<>+0(SB)/4, $0
DATA lanes<>+4(SB)/4, $1
DATA lanes<>+8(SB)/4, $2
DATA lanes<>+12(SB)/4, $3
DATA lanes<>+16(SB)/4, $4
DATA lanes<>+20(SB)/4, $5
DATA lanes<>+24(SB)/4, $6
DATA lanes<>+28(SB)/4, $7
GLOBL lanes<>(SB), RODATA|NOPTR, $32
VECTOR(eight, 8)
VECTOR(golden, 0x9e3779b1)
VECTOR(mix1, 0x85ebca6b)
VECTOR(mix2, 0xc2b2ae35)

// KEPT is Y1, set where the hash of the places in Y4 is above the threshold Y7; as
// hashed. Y5 and Y6 are the seeds.
#define KEPT \
	VPADDD Y5, Y4, Y1; \
	VPMULLD Y9, Y1, Y1; \
	VPSRLD $16, Y1, Y2; \
	VPXOR Y2, Y1, Y1; \
	VPADDD Y6, Y1, Y1; \
	VPMULLD Y10, Y1, Y1; \
	VPSRLD $13, Y1, Y2; \
	VPXOR Y2, Y1, Y1; \
	VPMULLD Y11, Y1, Y1; \
	VPSRLD $16, Y1, Y2; \
	VPXOR Y2, Y1, Y1; \
	VPSRLD $1, Y1, Y1; \
	VPCMPGTD Y7, Y1, Y1; \
	VPADDD Y12, Y4, Y4

// func dropoutAVX2(dst, x []float32, keep float32, first, seed1, seed2 uint32, threshold int32)
TEXT ·dropoutAVX2(SB), NOSPLIT, $0-68
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ x_base+24(FP), SI
	VBROADCASTSS keep+48(FP), Y8
	VBROADCASTSS first+52(FP), Y4
	VPADDD lanes<>(SB), Y4, Y4
	VBROADCASTSS seed1+56(FP), Y5
	VBROADCASTSS seed2+60(FP), Y6
	VBROADCASTSS threshold+64(FP), Y7
	VMOVDQU golden<>(SB), Y9
	VMOVDQU mix1<>(SB), Y10
	VMOVDQU mix2<>(SB), Y11
	VMOVDQU eight<>(SB), Y12
	XORQ BX, BX
	SUBQ $8, CX
	JLT  tail

loop:
	KEPT
	VMULPS (SI)(BX*4), Y8, Y0
	VANDPS Y1, Y0, Y0
	VMOVUPS Y0, (DI)(BX*4)
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	KEPT
	VMASKMOVPS (SI)(BX*4), Y15, Y0
	VMULPS Y0, Y8, Y0
	VANDPS Y1, Y0, Y0
	VMASKMOVPS Y0, Y15, (DI)(BX*4)

done:
	VZEROUPPER
	RET
