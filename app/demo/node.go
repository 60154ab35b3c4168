package demo

import (
	"context"
	"fmt"
	"time"

	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/client"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/amount"
	"github.com/taonet/taonet/app/localnet"
	"github.com/taonet/taonet/app/sign"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const (
	pollEvery = 50 * time.Millisecond
	coldGas   = 600_000
	coldFee   = 1_000 // rao, well above coldGas at the default price
	hotGas    = 100_000
)

// node is the validator, asked over RPC as any client asks it.
type node struct {
	rpc *rpchttp.HTTP
	ctx client.Context
}

func dial(known *app.App, address string) (*node, error) {
	rpc, err := rpchttp.New(address, "/websocket")
	if err != nil {
		return nil, err
	}
	ctx := client.Context{}.WithClient(rpc).WithCodec(known.AppCodec()).
		WithInterfaceRegistry(known.InterfaceRegistry()).WithTxConfig(known.TxConfig()).WithChainID(localnet.ChainID)
	return &node{rpc: rpc, ctx: ctx}, nil
}

func (n *node) height(ctx context.Context) (int64, error) {
	s, err := n.rpc.Status(ctx)
	if err != nil {
		return 0, err
	}
	return s.SyncInfo.LatestBlockHeight, nil
}

// nextBlock waits for a block above a height.
func (n *node) nextBlock(ctx context.Context, after int64) (int64, error) {
	for {
		height, err := n.height(ctx)
		if err != nil || height > after {
			return height, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// account asks for number and sequence.
func (n *node) account(ctx context.Context, address sdk.AccAddress) (account, error) {
	res, err := authtypes.NewQueryClient(n.ctx).AccountInfo(ctx, &authtypes.QueryAccountInfoRequest{Address: address.String()})
	if err != nil {
		return account{}, err
	}
	return account{number: res.Info.AccountNumber, sequence: res.Info.Sequence}, nil
}

// kind says which key of a neuron signs a transaction, and at which price.
type kind int

const (
	freeTx kind = iota // the hotkey, in the free lane
	paidTx             // the coldkey
)

// send broadcasts and returns why the node refused it, if it did.
func (n *node) send(ctx context.Context, from *neuron, k kind, msgs ...sdk.Msg) (refusal string, err error) {
	_, refusal, err = n.broadcast(ctx, from, k, msgs...)
	return refusal, err
}

// mustSend sends from the coldkey; a refusal is an error.
func (n *node) mustSend(ctx context.Context, from *neuron, msgs ...sdk.Msg) (hash []byte, err error) {
	hash, refusal, err := n.broadcast(ctx, from, paidTx, msgs...)
	if err == nil && refusal != "" {
		err = fmt.Errorf("the node refused it: %s", refusal)
	}
	return hash, err
}

func (n *node) broadcast(ctx context.Context, from *neuron, k kind, msgs ...sdk.Msg) (hash []byte, refusal string, err error) {
	o := sign.Options{ChainID: localnet.ChainID}
	var key cryptotypes.PrivKey
	if k == freeTx {
		key, o.Number, o.Gas, o.Timeout = from.hot, from.hotAccount.number, hotGas, time.Now().Add(freeTimeout)
	} else {
		key, o.Number, o.Sequence, o.Gas, o.Fee = from.cold, from.coldAccount.number, from.coldAccount.sequence, coldGas, coldFee
	}
	o.Key = key
	tx, err := sign.Tx(ctx, n.ctx.TxConfig, o, msgs...)
	if err != nil {
		return nil, "", err
	}
	res, err := n.rpc.BroadcastTxSync(ctx, tx)
	if err != nil {
		return nil, "", err
	}
	if res.Code != 0 {
		return res.Hash, refusalPrefix(res.Codespace, res.Code) + res.Log, nil
	}
	return res.Hash, "", nil
}

// included waits until a transaction is in a block and succeeded there.
func (n *node) included(ctx context.Context, hash []byte) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		res, err := n.rpc.Tx(ctx, hash, false)
		if err == nil {
			if res.TxResult.Code != 0 {
				return fmt.Errorf("it failed in block %d: %s", res.Height, res.TxResult.Log)
			}
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("transaction %X is in no block: %w", hash, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

func (n *node) metagraph(ctx context.Context) (*weightstypes.QueryMetagraphResponse, error) {
	return weightstypes.NewQueryClient(n.ctx).Metagraph(ctx, &weightstypes.QueryMetagraphRequest{Subnet: subnet})
}

func (n *node) rows(ctx context.Context) ([]weightstypes.Row, error) {
	res, err := weightstypes.NewQueryClient(n.ctx).Rows(ctx, &weightstypes.QueryRowsRequest{Subnet: subnet})
	if err != nil {
		return nil, err
	}
	return res.Rows, nil
}

// row of a uid, nil when it has none.
func (n *node) row(ctx context.Context, uid uint32) (*weightstypes.Row, error) {
	res, err := weightstypes.NewQueryClient(n.ctx).Row(ctx, &weightstypes.QueryRowRequest{Subnet: subnet, Uid: uid})
	if status.Code(err) == codes.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &res.Row, nil
}

// balance of an address in rao.
func (n *node) balance(ctx context.Context, address sdk.AccAddress) (uint64, error) {
	res, err := banktypes.NewQueryClient(n.ctx).Balance(ctx, &banktypes.QueryBalanceRequest{Address: address.String(), Denom: amount.BaseDenom})
	if err != nil {
		return 0, err
	}
	return res.Balance.Amount.Uint64(), nil
}

// refusalPrefix begins every refusal with a code.
func refusalPrefix(codespace string, code uint32) string {
	return fmt.Sprintf("%s %d: ", codespace, code)
}
