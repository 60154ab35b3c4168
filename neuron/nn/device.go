package nn

import (
	"runtime"
	"sync"

	"github.com/taonet/taonet/neuron/blas"
)

// Device computes. It is safe for concurrent use by several tapes: while its workers
// are busy for one, the operations of another run on the caller's goroutine.
type Device struct {
	// shared multiplies with all workers, alone on the caller's goroutine.
	shared, alone blas.Implementation
	vectors       *vectors
	busy          sync.Mutex
	workers       []chan piece
	pieces        sync.WaitGroup
}

// part computes the rows, columns or units from..to of an operation.
type part func(n *node, worker, from, to int)

// piece is a worker's share of an operation.
type piece struct {
	run      part
	node     *node
	from, to int
	worker   int
}

// NewDevice starts the workers; 0 is one for each CPU that Go may use. Close ends them.
func NewDevice(workers int) *Device { return newDevice(workers, fastest()) }

// newDevice computes with a given set of vectors.
func newDevice(workers int, v *vectors) *Device {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	d := &Device{shared: blas.New(workers), alone: blas.New(1), vectors: v}
	for range workers - 1 {
		pieces := make(chan piece, 1)
		d.workers = append(d.workers, pieces)
		go func() {
			for p := range pieces {
				p.run(p.node, p.worker, p.from, p.to)
				d.pieces.Done()
			}
		}()
	}
	return d
}

// Workers is how many goroutines share an operation.
func (d *Device) Workers() int { return len(d.workers) + 1 }

// Kernel names the matrix kernel in use.
func (d *Device) Kernel() string { return d.shared.Kernel() }

// Vectors names what computes everything else: avx2 or go.
func (d *Device) Vectors() string { return d.vectors.name }

// Close ends the workers; no tape may run on the device any more.
func (d *Device) Close() {
	d.shared.Close()
	d.alone.Close()
	for _, w := range d.workers {
		close(w)
	}
}

// least is the number of values below which an operation is not shared.
const least = 1 << 13

// split runs an operation over 0..n, each of its units of the given number of values.
func (d *Device) split(run part, node *node, n, values int) {
	if len(d.workers) == 0 || n < 2 || n*values < least || !d.busy.TryLock() {
		run(node, 0, 0, n)
		return
	}
	defer d.busy.Unlock()
	each := n / (len(d.workers) + 1)
	for w, pieces := range d.workers {
		if each > 0 {
			d.pieces.Add(1)
			pieces <- piece{run, node, w * each, (w + 1) * each, w + 1}
		}
	}
	run(node, 0, len(d.workers)*each, n)
	d.pieces.Wait()
}
