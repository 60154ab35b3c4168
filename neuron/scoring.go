package neuron

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/taonet/taonet/neuron/model/remote"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/telemetry"
	"github.com/taonet/taonet/neuron/train"
)

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
		switch err := n.round(ctx); {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, remote.ErrUnreachable):
			n.telemetry.Health.Set(partScores, telemetry.Failing, "%v", err)
		default:
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
	n.scored.forget(n.subnet.hotkeys(), n.judge)
	r, err := n.judge.Round(ctx, time.Now().Unix())
	if err != nil {
		return err
	}
	// What was measured while a uid changed hands is nobody's.
	live := n.subnet.hotkeys()
	if n.scored.forget(live, n.judge); n.scored.changed {
		if err := n.scored.write(n.home); err != nil {
			return err
		}
	}
	scores := map[uint32]float64{}
	for uid := range live {
		if s := n.judge.Score(uid); s > 0 || slices.Contains(r.Peers, uid) {
			scores[uid] = s
		}
	}
	n.board.change(func(s *Status) { s.Rounds, s.UsedUp, s.Scores = s.Rounds+1, r.UsedUp, scores })
	n.measured(r)
	row := n.judge.Row(slices.Sorted(maps.Keys(live)), uint32(me.UID), score.Bounds{})
	if n.deps.Row != nil {
		row = n.deps.Row(row)
	}
	if row == nil {
		return nil
	}
	for _, w := range row {
		n.telemetry.Meters.Score(w.UID, float64(w.Value)/65535)
	}
	return n.rows.Load().Set(row)
}

// measured tells what came of a round.
func (n *Neuron) measured(r train.Round) {
	silent := 0
	for i, err := range r.Silent {
		if err != nil {
			silent++
			n.log.Debug("a peer fell silent", "uid", r.Peers[i], "error", err)
		}
	}
	n.telemetry.Health.Set(partScores, telemetry.OK, "%d peers on %d fresh positions, %d of them silent", len(r.Peers), r.Positions, silent)
	if r.UsedUp {
		n.say("every byte of the score part was a target once: scores stay as they are until there is new text")
	}
	for _, uid := range r.Copies {
		n.log.Warn("a peer answers as another does since it changed, and earns nothing", "uid", uid)
	}
	for _, uid := range r.Relays {
		n.log.Warn("a peer passes on what it is asked and earns nothing for a while", "uid", uid)
	}
}
