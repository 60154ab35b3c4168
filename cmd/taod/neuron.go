package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	"github.com/cosmos/cosmos-sdk/x/feegrant"

	"github.com/taonet/taonet/x/neuron/types"
)

const (
	flagHotkey       = "hotkey"
	flagConsent      = "consent"
	flagMaxPrice     = "max-price"
	flagFeeAllowance = "fee-allowance"
	flagExpiry       = "expiry"

	// consentBlocks is for how many blocks a consent counts unless --expiry says otherwise.
	consentBlocks = 600
)

// neuronTxCmds are the transactions of x/neuron that need two keys, and serve.
func neuronTxCmds() []*cobra.Command {
	register, swap := registerCmd(), swapHotkeyCmd()
	flags.AddTxFlagsToCmd(register)
	flags.AddTxFlagsToCmd(swap)
	serve := serveCmd()
	asFree(serve)
	return []*cobra.Command{register, swap, serve}
}

// consent is a hotkey's signature, as a file that can travel to the coldkey's machine.
type consent struct {
	ChainID string `json:"chain_id"`
	Coldkey string `json:"coldkey"`
	Hotkey  string `json:"hotkey"`
	// PubKey as JSON of its protobuf.
	PubKey json.RawMessage `json:"pub_key"`
	Subnet uint64          `json:"subnet"`
	Expiry uint64          `json:"expiry"`
	// Signature in base64.
	Signature string `json:"signature"`
}

// consentCmd lets a hotkey consent on a machine of its own.
func consentCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "consent [coldkey] [subnet]",
		Short: "Let a hotkey consent to a registration, as a file for the coldkey's machine",
		Long: `Let a hotkey consent to be registered by a coldkey in a subnet; subnet 0 is the
consent to take another hotkey's place. The keys may live on two machines: the file
that this prints is what "taod tx neuron register --consent FILE" needs.`,
		Example: "taod keys consent tao1… 1 --from hot --expiry 5000 > consent.json",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, err := client.GetClientTxContext(cmd)
			if err != nil {
				return err
			}
			coldkey, err := sdk.AccAddressFromBech32(args[0])
			if err != nil {
				return fmt.Errorf("coldkey %q: %w", args[0], err)
			}
			subnet, err := strconv.ParseUint(args[1], 10, 64)
			if err != nil {
				return fmt.Errorf("subnet %q is no whole number", args[1])
			}
			expiry, _ := cmd.Flags().GetUint64(flagExpiry)
			c, err := signConsent(cmd, clientCtx, clientCtx.FromName, coldkey, subnet, expiry)
			if err != nil {
				return err
			}
			text, err := json.MarshalIndent(c, "", "  ")
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), string(text))
			return err
		},
	}
	flags.AddTxFlagsToCmd(cmd)
	cmd.Flags().Uint64(flagExpiry, 0, "Last height at which it counts (default: 600 blocks from now, asked of the node)")
	return cmd
}

// signConsent makes the consent of a key in the local keyring.
func signConsent(cmd *cobra.Command, clientCtx client.Context, name string, coldkey sdk.AccAddress, subnet, expiry uint64) (*consent, error) {
	record, err := clientCtx.Keyring.Key(name)
	if err != nil {
		if addr, parseErr := sdk.AccAddressFromBech32(name); parseErr == nil {
			record, err = clientCtx.Keyring.KeyByAddress(addr)
		}
		if err != nil {
			return nil, fmt.Errorf("hotkey %q is not in the keyring (taod keys list shows what is): %w", name, err)
		}
	}
	pubkey, err := record.GetPubKey()
	if err != nil {
		return nil, err
	}
	if expiry == 0 {
		height, err := latestHeight(cmd, clientCtx)
		if err != nil {
			return nil, err
		}
		expiry = height + consentBlocks
	}
	hotkey := sdk.AccAddress(pubkey.Address())
	document := types.ConsentBytes(clientCtx.ChainID, coldkey, hotkey, subnet, expiry)
	signature, _, err := clientCtx.Keyring.Sign(record.Name, document, signing.SignMode_SIGN_MODE_DIRECT)
	if err != nil {
		return nil, err
	}
	text, err := clientCtx.Codec.MarshalInterfaceJSON(pubkey)
	if err != nil {
		return nil, err
	}
	return &consent{
		ChainID: clientCtx.ChainID, Coldkey: coldkey.String(), Hotkey: hotkey.String(), PubKey: text,
		Subnet: subnet, Expiry: expiry, Signature: base64.StdEncoding.EncodeToString(signature),
	}, nil
}

