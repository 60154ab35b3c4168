#include "textflag.h"
#include "vector_amd64.h"

VECTOR(one, 0x3f800000)
VECTOR(log2e, 0x3fb8aa3b)
VECTOR(round, 0x4b400000)   // 3 << 22
VECTOR(ln2High, 0x3f318000) // 0.693359375
VECTOR(ln2Low, 0xb95e8083)  // -2.12194440e-4
VECTOR(exp6, 0x39506967)    // 1.9875691500e-4
VECTOR(exp5, 0x3ab743ce)    // 1.3981999507e-3
VECTOR(exp4, 0x3c088908)    // 8.3334519073e-3
VECTOR(exp3, 0x3d2aa9c1)    // 4.1665795894e-2
VECTOR(exp2, 0x3e2aaaaa)    // 1.6666665459e-1
VECTOR(exp1, 0x3f000000)    // 5.0000001201e-1
VECTOR(least, 0xc2ae0000)   // -87
VECTOR(most, 0x42b20000)    // 89
VECTOR(gelu1, 0xbfcc422a)   // -2 geluA
VECTOR(gelu3, 0xbd922279)   // -2 geluA geluB
VECTOR(slope0, 0x3fcc422a)  // 2 geluA
VECTOR(slope2, 0x3e5b33b6)  // 6 geluA geluB

#define EXPCONSTANTS \
	VMOVUPS round<>(SB), Y12; \
	VMOVUPS most<>(SB), Y13; \
	VMOVUPS least<>(SB), Y14

// EXP is Y0 = e^Y0, as the function exp: Y1-Y3 are lost. Y3 masks what is not below
// -87; minimum and maximum return their last operand, Y0, when it is no number. The
// low bits of Y1 are n, and n << 23 added to 1 is 2^n; 2^128 is infinite.
#define EXP \
	VCMPPS $5, Y14, Y0, Y3; \
	VMINPS Y0, Y13, Y0; \
	VMAXPS Y0, Y14, Y0; \
	VMOVAPS Y12, Y1; \
	VFMADD231PS log2e<>(SB), Y0, Y1; \
	VSUBPS Y12, Y1, Y2; \
	VFNMADD231PS ln2High<>(SB), Y2, Y0; \
	VFNMADD231PS ln2Low<>(SB), Y2, Y0; \
	VPSLLD $23, Y1, Y1; \
	VPADDD one<>(SB), Y1, Y1; \
	VMOVUPS exp6<>(SB), Y2; \
	VFMADD213PS exp5<>(SB), Y0, Y2; \
	VFMADD213PS exp4<>(SB), Y0, Y2; \
	VFMADD213PS exp3<>(SB), Y0, Y2; \
	VFMADD213PS exp2<>(SB), Y0, Y2; \
	VFMADD213PS exp1<>(SB), Y0, Y2; \
	VFMADD213PS one<>(SB), Y0, Y2; \
	VFMADD213PS one<>(SB), Y0, Y2; \
	VMULPS Y1, Y2, Y0; \
	VANDPS Y3, Y0, Y0

// func expSumAVX2(dst, x []float32, f, shift float32) (sum float32)
// dst = e^(f (x - shift)). Y8 is f, Y9 the shift, Y10 sums.
TEXT ·expSumAVX2(SB), NOSPLIT, $0-60
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ x_base+24(FP), SI
	VBROADCASTSS f+48(FP), Y8
	VBROADCASTSS shift+52(FP), Y9
	VXORPS Y10, Y10, Y10
	EXPCONSTANTS
	SUBQ $8, CX
	JLT  tail

loop:
	VMOVUPS (SI), Y0
	VSUBPS Y9, Y0, Y0
	VMULPS Y8, Y0, Y0
	EXP
	VADDPS Y0, Y10, Y10
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (SI), Y15, Y0
	VSUBPS Y9, Y0, Y0
	VMULPS Y8, Y0, Y0
	EXP
	VANDPS Y15, Y0, Y1
	VADDPS Y1, Y10, Y10
	VMASKMOVPS Y0, Y15, (DI)

done:
	SUM(Y10, X10, X0)
	VMOVSS X10, sum+56(FP)
	VZEROUPPER
	RET

// GELU is Y0 = Y4 / (1 + e^(-2u)), u = geluA (Y4 + geluB Y4^3).
#define GELU \
	VMULPS Y4, Y4, Y0; \
	VFMADD213PS gelu1<>(SB), Y8, Y0; \
	VMULPS Y4, Y0, Y0; \
	EXP; \
	VADDPS one<>(SB), Y0, Y0; \
	VDIVPS Y0, Y4, Y0

// func geluAVX2(dst, x []float32)
TEXT ·geluAVX2(SB), NOSPLIT, $0-48
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ x_base+24(FP), SI
	VMOVUPS gelu3<>(SB), Y8
	EXPCONSTANTS
	SUBQ $8, CX
	JLT  tail

