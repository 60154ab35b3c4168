package yuma

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// shuffled reorders the entries of weights and bonds.
func shuffled(t *rapid.T, text []byte, random *rand.Rand) []byte {
	var input map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &input))
	for _, name := range []string{"weights", "bonds"} {
		var rows [][]json.RawMessage
		if input[name] == nil {
			continue
		}
		require.NoError(t, json.Unmarshal(input[name], &rows))
		for _, row := range rows {
			random.Shuffle(len(row), func(a, b int) { row[a], row[b] = row[b], row[a] })
		}
		var err error
		input[name], err = json.Marshal(rows)
		require.NoError(t, err)
	}
	text, err := json.Marshal(input)
	require.NoError(t, err)
	return text
}

func TestBadScenariosAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		``:                                `the scenario: an empty text is no object`,
		`null`:                            `the scenario: null is no object`,
		`[]`:                              `the scenario: a list is no object`,
		`stake`:                           `the scenario: what begins with 's' is no object`,
		`{"stake":[1]`:                    `the scenario: it ends too early`,
		`{"stake":[1}`:                    `the scenario: invalid character '}' after array element, near byte `,
		`{"stake" [1]}`:                   `the scenario: expected colon after object key, near byte 9`,
		`{} {}`:                           `the scenario: there is more behind it, from byte 2 on`,
		`{}}`:                             `the scenario: there is more behind it, from byte 2 on`,
		`{"stake":[1],"stake":[2]}`:       `the scenario: "stake" comes twice; write it once`,
		`{"stake":[1],"st\u0061ke":[2]}`:  `the scenario: "stake" comes twice; write it once`,
		`{"epochs":[{}],"epochs":[]}`:     `the scenario: "epochs" comes twice; write it once`,
		`{"epochs":[],"tempo":1}`:         `a scenario with "epochs" has no other field, this has 1`,
		`{"epochs":[]}`:                   `epochs is empty, it needs one at least`,
		`{"epochs":null}`:                 `epochs: null is no list`,
		`{"epochs":{}}`:                   `epochs: an object is no list`,
		`{"epochs":[1]}`:                  `epoch 0: a number is no object`,
		`{"epochs":[{"stake":[1]},null]}`: `epoch 1: null is no object`,
		`{"epochs":[{"stake":[1]},{"kappa":1,"kappa":2}]}`: `epoch 1: "kappa" comes twice; write it once`,
		`{}`:                                                `epoch 0: stake is missing, it says how many uids there are`,
		`{"stake":null}`:                                    `epoch 0: stake is missing`,
		`{"stake":[1],"stakes":[1]}`:                        `epoch 0: unknown field "stakes", known are activity_cutoff, `,
		`{"stake":[1,-1]}`:                                  `epoch 0: stake: uid 1: -1 is no whole number of 0..18446744073709551615`,
		`{"stake":[1,1.5]}`:                                 `epoch 0: stake: uid 1: 1.5 is no whole number`,
		`{"stake":[null]}`:                                  `epoch 0: stake: uid 0: null is no whole number`,
		`{"stake":["1"]}`:                                   `epoch 0: stake: uid 0: "1" is no whole number`,
		`{"stake":5}`:                                       `epoch 0: stake: a number is no list`,
		`{"stake":[18446744073709551616]}`:                  `epoch 0: stake: uid 0: 18446744073709551616 is no whole number`,
		`{"stake":[1],"weights":[[],[]]}`:                   `epoch 0: weights has 2 entries, stake has 1: uid 1 is only in one of them`,
		`{"stake":[1],"weights":5}`:                         `epoch 0: weights: a number is no list`,
		`{"stake":[1],"weights":[5]}`:                       `epoch 0: weights: uid 0: a number is no list`,
		`{"stake":[1],"weights":[null]}`:                    `epoch 0: weights: uid 0: null is no list`,
		`{"stake":[1],"weights":[[null]]}`:                  `epoch 0: weights: uid 0: null is no pair [uid, value]`,
		`{"stake":[1],"bonds":"none"}`:                      `epoch 0: bonds: a text is no list`,
		`{"stake":[1],"stake_f64":1}`:                       `epoch 0: stake_f64: 1 is not supported, only null`,
		`{"stake":[1],"weights":[[5]]}`:                     `epoch 0: weights: uid 0: 5 is no pair [uid, value]`,
		`{"stake":[1],"weights":[[[0]]]}`:                   `epoch 0: weights: uid 0: [0] is no pair [uid, value]`,
		`{"stake":[1],"weights":[[[0,1,2]]]}`:               `epoch 0: weights: uid 0: [0,1,2] is no pair [uid, value]`,
		`{"stake":[1],"weights":[[[1,1]]]}`:                 `epoch 0: weights of uid 0: uid 1 is unknown, there are 1`,
		`{"stake":[1],"weights":[[[65535,1]]]}`:             `epoch 0: weights: uid 0: 65535 is no whole number of 0..65534`,
		`{"stake":[1],"weights":[[[0,65536]]]}`:             `epoch 0: weights: uid 0: toward uid 0: 65536 is no whole number of 0..65535`,
		`{"stake":[1],"weights":[[[0,1],[0,2]]]}`:           `epoch 0: weights: uid 0: uid 0 comes twice`,
		`{"stake":[1],"bonds":[[[3,1]]]}`:                   `epoch 0: bonds of uid 0: uid 3 is unknown, there are 1`,
		`{"stake":[1],"last_update":[]}`:                    `epoch 0: last_update has 0 entries, stake has 1: uid 0 is only in one of them`,
		`{"stake":[1],"block_at_registration":[1,2]}`:       `epoch 0: block_at_registration has 2 entries, stake has 1: uid 1 `,
		`{"stake":[1],"commit_block":[null,2]}`:             `epoch 0: commit_block has 2 entries, stake has 1: uid 1 `,
		`{"stake":[1],"commit_block":[true]}`:               `epoch 0: commit_block: uid 0: true is no whole number`,
		`{"stake":[1],"validator_permit":[1]}`:              `epoch 0: validator_permit: uid 0: 1 is neither true nor false`,
		`{"stake":[1],"validator_permit":[]}`:               `epoch 0: validator_permit has 0 entries, stake has 1: uid 0 `,
		`{"stake":[1],"owner_uid":1}`:                       `epoch 0: owner_uid: uid 1 is unknown, there are 1`,
		`{"stake":[1],"owner_uid":-1}`:                      `epoch 0: owner_uid: -1 is no whole number of 0..65534`,
		`{"stake":[1],"kappa":65536}`:                       `epoch 0: kappa: 65536 is no whole number of 0..65535`,
		`{"stake":[1],"kappa":null}`:                        `epoch 0: kappa: null is no whole number of 0..65535`,
		`{"stake":[1],"tempo":"1"}`:                         `epoch 0: tempo: "1" is no whole number`,
		`{"stake":[1],"yuma3":1}`:                           `epoch 0: yuma3: 1 is neither true nor false`,
		`{"stake":[1],"bonds_moving_average":1000001}`:      `epoch 0: bonds_moving_average: 1000001 is no whole number of 0..1000000`,
		`{"stake":[1],"alpha_sigmoid_steepness":40000}`:     `epoch 0: alpha_sigmoid_steepness: 40000 is no whole number of -32768..32767`,
		`{"stake":[1],"dense":true}`:                        `epoch 0: dense: true is not supported, only false`,
		`{"stake":[1],"stake_f64":[1]}`:                     `epoch 0: stake_f64: [1] is not supported, only null`,
		`{"epochs":[{"stake":[1]},{"stake":[1,2]}]}`:        `epoch 1: weights has 1 entries, stake has 2: uid 1 is only in one of them`,
		`{"epochs":[{"stake":[1]},{"owner_uid":7}]}`:        `epoch 1: owner_uid: uid 7 is unknown, there are 1`,
		`{"epochs":[{"stake":[1]},{"last_step_block":-1}]}`: `epoch 1: last_step_block: -1 is no whole number`,
	} {
		s, err := ParseScenario([]byte(text))
		if err == nil {
			_, err = s.Run(false, nil)
		}
		require.ErrorContains(t, err, want, "%s", text)
		require.NotContains(t, err.Error(), "json", "%s", text)
		require.NotContains(t, err.Error(), "Go ", "%s", text)
	}
}

