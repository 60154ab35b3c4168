package chain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cosmos/gogoproto/proto"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/client"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"

	"github.com/taonet/taonet/app"
)

const (
	// lookEvery is how often a transaction is looked for.
	lookEvery = 500 * time.Millisecond
	// again is after how many blocks without it a transaction is sent again: the node may
	// have started anew and lost what was pending.
	again = 3
	// settling is how many blocks, or seconds, after the last that could hold it a
	// transaction is given up: a node's index is a little behind its blocks.
	settling = 2
)

// Sent is a transaction in a block.
type Sent struct {
	// Height of its block.
	Height uint64
	// Hash in hexadecimal, as taod query tx takes it.
	Hash string
	// GasUsed of GasWanted.
	GasUsed, GasWanted uint64
	// Fee that was paid, in rao; 0 in the free lane.
	Fee uint64
}

// signer signs as one account: a *wallet.Hotkey or a *wallet.Coldkey.
type signer interface {
	Address() string
	PubKey() cryptotypes.PubKey
	Sign(document []byte) ([]byte, error)
}

// draft is a transaction before it is signed.
type draft struct {
	msgs    []sdk.Msg
	account Account
	gas     uint64
	fee     uint64 // rao
	// granter pays the fee in the signer's place; nil for the signer itself.
	granter sdk.AccAddress
	// timeout makes it unordered; until is the last height for an ordered one.
	timeout time.Time
	until   uint64
}

// build makes a transaction with an empty signature: what is signed names mode and key,
// and it is what a simulation takes.
func (c *Client) build(key signer, d draft) (client.TxBuilder, signing.SignatureV2, error) {
	builder := c.codecs.tx.NewTxBuilder()
	empty := signing.SignatureV2{
		PubKey: key.PubKey(), Sequence: d.account.Sequence, Data: &signing.SingleSignatureData{SignMode: signing.SignMode_SIGN_MODE_DIRECT},
	}
	if err := builder.SetMsgs(d.msgs...); err != nil {
		return nil, empty, err
	}
	builder.SetGasLimit(d.gas)
	builder.SetTimeoutHeight(d.until)
	if d.fee > 0 {
		builder.SetFeeAmount(sdk.NewCoins(coin(d.fee)))
	}
	if d.granter != nil {
		builder.SetFeeGranter(d.granter)
	}
	if !d.timeout.IsZero() {
		builder.SetUnordered(true)
		builder.SetTimeoutTimestamp(d.timeout)
	}
	return builder, empty, builder.SetSignatures(empty)
}

// sign makes the bytes of a transaction, signed in mode direct.
func (c *Client) sign(ctx context.Context, key signer, d draft) ([]byte, error) {
	builder, signature, err := c.build(key, d)
	if err != nil {
		return nil, err
	}
	who := authsigning.SignerData{
		Address: key.Address(), ChainID: c.ChainID(), AccountNumber: d.account.Number, Sequence: d.account.Sequence, PubKey: key.PubKey(),
	}
	mode := signing.SignMode_SIGN_MODE_DIRECT
	document, err := authsigning.GetSignBytesAdapter(ctx, c.codecs.tx.SignModeHandler(), mode, who, builder.GetTx())
	if err != nil {
		return nil, err
	}
	bytes, err := key.Sign(document)
	if err != nil {
		return nil, err
	}
	signature.Data = &signing.SingleSignatureData{SignMode: mode, Signature: bytes}
	if err := builder.SetSignatures(signature); err != nil {
		return nil, err
	}
	return c.codecs.tx.TxEncoder()(builder.GetTx())
}

// hashOf is the name of a transaction.
func hashOf(raw []byte) string { return fmt.Sprintf("%X", sha256.Sum256(raw)) }

func coin(rao uint64) sdk.Coin { return sdk.NewCoin(app.BaseDenom, sdkmath.NewIntFromUint64(rao)) }

// broadcast hands a transaction to a node. A Refusal says that it is in no mempool of
// that node; any other error leaves open whether it is.
func (c *Client) broadcast(ctx context.Context, raw []byte) error {
	res, err := c.txs().BroadcastTx(ctx, &txtypes.BroadcastTxRequest{TxBytes: raw, Mode: txtypes.BroadcastMode_BROADCAST_MODE_SYNC})
	if err != nil {
		return fmt.Errorf("sending a transaction: %w", err)
	}
	if r := res.TxResponse; r != nil && r.Code != 0 {
		return refusal(r.Codespace, r.Code, r.RawLog, 0)
	}
	return nil
}

