package blas

// Blocks of the product. A panel of B, kc x nr, stays in the first-level cache while
// the block of A, mc x kc, streams from the second; the block of B lies in the third.
const (
	kc = 256
	mc = 120 // a multiple of 6 and of 12
	nc = 2048
)

// The largest tile of any kernel.
const (
	widestTile  = 32
	largestTile = 12 * widestTile
)

// kernel multiplies a panel of A by one of B.
type kernel struct {
	name   string
	mr, nr int
	// run is C = A B + D: a holds k columns of mr values, b k rows of nr values, the
	// rows of C lie ldc values apart, those of D ldd; with ldd 0 one row of D serves
	// them all. It is nil for gonum's Sgemm.
	run func(k int, a, b, c *float32, ldc int, d *float32, ldd int)
	// packA and packB copy lines that lie beside each other.
	packA, packB packer
}

// Part says where a product has zeros, or which results are of use.
type Part int

const (
	// Full has no such place.
	Full Part = iota
	// LowerC wants C on and below its diagonal. What lies above may be left as it was.
	LowerC
	// LowerA has zeros in op(A) above its diagonal.
	LowerA
	// UpperA has zeros in op(A) below its diagonal.
	UpperA
)

// product is C = alpha A B + D with strides. Element (i, l) of A is a[i*aRow + l*aCol],
// element (l, j) of B b[l*bRow + j*bCol].
type product struct {
	m, n, k    int
	alpha      float32
	a, b, c    []float32
	aRow, aCol int
	bRow, bCol int
	ldc        int
	// adds says that D is C; else it is one row for all, or zero where it is nil.
	adds bool
	bias []float32
	part Part
	// top is the first row of C in the whole product.
	top int
}

// rows is the part of the product that makes rows from..to of C.
func (p product) rows(from, to int) product {
	p.m, p.a, p.c, p.top = to-from, p.a[from*p.aRow:], p.c[from*p.ldc:], p.top+from
	return p
}

// columns is the part of the product that makes columns from..to of C.
func (p product) columns(from, to int) product {
	p.n, p.b, p.c = to-from, p.b[from*p.bCol:], p.c[from:]
	if p.bias != nil {
		p.bias = p.bias[from:to]
	}
	return p
}

// scratch is the memory of one worker.
type scratch struct {
	a, b []float32
	tile [largestTile]float32
	none [widestTile]float32
}

func newScratch() *scratch {
	return &scratch{a: make([]float32, mc*kc), b: make([]float32, nc*kc)}
}

// multiply computes a product on the caller's goroutine.
func (s *scratch) multiply(k kernel, p product) {
	for j := 0; j < p.n; j += nc {
		n := min(nc, p.n-j)
		for l := 0; l < p.k; l += kc {
			b := block{kernel: k, product: &p, n: n, depth: min(kc, p.k-l), column: j, at: l}
			columns := lines{p.b[l*p.bRow+j*p.bCol:], n, p.bCol, p.bRow}
			columns.pack(s.b, k.nr, b.depth, 1, k.packB)
			for b.row = 0; b.row < p.m; b.row += mc {
				b.m = min(mc, p.m-b.row)
				rows := lines{p.a[b.row*p.aRow+l*p.aCol:], b.m, p.aRow, p.aCol}
				rows.pack(s.a, k.mr, b.depth, p.alpha, k.packA)
				s.block(b)
			}
		}
	}
}

// block is the part of a product for which a block of A and one of B are packed: m
// rows from row on, n columns from column on, depth products from at on.
type block struct {
	kernel          kernel
	product         *product
	m, n, depth     int
	row, column, at int
}

// block multiplies the packed block of A by that of B, tile by tile.
func (s *scratch) block(b block) {
	k, p := b.kernel, b.product
	for j := 0; j < b.n; j += k.nr {
		for i := 0; i < b.m; i += k.mr {
			row, column := b.row+i, b.column+j
			last := p.top + row + k.mr - 1 // of the tile's rows
			if p.part == LowerC && column > last {
				continue
			}
			from, to := 0, b.depth
			switch p.part {
			case LowerA:
				to = min(to, max(0, last+1-b.at))
			case UpperA:
				from = min(to, max(0, p.top+row-b.at))
			}
			panelA, panelB := &s.a[i*b.depth+min(from, b.depth-1)*k.mr], &s.b[j*b.depth+min(from, b.depth-1)*k.nr]
			c := p.c[row*p.ldc+column:]
			if b.m-i >= k.mr && b.n-j >= k.nr {
				d, ldd := s.added(p, b.at, c, column)
				k.run(to-from, panelA, panelB, &c[0], p.ldc, d, ldd)
				continue
			}
			k.run(to-from, panelA, panelB, &s.tile[0], k.nr, &s.none[0], 0)
			s.corner(p, b, c, column, min(k.mr, b.m-i), min(k.nr, b.n-j))
		}
	}
}

// added is D for a whole tile: C, one row of the bias, or one of zeros.
func (s *scratch) added(p *product, at int, c []float32, column int) (d *float32, ldd int) {
	switch {
	case p.adds || at > 0:
		return &c[0], p.ldc
	case p.bias != nil:
		return &p.bias[column], 0
	}
	return &s.none[0], 0
}

// corner moves the tile's first rows and columns to C.
func (s *scratch) corner(p *product, b block, c []float32, column, rows, columns int) {
	for r := range rows {
		row, tile := c[r*p.ldc:][:columns], s.tile[r*b.kernel.nr:][:columns]
		switch {
		case p.adds || b.at > 0:
			for q, v := range tile {
				row[q] += v
			}
		case p.bias != nil:
			for q, v := range p.bias[column:][:columns] {
				row[q] = tile[q] + v
			}
		default:
			copy(row, tile)
		}
	}
}
