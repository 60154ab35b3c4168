package lane

import (
	"crypto/sha256"

	lru "github.com/hashicorp/golang-lru/v2"

	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"

	"cosmossdk.io/log/v2"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Proposals makes and judges blocks. With no mempool on the application's side the
// SDK proposes first in, first out and accepts anything; here rows come first, up
// to half of the block's gas, then the rest in order of arrival, then what rows
// are left.
type Proposals struct {
	decode sdk.TxDecoder
	memo   *lru.Cache[[sha256.Size]byte, Class]
	logger log.Logger
}

// NewProposals returns the handlers; memoSize is how many classifications are
// remembered, so that a mempool of that size is decoded once.
func NewProposals(decode sdk.TxDecoder, memoSize int, logger log.Logger) *Proposals {
	memo, err := lru.New[[sha256.Size]byte, Class](max(memoSize, 1))
	if err != nil { // only for a size below 1
		panic(err)
	}
	return &Proposals{decode: decode, memo: memo, logger: logger}
}

// classify decodes a transaction, or remembers it. It fails on bytes that do not
// decode.
func (p *Proposals) classify(bz []byte) (Class, error) {
	key := sha256.Sum256(bz)
	if class, ok := p.memo.Get(key); ok {
		return class, nil
	}
	tx, err := p.decode(bz)
	if err != nil {
		return Class{}, err
	}
	class, _ := Classify(tx)
	p.memo.Add(key, class)
	return class, nil
}

// block is a proposal in the making.
type block struct {
	txs      [][]byte
	bytes    int64
	gas      uint64
	maxBytes int64
	maxGas   uint64 // 0: no bound
	places   map[Key]bool
}

// add puts a transaction in when it fits below gasBound and its places are free.
func (b *block) add(bz []byte, class Class, gasBound uint64) bool {
	size := cmttypes.ComputeProtoSizeForTxs([]cmttypes.Tx{bz})
	if b.bytes+size > b.maxBytes {
		return false
	}
	// Written so that a gas limit near 2^64 cannot wrap around.
	if gasBound > 0 && (class.Gas > gasBound || b.gas > gasBound-class.Gas) {
		return false
	}
	for _, key := range class.Keys {
		if b.places[key] {
			return false
		}
	}
	for _, key := range class.Keys {
		b.places[key] = true
	}
	b.txs, b.bytes, b.gas = append(b.txs, bz), b.bytes+size, b.gas+class.Gas
	return true
}

// maxGasOf returns the bound on a block's gas, 0 for none.
func maxGasOf(ctx sdk.Context) uint64 {
	if b := ctx.ConsensusParams().Block; b != nil && b.MaxGas > 0 {
		return uint64(b.MaxGas)
	}
	return 0
}

// PrepareProposal puts rows first, up to half of the block's gas, then the rest.
func (p *Proposals) PrepareProposal(ctx sdk.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	b := &block{maxBytes: req.MaxTxBytes, maxGas: maxGasOf(ctx), places: make(map[Key]bool)}
	classes := make([]Class, len(req.Txs))
	done := make([]bool, len(req.Txs))
	for i, bz := range req.Txs {
		class, err := p.classify(bz)
		if err != nil {
			done[i] = true // stays out of the block; recheck removes it
			continue
		}
		classes[i] = class
	}
	pass := func(free bool, gasBound uint64) {
		for i, bz := range req.Txs {
			if !done[i] && classes[i].Free == free {
				done[i] = b.add(bz, classes[i], gasBound)
			}
		}
	}
	if b.maxGas > 0 {
		pass(true, max(b.maxGas/2, 1))
	} else {
		pass(true, 0)
	}
	pass(false, b.maxGas)
	pass(true, b.maxGas)
	return &abci.ResponsePrepareProposal{Txs: b.txs}, nil
}

// ProcessProposal accepts a block in which every transaction decodes, the gas
// stays within the bound, and no place of the free lane is taken twice.
func (p *Proposals) ProcessProposal(ctx sdk.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	reject := func(reason string, args ...any) (*abci.ResponseProcessProposal, error) {
		p.logger.Error("proposal rejected: "+reason, append(args, "height", req.Height)...)
		return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}, nil
	}
	maxGas := maxGasOf(ctx)
	var gas uint64
	places := make(map[Key]bool)
	for i, bz := range req.Txs {
		class, err := p.classify(bz)
		if err != nil {
			return reject("a transaction does not decode", "index", i, "error", err)
		}
		if maxGas > 0 && (class.Gas > maxGas || gas > maxGas-class.Gas) {
			return reject("more gas than a block may use", "index", i, "gas", gas, "and", class.Gas, "max_gas", maxGas)
		}
		gas += class.Gas
		for _, key := range class.Keys {
			if places[key] {
				return reject("two free transactions for one place", "index", i, "hotkey", key.Hotkey, "subnet", key.Subnet)
			}
			places[key] = true
		}
	}
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}
