package axon

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

const chainID = "tao-test"

// hotkey signs with ed25519; its address is the key in hexadecimal.
type hotkey ed25519.PrivateKey

func newHotkey() hotkey {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return hotkey(private)
}

func (h hotkey) public() ed25519.PublicKey { return ed25519.PrivateKey(h).Public().(ed25519.PublicKey) }
func (h hotkey) Address() string           { return hex.EncodeToString(h.public()) }
func (h hotkey) Key() *synapse.Key {
	return &synapse.Key{Type: synapse.KeyType_KEY_TYPE_ED25519, Bytes: h.public()}
}
func (h hotkey) Sign(message []byte) ([]byte, error) {
	return ed25519.Sign(ed25519.PrivateKey(h), message), nil
}

// notary verifies hotkeys.
type notary struct{}

func (notary) Verify(address string, key *synapse.Key, message, signature []byte) error {
	if key.Type != synapse.KeyType_KEY_TYPE_ED25519 || len(key.Bytes) != ed25519.PublicKeySize || address != hex.EncodeToString(key.Bytes) {
		return errors.New("not the key of this address")
	}
	if !ed25519.Verify(key.Bytes, message, signature) {
		return errors.New("not signed by this key")
	}
	return nil
}

// subnet is a Registry.
type subnet struct {
	mu      sync.Mutex
	neurons map[string]Caller
}

func (s *subnet) Caller(address string) (Caller, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.neurons[address]
	return c, ok
}

func (s *subnet) register(address string, stake uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.neurons[address] = Caller{UID: uint16(len(s.neurons)), Stake: stake, Registered: true}
}

// site is an axon on loopback.
type site struct {
	*Server
	t       testing.TB
	address string
	key     hotkey
	oracle  *oracle
	subnet  *subnet
	served  chan error
}

var certificate = sync.OnceValue(func() []byte {
	pem, err := synapse.NewCertificate()
	if err != nil {
		panic(err)
	}
	return pem
})

// unserved makes an axon that does not listen.
func unserved(t testing.TB, o *oracle, change func(*Config, *Deps)) *site {
	c := DefaultConfig()
	c.ChainID, c.Certificate, c.Restart, c.Grace = chainID, certificate(), 0, time.Second
	s := &site{t: t, key: newHotkey(), oracle: o, subnet: &subnet{neurons: map[string]Caller{}}}
	d := Deps{Expert: func() model.Expert { return o }, Signer: s.key, Verifier: notary{}, Registry: s.subnet}
	if change != nil {
		change(&c, &d)
	}
	var err error
	s.Server, err = New(c, d)
	require.NoError(t, err)
	return s
}

// serve starts an axon. When the test ends it stops, and whatever it lent out has to be
// back.
func serve(t testing.TB, o *oracle, change func(*Config, *Deps)) *site {
	s := unserved(t, o, change)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.address, s.served = listener.Addr().String(), make(chan error, 1)
	go func() { s.served <- s.Serve(context.Background(), listener) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.NoError(t, <-s.served)
		for name, q := range map[string]*quota{"connections": s.connections, "memory": s.memory, "answers": s.answers, "follows": s.follows, "generates": s.generates} {
			n, holders := q.inUse()
			require.Zero(t, n, name)
			require.Zero(t, holders, name)
		}
		require.Empty(t, s.queue.waiting)
		require.Empty(t, s.queue.by)
		require.Empty(t, s.open)
	})
	return s
}

// client is a connection to a site and a hotkey.
type client struct {
	*grpc.ClientConn
	site *site
	key  hotkey
}

// dial connects from an address, with a new hotkey.
func (s *site) dial(from string, options ...grpc.DialOption) *client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	options = append([]grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(synapse.ClientTLS(s.Fingerprint()))),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(synapse.Codec{}), grpc.MaxCallRecvMsgSize(maxRequest)),
	}, options...)
	conn, err := grpc.NewClient("passthrough:///"+s.address, options...)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	return &client{ClientConn: conn, site: s, key: newHotkey()}
}

