package neuron

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/telemetry"
	"github.com/taonet/taonet/neuron/train"
)

// Names of the parts in health.
const (
	partTraining = "training"
	partChain    = "chain"
	partRows     = "rows"
	partAxon     = "axon"
	partScores   = "scores"
)

// train runs the loop of package train.
func (n *Neuron) train(ctx context.Context) error {
	t := n.cfg.Train
	loop := &train.Loop{
		Config: train.LoopConfig{
			Evaluate: int(t.EvaluateEvery), Checkpoint: t.CheckpointEvery, CheckpointEvery: time.Duration(t.CheckpointInterval),
			Patience: t.Patience, Steps: t.Steps,
		},
		Trainer: n.learning.trainer, Network: n.network, Served: n.learning.served, Publish: n.learning.publish,
		Measure: n.learning.measure(n.network), Checkpoints: n.learning.checkpoints, Now: time.Now, Tell: n.progressed,
	}
	n.telemetry.Health.Set(partTraining, telemetry.OK, "at step %d", n.learning.trainer.Steps())
	err := loop.Run(ctx)
	if err != nil {
		n.telemetry.Health.Set(partTraining, telemetry.Failing, "%v", err)
		return fmt.Errorf("training: %w", err)
	}
	return nil
}

// progressed hears of every step.
func (n *Neuron) progressed(p train.Progress) {
	n.board.change(func(s *Status) {
		s.Step, s.StepsPerSecond, s.Loss = n.learning.trainer.Steps(), p.StepsPerSecond, p.Report.Loss
		s.Alone, s.Network, s.Best = p.Evaluation.Alone, p.Evaluation.Network, p.Best
		s.Asking, s.Resting, s.Time = p.Network, p.Resting, time.Now()
		s.Peers = len(n.network.Live())
	})
	took := time.Duration(0)
	if p.StepsPerSecond > 0 {
		took = time.Duration(float64(time.Second) / p.StepsPerSecond)
	}
	n.telemetry.Meters.Step(p.Report.Step, p.Report.Loss, p.Report.Mixed, took)
	if p.Resting {
		n.log.Info("training rests: the loss on held-out data falls no more; the neuron goes on answering", "step", p.Report.Step)
	}
	n.tell()
}

func (n *Neuron) tell() {
	if n.deps.Watch != nil {
		n.deps.Watch(n.Status())
	}
}

// follow keeps up with the chain: who is there, and what was earned.
func (n *Neuron) follow(ctx context.Context) error {
	blocks, why := n.client.Blocks(ctx)
	var earned *chain.Earned
	n.telemetry.Health.Set(partChain, telemetry.Starting, "no block was seen yet")
	for block := range blocks {
		m, err := n.client.Metagraph(ctx, n.cfg.Chain.Subnet)
		if err != nil {
			if ctx.Err() == nil {
				n.telemetry.Health.Set(partChain, telemetry.Failing, "%v", err)
				n.log.Warn("the metagraph was not read", "error", err)
			}
			continue
		}
		if earned == nil {
			earned = n.client.Earned(n.cfg.Chain.Subnet, n.hotkey.Address(), m.Epoch)
		}
		pay, err := earned.Count(ctx, m)
		if err != nil && ctx.Err() == nil {
			n.log.Warn("pay was not counted", "error", err)
		}
		n.saw(block, m, pay)
	}
	if err := why(); ctx.Err() == nil {
		return fmt.Errorf("chain: %w", err)
	}
	return nil
}

// saw takes in a new metagraph.
func (n *Neuron) saw(block chain.Block, m chain.Metagraph, pay chain.Pay) {
	for _, uid := range n.subnet.set(m) {
		n.telemetry.Meters.Forget(uid)
	}
	n.dendrite.SetPeers(endpoints(m))
	me, registered := m.Of(n.hotkey.Address())
	n.board.change(func(s *Status) {
		s.Height, s.UID = block.Height, -1
		s.EarnedIncentive, s.EarnedDividends = pay.Incentive, pay.Dividends
		if registered {
			s.UID, s.Stake, s.Incentive, s.Dividends, s.Permit = int64(me.UID), me.Stake, me.Incentive, me.Dividends, me.Permit
		}
	})
	n.telemetry.Meters.Height(int64(block.Height))
	n.telemetry.Meters.Earned(pay.Rao())
	n.telemetry.Meters.PeersUp(len(n.network.Live()))
	if registered {
		n.telemetry.Health.Set(partChain, telemetry.OK, "uid %d at height %d", me.UID, block.Height)
	} else {
		n.telemetry.Health.Set(partChain, telemetry.Starting, "not registered in subnet %d: run neuron register", m.Subnet)
	}
	n.tell()
}

// trouble hears what is wrong with the nodes, and nil when it is over.
func (n *Neuron) trouble(err error) {
	if err == nil {
		n.log.Info("the chain is back")
		return
	}
	n.log.Warn("the chain is away; training goes on", "error", err)
	if n.telemetry != nil {
		n.telemetry.Health.Set(partChain, telemetry.Failing, "%v", err)
	}
}

