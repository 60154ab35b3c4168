package train

import (
	"context"
	"errors"
	"sync"

	"github.com/taonet/taonet/neuron/model"
)

// walk follows sequences with self and some peers, all in step: everybody answers
// before the next byte is told to anybody.
type walk struct {
	peers   []uint32
	streams []Stream    // self, then the peers; nil for one that is gone
	rows    [][]float32 // what each said of the next byte, sequences x 256; nil when gone or not asked yet
	failed  []error
	buffers [][]float32
}

// own is self as a Stream.
type own struct{ model.Follower }

// Next implements Stream.
func (s own) Next(ctx context.Context, bytes []byte, restart bool, dst []float32) error {
	if restart {
		s.Restart()
	}
	return s.Follower.Next(ctx, bytes, dst)
}

// openWalk opens streams to all; peers that do not open are gone from the start.
func openWalk(ctx context.Context, self model.Expert, network Network, peers []uint32, sequences int, contexts [][]byte) (*walk, error) {
	follower, err := self.Follow(sequences)
	if err != nil {
		return nil, err
	}
	n := 1 + len(peers)
	w := &walk{
		peers: peers, streams: make([]Stream, n), rows: make([][]float32, n),
		failed: make([]error, n), buffers: make([][]float32, n),
	}
	for i := range w.buffers {
		w.buffers[i] = make([]float32, sequences*model.Vocabulary)
	}
	w.streams[0] = own{follower}
	if err := w.catchUp(ctx, contexts); err != nil {
		return nil, errors.Join(err, w.close())
	}
	var opening sync.WaitGroup
	for i, peer := range peers {
		opening.Go(func() { w.streams[i+1], w.failed[i+1] = network.Follow(ctx, peer, sequences, contexts) })
	}
	opening.Wait()
	return w, nil
}

// catchUp tells self what the sequences have read already.
func (w *walk) catchUp(ctx context.Context, contexts [][]byte) error {
	if len(contexts) == 0 {
		return nil
	}
	column := make([]byte, len(contexts))
	for at := range contexts[0] {
		for i, c := range contexts {
			column[i] = c[at]
		}
		if err := w.streams[0].Next(ctx, column, at == 0, w.buffers[0]); err != nil {
			return err
		}
	}
	return nil
}

// tell gives one byte of each sequence to everybody and waits for the answers about
// the next ones. Who fails is gone. It fails when self does.
func (w *walk) tell(ctx context.Context, bytes []byte, restart bool) error {
	var telling sync.WaitGroup
	answer := func(i int) {
		dst := w.buffers[i][:len(bytes)*model.Vocabulary]
		if w.failed[i] = w.streams[i].Next(ctx, bytes, restart, dst); w.failed[i] == nil {
			w.rows[i] = dst
		}
	}
	for i, stream := range w.streams {
		w.rows[i] = nil
		if stream != nil && i > 0 {
			telling.Go(func() { answer(i) })
		}
	}
	answer(0)
	telling.Wait()
	for i, err := range w.failed[1:] {
		if err != nil && w.streams[i+1] != nil {
			_ = w.streams[i+1].Close() // the failure is known already
			w.streams[i+1] = nil
		}
	}
	return w.failed[0]
}

// given writes what each expert gave the bytes that came, sequences x (1+peers), 0
// for one that did not answer.
func (w *walk) given(dst []float32, bytes []byte) {
	n := len(w.rows)
	for i, rows := range w.rows {
		for s, b := range bytes {
			p := float32(0)
			if rows != nil {
				p = rows[s*model.Vocabulary+int(b)]
			}
			dst[s*n+i] = p
		}
	}
}

// answered writes who answered the last time.
func (w *walk) answered(dst []bool) {
	for i, rows := range w.rows {
		dst[i] = rows != nil
	}
}

func (w *walk) close() error {
	var failed error
	for i, stream := range w.streams {
		if stream != nil {
			failed = errors.Join(failed, stream.Close())
			w.streams[i] = nil
		}
	}
	return failed
}
