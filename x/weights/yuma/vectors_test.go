package yuma

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vector is one epoch of the reference, from either kind of file.
type vector struct {
	Label     string                     `json:"label"`
	Input     json.RawMessage            `json:"input"`
	Output    json.RawMessage            `json:"output"`
	Reference json.RawMessage            `json:"reference_output"`
	RawBits   json.RawMessage            `json:"raw_bits"`
	Source    map[string]json.RawMessage `json:"expected_by_source"`
}

// want are the fields of the reference.
type want struct {
	StakeWeight       []uint16   `json:"stake_weight"`
	Active            []bool     `json:"active"`
	Consensus         []uint16   `json:"consensus"`
	Incentive         []uint16   `json:"incentive"`
	Dividends         []uint16   `json:"dividends"`
	ValidatorTrust    []uint16   `json:"validator_trust"`
	Rank              []uint16   `json:"rank"`
	Trust             []uint16   `json:"trust"`
	PruningScore      []uint16   `json:"pruning_score"`
	ServerEmission    []uint64   `json:"server_emission"`
	ValidatorEmission []uint64   `json:"validator_emission"`
	Emission          []uint64   `json:"emission"`
	ValidatorPermit   []bool     `json:"validator_permit"`
	Bonds             [][]Weight `json:"bonds"`
}

// readJSON reads a file of testdata.
func readJSON(t testing.TB, file string, to any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, to))
}

func TestVectorsEqualTheReferenceToTheBit(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	checked := 0
	for _, file := range files {
		name := filepath.Base(file)
		if name == "math.json" || name == "test_512_graph.json" {
			continue // have tests of their own
		}
		t.Run(name, func(t *testing.T) {
			var doc struct{ Cases, Steps []vector }
			readJSON(t, name, &doc)
			for i, v := range append(doc.Cases, doc.Steps...) {
				s, err := ParseScenario(v.Input)
				require.NoError(t, err)
				results, err := s.Run(true, func(_ int, in *Input, out *Output) error {
					requireEqual(t, naiveEpoch(in).output(), out, i)
					return nil
				})
				require.NoError(t, err, "case %d %s", i, v.Label)
				checkVector(t, v, results[0], i)
				checkSource(t, v, results[0])
				checked++
			}
		})
	}
	require.Equal(t, 507, checked)
}

func checkVector(t *testing.T, v vector, got Result, i int) {
	t.Helper()
	raw := v.Output
	if raw == nil {
		raw = v.Reference
	}
	var w want
	require.NoError(t, json.Unmarshal(raw, &w))
	if strings.HasSuffix(t.Name(), "test_outdated_weights.json") && v.Label == "initial" {
		// The source replaces uid 3 between this step and the next; the recorded
		// permits are those after the replacement.
		require.Equal(t, []bool{true, true, true, false}, w.ValidatorPermit)
		w.ValidatorPermit[3] = true
	}
	require.Equal(t, w, want{
		got.StakeWeight, got.Active, got.Consensus, got.Incentive, got.Dividends, got.ValidatorTrust,
		got.Rank, got.Trust, got.PruningScore, got.ServerEmission, got.ValidatorEmission, got.Emission,
		got.ValidatorPermit, got.Bonds,
	}, "case %d %s", i, v.Label)
	if v.RawBits != nil {
		var bits RawBits
		require.NoError(t, json.Unmarshal(v.RawBits, &bits))
		require.Equal(t, bits, got.RawBits, "raw bits of case %d", i)
	}
}

// checkSource checks what the source's own tests assert.
func checkSource(t *testing.T, v vector, got Result) {
	t.Helper()
	_, rounded := v.Source["epsilon"]
	for name, raw := range v.Source {
		switch name {
		case "epsilon", "pruning_score_logged_stale": // a bound, and a log without assertion
			continue
		case "rank":
			requireJSON(t, raw, got.Rank, v.Label)
		case "trust":
			requireJSON(t, raw, got.Trust, v.Label)
		case "consensus":
			requireJSON(t, raw, got.Consensus, v.Label)
		case "incentive":
			requireJSON(t, raw, got.Incentive, v.Label)
		case "emission":
			requireJSON(t, raw, got.Emission, v.Label)
		case "pruning_score_with_rounding":
			requireJSON(t, raw, got.PruningScore, v.Label)
		case "dividends":
			if rounded {
				requireNear(t, raw, [][]uint16{got.Dividends}, v.Label)
			} else {
				requireJSON(t, raw, got.Dividends, v.Label)
			}
		case "dividends_first2":
			requireJSON(t, raw, got.Dividends[:2], v.Label)
		case "dividends_uid0":
			requireJSON(t, raw, got.Dividends[0], v.Label)
		case "bonds":
			requireNear(t, raw, serverBonds(got.Bonds[:3]), v.Label)
		case "bonds_row0":
			requireJSON(t, raw, line(got.Bonds[0], 4), v.Label)
		case "bonds_row1":
			requireJSON(t, raw, line(got.Bonds[1], 4), v.Label)
		case "bond_0_2":
			requireJSON(t, raw, line(got.Bonds[0], 4)[2], v.Label)
		case "bond_0_3":
			requireJSON(t, raw, line(got.Bonds[0], 4)[3], v.Label)
		case "bonds_u16_column":
			var columns map[string][]uint16
			require.NoError(t, json.Unmarshal(raw, &columns))
			for key, column := range columns {
				j, err := strconv.Atoi(key)
				require.NoError(t, err)
				for i, q := range column {
					require.Equal(t, q, line(got.Bonds[i], 8)[j], "%s: bond of uid %d in uid %d", v.Label, i, j)
				}
			}
		case "rule":
			require.JSONEq(t, `"server_emission[0] == server_emission[1] > 0"`, string(raw))
			require.Equal(t, got.ServerEmission[0], got.ServerEmission[1])
			require.NotZero(t, got.ServerEmission[0])
		default:
			require.Fail(t, "an assertion of the source is not checked", name)
		}
	}
}

