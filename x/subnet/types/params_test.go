package types_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/x/subnet/types"
)

// param is the field of a parameter by its name.
func param(t *testing.T, p *types.Params, name string) reflect.Value {
	t.Helper()
	value := reflect.ValueOf(p).Elem()
	for i := range value.NumField() {
		if tag := value.Type().Field(i).Tag.Get("protobuf"); strings.Contains(tag+",", "name="+name+",") {
			return value.Field(i)
		}
	}
	require.Fail(t, "no parameter "+name)
	return value
}

// The page names every parameter, with the default of the code and the range that it
// keeps.
func TestThePageAgreesOnParameters(t *testing.T) {
	rows := page(t, "Parameters")
	require.Len(t, rows, reflect.TypeFor[types.Params]().NumField())
	for _, row := range rows {
		name := row[0]
		t.Run(name, func(t *testing.T) {
			defaults := types.DefaultParams()
			require.Equal(t, number(t, row[2]).Uint64(), param(t, &defaults, name).Uint())
			least, most := reach(t, row[3])
			try := func(v uint64) error {
				p := types.DefaultParams()
				param(t, &p, name).SetUint(v)
				return p.Validate()
			}
			require.NoError(t, try(least.Uint64()))
			require.NoError(t, try(most.Uint64()))
			if least.Sign() > 0 {
				require.ErrorIs(t, try(least.Uint64()-1), types.ErrInvalidParams)
			}
			require.ErrorIs(t, try(most.Uint64()+1), types.ErrInvalidParams)
		})
	}
}
