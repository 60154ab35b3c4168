package nn

import "fmt"

var (
	add     = &operation{"Add", addBackward}
	addRows = &operation{"AddRows", addRowsBackward}
	scaleBy = &operation{"Scale", scaleBackward}
	reshape = &operation{"Reshape", viewBackward}
	gelu    = &operation{"GELU", geluBackward}
	embed   = &operation{"Embed", embedBackward}
)

// Add is a + b, of one shape.
func (t *Tape) Add(a, b *Tensor) *Tensor {
	sameShape("Add", a, b)
	n := t.record(add, a.Rows, a.Cols, a, b)
	t.device.split(addRun, n, a.Rows, a.Cols)
	return &n.out
}

func sameShape(name string, a, b *Tensor) {
	if a.Rows != b.Rows || a.Cols != b.Cols {
		panic(fmt.Sprintf("nn: %s of %s and %s", name, a, b))
	}
}

func addRun(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	n.device.vectors.add(n.out.Data[lo:hi], n.a.Data[lo:hi], n.b.Data[lo:hi])
}

func addBackward(n *node) {
	g := n.out.Grad
	n.hand(n.a, g)
	n.hand(n.b, g)
}

// AddRows adds row i mod b.Rows of b to row i of a: a bias when b has one row,
// positions when it has one for each.
func (t *Tape) AddRows(a, b *Tensor) *Tensor {
	if a.Cols != b.Cols || b.Rows == 0 || a.Rows%b.Rows != 0 {
		panic(fmt.Sprintf("nn: AddRows of %s and %s", a, b))
	}
	n := t.record(addRows, a.Rows, a.Cols, a, b)
	t.device.split(addRowsRun, n, a.Rows, a.Cols)
	return &n.out
}

func addRowsRun(n *node, _, from, to int) {
	for i := from; i < to; i++ {
		n.device.vectors.add(n.out.Row(i), n.a.Row(i), n.b.Row(i%n.b.Rows))
	}
}

func addRowsBackward(n *node) {
	n.sumRows(n.b)
	n.hand(n.a, n.out.Grad)
}

// sumRows adds row i of n's gradient to row i mod x.Rows of that of x.
func (n *node) sumRows(x *Tensor) {
	if hasGrad(x) {
		n.cleared(x)
		n.p, n.n = x.Grad, x.Rows
		n.device.split(sumRowsBack, n, n.out.Cols, n.out.Rows)
	}
}

// sumRowsBack sums columns from..to of all rows.
func sumRowsBack(n *node, _, from, to int) {
	cols, rows := n.out.Cols, n.n
	for r := range rows {
		n.device.vectors.sumRows(n.p[r*cols+from:r*cols+to], n.out.Grad[r*cols+from:], n.out.Rows/rows, rows*cols)
	}
}

// Scale is f a.
func (t *Tape) Scale(a *Tensor, f float32) *Tensor {
	n := t.record(scaleBy, a.Rows, a.Cols, a)
	n.f = f
	n.device.vectors.scale(n.out.Data, a.Data, f)
	return &n.out
}

func scaleBackward(n *node) {
	n.device.vectors.scale(n.out.Grad, n.out.Grad, n.f)
	n.hand(n.a, n.out.Grad)
}

// Reshape gives the same values another shape; it shares them and their gradient.
func (t *Tape) Reshape(a *Tensor, rows, cols int) *Tensor {
	if rows*cols != a.Rows*a.Cols {
		panic(fmt.Sprintf("nn: Reshape of %s to %d x %d", a, rows, cols))
	}
	return t.view(a, rows, cols)
}

// Head is the first rows of a; it shares them and their gradient.
func (t *Tape) Head(a *Tensor, rows int) *Tensor {
	if rows < 1 || rows > a.Rows {
		panic(fmt.Sprintf("nn: Head of %d rows of %s", rows, a))
	}
	return t.view(a, rows, a.Cols)
}

// view is a's first rows*cols values in a shape of their own: there is nothing to
// compute. The gradient of a parameter is shared from the beginning.
func (t *Tape) view(a *Tensor, rows, cols int) *Tensor {
	n := t.next()
	n.a = a
	n.out = Tensor{Rows: rows, Cols: cols, Data: a.Data[:rows*cols]}
	if a.Grad != nil {
		n.out.Grad = a.Grad[:rows*cols]
	} else if a.wanted {
		n.op, n.out.wanted = reshape, true
	}
	return &n.out
}

func viewBackward(n *node) {
	if n.a.Grad == nil && len(n.a.Data) != len(n.out.Data) {
		n.cleared(n.a)
	}
	n.hand(n.a, n.out.Grad)
}

// GELU is x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
func (t *Tape) GELU(a *Tensor) *Tensor {
	n := t.record(gelu, a.Rows, a.Cols, a)
	t.device.split(geluRun, n, a.Rows, 8*a.Cols)
	return &n.out
}

func geluRun(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	n.device.vectors.gelu(n.out.Data[lo:hi], n.a.Data[lo:hi])
}

func geluBackward(n *node) {
	n.device.split(geluBack, n, n.out.Rows, 8*n.out.Cols)
	n.hand(n.a, n.out.Grad)
}

func geluBack(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	n.device.vectors.geluBack(n.out.Grad[lo:hi], n.a.Data[lo:hi])
}

// Embed takes row ids[i] of a table of up to 256 rows. The ids are not copied: they
// must stay as they are until Backward.
func (t *Tape) Embed(table *Tensor, ids []uint8) *Tensor {
	n := t.record(embed, len(ids), table.Cols, table)
	n.ids = ids
	for _, id := range ids {
		if int(id) >= table.Rows {
			panic(fmt.Sprintf("nn: Embed of %d in a table of %s", id, table))
		}
	}
	t.device.split(embedRun, n, len(ids), table.Cols)
	return &n.out
}

func embedRun(n *node, _, from, to int) {
	for i, id := range n.ids[from:to] {
		copy(n.out.Row(from+i), n.a.Row(int(id)))
	}
}

func embedBackward(n *node) {
	n.cleared(n.a)
	n.device.split(embedBack, n, n.a.Cols, n.out.Rows)
}

// embedBack sums columns from..to of all rows.
func embedBack(n *node, _, from, to int) {
	for i, id := range n.ids {
		row := n.a.gradRow(int(id))[from:to]
		n.device.vectors.add(row, row, n.out.gradRow(i)[from:to])
	}
}
