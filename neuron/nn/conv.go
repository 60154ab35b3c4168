package nn

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
)

var (
	convolution = &operation{"Convolution", convolutionBackward}
	maxPool     = &operation{"MaxPool", func(n *node) {
		n.cleared(n.a)
		for i, from := range n.spots {
			n.a.Grad[from] += n.out.Grad[i]
		}
	}}
)

// Image is the size of the pictures in a tensor: a row holds Channels planes of
// Height x Width values.
type Image struct{ Channels, Height, Width int }

// Values of one picture.
func (m Image) Values() int { return m.Channels * m.Height * m.Width }

// Convolution slides square kernels of odd size over pictures, zeros beyond the edge,
// so that height and width stay: out[o] = sum_c w[o,c] * x[c] + bias[o]. The weights
// have one row for each channel out, of channels in * size^2 values; bias is one row.
func (t *Tape) Convolution(x, w, bias *Tensor, in Image, size int) *Tensor {
	patch := in.Channels * size * size
	if x.Cols != in.Values() || w.Cols != patch || size%2 == 0 || bias.Rows != 1 || bias.Cols != w.Rows {
		panic(fmt.Sprintf("nn: Convolution of %s by %s, bias %s, pictures of %v, size %d", x, w, bias, in, size))
	}
	plane := in.Height * in.Width
	n := t.record(convolution, x.Rows, w.Rows*plane, x, w, bias)
	n.n, n.m = size, in.Width
	n.saved = t.memory.take(x.Rows * patch * plane) // all patches, picture by picture
	if n.out.wanted {
		n.work = t.memory.take(t.device.Workers() * patch * plane)
	}
	t.device.split(convolutionRun, n, x.Rows, patch*plane)
	return &n.out
}

// geometry is read off the shapes.
func (n *node) geometry() (in Image, size, patch, plane int) {
	size, patch = n.n, n.b.Cols
	plane = n.out.Cols / n.b.Rows
	return Image{Channels: patch / (size * size), Height: plane / n.m, Width: n.m}, size, patch, plane
}

func convolutionRun(n *node, _, from, to int) {
	in, size, patch, plane := n.geometry()
	for i := from; i < to; i++ {
		columns := n.saved[i*patch*plane:][:patch*plane]
		gather(columns, n.a.Row(i), in, size)
		out := n.out.Row(i)
		for o, v := range n.c.Data {
			for j := range plane {
				out[o*plane+j] = v
			}
		}
		n.device.alone.Sgemm(blas.NoTrans, blas.NoTrans, n.b.Rows, plane, patch, 1, n.b.Data, patch, columns, plane, 1, out, plane)
	}
}

func convolutionBackward(n *node) {
	_, _, patch, plane := n.geometry()
	if hasGrad(n.a) {
		n.cleared(n.a)
		n.device.split(convolutionBack, n, n.out.Rows, patch*plane)
	}
	for _, x := range []*Tensor{n.b, n.c} {
		if hasGrad(x) {
			n.cleared(x)
		}
	}
	for i := range n.out.Rows {
		g := n.out.gradRow(i)
		if n.b.Grad != nil {
			columns := n.saved[i*patch*plane:]
			n.device.shared.Sgemm(blas.NoTrans, blas.Trans, n.b.Rows, patch, plane, 1, g, plane, columns, plane, 1, n.b.Grad, patch)
		}
		if n.c.Grad != nil {
			for o := range n.c.Grad {
				var sum float32
				for _, v := range g[o*plane:][:plane] {
					sum += v
				}
				n.c.Grad[o] += sum
			}
		}
	}
}

func convolutionBack(n *node, worker, from, to int) {
	in, size, patch, plane := n.geometry()
	columns := n.work[worker*patch*plane:][:patch*plane]
	for i := from; i < to; i++ {
		n.device.alone.Sgemm(blas.Trans, blas.NoTrans, patch, plane, n.b.Rows, 1, n.b.Data, patch, n.out.gradRow(i), plane, 0, columns, plane)
		scatter(n.a.gradRow(i), columns, in, size)
	}
}

// overlaps calls visit for each row of each patch position: where it lies in the
// columns, where in the picture, and how many values meet.
func overlaps(in Image, size int, visit func(column, pixel, count int)) {
	plane, half := in.Height*in.Width, size/2
	for c := range in.Channels {
		for dy := range size {
			for dx := range size {
				row := ((c*size+dy)*size + dx) * plane
				left := max(0, half-dx)
				right := min(in.Width, in.Width+half-dx)
				for y := max(0, half-dy); y < min(in.Height, in.Height+half-dy); y++ {
					if left < right {
						visit(row+y*in.Width+left, (c*in.Height+y+dy-half)*in.Width+left+dx-half, right-left)
					}
				}
			}
		}
	}
}

// gather copies a picture into columns: one row for each value of a patch, one column
// for each place.
func gather(columns, picture []float32, in Image, size int) {
	clear(columns)
	overlaps(in, size, func(column, pixel, count int) { copy(columns[column:][:count], picture[pixel:]) })
}

// scatter adds columns back to where they came from.
func scatter(picture, columns []float32, in Image, size int) {
	overlaps(in, size, func(column, pixel, count int) { addGo(picture[pixel:][:count], picture[pixel:], columns[column:]) })
}

// MaxPool keeps the largest of each 2 x 2 values; height and width are even.
func (t *Tape) MaxPool(x *Tensor, in Image) *Tensor {
	if x.Cols != in.Values() || in.Height%2 != 0 || in.Width%2 != 0 {
		panic(fmt.Sprintf("nn: MaxPool of %s, pictures of %v", x, in))
	}
	n := t.record(maxPool, x.Rows, x.Cols/4, x)
	for row := range x.Rows * in.Channels * in.Height / 2 {
		for column := 0; column < in.Width; column += 2 {
			at := 2*row*in.Width + column
			for _, next := range [3]int{at + 1, 2*row*in.Width + column + in.Width, 2*row*in.Width + column + in.Width + 1} {
				if x.Data[next] > x.Data[at] {
					at = next
				}
			}
			n.out.Data[len(n.spots)] = x.Data[at]
			n.spots = append(n.spots, int32(at))
		}
	}
	return &n.out
}
