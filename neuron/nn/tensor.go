package nn

import "fmt"

// Tensor is a matrix and the gradient of the loss with respect to it.
type Tensor struct {
	Rows, Cols int
	// Data has Rows*Cols values, row by row.
	Data []float32
	// Grad has as many, or is nil for a constant. What a tape made has a gradient only
	// while Backward needs it.
	Grad []float32
	// wanted says that a tape made it and will give it a gradient.
	wanted bool
}

// NewTensor returns a constant of zeros.
func NewTensor(rows, cols int) *Tensor {
	return &Tensor{Rows: rows, Cols: cols, Data: make([]float32, rows*cols)}
}

// Constant wraps values that need no gradient; they are not copied.
func Constant(rows, cols int, data []float32) *Tensor {
	if len(data) != rows*cols {
		panic(fmt.Sprintf("nn: %d values for a matrix of %d x %d", len(data), rows, cols))
	}
	return &Tensor{Rows: rows, Cols: cols, Data: data}
}

// Row is row i.
func (x *Tensor) Row(i int) []float32 { return x.Data[i*x.Cols : (i+1)*x.Cols : (i+1)*x.Cols] }

// gradRow is row i of the gradient.
func (x *Tensor) gradRow(i int) []float32 { return x.Grad[i*x.Cols : (i+1)*x.Cols : (i+1)*x.Cols] }

func (x *Tensor) String() string { return fmt.Sprintf("%d x %d", x.Rows, x.Cols) }

// Param is a tensor that training changes, with the state of its optimiser.
type Param struct {
	Tensor
	Name string
	// Decay says that weight decay applies: to matrices, not to biases and gains.
	Decay bool
	// First and Second are AdamW's moments of the gradient.
	First, Second []float32
}

// NewParam returns a parameter of zeros.
func NewParam(name string, rows, cols int, decay bool) *Param {
	n := rows * cols
	return &Param{
		Tensor: Tensor{Rows: rows, Cols: cols, Data: make([]float32, n), Grad: make([]float32, n)},
		Name:   name, Decay: decay, First: make([]float32, n), Second: make([]float32, n),
	}
}
