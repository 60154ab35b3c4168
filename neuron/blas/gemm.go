package blas

// Blocks of the product. A panel of B, kc x nr, stays in the first-level cache while
// the block of A, mc x kc, streams from the second; the block of B lies in the third.
const (
	kc = 256
	mc = 120 // a multiple of 6 and of 12
	nc = 2048
)

// largestTile holds a tile of any kernel.
const largestTile = 12 * 32

// kernel multiplies a panel of A by one of B.
type kernel struct {
	name   string
	mr, nr int
	// run adds A B to C: a holds k columns of mr values, b k rows of nr values, and
	// the rows of C lie ldc values apart. It is nil for gonum's Sgemm.
	run func(k int, a, b, c *float32, ldc int)
}

// product is what is left of Sgemm when beta is applied: C += alpha A B with strides.
// Element (i, l) of A is a[i*aRow + l*aCol], element (l, j) of B b[l*bRow + j*bCol].
type product struct {
	m, n, k    int
	alpha      float32
	a, b, c    []float32
	aRow, aCol int
	bRow, bCol int
	ldc        int
}

// rows is the part of the product that makes rows from..to of C.
func (p product) rows(from, to int) product {
	p.m, p.a, p.c = to-from, p.a[from*p.aRow:], p.c[from*p.ldc:]
	return p
}

// columns is the part of the product that makes columns from..to of C.
func (p product) columns(from, to int) product {
	p.n, p.b, p.c = to-from, p.b[from*p.bCol:], p.c[from:]
	return p
}

// scratch is the memory of one worker.
type scratch struct {
	a, b []float32
	tile [largestTile]float32
}

func newScratch() *scratch {
	return &scratch{a: make([]float32, mc*kc), b: make([]float32, nc*kc)}
}

// multiply computes a product on the caller's goroutine.
func (s *scratch) multiply(k kernel, p product) {
	for j := 0; j < p.n; j += nc {
		n := min(nc, p.n-j)
		for l := 0; l < p.k; l += kc {
			depth := min(kc, p.k-l)
			packB(s.b, k.nr, p.b[l*p.bRow+j*p.bCol:], depth, n, p.bRow, p.bCol)
			for i := 0; i < p.m; i += mc {
				m := min(mc, p.m-i)
				packA(s.a, k.mr, p.alpha, p.a[i*p.aRow+l*p.aCol:], m, depth, p.aRow, p.aCol)
				s.block(k, m, n, depth, p.c[i*p.ldc+j:], p.ldc)
			}
		}
	}
}

// block multiplies the packed block of A by that of B.
func (s *scratch) block(k kernel, m, n, depth int, c []float32, ldc int) {
	for j := 0; j < n; j += k.nr {
		b := &s.b[j*depth]
		for i := 0; i < m; i += k.mr {
			a := &s.a[i*depth]
			if m-i >= k.mr && n-j >= k.nr {
				k.run(depth, a, b, &c[i*ldc+j], ldc)
				continue
			}
			tile := s.tile[:k.mr*k.nr]
			clear(tile)
			k.run(depth, a, b, &tile[0], k.nr)
			for r := range min(k.mr, m-i) {
				row := c[(i+r)*ldc+j:][:min(k.nr, n-j)]
				for q, v := range tile[r*k.nr:][:len(row)] {
					row[q] += v
				}
			}
		}
	}
}

// packA copies a block of A into panels of mr rows, each column by column, times
// alpha; rows beyond m are zero.
func packA(dst []float32, mr int, alpha float32, a []float32, m, depth, row, col int) {
	for i := 0; i < m; i += mr {
		panel := dst[i*depth:][:mr*depth]
		height := min(mr, m-i)
		if height < mr {
			clear(panel)
		}
		switch {
		case col == 1:
			interleave(panel, mr, a[i*row:], height, depth, row)
		case height == mr:
			sixes(panel, mr, a[i:], depth, col)
		default:
			for l := range depth {
				copy(panel[l*mr:][:height], a[i+l*col:])
			}
		}
		if alpha != 1 {
			for j := range panel {
				panel[j] *= alpha
			}
		}
	}
}

// sixes copies depth rows of mr values, a multiple of six, step apart: two moves each
// instead of a call of memmove.
func sixes(panel []float32, mr int, src []float32, depth, step int) {
	for l := range depth {
		for r := 0; r < mr; r += 6 {
			*(*[6]float32)(panel[l*mr+r:]) = [6]float32(src[l*step+r:])
		}
	}
}

// packB copies a block of B into panels of nr columns, each row by row; columns
// beyond n are zero.
func packB(dst []float32, nr int, b []float32, depth, n, row, col int) {
	for j := 0; j < n; j += nr {
		panel := dst[j*depth:][:nr*depth]
		width := min(nr, n-j)
		if width < nr {
			clear(panel)
		}
		if row == 1 {
			interleave(panel, nr, b[j*col:], width, depth, col)
		} else {
			for l := range depth {
				copy(panel[l*nr:][:width], b[l*row+j:])
			}
		}
	}
}

// interleave copies count rows of depth values, step apart, into the columns of a
// panel of the given width: panel[l*width+r] = src[r*step+l].
func interleave(panel []float32, width int, src []float32, count, depth, step int) {
	r := 0
	// Four rows at a time: a line of the panel is written while it is in the cache.
	for ; r+4 <= count; r += 4 {
		s0, s1 := src[r*step:][:depth], src[(r+1)*step:][:depth]
		s2, s3 := src[(r+2)*step:][:depth], src[(r+3)*step:][:depth]
		at := r
		for l := range s0 {
			d := panel[at : at+4 : at+4]
			d[0], d[1], d[2], d[3] = s0[l], s1[l], s2[l], s3[l]
			at += width
		}
	}
	for ; r < count; r++ {
		at := r
		for _, v := range src[r*step:][:depth] {
			panel[at] = v
			at += width
		}
	}
}
