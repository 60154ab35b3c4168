#include "textflag.h"

// One step of the 6 x 16 kernel: a column of A, a row of B.
#define STEP2(ao, bo) \
	VMOVUPS (bo)(DI), Y0; \
	VMOVUPS (bo+32)(DI), Y1; \
	VBROADCASTSS (ao)(SI), Y2; \
	VBROADCASTSS (ao+4)(SI), Y3; \
	VFMADD231PS Y0, Y2, Y4; \
	VFMADD231PS Y1, Y2, Y5; \
	VFMADD231PS Y0, Y3, Y6; \
	VFMADD231PS Y1, Y3, Y7; \
	VBROADCASTSS (ao+8)(SI), Y2; \
	VBROADCASTSS (ao+12)(SI), Y3; \
	VFMADD231PS Y0, Y2, Y8; \
	VFMADD231PS Y1, Y2, Y9; \
	VFMADD231PS Y0, Y3, Y10; \
	VFMADD231PS Y1, Y3, Y11; \
	VBROADCASTSS (ao+16)(SI), Y2; \
	VBROADCASTSS (ao+20)(SI), Y3; \
	VFMADD231PS Y0, Y2, Y12; \
	VFMADD231PS Y1, Y2, Y13; \
	VFMADD231PS Y0, Y3, Y14; \
	VFMADD231PS Y1, Y3, Y15

// Adds a row of D to two registers, stores them in C, and goes to the next row of both.
#define ROW2(x, y) \
	VADDPS (BX), x, x; \
	VADDPS 32(BX), y, y; \
	VMOVUPS x, (DX); \
	VMOVUPS y, 32(DX); \
	ADDQ R9, BX; \
	ADDQ R8, DX

// func multiplyAVX2(k int, a, b, c *float32, ldc int, d *float32, ldd int)
// Y4-Y15 hold the tile, two registers a row; Y0 and Y1 a row of B.
TEXT ·multiplyAVX2(SB), NOSPLIT, $0-56
	MOVQ k+0(FP), CX
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DI
	MOVQ c+24(FP), DX
	MOVQ ldc+32(FP), R8
	MOVQ d+40(FP), BX
	MOVQ ldd+48(FP), R9
	SHLQ $2, R8
	SHLQ $2, R9
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11
	VXORPS Y12, Y12, Y12
	VXORPS Y13, Y13, Y13
	VXORPS Y14, Y14, Y14
	VXORPS Y15, Y15, Y15

	SUBQ $4, CX
	JLT  rest2

four2:
	STEP2(0, 0)
	STEP2(24, 64)
	STEP2(48, 128)
	STEP2(72, 192)
	ADDQ $96, SI
	ADDQ $256, DI
	SUBQ $4, CX
	JGE  four2

rest2:
	ADDQ $4, CX
	JZ   store2

one2:
	STEP2(0, 0)
	ADDQ $24, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  one2

store2:
	ROW2(Y4, Y5)
	ROW2(Y6, Y7)
	ROW2(Y8, Y9)
	ROW2(Y10, Y11)
	ROW2(Y12, Y13)
	ROW2(Y14, Y15)
	VZEROUPPER
	RET

// Two rows of the 12 x 32 tile: values of A at ao, accumulators x0-x1 and y0-y1.
#define PAIR5(ao, x0, x1, y0, y1, ax, ay) \
	VBROADCASTSS (ao)(SI), ax; \
	VBROADCASTSS (ao+4)(SI), ay; \
	VFMADD231PS Z0, ax, x0; \
	VFMADD231PS Z1, ax, x1; \
	VFMADD231PS Z0, ay, y0; \
	VFMADD231PS Z1, ay, y1

// One step of the 12 x 32 kernel: a column of A, a row of B.
#define STEP5(ao, bo) \
	VMOVUPS (bo)(DI), Z0; \
	VMOVUPS (bo+64)(DI), Z1; \
	PAIR5(ao, Z8, Z9, Z10, Z11, Z2, Z3); \
	PAIR5(ao+8, Z12, Z13, Z14, Z15, Z4, Z5); \
	PAIR5(ao+16, Z16, Z17, Z18, Z19, Z6, Z7); \
	PAIR5(ao+24, Z20, Z21, Z22, Z23, Z2, Z3); \
	PAIR5(ao+32, Z24, Z25, Z26, Z27, Z4, Z5); \
	PAIR5(ao+40, Z28, Z29, Z30, Z31, Z6, Z7)

#define ROW5(x, y) \
	VADDPS (BX), x, x; \
	VADDPS 64(BX), y, y; \
	VMOVUPS x, (DX); \
	VMOVUPS y, 64(DX); \
	ADDQ R9, BX; \
	ADDQ R8, DX

// func multiplyAVX512(k int, a, b, c *float32, ldc int, d *float32, ldd int)
// Z8-Z31 hold the tile, two registers a row; Z0 and Z1 a row of B.
TEXT ·multiplyAVX512(SB), NOSPLIT, $0-56
	MOVQ k+0(FP), CX
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DI
	MOVQ c+24(FP), DX
	MOVQ ldc+32(FP), R8
	MOVQ d+40(FP), BX
	MOVQ ldd+48(FP), R9
	SHLQ $2, R8
	SHLQ $2, R9
	VPXORQ Z8, Z8, Z8
	VPXORQ Z9, Z9, Z9
	VPXORQ Z10, Z10, Z10
	VPXORQ Z11, Z11, Z11
	VPXORQ Z12, Z12, Z12
	VPXORQ Z13, Z13, Z13
	VPXORQ Z14, Z14, Z14
	VPXORQ Z15, Z15, Z15
	VPXORQ Z16, Z16, Z16
	VPXORQ Z17, Z17, Z17
	VPXORQ Z18, Z18, Z18
	VPXORQ Z19, Z19, Z19
	VPXORQ Z20, Z20, Z20
	VPXORQ Z21, Z21, Z21
	VPXORQ Z22, Z22, Z22
	VPXORQ Z23, Z23, Z23
	VPXORQ Z24, Z24, Z24
	VPXORQ Z25, Z25, Z25
	VPXORQ Z26, Z26, Z26
	VPXORQ Z27, Z27, Z27
	VPXORQ Z28, Z28, Z28
	VPXORQ Z29, Z29, Z29
	VPXORQ Z30, Z30, Z30
	VPXORQ Z31, Z31, Z31

	SUBQ $4, CX
	JLT  rest5

four5:
	STEP5(0, 0)
	STEP5(48, 128)
	STEP5(96, 256)
	STEP5(144, 384)
	ADDQ $192, SI
	ADDQ $512, DI
	SUBQ $4, CX
	JGE  four5

rest5:
	ADDQ $4, CX
	JZ   store5

one5:
	STEP5(0, 0)
	ADDQ $48, SI
	ADDQ $128, DI
	DECQ CX
	JNZ  one5

store5:
	ROW5(Z8, Z9)
	ROW5(Z10, Z11)
	ROW5(Z12, Z13)
	ROW5(Z14, Z15)
	ROW5(Z16, Z17)
	ROW5(Z18, Z19)
	ROW5(Z20, Z21)
	ROW5(Z22, Z23)
	ROW5(Z24, Z25)
	ROW5(Z26, Z27)
	ROW5(Z28, Z29)
	ROW5(Z30, Z31)
	VZEROUPPER
	RET
