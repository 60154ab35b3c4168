package train

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/score"
)

// standing is how peers stand with a judge, whatever it measures them on: their scores,
// who answers as whom, who was convicted, and whose turn it is.
type standing struct {
	cfg      JudgeConfig
	network  Network
	keep     func(state []byte) error
	random   *data.Sampler
	dispatch moe.Dispatch
	ledger   score.Ledger
	probes   *score.Probes
	canaries score.Canaries
	banned   map[uint32]uint64 // peers that were convicted, until which round
	alike    []uint32          // peers of this round that answer as another does
	round    uint64
}

func newStanding(cfg JudgeConfig, network Network, classes int, keep func([]byte) error) standing {
	return standing{
		cfg: cfg, network: network, keep: keep, random: data.NewSampler(cfg.Seed, 1),
		dispatch: moe.Dispatch{Explore: cfg.Peers}, probes: score.NewProbes(cfg.Probes, classes), banned: map[uint32]uint64{},
	}
}

// Row is what the neuron says of its live peers, nil when nobody has earned anything.
func (s *standing) Row(live []uint32, self uint32, bounds score.Bounds) []score.Weight {
	return s.ledger.Row(live, self, bounds)
}

// Score of a peer, in nats per byte or example.
func (s *standing) Score(uid uint32) float64 { return s.ledger.Score(uid) }

// Forget drops what is known of a uid that was given to somebody else.
func (s *standing) Forget(uid uint32) {
	s.ledger.Forget(uid)
	s.probes.Forget(uid)
	delete(s.banned, uid)
}

// begin is a new round with the peers whose turn it is.
func (s *standing) begin() Round {
	s.round++
	s.dispatch.SetLive(slices.Clone(s.network.Live()))
	r := Round{Peers: s.dispatch.Next(nil)}
	slices.Sort(r.Peers)
	return r
}

// evidence is a gate over self, null and so many peers.
func (s *standing) evidence(sequences, peers int) *moe.Evidence {
	gate := moe.NewEvidence(sequences, score.First+peers)
	gate.Share, gate.Prior = s.cfg.Share, s.prior(peers)
	for i := range sequences {
		gate.Reset(i)
	}
	return gate
}

func (s *standing) prior(peers int) []float32 {
	p := make([]float32, score.First+peers)
	for i := range p {
		p[i] = (1 - s.cfg.SelfPrior - s.cfg.NullPrior) / float32(max(peers, 1))
	}
	p[score.Self], p[score.Null] = s.cfg.SelfPrior, s.cfg.NullPrior
	if peers == 0 {
		p[score.Self] = 1 - s.cfg.NullPrior
	}
	return p
}

// credit moves the scores of a round's peers by what their groups were worth. Who was
// convicted takes nothing from those that it answers as.
func (s *standing) credit(r *Round, values []score.Value, group []int, copies []bool) {
	none := slices.Clone(copies)
	for i, uid := range r.Peers {
		none[i] = none[i] || s.banned[uid] > s.round
	}
	counted := score.Split(nil, values, group, none)
	for i, uid := range r.Peers {
		v := values[group[i]]
		v.Counted = counted[i]
		r.Values = append(r.Values, v)
		s.ledger.Record(uid, v.Counted)
	}
}

// alone is the groups of peers of whom none answers as another.
func alone(r *Round) (group []int, copies []bool) {
	group, copies = make([]int, len(r.Peers)), make([]bool, len(r.Peers))
	for i := range group {
		group[i] = i
	}
	return group, copies
}

// players is the number of groups.
func players(group []int) (n int) {
	for _, g := range group {
		n = max(n, g+1)
	}
	return n
}

// renewed are the probes that are new in this round: all of them where there were none
// before, else some, in turn.
func (s *standing) renewed(first bool) (slots []int) {
	for i := range s.cfg.Probes {
		if first {
			slots = append(slots, i)
		} else if i < s.cfg.Renewed {
			slots = append(slots, int((s.round*uint64(s.cfg.Renewed)+uint64(i))%uint64(s.cfg.Probes)))
		}
	}
	return slots
}

// verdict groups the peers that answered the probes of this round as one.
func (s *standing) verdict(r *Round) (group []int, copies []bool) {
	verdict := s.probes.Judge()
	for i, uid := range verdict.UIDs {
		if verdict.Copy[i] {
			r.Copies = append(r.Copies, uid)
		}
	}
	group, copies = verdict.Groups(r.Peers)
	s.alike = s.alike[:0]
	for i, uid := range r.Peers {
		for k := range r.Peers {
			if k != i && group[k] == group[i] {
				s.alike = append(s.alike, uid)
				break
			}
		}
	}
	return group, copies
}

