package dendrite

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

const chainID = "tao-test"

// hotkey signs with ed25519; its address is the key in hex.
type hotkey struct{ private ed25519.PrivateKey }

func newHotkey() *hotkey {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return &hotkey{private}
}

func (h *hotkey) public() ed25519.PublicKey { return h.private.Public().(ed25519.PublicKey) }
func (h *hotkey) Address() string           { return hex.EncodeToString(h.public()) }
func (h *hotkey) Key() *synapse.Key {
	return &synapse.Key{Type: synapse.KeyType_KEY_TYPE_ED25519, Bytes: h.public()}
}
func (h *hotkey) Sign(m []byte) ([]byte, error) { return ed25519.Sign(h.private, m), nil }

// everybody verifies what hotkeys sign.
type everybody struct{}

func (everybody) Verify(address string, key *synapse.Key, m, signature []byte) error {
	if hex.EncodeToString(key.GetBytes()) != address {
		return errors.New("the key has another address")
	}
	if len(key.GetBytes()) != ed25519.PublicKeySize || !ed25519.Verify(key.Bytes, m, signature) {
		return errors.New("it did not sign this")
	}
	return nil
}

// axon is a server of the protocol whose model knows one thing: of text, that byte b is
// followed by b+1; of tensors, that the class is the index of the largest value. Its
// fields say what it does wrong.
type axon struct {
	key         *hotkey
	fingerprint [32]byte
	description *synapse.DescribeResponse

	mu       sync.Mutex
	before   func(ctx context.Context, method string) error
	alter    func(method string, answer proto.Message) proto.Message
	sign     func(request, body []byte) (synapse.Signed, error)
	requests map[string]int
	under    int
	most     int
	md       metadata.MD
}

// settings changes an axon while it serves.
func (a *axon) set(change func(a *axon)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
}

func (a *axon) asked(method string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests[method]
}

// admit checks a request as an axon does.
func (a *axon) admit(ctx context.Context, method string, body []byte) (synapse.Signed, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	s, err := synapse.FromMetadata(md)
	if err != nil {
		return s, err
	}
	h, err := synapse.ReadHead(s)
	if err != nil {
		return s, err
	}
	if h.ChainId != chainID || h.Method != "/tao.synapse.v1.SynapseService/"+method || h.Receiver != a.key.Address() || h.Subnet != 3 {
		return s, fmt.Errorf("a head for something else: %v", h)
	}
	if off := time.Since(time.UnixMilli(h.Time)).Abs(); off > 30*time.Second {
		return s, fmt.Errorf("%s off", off)
	}
	if err := synapse.VerifyRequest(everybody{}, s, h, body); err != nil {
		return s, err
	}
	a.mu.Lock()
	a.requests[method]++
	a.md = md
	a.under++
	a.most = max(a.most, a.under)
	before := a.before
	a.mu.Unlock()
	defer a.set(func(a *axon) { a.under-- })
	if before != nil {
		return s, before(ctx, method)
	}
	return s, nil
}

// reply serialises and signs.
func (a *axon) reply(method string, request []byte, answer proto.Message) (synapse.Raw, synapse.Signed, error) {
	a.mu.Lock()
	alter, sign := a.alter, a.sign
	a.mu.Unlock()
	if alter != nil {
		answer = alter(method, answer)
	}
	body, err := proto.Marshal(answer)
	if err != nil {
		return nil, synapse.Signed{}, err
	}
	if sign == nil {
		sign = func(request, body []byte) (synapse.Signed, error) { return synapse.SignResponse(a.key, request, body) }
	}
	s, err := sign(request, body)
	return body, s, err
}

func (a *axon) unary(method string, answer func(body []byte) (proto.Message, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: method, Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var body synapse.Raw
		if err := decode(&body); err != nil {
			return nil, err
		}
		s, err := a.admit(ctx, method, body)
		if err != nil {
			return nil, err
		}
		message, err := answer(body)
		if err != nil {
			return nil, err
		}
		raw, signed, err := a.reply(method, s.Head, message)
		if err != nil {
			return nil, err
		}
		if signed.Head != nil {
			if err := grpc.SetHeader(ctx, signed.Metadata()); err != nil {
				return nil, err
			}
		}
		return &raw, nil
	}}
}

