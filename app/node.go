package app

import (
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"

	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"
)

// NodeConfig is app.toml: the SDK's sections and one of our own.
type NodeConfig struct {
	serverconfig.Config `mapstructure:",squash"`
	Tao                 TaoConfig `mapstructure:"tao"`
}

// TaoConfig is the section [tao] of app.toml.
type TaoConfig struct {
	SignatureCache int    `mapstructure:"signature-cache"`
	HeapTarget     uint64 `mapstructure:"heap-target"`
}

// NodeConfigTemplate is the form of app.toml.
const NodeConfigTemplate = serverconfig.DefaultConfigTemplate + `
###############################################################################
###                                   Tao                                   ###
###############################################################################

[tao]
# How many transactions with a valid signature the node remembers, so that a block
# need not verify them again. 0 switches it off; results are the same.
signature-cache = {{ .Tao.SignatureCache }}

# The heap, in MiB, that the node fills before it collects garbage: more costs memory
# and saves CPU. A node that has more than five eighths of it in use goes beyond it,
# by 60 percent of what is in use. 0 leaves it to GOGC and GOMEMLIMIT.
heap-target = {{ .Tao.HeapTarget }}
`

// DefaultNodeConfig is what app.toml says unless somebody changes it: the API is on
// and state is kept for about a quarter of an hour.
func DefaultNodeConfig() NodeConfig {
	cfg := serverconfig.DefaultConfig()
	cfg.MinGasPrices = MinGasPrice
	cfg.Pruning = pruningtypes.PruningOptionCustom
	cfg.PruningKeepRecent = "1000"
	cfg.PruningInterval = "10"
	cfg.API.Enable = true
	cfg.API.Swagger = true
	cfg.API.Address = "tcp://localhost:1317"
	cfg.GRPC.Enable = true
	// A node that joins fetches the newest snapshot that it was told of, and loses two
	// minutes when that is deleted meanwhile. With the SDK's two it is kept for an interval
	// at least, which is made for blocks of several seconds; with five for four.
	cfg.StateSync.SnapshotInterval = 1000
	cfg.StateSync.SnapshotKeepRecent = 5
	cfg.Mempool.MaxTxs = -1
	// Per store, and every version adds nodes: the SDK's 781,250 fill with versions
	// that nobody reads and double the memory of a busy node.
	cfg.IAVLCacheSize = 100_000
	return NodeConfig{Config: *cfg, Tao: TaoConfig{SignatureCache: DefaultSignatureCache, HeapTarget: DefaultHeapTarget}}
}

// DefaultCometConfig is what config.toml says unless somebody changes it: a block a
// second.
func DefaultCometConfig() *cmtcfg.Config {
	cfg := cmtcfg.DefaultConfig()
	// Exactly 1 s equals CometBFT's default; the SDK would take it for unset and
	// make it 5 s.
	cfg.Consensus.TimeoutCommit = 999 * time.Millisecond
	cfg.Mempool.Size = DefaultMempoolSize
	cfg.Mempool.CacheSize = 2 * DefaultMempoolSize
	return cfg
}