func requireJSON(t *testing.T, raw json.RawMessage, got any, label string) {
	t.Helper()
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(raw), string(text), label)
}

// requireNear compares shares in 1/65535 with decimals, within 1/1000.
func requireNear(t *testing.T, raw json.RawMessage, got [][]uint16, label string) {
	t.Helper()
	var expected [][]json.Number
	if json.Unmarshal(raw, &expected) != nil { // one row alone
		expected = make([][]json.Number, 1)
		require.NoError(t, json.Unmarshal(raw, &expected[0]))
	}
	require.Len(t, got, len(expected))
	for i, row := range expected {
		require.Len(t, got[i], len(row))
		for j, text := range row {
			decimal, ok := new(big.Rat).SetString(text.String())
			require.True(t, ok)
			difference := decimal.Sub(decimal, big.NewRat(int64(got[i][j]), u16max))
			require.Negative(t, difference.Abs(difference).Cmp(big.NewRat(1, 1000)), "%s: %d, %d is %d, not %s", label, i, j, got[i][j], text)
		}
	}
}

// line is a row of bonds with its zeros.
func line(row []Weight, n int) []uint16 {
	values := make([]uint16, n)
	for _, w := range row {
		values[w[0]] = w[1]
	}
	return values
}

// serverBonds are the bonds in uids 3 and 4.
func serverBonds(bonds [][]Weight) (rows [][]uint16) {
	for _, row := range bonds {
		rows = append(rows, line(row, 5)[3:])
	}
	return rows
}

// TestGraphOf512 has 64 validators of equal stake weigh 448 servers equally.
func TestGraphOf512(t *testing.T) {
	type shares struct{ Consensus, Incentive, Dividends, Emission uint64 }
	var cases []struct {
		Generator struct {
			N, Validators, Epochs int
			Interleave            string
			ServerSelfWeight      bool   `json:"server_self_weight"`
			Stake                 uint64 `json:"stake_per_validator"`
			Weight                uint16 `json:"weight_each_server"`
		}
		Expected struct {
			Validators, Servers shares
			Bond                uint16 `json:"bond_validator_server_u16"`
			None                uint16 `json:"bond_validator_validator"`
		}
	}
	readJSON(t, "test_512_graph.json", &cases)
	require.Len(t, cases, 4)
	for _, c := range cases {
		g := c.Generator
		validator := func(i int) bool { return i < g.Validators }
		if g.Interleave != "blockwise" {
			validator = func(i int) bool { return i%(g.N/g.Validators) == 0 }
		}
		in := defaultInput()
		in.Upstream, in.Height, in.MaxValidators = true, 0, g.Validators
		in.Weights, in.Bonds, in.Permit = make([]Row, g.N), make([]Row, g.N), make([]bool, g.N)
		in.Stake, in.LastUpdate, in.RegisteredAt = make([]uint64, g.N), make([]uint64, g.N), make([]uint64, g.N)
		for i := range g.N {
			if validator(i) {
				in.Stake[i] = g.Stake
			}
		}
		var engine Engine
		var out Output
		require.NoError(t, engine.Epoch(in, &out)) // sets the permits
		in.Height = 1
		for i := range g.N {
			in.LastUpdate[i] = 1
			if !validator(i) && g.ServerSelfWeight {
				in.Weights[i] = Row{Pack(uint16(i), u16max)}
			}
			for j := range g.N {
				if validator(i) && !validator(j) {
					in.Weights[i] = append(in.Weights[i], Pack(uint16(j), g.Weight))
				}
			}
			upscaleRow(in.Weights[i])
		}
		for range g.Epochs {
			in.Bonds, in.Permit = cloneRows(out.Bonds), append([]bool(nil), out.Permit...)
			require.NoError(t, engine.Epoch(in, &out))
		}
		for i := range g.N {
			expected := c.Expected.Servers
			if validator(i) {
				expected = c.Expected.Validators
				bonds := line(toJSON(out.Bonds)[i], g.N)
				for j, bond := range bonds {
					if validator(j) {
						require.Equal(t, c.Expected.None, bond, "bond of uid %d in uid %d", i, j)
					} else {
						require.Equal(t, c.Expected.Bond, bond, "bond of uid %d in uid %d", i, j)
					}
				}
			}
			require.Equal(t, expected, shares{
				uint64(out.Consensus[i]), uint64(out.Incentive[i]), uint64(out.Dividends[i]), out.Emissions[i],
			}, "%s: uid %d", g.Interleave, i)
		}
	}
}

// upscaleRow scales the weights of a row as the chain does when it stores it.
func upscaleRow(row Row) {
	values := make([]uint16, len(row))
	for k, entry := range row {
		values[k] = uint16(entry)
	}
	MaxUpscale(values)
	for k := range row {
		row[k] = row[k]&^0xffff | uint32(values[k])
	}
}