func latestHeight(cmd *cobra.Command, clientCtx client.Context) (uint64, error) {
	node, err := clientCtx.GetNode()
	if err != nil {
		return 0, err
	}
	status, err := node.Status(cmd.Context())
	if err != nil {
		return 0, fmt.Errorf("asking the node for its height: %w", err)
	}
	return uint64(status.SyncInfo.LatestBlockHeight), nil
}

// consentFlags finds the hotkey's consent: from the local keyring or a file.
func consentFlags(cmd *cobra.Command, clientCtx client.Context, subnet uint64) (*consent, *codectypes.Any, []byte, error) {
	hotkey, _ := cmd.Flags().GetString(flagHotkey)
	file, _ := cmd.Flags().GetString(flagConsent)
	if (hotkey == "") == (file == "") {
		return nil, nil, nil, fmt.Errorf("give either --%s (a key of this keyring) or --%s (the file that taod keys consent prints)", flagHotkey, flagConsent)
	}
	var c *consent
	if hotkey != "" {
		signed, err := signConsent(cmd, clientCtx, hotkey, clientCtx.FromAddress, subnet, 0)
		if err != nil {
			return nil, nil, nil, err
		}
		c = signed
	} else {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, nil, err
		}
		if err := json.Unmarshal(text, &c); err != nil {
			return nil, nil, nil, fmt.Errorf("%s is no consent: %w", file, err)
		}
	}
	switch {
	case c.ChainID != clientCtx.ChainID:
		return nil, nil, nil, fmt.Errorf("the consent is for chain %q, this is %q", c.ChainID, clientCtx.ChainID)
	case c.Coldkey != clientCtx.FromAddress.String():
		return nil, nil, nil, fmt.Errorf("the consent is for coldkey %s, --from is %s", c.Coldkey, clientCtx.FromAddress)
	case c.Subnet != subnet:
		return nil, nil, nil, fmt.Errorf("the consent is for subnet %d, not %d", c.Subnet, subnet)
	}
	var pubkey cryptotypes.PubKey
	if err := clientCtx.Codec.UnmarshalInterfaceJSON(c.PubKey, &pubkey); err != nil {
		return nil, nil, nil, fmt.Errorf("the public key of the consent: %w", err)
	}
	value, err := codectypes.NewAnyWithValue(pubkey)
	if err != nil {
		return nil, nil, nil, err
	}
	signature, err := base64.StdEncoding.DecodeString(c.Signature)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the signature of the consent is no base64: %w", err)
	}
	return c, value, signature, nil
}

func registerCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "register [subnet]",
		Short: "Buy a uid for a hotkey",
		Long: `Buy a uid in a subnet for a hotkey. The coldkey (--from) pays the price that
"taod q neuron price SUBNET" shows, at most --max-price; the hotkey consents, from
this keyring (--hotkey) or by a file from its own machine (--consent).`,
		Example: "taod tx neuron register 1 --hotkey hot --max-price 1tao --from alice --wait",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, coldkey, err := from(cmd)
			if err != nil {
				return err
			}
			subnet, err := subnetArg(args[0])
			if err != nil {
				return err
			}
			price, err := coinFlag(cmd, flagMaxPrice)
			if err != nil {
				return err
			}
			c, pubkey, signature, err := consentFlags(cmd, clientCtx, subnet)
			if err != nil {
				return err
			}
			msgs := []sdk.Msg{&types.MsgRegister{
				Coldkey: coldkey, Hotkey: pubkey, Subnet: subnet, MaxPrice: price, Expiry: c.Expiry, Consent: signature,
			}}
			if cmd.Flags().Changed(flagFeeAllowance) {
				grant, err := allowance(cmd, clientCtx.FromAddress, c.Hotkey)
				if err != nil {
					return err
				}
				msgs = append(msgs, grant)
			}
			return send(cmd, msgs...)
		},
	}
	cmd.Flags().String(flagHotkey, "", "Name or address of the hotkey in this keyring")
	cmd.Flags().String(flagConsent, "", "File with the hotkey's consent")
	cmd.Flags().String(flagMaxPrice, "1tao", "The most to pay")
	cmd.Flags().String(flagFeeAllowance, "", "How much in fees the hotkey may spend from the coldkey's balance, outside the free lane")
	return cmd
}