// suspects is who gets a canary: the peers that answer as another does and have none
// out, for one that passes questions on answers so; without any everybody in turn.
func (s *standing) suspects(peers []uint32) (list []uint32) {
	for _, uid := range s.alike {
		out := slices.ContainsFunc(s.canaries.Open, func(c score.Canary) bool { return !c.Decoy && c.Suspect == uid })
		if !out && s.banned[uid] <= s.round && len(list) < mostSuspects {
			list = append(list, uid)
		}
	}
	if list == nil {
		list = []uint32{peers[s.round%uint64(len(peers))]}
	}
	return list
}

// mostSuspects get a canary in one round.
const mostSuspects = 4

// canary gives every suspect a sample that nobody else gets, and asks the others whether
// they saw those of the rounds before. draw makes a fresh sample and its hash.
func (s *standing) canary(ctx context.Context, r *Round, now int64, draw func() (model.Input, score.Hash, error)) error {
	witness, ok := s.network.(Witness)
	if !ok || !s.cfg.Canaries || len(r.Peers) < 3 {
		return nil
	}
	s.hear(ctx, witness, r, now)
	s.canaries.Expire(now)
	for _, suspect := range s.suspects(r.Peers) {
		in, hash, err := draw()
		if err != nil {
			return fmt.Errorf("canary: %w", err)
		}
		if s.canaries.Send(hash, suspect, now) {
			s.network.Forward(ctx, []uint32{suspect}, in).release()
		}
	}
	_, hash, err := draw()
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	s.canaries.Decoy(hash, now)
	return nil
}

// hear asks every peer of the round for the samples that are out.
func (s *standing) hear(ctx context.Context, witness Witness, r *Round, now int64) {
	samples := make([]score.Hash, 0, len(s.canaries.Open))
	for _, c := range s.canaries.Open {
		samples = append(samples, c.Hash)
	}
	const most = 256 // of one question
	samples = samples[:min(len(samples), most)]
	if len(samples) == 0 {
		return
	}
	for _, uid := range r.Peers {
		seen, err := witness.Seen(ctx, uid, samples)
		if err != nil || len(seen) != len(samples) {
			continue // silence is no receipt
		}
		for i, yes := range seen {
			if yes {
				s.canaries.Receipt(samples[i], uid, now)
			}
		}
	}
	for _, uid := range s.canaries.Convicted(nil) {
		if s.banned[uid] <= s.round {
			r.Relays = append(r.Relays, uid)
		}
		s.banned[uid] = s.round + s.cfg.Ban
		s.ledger.Clear(uid)
	}
}

// judged is the state of a judge on disk.
type judged struct {
	Version int `json:"version"`
	// Kind is empty of text and kindExamples of examples.
	Kind     string            `json:"kind,omitempty"`
	Round    uint64            `json:"round"`
	Cursor   []byte            `json:"cursor,omitempty"`
	Random   []byte            `json:"random"`
	Dispatch moe.Dispatch      `json:"dispatch"`
	Ledger   score.Ledger      `json:"ledger"`
	Canaries score.Canaries    `json:"canaries"`
	Banned   map[uint32]uint64 `json:"banned"`
}

const judgedVersion = 1

// write makes the state durable. Probes are not part of it; after a restart their
// history begins anew.
func (s *standing) write(kind string, cursor []byte) error {
	state := judged{
		Version: judgedVersion, Kind: kind, Cursor: cursor,
		Round: s.round, Dispatch: s.dispatch, Ledger: s.ledger, Canaries: s.canaries, Banned: s.banned,
	}
	var err error
	if state.Random, err = s.random.MarshalBinary(); err != nil {
		return err
	}
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	if err := s.keep(text); err != nil {
		return fmt.Errorf("scores: %w", err)
	}
	return nil
}

// read goes on from a state that was kept, and returns its cursor.
func (s *standing) read(kind string, text []byte) (cursor []byte, err error) {
	var state judged
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("scores: %w; move the file away to begin anew", err)
	}
	switch {
	case state.Version != judgedVersion:
		return nil, fmt.Errorf("scores: version %d, known is %d; move the file away to begin anew", state.Version, judgedVersion)
	case state.Kind != kind:
		return nil, fmt.Errorf("scores: those of another kind of data, %.20q and not %q; move the file away to begin anew", state.Kind, kind)
	}
	if err := s.random.UnmarshalBinary(state.Random); err != nil {
		return nil, fmt.Errorf("scores: %w; move the file away to begin anew", err)
	}
	explore := s.dispatch.Explore
	s.round, s.dispatch, s.ledger, s.canaries = state.Round, state.Dispatch, state.Ledger, state.Canaries
	s.dispatch.Top, s.dispatch.Explore = 0, explore
	if state.Banned != nil {
		s.banned = state.Banned
	}
	s.probes = score.NewProbes(s.probes.Slots, s.probes.Classes)
	return state.Cursor, nil
}
