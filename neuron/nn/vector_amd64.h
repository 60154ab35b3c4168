// Loops over CX values, eight at a time, and a last one over what is left, whose
// lanes TAIL puts into Y15. A value is computed by the same instructions in either, so
// that it does not matter where a slice begins.

// TAIL makes the mask of the last CX lanes, 1 to 7.
#define TAIL \
	LEAQ ·tailMask+32(SB), AX; \
	NEGQ CX; \
	VMOVUPS (AX)(CX*4), Y15

// SUM adds the lanes of y into its lowest, x being its lower half.
#define SUM(y, x, temporary) \
	VEXTRACTF128 $1, y, temporary; \
	VADDPS temporary, x, x; \
	VHADDPS x, x, x; \
	VHADDPS x, x, x

// VECTOR is a constant in eight lanes.
#define VECTOR(name, bits) \
	DATA name<>+0(SB)/4, $bits; \
	DATA name<>+4(SB)/4, $bits; \
	DATA name<>+8(SB)/4, $bits; \
	DATA name<>+12(SB)/4, $bits; \
	DATA name<>+16(SB)/4, $bits; \
	DATA name<>+20(SB)/4, $bits; \
	DATA name<>+24(SB)/4, $bits; \
	DATA name<>+28(SB)/4, $bits; \
	GLOBL name<>(SB), RODATA|NOPTR, $32
