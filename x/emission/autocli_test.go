package emission_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/x/emission"
)

// Every command shows how it is typed.
func TestEveryCommandHasAnExample(t *testing.T) {
	for _, cmd := range (emission.AppModule{}).AutoCLIOptions().Query.RpcCommandOptions {
		require.Contains(t, cmd.Example, "taod q emission ", cmd.RpcMethod)
	}
}