loop:
	VMOVUPS (SI), Y4
	GELU
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (SI), Y15, Y4
	GELU
	VMASKMOVPS Y0, Y15, (DI)

done:
	VZEROUPPER
	RET

// GELUBACK is Y0 = Y5 s (1 + Y4 (1-s) d2u/dx), s = 1 / (1 + e^(-2u)) at Y4.
#define GELUBACK \
	VMULPS Y4, Y4, Y6; \
	VMOVAPS Y6, Y0; \
	VFMADD213PS gelu1<>(SB), Y8, Y0; \
	VMULPS Y4, Y0, Y0; \
	EXP; \
	VMOVUPS one<>(SB), Y7; \
	VADDPS Y7, Y0, Y0; \
	VDIVPS Y0, Y7, Y0; \
	VFMADD213PS slope0<>(SB), Y9, Y6; \
	VSUBPS Y0, Y7, Y1; \
	VMULPS Y4, Y1, Y1; \
	VFMADD213PS Y7, Y6, Y1; \
	VMULPS Y5, Y0, Y0; \
	VMULPS Y1, Y0, Y0

// func geluBackAVX2(g, x []float32)
TEXT ·geluBackAVX2(SB), NOSPLIT, $0-48
	MOVQ g_base+0(FP), DI
	MOVQ g_len+8(FP), CX
	MOVQ x_base+24(FP), SI
	VMOVUPS gelu3<>(SB), Y8
	VMOVUPS slope2<>(SB), Y9
	EXPCONSTANTS
	SUBQ $8, CX
	JLT  tail

loop:
	VMOVUPS (SI), Y4
	VMOVUPS (DI), Y5
	GELUBACK
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (SI), Y15, Y4
	VMASKMOVPS (DI), Y15, Y5
	GELUBACK
	VMASKMOVPS Y0, Y15, (DI)

done:
	VZEROUPPER
	RET

// func largestAVX2(x []float32) (most float32)
// x has a value.
TEXT ·largestAVX2(SB), NOSPLIT, $0-28
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	VBROADCASTSS (SI), Y0
	SUBQ $8, CX
	JLT  tail

loop:
	VMAXPS (SI), Y0, Y0
	ADDQ $32, SI
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (SI), Y15, Y1
	VMAXPS Y1, Y0, Y1
	VBLENDVPS Y15, Y1, Y0, Y0

done:
	VEXTRACTF128 $1, Y0, X1
	VMAXPS X1, X0, X0
	VPERMILPS $0x4e, X0, X1
	VMAXPS X1, X0, X0
	VPERMILPS $0xb1, X0, X1
	VMAXPS X1, X0, X0
	VMOVSS X0, most+24(FP)
	VZEROUPPER
	RET

// func softmaxBackAVX2(dp, p []float32, f float32)
// dp = f p (dp - sum p dp). Y4 and Y5 sum; then Y4 is the sum, Y8 f.
TEXT ·softmaxBackAVX2(SB), NOSPLIT, $0-52
	MOVQ dp_base+0(FP), DI
	MOVQ dp_len+8(FP), CX
	MOVQ p_base+24(FP), SI
	VBROADCASTSS f+48(FP), Y8
	VXORPS Y4, Y4, Y4
	MOVQ CX, DX
	XORQ BX, BX
	SUBQ $8, CX
	JLT  sumTail

sumLoop:
	VMOVUPS (SI)(BX*4), Y0
	VFMADD231PS (DI)(BX*4), Y0, Y4
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  sumLoop

sumTail:
	ADDQ $8, CX
	JZ   summed
	TAIL
	VMASKMOVPS (SI)(BX*4), Y15, Y0
	VMASKMOVPS (DI)(BX*4), Y15, Y1
	VFMADD231PS Y1, Y0, Y4

summed:
	SUM(Y4, X4, X0)
	VBROADCASTSS X4, Y4
	MOVQ DX, CX
	XORQ BX, BX
	SUBQ $8, CX
	JLT  tail

loop:
	VMOVUPS (DI)(BX*4), Y0
	VSUBPS Y4, Y0, Y0
	VMULPS (SI)(BX*4), Y0, Y0
	VMULPS Y8, Y0, Y0
	VMOVUPS Y0, (DI)(BX*4)
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	VMASKMOVPS (DI)(BX*4), Y15, Y0
	VMASKMOVPS (SI)(BX*4), Y15, Y1
	VSUBPS Y4, Y0, Y0
	VMULPS Y1, Y0, Y0
	VMULPS Y8, Y0, Y0
	VMASKMOVPS Y0, Y15, (DI)(BX*4)

done:
	VZEROUPPER
	RET