// find looks for a transaction in the blocks. It fails with ErrNotFound, ErrNoIndex, or
// an error of the node; one that failed in its block is found.
func (c *Client) find(ctx context.Context, hash string) (*sdk.TxResponse, error) {
	res, err := c.txs().GetTx(ctx, &txtypes.GetTxRequest{Hash: hash})
	switch {
	case err != nil && strings.Contains(err.Error(), "indexing is disabled"):
		return nil, ErrNoIndex
	case err != nil:
		return nil, asked("transaction "+hash, err)
	case res.TxResponse == nil:
		return nil, fmt.Errorf("transaction %s: %w", hash, ErrNotFound)
	}
	return res.TxResponse, nil
}

// failure is the Refusal of a transaction that failed in its block, else nil.
func failure(res *sdk.TxResponse) error {
	if res.Code == 0 {
		return nil
	}
	return refusal(res.Codespace, res.Code, res.RawLog, uint64(res.Height))
}

// sentAs is what a found transaction cost.
func sentAs(res *sdk.TxResponse, fee uint64) Sent {
	return Sent{Height: uint64(res.Height), Hash: res.TxHash, GasUsed: uint64(res.GasUsed), GasWanted: uint64(res.GasWanted), Fee: fee}
}

// delivery brings one signed transaction into a block.
type delivery struct {
	c       *Client
	raw     []byte
	hash    string
	timeout time.Time // of an unordered one
	until   uint64    // of an ordered one

	taken  bool   // a node has it
	unsure bool   // a node may have it: it was sent and not answered
	sentAt uint64 // the height at which it was sent last
}

// deliver sends a transaction until it is in a block, and returns what became of it
// there. A Refusal without height means that it is nowhere and nothing was paid. It fails
// with ErrExpired, too, when it can get into no block any more.
func (c *Client) deliver(ctx context.Context, raw []byte, d draft) (*sdk.TxResponse, error) {
	x := &delivery{c: c, raw: raw, hash: hashOf(raw), timeout: d.timeout, until: d.until}
	for {
		if !x.taken {
			if err := x.send(ctx); err != nil {
				return nil, err
			}
		}
		res, err := c.find(ctx, x.hash)
		switch {
		case err == nil:
			return res, failure(res)
		case errors.Is(err, ErrNoIndex):
			return nil, fmt.Errorf("transaction %s was sent: %w", x.hash, err)
		case errors.Is(err, ErrNotFound):
			if err := x.missing(ctx); err != nil {
				return nil, err
			}
		case errors.Is(err, ErrWrongChain):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("transaction %s was sent and is in no block yet; taod query wait-tx %s waits longer: %w", x.hash, x.hash, ctx.Err())
		case <-time.After(lookEvery):
		}
	}
}

// send hands it to a node. Once one may have it, no later no is final.
func (x *delivery) send(ctx context.Context) error {
	err := x.c.broadcast(ctx, x.raw)
	switch {
	case err == nil || errors.Is(err, errKnown):
		x.taken = true
	case errors.Is(err, ErrWrongChain):
		return err
	case refused(err) != nil:
		if !x.unsure {
			return err
		}
		x.taken = true // look for it until it is void
	default:
		x.unsure = true
	}
	return nil
}

// missing decides what to do about a transaction that is in no block: wait, send it
// again, or give it up.
func (x *delivery) missing(ctx context.Context) error {
	s, err := x.c.Status(ctx)
	if err != nil {
		return nil // the node is away: look again later
	}
	if x.sentAt == 0 {
		x.sentAt = s.Height
	}
	late := s.Time.Add(-settling * time.Second)
	if x.until > 0 && s.Height > x.until+settling || !x.timeout.IsZero() && late.After(x.timeout) {
		return fmt.Errorf("transaction %s: %w; nothing was paid, send it again", x.hash, ErrExpired)
	}
	if s.Height >= x.sentAt+again {
		x.sentAt, x.taken, x.unsure = s.Height, false, true
	}
	return nil
}

// answer reads what a message of a transaction answered.
func answer(res *sdk.TxResponse, index int, into proto.Message) error {
	var data sdk.TxMsgData
	raw, err := hex.DecodeString(res.Data)
	if err == nil {
		err = proto.Unmarshal(raw, &data)
	}
	if err != nil || index >= len(data.MsgResponses) {
		return fmt.Errorf("the answer to transaction %s cannot be read (%d parts): %w", res.TxHash, len(data.MsgResponses), errors.Join(err, ErrNotFound))
	}
	return proto.Unmarshal(data.MsgResponses[index].Value, into)
}

// Numbers in what a node says about fees and sequences.
var (
	expectedSequence = regexp.MustCompile(`expected (\d+), got`)
	requiredFee      = regexp.MustCompile(`required: (\d+)` + app.BaseDenom)
)

// numberIn is the number that a pattern finds, 0 for none or one that does not fit.
func numberIn(pattern *regexp.Regexp, text string) uint64 {
	found := pattern.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	number, err := strconv.ParseUint(found[1], 10, 64)
	if err != nil {
		return 0
	}
	return number
}
