#include "textflag.h"

// func transpose8(dst, src *float32, width, step, quads int)
// Eight rows of src, step apart, become eight columns of dst, whose rows are width
// apart: four values of each row at a time. The low lanes hold rows 0-3, the high
// lanes rows 4-7.
TEXT ·transpose8(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ width+16(FP), R8
	MOVQ step+24(FP), R9
	MOVQ quads+32(FP), CX
	SHLQ $2, R8
	SHLQ $2, R9
	LEAQ (R8)(R8*2), R10
	LEAQ (R9)(R9*2), R11
	LEAQ (SI)(R9*4), DX
	TESTQ CX, CX
	JZ   done8

loop8:
	VMOVUPS (SI), X0
	VMOVUPS (SI)(R9*1), X1
	VMOVUPS (SI)(R9*2), X2
	VMOVUPS (SI)(R11*1), X3
	VINSERTF128 $1, (DX), Y0, Y0
	VINSERTF128 $1, (DX)(R9*1), Y1, Y1
	VINSERTF128 $1, (DX)(R9*2), Y2, Y2
	VINSERTF128 $1, (DX)(R11*1), Y3, Y3
	VUNPCKLPS Y1, Y0, Y4
	VUNPCKHPS Y1, Y0, Y5
	VUNPCKLPS Y3, Y2, Y6
	VUNPCKHPS Y3, Y2, Y7
	VUNPCKLPD Y6, Y4, Y0
	VUNPCKHPD Y6, Y4, Y1
	VUNPCKLPD Y7, Y5, Y2
	VUNPCKHPD Y7, Y5, Y3
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, (DI)(R8*1)
	VMOVUPS Y2, (DI)(R8*2)
	VMOVUPS Y3, (DI)(R10*1)
	ADDQ $16, SI
	ADDQ $16, DX
	LEAQ (DI)(R8*4), DI
	DECQ CX
	JNZ  loop8

done8:
	VZEROUPPER
	RET

// func transpose4(dst, src *float32, width, step, quads int)
// The same with four rows.
TEXT ·transpose4(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ width+16(FP), R8
	MOVQ step+24(FP), R9
	MOVQ quads+32(FP), CX
	SHLQ $2, R8
	SHLQ $2, R9
	LEAQ (R8)(R8*2), R10
	LEAQ (R9)(R9*2), R11
	TESTQ CX, CX
	JZ   done4

loop4:
	VMOVUPS (SI), X0
	VMOVUPS (SI)(R9*1), X1
	VMOVUPS (SI)(R9*2), X2
	VMOVUPS (SI)(R11*1), X3
	VUNPCKLPS X1, X0, X4
	VUNPCKHPS X1, X0, X5
	VUNPCKLPS X3, X2, X6
	VUNPCKHPS X3, X2, X7
	VUNPCKLPD X6, X4, X0
	VUNPCKHPD X6, X4, X1
	VUNPCKLPD X7, X5, X2
	VUNPCKHPD X7, X5, X3
	VMOVUPS X0, (DI)
	VMOVUPS X1, (DI)(R8*1)
	VMOVUPS X2, (DI)(R8*2)
	VMOVUPS X3, (DI)(R10*1)
	ADDQ $16, SI
	LEAQ (DI)(R8*4), DI
	DECQ CX
	JNZ  loop4

done4:
	RET

// func transpose2(dst, src *float32, width, step, quads int)
// The same with two rows.
TEXT ·transpose2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ width+16(FP), R8
	MOVQ step+24(FP), R9
	MOVQ quads+32(FP), CX
	SHLQ $2, R8
	SHLQ $2, R9
	LEAQ (R8)(R8*2), R10
	TESTQ CX, CX
	JZ   done2

loop2:
	VMOVUPS (SI), X0
	VMOVUPS (SI)(R9*1), X1
	VUNPCKLPS X1, X0, X2
	VUNPCKHPS X1, X0, X3
	VMOVLPS X2, (DI)
	VMOVHPS X2, (DI)(R8*1)
	VMOVLPS X3, (DI)(R8*2)
	VMOVHPS X3, (DI)(R10*1)
	ADDQ $16, SI
	LEAQ (DI)(R8*4), DI
	DECQ CX
	JNZ  loop2

done2:
	RET

// func copy6(dst, src *float32, rows, step, panels, size int)
// Rows of src, step apart, are cut into panels of 6 values: value q of row l goes to
// dst[q/6*size + l*6 + q%6].
TEXT ·copy6(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ rows+16(FP), CX
	MOVQ step+24(FP), R9
	MOVQ panels+32(FP), R10
	MOVQ size+40(FP), R11
	SHLQ $2, R9
	SHLQ $2, R11

row6:
	MOVQ SI, AX
	MOVQ DI, BX
	MOVQ R10, DX

panel6:
	VMOVUPS (AX), X0
	MOVQ 16(AX), R12
	VMOVUPS X0, (BX)
	MOVQ R12, 16(BX)
	ADDQ $24, AX
	ADDQ R11, BX
	DECQ DX
	JNZ  panel6
	ADDQ R9, SI
	ADDQ $24, DI
	DECQ CX
	JNZ  row6
	RET

// func copy12(dst, src *float32, rows, step, panels, size int)
// The same with panels of 12 values.
TEXT ·copy12(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ rows+16(FP), CX
	MOVQ step+24(FP), R9
	MOVQ panels+32(FP), R10
	MOVQ size+40(FP), R11
	SHLQ $2, R9
	SHLQ $2, R11

row12:
	MOVQ SI, AX
	MOVQ DI, BX
	MOVQ R10, DX

panel12:
	VMOVUPS (AX), X0
	VMOVUPS 16(AX), X1
	VMOVUPS 32(AX), X2
	VMOVUPS X0, (BX)
	VMOVUPS X1, 16(BX)
	VMOVUPS X2, 32(BX)
	ADDQ $48, AX
	ADDQ R11, BX
	DECQ DX
	JNZ  panel12
	ADDQ R9, SI
	ADDQ $48, DI
	DECQ CX
	JNZ  row12
	RET

// func copy16(dst, src *float32, rows, step, panels, size int)
// The same with panels of 16 values.
TEXT ·copy16(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ rows+16(FP), CX
	MOVQ step+24(FP), R9
	MOVQ panels+32(FP), R10
	MOVQ size+40(FP), R11
	SHLQ $2, R9
	SHLQ $2, R11

row16:
	MOVQ SI, AX
	MOVQ DI, BX
	MOVQ R10, DX

panel16:
	VMOVUPS (AX), Y0
	VMOVUPS 32(AX), Y1
	VMOVUPS Y0, (BX)
	VMOVUPS Y1, 32(BX)
	ADDQ $64, AX
	ADDQ R11, BX
	DECQ DX
	JNZ  panel16
	ADDQ R9, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  row16
	VZEROUPPER
	RET

// func copy32(dst, src *float32, rows, step, panels, size int)
// The same with panels of 32 values.
TEXT ·copy32(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ rows+16(FP), CX
	MOVQ step+24(FP), R9
	MOVQ panels+32(FP), R10
	MOVQ size+40(FP), R11
	SHLQ $2, R9
	SHLQ $2, R11

row32:
	MOVQ SI, AX
	MOVQ DI, BX
	MOVQ R10, DX

panel32:
	VMOVUPS (AX), Y0
	VMOVUPS 32(AX), Y1
	VMOVUPS 64(AX), Y2
	VMOVUPS 96(AX), Y3
	VMOVUPS Y0, (BX)
	VMOVUPS Y1, 32(BX)
	VMOVUPS Y2, 64(BX)
	VMOVUPS Y3, 96(BX)
	ADDQ $128, AX
	ADDQ R11, BX
	DECQ DX
	JNZ  panel32
	ADDQ R9, SI
	ADDQ $128, DI
	DECQ CX
	JNZ  row32
	VZEROUPPER
	RET