// stream answers each message; the first answer is signed.
func (a *axon) stream(method string, client bool, answer func(body []byte, send func(proto.Message) error) error) grpc.StreamDesc {
	return grpc.StreamDesc{StreamName: method, ServerStreams: true, ClientStreams: client, Handler: func(_ any, stream grpc.ServerStream) error {
		var head []byte
		first := true
		for {
			var body synapse.Raw
			err := stream.RecvMsg(&body)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if first {
				s, err := a.admit(stream.Context(), method, body)
				if err != nil {
					return err
				}
				head = s.Head
			} else if before := a.hook(); before != nil {
				switch err := before(stream.Context(), "Step"); {
				case errors.Is(err, errClose):
					return nil
				case err != nil:
					return err
				}
			}
			err = answer(body, func(m proto.Message) error {
				raw, signed, err := a.reply(method, head, m)
				if err != nil {
					return err
				}
				if first && signed.Head != nil {
					if err := stream.SetHeader(signed.Metadata()); err != nil {
						return err
					}
				}
				first = false
				return stream.SendMsg(&raw)
			})
			if err != nil || !client {
				return err
			}
		}
	}}
}

// errClose makes a hook end a stream without an error.
var errClose = errors.New("closed")

func (a *axon) hook() func(context.Context, string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.before
}

func (a *axon) service() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "tao.synapse.v1.SynapseService",
		Methods: []grpc.MethodDesc{
			a.unary("Describe", func([]byte) (proto.Message, error) { return a.description, nil }),
			a.unary("Forward", a.forward),
			a.unary("Backward", func([]byte) (proto.Message, error) { return &synapse.BackwardResponse{Applied: true}, nil }),
			a.unary("Seen", func(body []byte) (proto.Message, error) {
				r := &synapse.SeenRequest{}
				answer := &synapse.SeenResponse{}
				err := proto.Unmarshal(body, r)
				for _, s := range r.Samples {
					answer.Seen = append(answer.Seen, s[0]%2 == 1)
				}
				return answer, err
			}),
		},
		Streams: []grpc.StreamDesc{a.stream("Follow", true, a.follow()), a.stream("Generate", false, generateText)},
	}
}

// successor is the distribution after byte b.
func successor(row []float32, b byte) {
	for i := range row {
		row[i] = 0.5 / 255
	}
	row[b+1] = 0.5
}

func (a *axon) forward(body []byte) (proto.Message, error) {
	r := &synapse.ForwardRequest{}
	if err := proto.Unmarshal(body, r); err != nil {
		return nil, err
	}
	f, err := tensor.Parse(r.Input)
	if err != nil {
		return nil, err
	}
	classes := int(a.description.Card.Classes)
	var out []float32
	if f.Header().Modality == tensor.ModalityText {
		tokens, err := f.Tokens()
		if err != nil {
			return nil, err
		}
		for _, b := range tokens {
			out = append(out, make([]float32, 256)...)
			successor(out[len(out)-256:], b)
		}
	} else {
		x, err := f.Floats(nil)
		if err != nil {
			return nil, err
		}
		n := f.Header().Shape[0]
		for i := range n {
			example := x[i*len(x)/n : (i+1)*len(x)/n]
			row := make([]float32, classes)
			copy(row, example)
			out = append(out, row...)
		}
	}
	if r.Output == synapse.Output_OUTPUT_HIDDEN {
		rows := len(out) / classes
		classes = int(a.description.Card.Width)
		out = make([]float32, rows*classes)
		for i := range out {
			out[i] = -1000 * float32(i%classes)
		}
	}
	return &synapse.ForwardResponse{Output: frameOf(out, classes, r.Encoding), Step: 9}, nil
}

func frameOf(x []float32, classes int, encoding synapse.Encoding) []byte {
	frame, err := tensor.AppendFrame(nil, tensor.Header{Modality: tensor.ModalityTensor, DType: tensor.DType(encoding), Shape: tensor.Shape{len(x) / classes, classes}}, x)
	if err != nil {
		panic(err)
	}
	return frame
}

// follow predicts by the last byte of each sequence. With restart it counts the
// positions from the start: the byte after is one higher for each.
func (a *axon) follow() func(body []byte, send func(proto.Message) error) error {
	return func(body []byte, send func(proto.Message) error) error {
		r := &synapse.FollowRequest{}
		if err := proto.Unmarshal(body, r); err != nil {
			return err
		}
		var last []byte
		if open := r.GetOpen(); open != nil {
			for _, c := range open.Contexts {
				if len(c) > 0 {
					last = append(last, c[len(c)-1])
				}
			}
			if len(last) == 0 {
				return send(&synapse.FollowResponse{})
			}
		} else {
			last = bytes.Clone(r.GetStep().GetBytes())
			if r.GetStep().GetRestart() {
				for i := range last {
					last[i] += 100
				}
			}
		}
		out := make([]float32, len(last)*256)
		for i, b := range last {
			successor(out[i*256:(i+1)*256], b)
		}
		return send(&synapse.FollowResponse{Output: frameOf(out, 256, synapse.Encoding_ENCODING_F16)})
	}
}