func TestScenarioChainsAndCarriesOver(t *testing.T) {
	const text = `{"epochs":[
		{"stake":[7,3],"weights":[[[1,5]],[[0,5]]],"last_update":[5,5],"validator_permit":[true,true],"current_block":10,"yuma3":true,"dense":false,"stake_f64":null},
		{"current_block":11},
		{"current_block":12,"bonds":null,"validator_permit":null,"last_step_block":null,"weights":null,"commit_block":null,"owner_uid":null},
		{"stake":[1,2,3],"weights":[[],[],[]],"bonds":[[],[],[]],"last_update":[1,1,1],"block_at_registration":[0,0,0],"validator_permit":[true,false,true]}]}`
	s, err := ParseScenario([]byte(text))
	require.NoError(t, err)
	require.Equal(t, 4, s.Len())
	var inputs []Input
	results, err := s.Run(false, func(_ int, in *Input, _ *Output) error {
		inputs = append(inputs, *in)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, inputs[0].Stake, inputs[1].Stake)
	require.Equal(t, results[0].Bonds, toJSON(inputs[1].Bonds))
	require.Equal(t, results[0].ValidatorPermit, inputs[1].Permit)
	require.EqualValues(t, 10, inputs[1].LastEpoch)
	require.True(t, inputs[1].Yuma3)
	require.NotEmpty(t, results[1].Bonds[0])
	require.Equal(t, make([]Row, 2), inputs[2].Bonds)
	require.Equal(t, make([]Row, 2), inputs[2].Weights)
	require.Equal(t, make([]bool, 2), inputs[2].Permit)
	require.Zero(t, inputs[2].LastEpoch)
	require.EqualValues(t, 12, inputs[3].Height)
	require.EqualValues(t, 12, inputs[3].LastEpoch)
	require.Len(t, results[3].StakeWeight, 3)
}

func TestExplainOfAScenario(t *testing.T) {
	s, err := ParseScenario([]byte(`{"epochs":[{"stake":[7,3]},{"stake":[1,1]}]}`))
	require.NoError(t, err)
	x, err := s.Explain(false, 1, 0)
	require.NoError(t, err)
	require.EqualValues(t, half, x.Stake)
	_, err = s.Explain(false, 2, 0)
	require.EqualError(t, err, "epoch 2 is not there, the scenario has 0..1")
	_, err = s.Explain(false, 1, 2)
	require.EqualError(t, err, "epoch 1: uid 2 is unknown, there are 2")
}

func TestAVisitorStopsAScenario(t *testing.T) {
	s, err := ParseScenario([]byte(`{"epochs":[{"stake":[7,3]},{"stake":[1,1]}]}`))
	require.NoError(t, err)
	stop, visits := fmt.Errorf("stop"), 0
	_, err = s.Run(false, func(int, *Input, *Output) error { visits++; return stop })
	require.ErrorIs(t, err, stop)
	require.Equal(t, 1, visits)
}

func TestContradictoryInputsAreRefused(t *testing.T) {
	for want, change := range map[string]func(*Input){
		"weights has 2 entries, stake has 3: uid 2":            func(in *Input) { in.Weights = in.Weights[:2] },
		"bonds has 4 entries, stake has 3: uid 3":              func(in *Input) { in.Bonds = append(in.Bonds, nil) },
		"commit_block has 1 entries, stake has 3":              func(in *Input) { in.CommitHeight = []uint64{1} },
		"weights of uid 0: uid 1 comes after uid 2":            func(in *Input) { in.Weights[0] = Row{Pack(2, 1), Pack(1, 1)} },
		"weights of uid 1: uid 2 comes after uid 2":            func(in *Input) { in.Weights[1] = Row{Pack(2, 1), Pack(2, 1)} },
		"bonds of uid 2: uid 3 is unknown, there are 3":        func(in *Input) { in.Bonds[2] = Row{Pack(3, 1)} },
		"owner_uid: uid 3 is unknown":                          func(in *Input) { in.Owner = 3 },
		"owner_uid: uid -2 is unknown":                         func(in *Input) { in.Owner = -2 },
		"bonds_moving_average is 1000001":                      func(in *Input) { in.BondsMovingAverage = 1_000_001 },
		"stake has 65535 uids, the bound is 65534":             func(in *Input) { in.Stake = make([]uint64, 65535) },
		"last_update has 3 entries, stake has 0: uid 0 is onl": func(in *Input) { in.Stake, in.Weights, in.Bonds = nil, nil, nil },
	} {
		in := trio()
		change(in)
		var engine Engine
		require.ErrorContains(t, engine.Epoch(in, &Output{}), want)
	}
}

func TestTopKNonZero(t *testing.T) {
	for _, c := range []struct {
		stake    []uint64
		min      uint64
		k, owner int
		want     []bool
	}{
		{nil, 0, 3, NoOwner, []bool{}},
		{[]uint64{5, 5, 5}, 0, 2, NoOwner, []bool{false, true, true}},
		{[]uint64{5, 0, 1}, 0, 3, NoOwner, []bool{true, false, true}},
		{[]uint64{5, 4, 1}, 4, 3, NoOwner, []bool{true, true, false}},
		{[]uint64{5, 4, 1}, 4, 1, 2, []bool{true, false, true}},
		{[]uint64{5, 4}, 0, 0, NoOwner, []bool{false, false}},
		{[]uint64{5, 4}, 0, -1, 7, []bool{false, false}},
	} {
		require.Equal(t, c.want, TopKNonZero(c.stake, c.min, c.k, c.owner), "%+v", c)
	}
}

// named is how a scenario's errors begin.
var named = regexp.MustCompile(`^(epoch \d+: |epochs(:| is) |the scenario: |a scenario with "epochs")`)

// FuzzScenario reads any text: it runs, and then its inputs written out give the
// same results, or the error names the place.
func FuzzScenario(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"epochs":[{"stake":[1]},{}]}`, `{"stake":[1,2],"weights":[[[1,3]],[]],"owner_uid":1,"yuma3":true,"liquid_alpha":true}`,
		`{"stake":[9,9],"weights":[[[1,9]],[[0,9]]],"bonds":[[[1,65535]],[]],"last_update":[9,9],"validator_permit":[true,true],"commit_block":[null,0],"current_block":10,"rao_emission":7}`,
		`{"epochs":[{"stake":[1],"kappa":-1}]}`, `{"stake":[[]]}`, `{"stake":[1],"weights":[[[0,1],[0,1]]]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, upstream := range []bool{false, true} {
			var replayed []Result
			s, err := ParseScenario(text)
			var results []Result
			if err == nil {
				results, err = s.Run(upstream, func(_ int, in *Input, _ *Output) error {
					again, err := ScenarioInput(in)
					require.NoError(t, err)
					s, err := ParseScenario(again)
					require.NoError(t, err)
					r, err := s.Run(upstream, nil)
					require.NoError(t, err, "%s", again)
					replayed = append(replayed, r...)
					return nil
				})
			}
			if err != nil {
				require.Regexp(t, named, err.Error())
				continue
			}
			require.Equal(t, results, replayed)
			require.False(t, slices.ContainsFunc(results, func(r Result) bool { return len(r.Bonds) != len(r.StakeWeight) }))
		}
	})
}
