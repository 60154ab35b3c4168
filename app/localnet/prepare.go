package localnet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"

	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/keys"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// Prepare makes keys, homes and genesis of a fresh network, and makes every command
// with this home talk to it. known is any App: it lends its codecs and default
// genesis.
func (c Config) Prepare(known *app.App) error {
	if err := c.Validate(); err != nil {
		return err
	}
	ring, err := keyring.New(sdk.KeyringServiceName(), keyring.BackendTest, c.Home, nil, known.AppCodec(), keys.Option())
	if err != nil {
		return err
	}
	draft, err := app.NewDraft(known.AppCodec(), known.DefaultGenesis())
	if err != nil {
		return err
	}
	if err := draft.Subnet(subnettypes.LocalnetHyperparameters()); err != nil {
		return err
	}
	for _, name := range Users() {
		address, err := key(ring, name)
		if err != nil {
			return err
		}
		funds := uint64(FundsOfUser)
		if name == Faucet {
			funds = FundsOfFaucet
		}
		draft.Fund(address, funds)
	}
	peers, err := c.nodes(draft, ring)
	if err != nil {
		return err
	}
	if c.Genesis != nil {
		if err := c.Genesis(draft); err != nil {
			return err
		}
	}
	if err := c.write(draft, peers); err != nil {
		return err
	}
	return c.writeClientConfig()
}

// key returns the address of a key and makes the key when it is not there.
func key(ring keyring.Keyring, name string) (sdk.AccAddress, error) {
	record, err := ring.Key(name)
	if err != nil {
		if record, _, err = ring.NewMnemonic(name, keyring.English, sdk.FullFundraiserPath, keyring.DefaultBIP39Passphrase, hd.Secp256k1); err != nil {
			return nil, fmt.Errorf("making the key %q: %w", name, err)
		}
	}
	return record.GetAddress()
}

// nodes makes each node's own keys and enters it as a validator.
func (c Config) nodes(draft *app.Draft, ring keyring.Keyring) (peers []string, err error) {
	for i := range c.Validators {
		comet := c.comet(i)
		for _, dir := range []string{"config", "data"} {
			if err := os.MkdirAll(filepath.Join(c.NodeHome(i), dir), 0o755); err != nil {
				return nil, err
			}
		}
		id, consensus, err := genutil.InitializeNodeValidatorFiles(comet)
		if err != nil {
			return nil, err
		}
		operator, err := key(ring, fmt.Sprintf("validator%d", i))
		if err != nil {
			return nil, err
		}
		if err := enter(draft, comet.Moniker, consensus, operator); err != nil {
			return nil, err
		}
		peers = append(peers, fmt.Sprintf("%s@127.0.0.1:%d", id, c.Ports(i).P2P))
	}
	return peers, nil
}

func enter(draft *app.Draft, moniker string, key cryptotypes.PubKey, operator sdk.AccAddress) error {
	draft.Fund(operator, BondOfNode)
	return draft.Validator(moniker, key, operator, BondOfNode)
}

// comet is the config.toml of a node.
func (c Config) comet(i int) *cmtcfg.Config {
	cfg, p := app.DefaultCometConfig(), c.Ports(i)
	cfg.SetRoot(c.NodeHome(i))
	cfg.Moniker = fmt.Sprintf("node%d", i)
	cfg.RPC.ListenAddress = fmt.Sprintf("tcp://127.0.0.1:%d", p.RPC)
	cfg.RPC.PprofListenAddress = ""
	cfg.P2P.ListenAddress = fmt.Sprintf("tcp://127.0.0.1:%d", p.P2P)
	cfg.P2P.AddrBookStrict = false
	cfg.P2P.AllowDuplicateIP = true
	cfg.P2P.PexReactor = false
	cfg.Instrumentation.Prometheus = true
	cfg.Instrumentation.PrometheusListenAddr = fmt.Sprintf("127.0.0.1:%d", p.Metrics)
	return cfg
}

// node is the app.toml of a node.
func (c Config) node(i int) app.NodeConfig {
	cfg, p := app.DefaultNodeConfig(), c.Ports(i)
	cfg.API.Address = fmt.Sprintf("tcp://127.0.0.1:%d", p.API)
	cfg.GRPC.Address = fmt.Sprintf("127.0.0.1:%d", p.GRPC)
	cfg.StateSync.SnapshotInterval = 50
	return cfg
}

// write writes genesis and the configuration of every node.
func (c Config) write(draft *app.Draft, peers []string) error {
	state, err := draft.State()
	if err != nil {
		return err
	}
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	genesis := genutiltypes.NewAppGenesisWithVersion(ChainID, text)
	genesis.GenesisTime = time.Now().UTC()
	genesis.Consensus = genutiltypes.NewConsensusGenesis(app.DefaultConsensusParams().ToProto(), nil)
	serverconfig.SetConfigTemplate(app.NodeConfigTemplate)
	for i := range c.Validators {
		comet, node := c.comet(i), c.node(i)
		others := append(append([]string(nil), peers[:i]...), peers[i+1:]...)
		comet.P2P.PersistentPeers = strings.Join(others, ",")
		if c.Edit != nil {
			c.Edit(i, &node, comet)
		}
		dir := filepath.Join(c.NodeHome(i), "config")
		if err := genesis.SaveAs(filepath.Join(dir, "genesis.json")); err != nil {
			return err
		}
		cmtcfg.WriteConfigFile(filepath.Join(dir, "config.toml"), comet)
		serverconfig.WriteConfigFile(filepath.Join(dir, "app.toml"), node)
	}
	return nil
}

// writeClientConfig names the network, its keys and its first node.
func (c Config) writeClientConfig() error {
	text := fmt.Sprintf(`# A local network made by taod localnet start.
chain-id = %q
keyring-backend = %q
keyring-default-keyname = ""
output = "text"
node = %q
broadcast-mode = "sync"
`, ChainID, keyring.BackendTest, c.RPC(0))
	dir := filepath.Join(c.Home, "config")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "client.toml"), []byte(text), 0o600)
}
