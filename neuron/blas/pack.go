package blas

// A panel of A is mr rows, stored column by column; one of B is nr columns, stored row
// by row. Both are width x depth here: panel[l*width+r] is value l of line r, a line
// being a row of A or a column of B. Lines beyond the matrix are zero.

// packer copies lines that lie beside each other in memory into whole panels of a
// width of its own: value q of row l of src goes to dst[q/width*size+l*width+q%width].
// Rows of src are step apart.
type packer func(dst, src *float32, rows, step, panels, size int)

// lines are the rows of a block of A or the columns of a block of B: value l of line i
// is data[i*next+l*along]; one of the two distances is 1.
type lines struct {
	data        []float32
	count       int
	next, along int
}

// pack copies lines of the given depth into panels, times alpha.
func (x lines) pack(dst []float32, width, depth int, alpha float32, whole packer) {
	full := x.count / width
	switch {
	case x.along == 1:
		for i := range full {
			interleave(dst[i*width*depth:], width, x.data[i*width*x.next:], width, depth, x.next)
		}
	case full > 0:
		whole(&dst[0], &x.data[0], depth, x.along, full, width*depth)
	}
	if rest := x.count - full*width; rest > 0 {
		panel, data := dst[full*width*depth:][:width*depth], x.data[full*width*x.next:]
		clear(panel)
		if x.along == 1 {
			interleave(panel, width, data, rest, depth, x.next)
		} else {
			columns(panel, width, data, rest, depth, x.along)
		}
	}
	if alpha != 1 {
		used := dst[:(x.count+width-1)/width*width*depth]
		for i := range used {
			used[i] *= alpha
		}
	}
}

// columns copies count values of each of depth rows, step apart.
func columns(panel []float32, width int, src []float32, count, depth, step int) {
	for l := range depth {
		copy(panel[l*width:][:count], src[l*step:])
	}
}

// interleave copies count rows of depth values, step apart, into the columns of a
// panel: panel[l*width+r] = src[r*step+l].
func interleave(panel []float32, width int, src []float32, count, depth, step int) {
	r, quads := 0, depth/4
	if quads > 0 {
		for ; r+8 <= count; r += 8 {
			transpose8(&panel[r], &src[r*step], width, step, quads)
		}
		for ; r+4 <= count; r += 4 {
			transpose4(&panel[r], &src[r*step], width, step, quads)
		}
		for ; r+2 <= count; r += 2 {
			transpose2(&panel[r], &src[r*step], width, step, quads)
		}
	}
	// What is left of the depth, and of the rows.
	for i := range count {
		from := quads * 4
		if i >= r {
			from = 0
		}
		at := from*width + i
		for _, v := range src[i*step:][from:depth] {
			panel[at] = v
			at += width
		}
	}
}
