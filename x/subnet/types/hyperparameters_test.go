package types_test

import (
	"math/big"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/x/subnet/types"
)

// page reads the rows of the tables under a heading of the module's page, split into
// their cells.
func page(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	require.True(t, found, "no heading %q", heading)
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| `") {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			for i := range cells {
				cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
			}
			rows = append(rows, cells)
		}
	}
	require.NotEmpty(t, rows, heading)
	return rows
}

// number reads 12, 1,209,600, -32768, 10^9 and 2^63-2; text in brackets explains.
func number(t *testing.T, text string) *big.Int {
	t.Helper()
	text, _, _ = strings.Cut(text, " (")
	text = strings.ReplaceAll(text, ",", "")
	base, power, raised := strings.Cut(text, "^")
	value, ok := new(big.Int).SetString(base, 10)
	require.True(t, ok, "%q is no number", text)
	if raised {
		power, less, lessened := strings.Cut(power, "-")
		exponent, err := strconv.Atoi(power)
		require.NoError(t, err, text)
		value.Exp(value, big.NewInt(int64(exponent)), nil)
		if lessened {
			n, err := strconv.Atoi(less)
			require.NoError(t, err, text)
			value.Sub(value, big.NewInt(int64(n)))
		}
	}
	return value
}

// reach reads a range.
func reach(t *testing.T, text string) (least, most *big.Int) {
	t.Helper()
	low, high, found := strings.Cut(text, "..")
	require.True(t, found, "%q is no range", text)
	return number(t, low), number(t, high)
}

// The page and the code say the same of every hyperparameter, in the same order.
func TestThePageAgreesOnHyperparameters(t *testing.T) {
	rows, table := page(t, "Hyperparameters"), types.HyperparameterTable()
	require.Len(t, rows, len(table))
	for i, p := range table {
		t.Run(p.Name, func(t *testing.T) {
			require.Len(t, rows[i], 6)
			name, unit, def, span, owner := rows[i][0], rows[i][1], rows[i][2], rows[i][3], rows[i][4]
			require.Equal(t, p.Name, name)
			require.Equal(t, p.Unit, unit)
			if unit == "true or false" {
				require.Equal(t, p.Text(p.Default), def)
				require.Empty(t, span)
				require.Equal(t, []int64{0, 1}, []int64{p.Min, p.Max})
			} else {
				require.Equal(t, strconv.FormatInt(p.Default, 10), number(t, def).String())
				least, most := reach(t, span)
				require.Equal(t, strconv.FormatInt(p.Min, 10), least.String())
				require.Equal(t, strconv.FormatInt(p.Max, 10), most.String())
			}
			switch from, bound := strings.CutPrefix(owner, "≥ "); {
			case bound:
				require.True(t, p.Owner)
				require.Equal(t, strconv.FormatInt(p.OwnerMin, 10), from)
			case owner == "yes":
				require.True(t, p.Owner)
				require.Equal(t, p.Min, p.OwnerMin)
			default:
				require.Equal(t, "–", owner)
				require.False(t, p.Owner)
			}
			found, err := types.FindHyperparameter(name)
			require.NoError(t, err)
			require.Equal(t, p.Name, found.Name)
			require.Equal(t, p.Text(p.Default), p.Value(types.DefaultHyperparameters()))
		})
	}
}

// A value that is read is the one that is shown, for every value at the bounds.
func TestTextIsWhatParseReads(t *testing.T) {
	for _, p := range types.HyperparameterTable() {
		for _, v := range []int64{p.Min, p.Min + 1, p.Default, p.Max - 1, p.Max} {
			read, err := p.Parse(p.Text(v))
			require.NoError(t, err, p.Name)
			require.Equal(t, v, read, p.Name)
		}
	}
}

// The table has one entry for each field: what it sets is what it shows, and none
// touches another's field.
func TestEveryFieldHasItsEntry(t *testing.T) {
	fields, table := reflect.TypeFor[types.Hyperparameters](), types.HyperparameterTable()
	require.Equal(t, fields.NumField(), len(table))
	for i, p := range table {
		require.Contains(t, fields.Field(i).Tag.Get("protobuf")+",", "name="+p.Name+",", "in the order of the message")
		for _, v := range []int64{p.Min, p.Max} {
			h, _ := types.Hyperparameters{}.With(p, v)
			require.Equal(t, p.Text(v), p.Value(h))
			for _, q := range types.HyperparameterTable() {
				if q.Name != p.Name {
					require.Equal(t, q.Value(types.Hyperparameters{}), q.Value(h), "%s sets %s", p.Name, q.Name)
				}
			}
		}
	}
}

func TestHyperparametersOfAMachineAreInOrder(t *testing.T) {
	require.NoError(t, types.DefaultHyperparameters().Validate())
	h := types.LocalnetHyperparameters()
	require.NoError(t, h.Validate())
	want := types.DefaultHyperparameters()
	want.Tempo, want.ActivityCutoff, want.Immunity, want.MinStake = 2, 10, 20, 1
	require.Equal(t, want, h)
}