// neuron is a client that is registered.
func (s *site) neuron(stake uint64) *client {
	c := s.dial("127.0.0.1")
	s.subnet.register(c.key.Address(), stake)
	return c
}

func (c *client) head(method string) *synapse.Head {
	return &synapse.Head{ChainId: chainID, Method: prefix + method, Receiver: c.site.key.Address(), Time: c.site.now().UnixMilli()}
}

// signed is a context with the metadata of a request.
func (c *client) signed(ctx context.Context, h *synapse.Head, body []byte) (context.Context, synapse.Signed) {
	s, err := synapse.SignRequest(c.key, h, body)
	require.NoError(c.site.t, err)
	return metadata.NewOutgoingContext(ctx, s.Metadata()), s
}

func marshal(t testing.TB, m proto.Message) synapse.Raw {
	body, err := proto.Marshal(m)
	require.NoError(t, err)
	return body
}

// ask makes a signed call and verifies the answer's signature.
func (c *client) ask(ctx context.Context, method string, request, response proto.Message) error {
	body := marshal(c.site.t, request)
	ctx, sent := c.signed(ctx, c.head(method), body)
	var answer synapse.Raw
	var header metadata.MD
	if err := c.Invoke(ctx, prefix+method, &body, &answer, grpc.Header(&header)); err != nil {
		return err
	}
	came, err := synapse.FromMetadata(header)
	if err != nil {
		return err
	}
	if err := synapse.VerifyResponse(notary{}, came, c.site.key.Address(), sent.Head, answer); err != nil {
		return err
	}
	return proto.Unmarshal(answer, response)
}

// text is a ForwardRequest of n sequences of t bytes.
func text(t testing.TB, n, length int) *synapse.ForwardRequest {
	tokens := make([]byte, n*length)
	for i := range tokens {
		tokens[i] = byte(i)
	}
	frame, err := tensor.AppendTokens(nil, n, length, tokens)
	require.NoError(t, err)
	return &synapse.ForwardRequest{Input: frame, Encoding: synapse.Encoding_ENCODING_F32}
}

func (c *client) forward(ctx context.Context, n, length int) ([]float32, error) {
	var r synapse.ForwardResponse
	if err := c.ask(ctx, "Forward", text(c.site.t, n, length), &r); err != nil {
		return nil, err
	}
	return floats(r.Output)
}

func floats(frame []byte) ([]float32, error) {
	f, err := tensor.Parse(frame)
	if err != nil {
		return nil, err
	}
	return f.Floats(nil)
}

// peaks are where the rows of an answer are largest.
func peaks(x []float32, classes int) (at []int) {
	for ; len(x) > 0; x = x[classes:] {
		best := 0
		for i, v := range x[:classes] {
			if v > x[best] {
				best = i
			}
		}
		at = append(at, best)
	}
	return at
}

// reseal makes the checksum of a frame fit again.
func reseal(frame []byte) []byte {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(crc32.Checksum(frame[:20], table), table, frame[tensor.HeaderBytes:])
	binary.LittleEndian.PutUint32(frame[20:], sum)
	return frame
}

// requireCode wants a code, and a delay to come again just when the code says so.
func requireCode(t testing.TB, code codes.Code, err error, words ...string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, status.Code(err), "%v", err)
	for _, w := range words {
		require.ErrorContains(t, err, w)
	}
	if code == codes.ResourceExhausted || code == codes.Unavailable {
		require.Positive(t, retry(err), "%v", err)
	}
}

// retry is the delay that a refusal names.
func retry(err error) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if r, ok := d.(*errdetails.RetryInfo); ok {
			return r.RetryDelay.AsDuration()
		}
	}
	return 0
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for something that another goroutine brings about.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			require.Fail(t, fmt.Sprintf("never: %s", what))
		}
	}
}
