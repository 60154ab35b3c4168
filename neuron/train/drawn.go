package train

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
)

// drawn is what a round asks: the gate's examples, those that count, the probes. Example
// i of them is row at[i] of the request.
type drawn struct {
	in          model.Input
	at          []int
	targets     []int32
	gate, count int
}

func (j *ExampleJudge) draw() *drawn {
	if len(j.order) == 0 {
		j.order = rand.New(rand.NewPCG(j.cfg.Seed, j.round)).Perm(j.set.Len(data.Score))
	}
	j.renew()
	// The rounds of a pass are of about one size.
	rounds := (len(j.order) + j.counts - 1) / j.counts
	x := &drawn{count: (len(j.order) + rounds - 1) / rounds}
	x.gate = min(max(2, j.counts/2), j.set.Len(data.Gate))
	random, dim := rand.New(rand.NewPCG(j.cfg.Seed+1, j.round)), j.set.Dim()
	x.at = random.Perm(x.gate + x.count + len(j.inputs))
	x.in = model.Input{Count: len(x.at), Values: make([]float32, len(x.at)*dim)}
	x.targets = make([]int32, x.gate+x.count)
	gate := random.Perm(j.set.Len(data.Gate))
	for i, row := range x.at {
		values := x.in.Values[row*dim : (row+1)*dim]
		switch {
		case i < x.gate:
			x.targets[i] = int32(j.set.Row(data.Gate, gate[i], values))
		case i < len(x.targets):
			x.targets[i] = int32(j.set.Row(data.Score, j.order[i-x.gate], values))
		default:
			copy(values, j.inputs[i-len(x.targets)])
		}
	}
	j.order = j.order[x.count:]
	return x
}

// renew draws the probes of this round.
func (j *ExampleJudge) renew() {
	slots := j.renewed(len(j.inputs) == 0)
	if len(j.inputs) == 0 {
		j.inputs = make([][]float32, j.cfg.Probes)
	}
	for _, slot := range slots {
		j.inputs[slot] = j.cross()
	}
	j.probes.Begin(slots...)
}

// cross is an example that nobody else has: one of the train part with a few values of
// another. The state was kept with this round's number before, so that what was sent
// once is not sent again after a restart.
func (j *ExampleJudge) cross() []float32 {
	j.crosses++
	random := rand.New(rand.NewPCG(j.cfg.Seed+2, j.round<<16|j.crosses))
	a, b := make([]float32, j.set.Dim()), make([]float32, j.set.Dim())
	n := j.set.Len(data.Train)
	j.set.Row(data.Train, random.IntN(n), a)
	j.set.Row(data.Train, random.IntN(n), b)
	var differ []int
	for i := range a {
		if a[i] != b[i] {
			differ = append(differ, i)
		}
	}
	random.Shuffle(len(differ), func(i, k int) { differ[i], differ[k] = differ[k], differ[i] })
	for _, i := range differ[:min(crossed, len(differ)/2)] {
		a[i] = b[i]
	}
	return a
}

// sample is a canary.
func (j *ExampleJudge) sample() (model.Input, score.Hash, error) {
	values := j.cross()
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return model.Input{Count: 1, Values: values}, sha256.Sum256(b), nil
}
