#include "textflag.h"
#include "vector_amd64.h"

// From word 8-n on: n lanes set, the others clear.
DATA ·tailMask+0(SB)/8, $-1
DATA ·tailMask+8(SB)/8, $-1
DATA ·tailMask+16(SB)/8, $-1
DATA ·tailMask+24(SB)/8, $-1
DATA ·tailMask+32(SB)/8, $0
DATA ·tailMask+40(SB)/8, $0
DATA ·tailMask+48(SB)/8, $0
DATA ·tailMask+56(SB)/8, $0
GLOBL ·tailMask(SB), RODATA|NOPTR, $64

// func addAVX2(dst, a, b []float32)
TEXT ·addAVX2(SB), NOSPLIT, $0-72
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ a_base+24(FP), SI
	MOVQ b_base+48(FP), DX
	XORQ BX, BX
	SUBQ $32, CX
	JLT  eights

loop:
	VMOVUPS (SI)(BX*4), Y0
	VMOVUPS 32(SI)(BX*4), Y1
	VMOVUPS 64(SI)(BX*4), Y2
	VMOVUPS 96(SI)(BX*4), Y3
	VADDPS (DX)(BX*4), Y0, Y0
	VADDPS 32(DX)(BX*4), Y1, Y1
	VADDPS 64(DX)(BX*4), Y2, Y2
	VADDPS 96(DX)(BX*4), Y3, Y3
	VMOVUPS Y0, (DI)(BX*4)
	VMOVUPS Y1, 32(DI)(BX*4)
	VMOVUPS Y2, 64(DI)(BX*4)
	VMOVUPS Y3, 96(DI)(BX*4)
	ADDQ $32, BX
	SUBQ $32, CX
	JGE  loop

eights:
	ADDQ $24, CX
	JLT  tail

eight:
	VMOVUPS (SI)(BX*4), Y0
	VADDPS (DX)(BX*4), Y0, Y0
	VMOVUPS Y0, (DI)(BX*4)
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  eight

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (SI)(BX*4), Y15, Y0
	VMASKMOVPS (DX)(BX*4), Y15, Y1
	VADDPS Y1, Y0, Y0
	VMASKMOVPS Y0, Y15, (DI)(BX*4)

done:
	VZEROUPPER
	RET

// func axpyAVX2(dst, x []float32, f float32)
TEXT ·axpyAVX2(SB), NOSPLIT, $0-52
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ x_base+24(FP), SI
	VBROADCASTSS f+48(FP), Y8
	XORQ BX, BX
	SUBQ $8, CX
	JLT  tail

loop:
	VMOVUPS (DI)(BX*4), Y0
	VFMADD231PS (SI)(BX*4), Y8, Y0
	VMOVUPS Y0, (DI)(BX*4)
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (DI)(BX*4), Y15, Y0
	VMASKMOVPS (SI)(BX*4), Y15, Y1
	VFMADD231PS Y1, Y8, Y0
	VMASKMOVPS Y0, Y15, (DI)(BX*4)

done:
	VZEROUPPER
	RET

// func scaleAVX2(dst, x []float32, f float32)
TEXT ·scaleAVX2(SB), NOSPLIT, $0-52
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ x_base+24(FP), SI
	VBROADCASTSS f+48(FP), Y8
	XORQ BX, BX
	SUBQ $8, CX
	JLT  tail

loop:
	VMULPS (SI)(BX*4), Y8, Y0
	VMOVUPS Y0, (DI)(BX*4)
	ADDQ $8, BX
	SUBQ $8, CX
	JGE  loop

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (SI)(BX*4), Y15, Y0
	VMULPS Y0, Y8, Y0
	VMASKMOVPS Y0, Y15, (DI)(BX*4)

done:
	VZEROUPPER
	RET

// func sumRowsAVX2(dst, src []float32, rows, step int)
// Adds rows of len(dst) values, step apart, to dst: four rows at a time, in order.
TEXT ·sumRowsAVX2(SB), NOSPLIT, $0-64
	MOVQ dst_base+0(FP), DI
	MOVQ src_base+24(FP), SI
	MOVQ rows+48(FP), R8
	MOVQ step+56(FP), R9
	SHLQ $2, R9
	LEAQ (R9)(R9*2), R10
	MOVQ dst_len+8(FP), CX
	ANDQ $7, CX
	JZ   whole
	TAIL

