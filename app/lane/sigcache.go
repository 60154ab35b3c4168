package lane

import (
	"crypto/sha256"
	"encoding/binary"

	lru "github.com/hashicorp/golang-lru/v2"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authante "github.com/cosmos/cosmos-sdk/x/auth/ante"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
)

// SignatureCache remembers which transactions had valid signatures, so that
// FinalizeBlock need not verify again what CheckTx verified. It is an
// optimisation of one node: with it or without it every result is the same, to
// the gas unit.
type SignatureCache struct {
	seen *lru.Cache[[sha256.Size]byte, struct{}]
}

// NewSignatureCache remembers up to size transactions (40 bytes each, and the
// map's overhead). Size 0 switches it off.
func NewSignatureCache(size int) *SignatureCache {
	if size <= 0 {
		return &SignatureCache{}
	}
	seen, err := lru.New[[sha256.Size]byte, struct{}](size)
	if err != nil { // only for a size below 1
		panic(err)
	}
	return &SignatureCache{seen: seen}
}

// Wrap puts the cache before the decorator that verifies signatures.
func (c *SignatureCache) Wrap(accounts authante.AccountKeeper, inner sdk.AnteDecorator) sdk.AnteDecorator {
	if c.seen == nil {
		return inner
	}
	return sigDecorator{cache: c, accounts: accounts, inner: inner}
}

type sigDecorator struct {
	cache    *SignatureCache
	accounts authante.AccountKeeper
	inner    sdk.AnteDecorator
}

// AnteHandle implements sdk.AnteDecorator.
func (d sigDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if simulate || ctx.IsReCheckTx() || !ctx.IsSigverifyTx() || len(ctx.TxBytes()) == 0 {
		return d.inner.AnteHandle(ctx, tx, simulate, next)
	}
	key, ok := d.key(ctx, tx)
	if !ok {
		return d.inner.AnteHandle(ctx, tx, simulate, next)
	}
	if d.cache.seen.Contains(key) {
		return d.inner.AnteHandle(ctx.WithIsSigverifyTx(false), tx, simulate,
			func(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
				return next(ctx.WithIsSigverifyTx(true), tx, simulate)
			})
	}
	return d.inner.AnteHandle(ctx, tx, simulate,
		func(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
			d.cache.seen.Add(key, struct{}{})
			return next(ctx, tx, simulate)
		})
}

// key is SHA-256 over all that a verification depends on: the transaction's bytes,
// the chain id and, for each signer, account number, sequence and public key.
// Accounts are read without a meter: a node with the cache must use the same gas
// as one without.
func (d sigDecorator) key(ctx sdk.Context, tx sdk.Tx) (key [sha256.Size]byte, ok bool) {
	signed, ok := tx.(authsigning.SigVerifiableTx)
	if !ok {
		return key, false
	}
	signers, err := signed.GetSigners()
	if err != nil {
		return key, false
	}
	free := unmetered(ctx)
	h := sha256.New()
	writeField(h, ctx.TxBytes())
	writeField(h, []byte(ctx.ChainID()))
	for _, signer := range signers {
		account := d.accounts.GetAccount(free, signer)
		if account == nil || account.GetPubKey() == nil {
			return key, false
		}
		var numbers [24]byte
		binary.BigEndian.PutUint64(numbers[0:], account.GetAccountNumber())
		binary.BigEndian.PutUint64(numbers[8:], account.GetSequence())
		if ctx.BlockHeight() == 0 {
			numbers[16] = 1 // the account number is not signed in genesis
		}
		writeField(h, numbers[:])
		writeField(h, []byte(account.GetPubKey().Type()))
		writeField(h, account.GetPubKey().Bytes())
	}
	return [sha256.Size]byte(h.Sum(nil)), true
}

func writeField(w interface{ Write([]byte) (int, error) }, field []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(field)))
	_, _ = w.Write(size[:]) // a hash never fails
	_, _ = w.Write(field)
}

// unmetered returns ctx with a gas meter that nobody reads.
func unmetered(ctx sdk.Context) sdk.Context {
	return ctx.WithGasMeter(storetypes.NewInfiniteGasMeter())
}
