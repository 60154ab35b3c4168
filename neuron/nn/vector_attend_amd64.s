#include "textflag.h"
#include "vector_amd64.h"

// func scoresAVX2(dst, keys, q []float32)
// Products of q with keys that lie in blocks of eight positions, len(q) rows of eight
// lanes each: four blocks at a time, then one. dst is a whole number of blocks.
TEXT ·scoresAVX2(SB), NOSPLIT, $0-72
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ keys_base+24(FP), SI
	MOVQ q_base+48(FP), R8
	MOVQ q_len+56(FP), R9
	MOVQ R9, R10
	SHLQ $5, R10            // bytes of a block
	LEAQ (R10)(R10*2), R11
	SUBQ $32, CX
	JLT  blocks

fours:
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	MOVQ SI, DX
	XORQ BX, BX

four:
	VBROADCASTSS (R8)(BX*4), Y4
	VFMADD231PS (DX), Y4, Y0
	VFMADD231PS (DX)(R10*1), Y4, Y1
	VFMADD231PS (DX)(R10*2), Y4, Y2
	VFMADD231PS (DX)(R11*1), Y4, Y3
	ADDQ $32, DX
	INCQ BX
	CMPQ BX, R9
	JLT  four
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	LEAQ (SI)(R10*4), SI
	ADDQ $128, DI
	SUBQ $32, CX
	JGE  fours

blocks:
	ADDQ $24, CX
	JLT  done

block:
	VXORPS Y0, Y0, Y0
	XORQ BX, BX

one:
	VBROADCASTSS (R8)(BX*4), Y4
	VFMADD231PS (SI), Y4, Y0
	ADDQ $32, SI
	INCQ BX
	CMPQ BX, R9
	JLT  one
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	SUBQ $8, CX
	JGE  block

done:
	VZEROUPPER
	RET

// func weighAVX2(dst, values, p []float32)
// Sums the rows of values, as long as dst, times p: 32 columns at a time, even and odd
// rows apart, then eight.
TEXT ·weighAVX2(SB), NOSPLIT, $0-72
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ values_base+24(FP), SI
	MOVQ p_base+48(FP), R8
	MOVQ CX, R9
	SHLQ $2, R9 // bytes of a row
	SUBQ $32, CX
	JLT  narrow

wide:
	MOVQ p_len+56(FP), R10
	MOVQ R8, R11
	MOVQ SI, DX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	SUBQ $2, R10
	JLT  odd

pair:
	VBROADCASTSS (R11), Y8
	VBROADCASTSS 4(R11), Y9
	VFMADD231PS (DX), Y8, Y0
	VFMADD231PS 32(DX), Y8, Y1
	VFMADD231PS 64(DX), Y8, Y2
	VFMADD231PS 96(DX), Y8, Y3
	ADDQ R9, DX
	VFMADD231PS (DX), Y9, Y4
	VFMADD231PS 32(DX), Y9, Y5
	VFMADD231PS 64(DX), Y9, Y6
	VFMADD231PS 96(DX), Y9, Y7
	ADDQ R9, DX
	ADDQ $8, R11
	SUBQ $2, R10
	JGE  pair

odd:
	ADDQ $2, R10
	JZ   even
	VBROADCASTSS (R11), Y8
	VFMADD231PS (DX), Y8, Y0
	VFMADD231PS 32(DX), Y8, Y1
	VFMADD231PS 64(DX), Y8, Y2
	VFMADD231PS 96(DX), Y8, Y3

even:
	VADDPS Y4, Y0, Y0
	VADDPS Y5, Y1, Y1
	VADDPS Y6, Y2, Y2
	VADDPS Y7, Y3, Y3
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ $128, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JGE  wide

narrow:
	ADDQ $24, CX
	JLT  tail

eight:
	MOVQ p_len+56(FP), R10
	MOVQ R8, R11
	MOVQ SI, DX
	VXORPS Y0, Y0, Y0

row8:
	VBROADCASTSS (R11), Y8
	VFMADD231PS (DX), Y8, Y0
	ADDQ R9, DX
	ADDQ $4, R11
	DECQ R10
	JNZ  row8
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGE  eight

tail:
	ADDQ $8, CX
	JZ   done
	TAIL
	MOVQ p_len+56(FP), R10
	VXORPS Y0, Y0, Y0

row1:
	VBROADCASTSS (R8), Y8
	VMASKMOVPS (SI), Y15, Y1
	VFMADD231PS Y1, Y8, Y0
	ADDQ R9, SI
	ADDQ $4, R8
	DECQ R10
	JNZ  row1
	VMASKMOVPS Y0, Y15, (DI)

done:
	VZEROUPPER
	RET
