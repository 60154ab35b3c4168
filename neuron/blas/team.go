package blas

import "sync"

// serialWork is the number of multiplications below which sharing costs more than it
// saves: waking a worker takes microseconds.
const serialWork = 1 << 19

// team shares products among workers. They live until close; a product costs no
// allocation.
type team struct {
	busy    sync.Mutex
	workers []chan task
	parts   sync.WaitGroup
	// spare is the memory of callers that are not multiplying: as much as there were
	// at once, and kept, unlike that of a sync.Pool.
	spare   []*scratch
	sparing sync.Mutex
}

// task is one worker's part of a product.
type task struct {
	kernel  kernel
	product product
}

// newTeam starts all workers but one, which is the caller.
func newTeam(workers int) *team {
	t := &team{}
	for range workers - 1 {
		tasks := make(chan task, 1)
		t.workers = append(t.workers, tasks)
		go t.work(tasks)
	}
	return t
}

func (t *team) work(tasks <-chan task) {
	own := newScratch()
	for task := range tasks {
		own.multiply(task.kernel, task.product)
		t.parts.Done()
	}
}

func (t *team) close() {
	for _, tasks := range t.workers {
		close(tasks)
	}
}

func (t *team) take() *scratch {
	t.sparing.Lock()
	defer t.sparing.Unlock()
	if last := len(t.spare) - 1; last >= 0 {
		s := t.spare[last]
		t.spare = t.spare[:last]
		return s
	}
	return newScratch()
}

func (t *team) give(s *scratch) {
	t.sparing.Lock()
	defer t.sparing.Unlock()
	t.spare = append(t.spare, s)
}

// multiply shares a product by the side of C that has more tiles.
func (t *team) multiply(k kernel, p product) {
	own := t.take()
	defer t.give(own)
	if len(t.workers) == 0 || p.m*p.n*p.k < serialWork || !t.busy.TryLock() {
		own.multiply(k, p)
		return
	}
	defer t.busy.Unlock()
	byRows := tiles(p.m, k.mr) >= tiles(p.n, k.nr)
	size, tile, part := p.n, k.nr, product.columns
	if byRows {
		size, tile, part = p.m, k.mr, product.rows
	}
	// The remainder goes to the caller, who need not be woken.
	each := tiles(size, tile) / (len(t.workers) + 1) * tile
	for w, tasks := range t.workers {
		if each > 0 {
			t.parts.Add(1)
			tasks <- task{k, part(p, w*each, (w+1)*each)}
		}
	}
	own.multiply(k, part(p, len(t.workers)*each, size))
	t.parts.Wait()
}

func tiles(size, tile int) int { return (size + tile - 1) / tile }
