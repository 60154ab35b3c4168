package axon

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/taonet/taonet/neuron/model"
)

// rank decides who comes first: who pays more, then who has more stake, then who came
// first.
type rank struct{ paid, stake uint64 }

func (r rank) before(other rank) bool {
	return r.paid > other.paid || r.paid == other.paid && r.stake > other.stake
}

// shape is what requests of one batch have in common.
type shape struct {
	// hidden states are asked for, or else answers.
	hidden bool
	// length of the sequences, 0 of examples; values of an example, cols of an answer's row.
	length, values, cols int
}

// job is work for the model: a Forward that may run with others, or something that
// runs alone.
type job struct {
	ctx    context.Context
	caller string
	rank   rank
	// exempt jobs have no place in the queue's bound: their number is bounded elsewhere.
	exempt bool
	// run is what runs alone; in and shape are of a Forward.
	run   func(context.Context) error
	in    model.Input
	shape shape

	came time.Time
	done chan outcome // of one
}

func (j *job) rows() int {
	if j.run != nil {
		return 1
	}
	return j.in.Rows()
}

// outcome of a job. The answer is valid until release, which may be nil.
type outcome struct {
	answer  []float32
	step    uint64
	release func()
	// err is the model's, refusal the axon's.
	err, refusal error
}

// queue holds jobs until a worker takes them.
type queue struct {
	most, each              int
	batchRows, batchRequest int
	delay                   time.Duration
	meter                   Meter

	mu      sync.Mutex
	waiting []*job // best first
	counted int    // of them not exempt
	by      map[string]int
	// changed is closed when a job comes.
	changed chan struct{}
	ended   bool
	turns   int // batches taken
	// pace is how long a place in the queue has taken lately.
	pace time.Duration
}

func newQueue(c *Config, meter Meter) *queue {
	return &queue{
		most: c.Queue, each: max(1, c.Queue/4), batchRows: c.BatchRows, batchRequest: c.BatchRequests, delay: c.Delay,
		meter: meter, by: map[string]int{}, changed: make(chan struct{}), pace: 10 * time.Millisecond,
	}
}

// do puts a job in the queue and waits for its outcome. When the caller hangs up, a job
// that waits is dropped, and one that runs is left alone; but who runs alone shares
// memory with the caller, and do waits for the end of it.
func (q *queue) do(j *job) outcome {
	j.came, j.done = time.Now(), make(chan outcome, 1)
	if err := q.add(j); err != nil {
		return outcome{refusal: err}
	}
	select {
	case o := <-j.done:
		return o
	case <-j.ctx.Done():
	}
	if !q.remove(j) && j.run != nil {
		<-j.done
	}
	return outcome{refusal: hungUp(j.ctx)}
}

func (q *queue) add(j *job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return errStopping()
	}
	if !j.exempt {
		if q.by[j.caller] >= q.each {
			return exhausted(q.pace*time.Duration(q.each), "%d of your requests wait here already, that is the most for one caller: wait for some of them", q.each)
		}
		if q.counted >= q.most && !q.yield(j) {
			return q.full()
		}
	}
	// Behind the last one that is not after it: the first of equals comes first.
	at, _ := slices.BinarySearchFunc(q.waiting, j, func(w, j *job) int {
		if j.rank.before(w.rank) {
			return 1
		}
		return -1
	})
	q.waiting = slices.Insert(q.waiting, at, j)
	q.count(j, 1)
	close(q.changed)
	q.changed = make(chan struct{})
	return nil
}

// yield makes room for j when somebody waits who is less.
func (q *queue) yield(j *job) bool {
	for i := len(q.waiting) - 1; i >= 0; i-- {
		if w := q.waiting[i]; !w.exempt {
			if !j.rank.before(w.rank) {
				return false
			}
			q.waiting = slices.Delete(q.waiting, i, i+1)
			q.count(w, -1)
			w.done <- outcome{refusal: q.full()}
			return true
		}
	}
	return false
}

func (q *queue) full() error {
	wait := min(q.pace*time.Duration(q.most), 10*time.Second)
	return exhausted(wait, "%d requests with more payment or stake wait here already: ask again in %s, or ask another neuron", q.most, wait)
}

func (q *queue) count(j *job, n int) {
	if !j.exempt {
		q.counted += n
		if q.by[j.caller] += n; q.by[j.caller] == 0 {
			delete(q.by, j.caller)
		}
	}
	q.meter.Queued(len(q.waiting))
}

// remove is false when j does not wait any more.
func (q *queue) remove(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, j)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	q.count(j, -1)
	return true
}

// next waits for jobs that run together; it is nil at the end.
func (q *queue) next() []*job {
	for {
		q.mu.Lock()
		batch, wait := q.pick(time.Now())
		changed, ended := q.changed, q.ended
		q.mu.Unlock()
		if batch != nil || ended {
			return batch
		}
		if wait == 0 {
			<-changed
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// pick takes the first jobs that are ready, or says how long until some are; 0 is until
// others come.
func (q *queue) pick(now time.Time) (batch []*job, wait time.Duration) {
	tried := map[shape]bool{}
	for _, j := range q.order() {
		if j.run == nil && tried[j.shape] {
			continue
		}
		tried[j.shape] = true
		group, ready := q.group(j, now)
		if ready == 0 {
			q.take(group)
			return group, 0
		}
		if wait == 0 || ready < wait {
			wait = ready
		}
	}
	return nil, wait
}

// order is in which jobs are tried: the best first, but every few turns the one that
// has waited longest, so that nobody waits for ever.
func (q *queue) order() []*job {
	if q.turns%oldestEvery != oldestEvery-1 || len(q.waiting) == 0 {
		return q.waiting
	}
	oldest := slices.MinFunc(q.waiting, func(a, b *job) int { return a.came.Compare(b.came) })
	return append([]*job{oldest}, q.waiting...)
}

// oldestEvery so many batches, the job that has waited longest is first.
const oldestEvery = 8

// group is what can run with a job, and how long it should wait for more.
func (q *queue) group(first *job, now time.Time) (group []*job, wait time.Duration) {
	group, rows, oldest := []*job{first}, first.rows(), first.came
	if first.run != nil {
		return group, 0
	}
	for _, j := range q.waiting {
		if len(group) >= q.batchRequest || rows >= q.batchRows {
			return group, 0
		}
		if j == first || j.run != nil || j.shape != first.shape {
			continue
		}
		if rows+j.rows() > q.batchRows {
			return group, 0
		}
		group = append(group, j)
		rows += j.rows()
		if j.came.Before(oldest) {
			oldest = j.came
		}
	}
	if len(group) >= q.batchRequest || rows >= q.batchRows {
		return group, 0
	}
	return group, max(0, q.delay-now.Sub(oldest))
}

func (q *queue) take(batch []*job) {
	q.turns++
	taken := make(map[*job]bool, len(batch))
	for _, j := range batch {
		taken[j] = true
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(j *job) bool { return taken[j] })
	for j := range taken {
		q.count(j, -1)
	}
}

// ran tells how long a batch took: what a place in the queue takes is an average of it.
func (q *queue) ran(jobs int, took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pace += (took/time.Duration(jobs) - q.pace) / 16
}

// close refuses who waits, and whoever comes.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	for _, j := range q.waiting {
		j.done <- outcome{refusal: errStopping()}
	}
	q.waiting, q.counted, q.by = nil, 0, map[string]int{}
	close(q.changed)
	q.changed = make(chan struct{})
}