// generateText counts on from the last byte of the prompt, two bytes at a time.
func generateText(body []byte, send func(proto.Message) error) error {
	r := &synapse.GenerateRequest{}
	if err := proto.Unmarshal(body, r); err != nil {
		return err
	}
	b := r.Prompt[len(r.Prompt)-1]
	for left := int(r.Most); left > 0; left -= 2 {
		text := []byte{b + 1, b + 2}[:min(left, 2)]
		b += 2
		if err := send(&synapse.GenerateResponse{Text: text, Done: left <= 2}); err != nil {
			return err
		}
	}
	return nil
}

// network holds axons at 10.0.0.uid:9000, in memory, so that tests run in a bubble of
// synctest: with its clock nothing takes time, and what is still running at the end
// fails the test.
type network struct {
	t         testing.TB
	listeners map[string]*bufconn.Listener
	endpoints []Endpoint
}

func newNetwork(t testing.TB) *network {
	return &network{t: t, listeners: map[string]*bufconn.Listener{}}
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	l, ok := n.listeners[address]
	if !ok {
		return nil, fmt.Errorf("nobody is at %s", address)
	}
	return l.DialContext(ctx)
}

// text describes a model of text that does everything.
func text() *synapse.Card {
	return &synapse.Card{
		Modality: synapse.Modality_MODALITY_TEXT, Architecture: "successor", Classes: 256, Context: 8, Width: 4,
		Parameters: 1, Hash: bytes.Repeat([]byte{7}, 32), Follows: true, Generates: true,
	}
}

// add starts an axon with a model.
func (n *network) add(card *synapse.Card) *axon {
	uid := len(n.endpoints) + 1
	host := fmt.Sprint("10.0.0.", uid)
	l := bufconn.Listen(1 << 16)
	n.listeners[net.JoinHostPort(host, "9000")] = l
	a, e := serve(n.t, l, card)
	e.UID, e.Host, e.Port = uint32(uid), host, 9000
	n.endpoints = append(n.endpoints, e)
	return a
}

// serve starts an axon on a listener until the test ends.
func serve(t testing.TB, l net.Listener, card *synapse.Card) (*axon, Endpoint) {
	blocks, err := synapse.NewCertificate()
	require.NoError(t, err)
	config, fingerprint, err := synapse.ServerTLS(blocks)
	require.NoError(t, err)
	a := &axon{key: newHotkey(), fingerprint: fingerprint, requests: map[string]int{}}
	a.description = &synapse.DescribeResponse{
		Card: card, Hotkey: a.key.Address(), Version: "v1", Step: 9, Backward: true,
		Limits: &synapse.Limits{}, Prices: []*synapse.Price{{Unit: "request", Amount: 5}},
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)), grpc.ForceServerCodecV2(synapse.Codec{}), grpc.MaxRecvMsgSize(tensor.MaxBytes), grpc.WaitForHandlers(true))
	server.RegisterService(a.service(), nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-ended
	})
	return a, Endpoint{Hotkey: a.key.Address(), Fingerprint: fingerprint, Version: 1, Height: 100}
}

// dendrite asks the axons that were added.
func (n *network) dendrite(change ...func(*Config, *Deps)) *Dendrite {
	cfg := Config{ChainID: chainID, Subnet: 3, AllowPrivate: true}
	deps := Deps{Signer: newHotkey(), Verifier: everybody{}, Dial: n.dial}
	for _, c := range change {
		c(&cfg, &deps)
	}
	require.NoError(n.t, cfg.Validate())
	d := New(cfg, deps)
	n.t.Cleanup(d.Close)
	d.SetPeers(n.endpoints)
	return d
}

func peer(t testing.TB, d *Dendrite, uid uint32) *Peer {
	t.Helper()
	p, ok := d.Peer(uid)
	require.True(t, ok)
	return p
}

// forwardText is one Forward of some bytes, which is checked.
func forwardText(ctx context.Context, t testing.TB, p *Peer, tokens string) error {
	t.Helper()
	dst := make([]float32, len(tokens)*256)
	err := p.Forward(ctx, model.Input{Count: 1, Length: len(tokens), Tokens: []byte(tokens)}, dst)
	if err == nil {
		requireSuccessors(t, []byte(tokens), dst)
	}
	return err
}

func requireSuccessors(t testing.TB, tokens []byte, got []float32) {
	t.Helper()
	want := make([]float32, 256)
	for i, b := range tokens {
		successor(want, b)
		for v, p := range got[i*256 : (i+1)*256] {
			if math.Abs(float64(p-want[v])) > 0.08 { // int8 is coarse
				require.InDelta(t, want[v], p, 0.08, "%d after %d", v, b)
			}
		}
	}
}