// allowance lets a hotkey, which never holds Tao, pay fees from its coldkey's balance.
func allowance(cmd *cobra.Command, coldkey sdk.AccAddress, hotkey string) (sdk.Msg, error) {
	limit, err := coinFlag(cmd, flagFeeAllowance)
	if err != nil {
		return nil, err
	}
	grantee, err := sdk.AccAddressFromBech32(hotkey)
	if err != nil {
		return nil, err
	}
	return feegrant.NewMsgGrantAllowance(&feegrant.BasicAllowance{SpendLimit: sdk.NewCoins(limit)}, coldkey, grantee)
}

func coinFlag(cmd *cobra.Command, name string) (sdk.Coin, error) {
	text, _ := cmd.Flags().GetString(name)
	coin, err := sdk.ParseCoinNormalized(text)
	if err != nil {
		return coin, fmt.Errorf("--%s %q is no amount; it looks like 1.5tao or 1500000000rao: %w", name, text, err)
	}
	return coin, nil
}

func swapHotkeyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "swap-hotkey [hotkey]",
		Short:   "Exchange a hotkey for a new one; uid, row, bonds and pool stay",
		Example: "taod tx neuron swap-hotkey tao1old… --hotkey newhot --from alice --wait",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, coldkey, err := from(cmd)
			if err != nil {
				return err
			}
			c, pubkey, signature, err := consentFlags(cmd, clientCtx, 0)
			if err != nil {
				return err
			}
			return send(cmd, &types.MsgSwapHotkey{
				Coldkey: coldkey, Hotkey: args[0], NewHotkey: pubkey, Expiry: c.Expiry, Consent: signature,
			})
		},
	}
	cmd.Flags().String(flagHotkey, "", "Name or address of the new hotkey in this keyring")
	cmd.Flags().String(flagConsent, "", "File with the new hotkey's consent (subnet 0)")
	return cmd
}

func serveCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "serve [subnet] [host:port]",
		Short:   "Publish where a neuron answers; costs no fee",
		Example: "taod tx neuron serve 1 203.0.113.7:9000 --fingerprint $SHA256 --price request=1000 --from hot",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, hotkey, err := from(cmd)
			if err != nil {
				return err
			}
			msg := &types.MsgServe{Hotkey: hotkey}
			if msg.Subnet, err = subnetArg(args[0]); err != nil {
				return err
			}
			host, port, err := net.SplitHostPort(args[1])
			if err != nil {
				return fmt.Errorf("endpoint %q is no host:port: %w", args[1], err)
			}
			number, err := strconv.ParseUint(port, 10, 16)
			if err != nil || number == 0 {
				return fmt.Errorf("port %q is no whole number of 1..65535", port)
			}
			msg.Host, msg.Port = host, uint32(number)
			if err := serveFlags(cmd, msg); err != nil {
				return err
			}
			return sendFree(cmd, msg)
		},
	}
	cmd.Flags().Uint32("protocol", 1, "Version of the wire protocol")
	cmd.Flags().String("fingerprint", "", "SHA-256 of the TLS certificate's public key, 64 hexadecimal digits")
	cmd.Flags().String("model-hash", "", "SHA-256 of the model card, 64 hexadecimal digits")
	cmd.Flags().StringSlice("price", nil, "Price in rao of a unit: request, kilobyte or kilotoken, as unit=rao")
	return cmd
}

func serveFlags(cmd *cobra.Command, msg *types.MsgServe) (err error) {
	msg.Version, _ = cmd.Flags().GetUint32("protocol")
	for name, to := range map[string]*[]byte{"fingerprint": &msg.Fingerprint, "model-hash": &msg.ModelHash} {
		text, _ := cmd.Flags().GetString(name)
		if *to, err = hex.DecodeString(text); err != nil {
			return fmt.Errorf("--%s %q is no hexadecimal", name, text)
		}
	}
	prices, _ := cmd.Flags().GetStringSlice("price")
	for _, text := range prices {
		unit, value, _ := strings.Cut(text, "=")
		amount, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return fmt.Errorf("--price %q is no unit=rao, such as request=1000", text)
		}
		msg.Prices = append(msg.Prices, types.Price{Unit: unit, Amount: amount})
	}
	return nil
}