// sendRows brings rows into blocks. A neuron that is not registered, or not any more,
// goes on learning and looks again.
func (n *Neuron) sendRows(ctx context.Context) error {
	for {
		err := n.rows.Run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, chain.ErrNotRegistered) {
			return fmt.Errorf("rows: %w", err)
		}
		n.say("not registered in subnet %d: run neuron register; training goes on", n.cfg.Chain.Subnet)
		if !n.registered(ctx) {
			return nil
		}
		n.rows, err = n.client.Rows(chain.RowsConfig{
			Hotkey: n.hotkey, Subnet: n.cfg.Chain.Subnet, Journal: chain.FileJournal{Path: n.home.path(fileRows)}, Report: n.reported,
		})
		if err != nil {
			return fmt.Errorf("rows: %w", err)
		}
	}
}

// registered waits until the hotkey has a uid; false when ctx ended.
func (n *Neuron) registered(ctx context.Context) bool {
	for {
		if _, ok := n.subnet.Caller(n.hotkey.Address()); ok {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Second):
		}
	}
}

// say puts a sentence into the log and the status, when it is a new one.
func (n *Neuron) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fresh := false
	n.board.change(func(s *Status) { fresh, s.Says = s.Says != text, text })
	if fresh {
		n.log.Info(text)
	}
}

// reported hears what became of rows.
func (n *Neuron) reported(o chain.Outcome) {
	switch {
	case o.Err == nil:
		n.board.change(func(s *Status) { s.Row, s.Says = o.Height, o.String() })
		n.telemetry.Health.Set(partRows, telemetry.OK, "%s", o)
		n.telemetry.Meters.Row(true)
		n.log.Debug(o.String())
	case o.Waiting:
		n.say("%s", o)
	default:
		n.say("%s", o)
		n.telemetry.Health.Set(partRows, telemetry.Failing, "%s", o)
		n.telemetry.Meters.Row(false)
	}
}

// measure scores peers, a round at a time.
func (n *Neuron) measure(ctx context.Context) error {
	ticker := time.NewTicker(time.Duration(n.cfg.Score.Every))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := n.round(ctx); err != nil && ctx.Err() == nil {
			n.telemetry.Health.Set(partScores, telemetry.Failing, "%v", err)
			return fmt.Errorf("scores: %w", err)
		}
	}
}

func (n *Neuron) round(ctx context.Context) error {
	me, ok := n.subnet.Caller(n.hotkey.Address())
	if !ok {
		return nil // nobody would answer a caller that is not registered
	}
	r, err := n.judge.Round(ctx, time.Now().Unix())
	if err != nil {
		return err
	}
	scores := map[uint32]float64{}
	for _, uid := range r.Peers {
		scores[uid] = n.judge.Score(uid)
	}
	n.board.change(func(s *Status) { s.Rounds, s.UsedUp, s.Scores = s.Rounds+1, r.UsedUp, scores })
	n.telemetry.Health.Set(partScores, telemetry.OK, "%d peers on %d fresh positions", len(r.Peers), r.Positions)
	if r.UsedUp {
		n.say("every byte of the score part was a target once: scores stay as they are until there is new text")
	}
	for _, uid := range r.Relays {
		n.log.Warn("a peer passes on what it is asked and earns nothing for a while", "uid", uid)
	}
	n.subnet.mu.RLock()
	live := uids(n.subnet.graph)
	n.subnet.mu.RUnlock()
	row := n.judge.Row(live, uint32(me.UID), score.Bounds{})
	if n.deps.Row != nil {
		row = n.deps.Row(row)
	}
	if row == nil {
		return nil
	}
	for _, w := range row {
		n.telemetry.Meters.Score(w.UID, float64(w.Value)/65535)
	}
	return n.rows.Set(row)
}

// advertise keeps the axon record on chain as it is configured.
func (n *Neuron) advertise(ctx context.Context) error {
	if n.cfg.Axon.Advertise == "" {
		return nil
	}
	record, err := n.axonRecord()
	if err != nil {
		return fmt.Errorf("axon.advertise %q: %w", n.cfg.Axon.Advertise, err)
	}
	n.telemetry.Health.Set(partAxon, telemetry.Starting, "the record is not on chain yet")
	for n.registered(ctx) {
		sent, err := n.client.Serve(ctx, n.hotkey, n.cfg.Chain.Subnet, record)
		if err == nil {
			n.telemetry.Health.Set(partAxon, telemetry.OK, "%s is on chain since block %d", n.cfg.Axon.Advertise, sent.Height)
			n.log.Info("the axon is on chain", "address", n.cfg.Axon.Advertise, "height", sent.Height)
			return nil
		}
		if ctx.Err() != nil {
			return nil
		}
		n.say("the axon is not on chain: %v", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryServe):
		}
	}
	return nil
}

// retryServe is how long to wait before the record is sent again.
const retryServe = 10 * time.Second

// meter records what the axon does.
type meter struct{ *telemetry.Meters }

// Called implements axon.Meter.
func (m meter) Called(method string, code codes.Code, took time.Duration) {
	m.Served(method, code, took)
}

// Queued implements axon.Meter.
func (m meter) Queued(jobs int) { m.Queue(jobs) }

// Ran implements axon.Meter.
func (m meter) Ran(_, rows int, _ time.Duration) { m.Batch(rows) }

// Connected implements axon.Meter.
func (m meter) Connected(int) {}