whole:
	SUBQ $4, R8
	JLT  ones

fours:
	MOVQ dst_len+8(FP), CX
	MOVQ SI, DX
	MOVQ DI, BX
	SUBQ $8, CX
	JLT  tail4

loop4:
	VMOVUPS (BX), Y0
	VADDPS (DX), Y0, Y0
	VADDPS (DX)(R9*1), Y0, Y0
	VADDPS (DX)(R9*2), Y0, Y0
	VADDPS (DX)(R10*1), Y0, Y0
	VMOVUPS Y0, (BX)
	ADDQ $32, DX
	ADDQ $32, BX
	SUBQ $8, CX
	JGE  loop4

tail4:
	ADDQ $8, CX
	JZ   next4
	VMASKMOVPS (BX), Y15, Y0
	VMASKMOVPS (DX), Y15, Y1
	VADDPS Y1, Y0, Y0
	VMASKMOVPS (DX)(R9*1), Y15, Y1
	VADDPS Y1, Y0, Y0
	VMASKMOVPS (DX)(R9*2), Y15, Y1
	VADDPS Y1, Y0, Y0
	VMASKMOVPS (DX)(R10*1), Y15, Y1
	VADDPS Y1, Y0, Y0
	VMASKMOVPS Y0, Y15, (BX)

next4:
	LEAQ (SI)(R9*4), SI
	SUBQ $4, R8
	JGE  fours

ones:
	ADDQ $4, R8
	JZ   done

one:
	MOVQ dst_len+8(FP), CX
	MOVQ SI, DX
	MOVQ DI, BX
	SUBQ $8, CX
	JLT  tail1

loop1:
	VMOVUPS (BX), Y0
	VADDPS (DX), Y0, Y0
	VMOVUPS Y0, (BX)
	ADDQ $32, DX
	ADDQ $32, BX
	SUBQ $8, CX
	JGE  loop1

tail1:
	ADDQ $8, CX
	JZ   next1
	VMASKMOVPS (BX), Y15, Y0
	VMASKMOVPS (DX), Y15, Y1
	VADDPS Y1, Y0, Y0
	VMASKMOVPS Y0, Y15, (BX)

next1:
	ADDQ R9, SI
	DECQ R8
	JNZ  one

done:
	VZEROUPPER
	RET

// func squaresAVX2(x []float32) (sum float64)
TEXT ·squaresAVX2(SB), NOSPLIT, $0-32
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	VXORPD Y4, Y4, Y4
	VXORPD Y5, Y5, Y5
	VXORPD Y6, Y6, Y6
	VXORPD Y7, Y7, Y7
	SUBQ $16, CX
	JLT  eight

loop:
	VCVTPS2PD (SI), Y0
	VCVTPS2PD 16(SI), Y1
	VCVTPS2PD 32(SI), Y2
	VCVTPS2PD 48(SI), Y3
	VFMADD231PD Y0, Y0, Y4
	VFMADD231PD Y1, Y1, Y5
	VFMADD231PD Y2, Y2, Y6
	VFMADD231PD Y3, Y3, Y7
	ADDQ $64, SI
	SUBQ $16, CX
	JGE  loop

eight:
	ADDQ $8, CX
	JLT  tail
	VCVTPS2PD (SI), Y0
	VCVTPS2PD 16(SI), Y1
	VFMADD231PD Y0, Y0, Y4
	VFMADD231PD Y1, Y1, Y5
	ADDQ $32, SI
	SUBQ $8, CX

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	VMASKMOVPS (SI), Y15, Y0
	VEXTRACTF128 $1, Y0, X1
	VCVTPS2PD X0, Y0
	VCVTPS2PD X1, Y1
	VFMADD231PD Y0, Y0, Y6
	VFMADD231PD Y1, Y1, Y7

done:
	VADDPD Y5, Y4, Y4
	VADDPD Y7, Y6, Y6
	VADDPD Y6, Y4, Y4
	VEXTRACTF128 $1, Y4, X0
	VADDPD X0, X4, X4
	VHADDPD X4, X4, X4
	VMOVSD X4, sum+24(FP)
	VZEROUPPER
	RET
