package weights_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/x/weights"
)

func TestEveryCommandHasAnExample(t *testing.T) {
	options := weights.AppModule{}.AutoCLIOptions()
	shown := 0
	for _, command := range append(options.Query.RpcCommandOptions, options.Tx.RpcCommandOptions...) {
		if command.Skip {
			continue
		}
		shown++
		name, _, _ := strings.Cut(command.Use, " ")
		require.Contains(t, command.Example, "taod q weights "+name, command.RpcMethod)
	}
	require.Equal(t, 8, shown)
}
