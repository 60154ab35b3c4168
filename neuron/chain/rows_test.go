package chain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/wallet"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// journal in memory; what it holds survives a process that is killed.
type journal struct {
	mu    sync.Mutex
	text  []byte
	saves int
	err   error
}

func (j *journal) Load() ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text, j.err
}

func (j *journal) Save(text []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	j.text, j.saves = slices.Clone(text), j.saves+1
	return nil
}

// sender is a running Rows and what it reported.
type sender struct {
	t    *testing.T
	rows *chain.Rows
	kill context.CancelFunc
	done chan error

	mu   sync.Mutex
	said []chain.Outcome
}

func (w *world) sender(c *chain.Client, hot *wallet.Hotkey, j chain.Journal) *sender {
	s := &sender{t: w.t, done: make(chan error, 1)}
	rows, err := c.Rows(chain.RowsConfig{Hotkey: hot, Subnet: 1, Journal: j, Report: func(o chain.Outcome) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.said = append(s.said, o)
	}})
	require.NoError(w.t, err)
	s.rows = rows
	ctx, cancel := context.WithCancel(w.t.Context())
	s.kill = cancel
	go func() { s.done <- rows.Run(ctx) }()
	w.t.Cleanup(cancel)
	return s
}

func (s *sender) set(pairs ...int) {
	s.t.Helper()
	require.NoError(s.t, s.rows.Set(rowOf(pairs...)))
}

func rowOf(pairs ...int) (row []chain.Weight) {
	for i := 0; i < len(pairs); i += 2 {
		row = append(row, chain.Weight{UID: uint32(pairs[i]), Value: uint16(pairs[i+1])})
	}
	return row
}

// stop ends a sender as the end of its process would.
func (s *sender) stop() {
	s.t.Helper()
	s.kill()
	require.ErrorIs(s.t, <-s.done, context.Canceled)
}

// outcomes so far, as text without heights.
func (s *sender) outcomes() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.said {
		switch {
		case o.Err == nil:
			out = append(out, string(o.Kind)+" accepted")
		case o.Waiting:
			out = append(out, string(o.Kind)+" waits")
		default:
			out = append(out, string(o.Kind)+" failed")
		}
	}
	return out
}

func (s *sender) all() []chain.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.said)
}

// taken are the heights of all transactions in blocks; none may have failed there.
func (w *world) taken() (heights []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, res := range w.included {
		require.Zero(w.t, res.Code, res.RawLog)
		heights = append(heights, int(res.Height))
	}
	slices.Sort(heights)
	return heights
}

// row in force of a hotkey.
func (w *world) row(hotkey sdk.AccAddress) weightstypes.Row {
	w.mu.Lock()
	defer w.mu.Unlock()
	uid, _, err := w.chain.NeuronKeeper.UID(w.chain.Ctx(), 1, hotkey)
	require.NoError(w.t, err)
	res, err := weightstypes.NewQueryClient(w.query()).Row(w.t.Context(), &weightstypes.QueryRowRequest{Subnet: 1, Uid: uint32(uid)})
	if err != nil {
		return weightstypes.Row{}
	}
	return res.Row
}

// tune changes hyperparameters at once.
func (w *world) tune(change func(*subnettypes.Hyperparameters)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx := w.chain.NewUncachedContext(false, w.chain.Ctx().BlockHeader())
	s, err := w.chain.SubnetKeeper.Subnet(ctx, 1)
	require.NoError(w.t, err)
	change(&s.Hyperparameters)
	require.NoError(w.t, w.chain.SubnetKeeper.Subnets.Set(ctx, 1, s))
}

// pay puts messages of a key into the mempool.
func (w *world) pay(key apptest.Neuron, msgs ...sdk.Msg) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mempool = append(w.mempool, w.chain.Paid(key.Cold, msgs...))
}

// TestRows runs a sender in subnets of all kinds, with faults of all kinds.
func TestRows(t *testing.T) {
	for _, c := range []struct {
		name  string
		tune  func(*subnettypes.Hyperparameters)
		stake uint64 // of the sender; the peer has 100 tao
		run   func(t *testing.T, x *rowsTest)
	}{
		{"one per window", func(h *subnettypes.Hyperparameters) { h.WeightsRateLimit = 7 }, 100 * tao, onePerWindow},
		{"unchanged rows are refreshed", func(h *subnettypes.Hyperparameters) { h.ActivityCutoff = 30 }, 100 * tao, refreshed},
		{"waits for a permit", func(h *subnettypes.Hyperparameters) { h.MaxValidators, h.Tempo = 1, 10 }, tao, waitsForPermit},
		{"waits for stake", func(h *subnettypes.Hyperparameters) { h.MinStake = 50 * tao }, tao, waitsForStake},
		{"ends when deregistered", nil, 100 * tao, endsWhenDeregistered},
		{"a row that does not fit", nil, 100 * tao, rowThatDoesNotFit},
		{"an old version", func(h *subnettypes.Hyperparameters) { h.WeightsVersion = 3 }, 100 * tao, oldVersion},
		{"the place is taken", nil, 100 * tao, placeTaken},
		{"the mempool is lost", nil, 100 * tao, mempoolLost},
		{"the node starts anew", nil, 100 * tao, nodeStartsAnew},
		{"no index", nil, 100 * tao, noIndex},
		{"it expires", nil, 100 * tao, expires},
		{"rows become hidden", func(h *subnettypes.Hyperparameters) { h.Tempo, h.RevealAfter = 5, 20 }, 100 * tao, becomesHidden},
		{"hidden without an index", hide, 100 * tao, hiddenNoIndex},
		{"the window is missed", hide, 100 * tao, windowMissed},
		{"a hidden row does not fit any more", hide, 100 * tao, hiddenMisfit},
		{"bounds are known", func(h *subnettypes.Hyperparameters) { h.MaxWeight, h.MinAllowedWeights, h.MaxRow = 40_000, 2, 3 }, 100 * tao, boundsAreKnown},
		{"it fails in its block", nil, 100 * tao, failsInBlock},
	} {
		t.Run(c.name, func(t *testing.T) {
			hot, me := hotNeuron(c.stake)
			me.Cold = apptest.Key("my cold key")
			peer := apptest.NewNeuron("peer", 100*tao)
			tune := func(h *subnettypes.Hyperparameters) {
				h.ActivityCutoff = 10_000
				if c.tune != nil {
					c.tune(h)
				}
			}
			inBubble(t, func(t *testing.T, w *world) {
				w.run()
				node := w.node("a:9090")
				x := &rowsTest{world: w, node: node, client: dial(t, nil, node), hot: hot, me: me, journal: &journal{}}
				c.run(t, x)
			}, apptest.WithNeurons(me, peer), apptest.WithSubnet(tune), apptest.WithFunds(me.Coldkey(), 1000*tao))
		})
	}
}

func hide(h *subnettypes.Hyperparameters) { h.Tempo, h.RevealAfter, h.CommitReveal = 5, 20, true }

type rowsTest struct {
	*world
	node    *fake
	client  *chain.Client
	hot     *wallet.Hotkey
	me      apptest.Neuron
	journal *journal
}

func (x *rowsTest) start() *sender { return x.sender(x.client, x.hot, x.journal) }

func onePerWindow(t *testing.T, x *rowsTest) {
	s := x.start()
	for i := range 30 { // a new row each block
		s.set(1, 65535, 0, i) // also for itself, which is let through
		time.Sleep(blockTime)
	}
	heights := x.taken()
	require.GreaterOrEqual(t, len(heights), 4)
	require.LessOrEqual(t, len(heights), 5)
	for i := 1; i < len(heights); i++ {
		require.GreaterOrEqual(t, heights[i]-heights[i-1], 7)
	}
	before := len(heights)
	time.Sleep(60 * blockTime)
	require.LessOrEqual(t, len(x.taken()), before+1, "an unchanged row is sent once")
	require.Equal(t, len(x.taken()), len(s.outcomes()))
	require.NotContains(t, s.outcomes(), "row failed")
	row := x.row(x.me.Hotkey())
	require.Equal(t, []weightstypes.Entry{{Uid: 0, Value: 29}, {Uid: 1, Value: 65535}}, row.Entries)
	last := s.all()[len(s.all())-1]
	require.Equal(t, row.Updated, last.Height)
	require.Equal(t, fmt.Sprintf("row accepted in block %d", row.Updated), last.String())
	x.mu.Lock()
	require.Contains(t, x.included, last.Hash)
	require.Zero(t, x.world.refused, "nothing was sent that the chain would refuse")
	x.mu.Unlock()
}

func refreshed(t *testing.T, x *rowsTest) {
	x.start().set(1, 5)
	time.Sleep(65 * blockTime)
	heights := x.taken()
	require.GreaterOrEqual(t, len(heights), 4)
	for i := 1; i < len(heights); i++ {
		require.Equal(t, 15, heights[i]-heights[i-1], "half of the cutoff")
	}
}

func waitsForPermit(t *testing.T, x *rowsTest) {
	s := x.start()
	s.set(1, 5)
	time.Sleep(45 * blockTime)
	require.Equal(t, []string{"row waits"}, s.outcomes(), "said once, no failure")
	said := s.all()[0]
	require.ErrorIs(t, said.Err, chain.ErrNoPermit)
	var no *chain.Refusal
	require.ErrorAs(t, said.Err, &no)
	require.Zero(t, (no.From+1)%10, "the height of an epoch: (height + 1) mod 10 = 0")
	require.Contains(t, said.String(), fmt.Sprintf("row waits: no permit: uid 0 is not among the 1 with the most stake; permits are renewed at height %d", no.From))
	x.mu.Lock()
	require.LessOrEqual(t, x.world.refused, 6, "one attempt per epoch")
	x.mu.Unlock()

	x.pay(x.me, &neurontypes.MsgAddStake{Coldkey: x.me.Coldkey().String(), Hotkey: x.hot.Address(), Amount: apptest.Coin(500 * tao)})
	time.Sleep(15 * blockTime)
	require.Equal(t, []string{"row waits", "row accepted"}, s.outcomes())
	require.Less(t, s.all()[1].Height%10, uint64(2), "right after the epoch")
}

func waitsForStake(t *testing.T, x *rowsTest) {
	s := x.start()
	s.set(1, 5)
	time.Sleep(20 * blockTime)
	require.Equal(t, []string{"row waits"}, s.outcomes())
	require.ErrorIs(t, s.all()[0].Err, chain.ErrNoPermit)
	require.ErrorContains(t, s.all()[0].Err, "the least is 50tao")
	x.pay(x.me, &neurontypes.MsgAddStake{Coldkey: x.me.Coldkey().String(), Hotkey: x.hot.Address(), Amount: apptest.Coin(500 * tao)})
	time.Sleep(10 * blockTime)
	require.Contains(t, s.outcomes(), "row accepted")
	require.NotContains(t, s.outcomes(), "row failed")
}

func endsWhenDeregistered(t *testing.T, x *rowsTest) {
	s := x.start()
	s.set(1, 5)
	time.Sleep(5 * blockTime)
	x.pay(x.me, &neurontypes.MsgDeregister{Coldkey: x.me.Coldkey().String(), Hotkey: x.hot.Address(), Subnet: 1})
	time.Sleep(5 * blockTime)
	s.set(1, 6, 0, 5)
	err := <-s.done
	require.ErrorIs(t, err, chain.ErrNotRegistered)
	require.ErrorContains(t, err, "register it with: neuron register")
	require.Equal(t, []string{"row accepted"}, s.outcomes())
}

func rowThatDoesNotFit(t *testing.T, x *rowsTest) {
	s := x.start()
	s.set(1, 5, 77, 5)
	time.Sleep(30 * blockTime)
	require.Equal(t, []string{"row failed"}, s.outcomes(), "it is not sent again at once")
	require.ErrorIs(t, s.all()[0].Err, chain.ErrRow)
	require.ErrorContains(t, s.all()[0].Err, "uid 77, subnet 1 has 0..1")
	s.set(1, 5)
	time.Sleep(3 * blockTime)
	require.Equal(t, []string{"row failed", "row accepted"}, s.outcomes())
}

func oldVersion(t *testing.T, x *rowsTest) {
	s := x.start()
	s.set(1, 5)
	time.Sleep(100 * blockTime)
	require.ErrorIs(t, s.all()[0].Err, chain.ErrVersion)
	require.LessOrEqual(t, len(s.all()), 7, "less and less often")
	x.tune(func(h *subnettypes.Hyperparameters) { h.WeightsVersion = 0 })
	time.Sleep(70 * blockTime)
	require.Equal(t, "row accepted", s.outcomes()[len(s.outcomes())-1])
}

// placeTaken: an axon record and a row of one hotkey cannot be pending together.
func placeTaken(t *testing.T, x *rowsTest) {
	s := x.start()
	result := make(chan error)
	for i := range 5 {
		s.set(1, 5, 0, i+1)
		go func() {
			_, err := x.client.Serve(t.Context(), x.hot, 1, chain.Axon{Host: "a.example", Port: 9000, Fingerprint: [32]byte{1}})
			result <- err
		}()
		time.Sleep(blockTime)
	}
	for range 5 {
		if err := <-result; err != nil {
			require.ErrorIs(t, err, chain.ErrRateLimited, "somebody else's call was first")
		}
	}
	time.Sleep(3 * blockTime)
	require.NotContains(t, s.outcomes(), "row failed")
	require.Equal(t, uint32(5*13107), x.row(x.me.Hotkey()).Entries[0].Value)
	n, err := x.client.Neuron(t.Context(), 1, x.hot.Address())
	require.NoError(t, err)
	require.Equal(t, "a.example:9000", n.Axon.Address())
}

func mempoolLost(t *testing.T, x *rowsTest) {
	x.node.set(func(f *fake) { f.deaf = true })
	s := x.start()
	s.set(1, 5)
	time.Sleep(2 * blockTime)
	x.node.set(func(f *fake) { f.deaf = false })
	time.Sleep(8 * blockTime)
	require.Equal(t, []string{"row accepted"}, s.outcomes())
	require.Len(t, x.taken(), 1)
}

func nodeStartsAnew(t *testing.T, x *rowsTest) {
	s := x.start()
	for i := range 6 {
		s.set(1, 5, 0, i+1)
		time.Sleep(blockTime / 2)
		x.node.stop()
		time.Sleep(3 * blockTime)
		x.node.start()
		time.Sleep(8 * blockTime)
	}
	require.NotContains(t, s.outcomes(), "row failed")
	require.Equal(t, len(x.taken()), len(s.outcomes()))
	require.Equal(t, uint32(65535), x.row(x.me.Hotkey()).Entries[0].Value)
}

func noIndex(t *testing.T, x *rowsTest) {
	x.node.set(func(f *fake) { f.noIndex = true })
	s := x.start()
	for i := range 5 {
		s.set(1, 5, 0, i+1)
		time.Sleep(4 * blockTime)
	}
	require.Equal(t, slices.Repeat([]string{"row accepted"}, 5), s.outcomes())
	require.Len(t, x.taken(), 5)
}

func expires(t *testing.T, x *rowsTest) {
	x.node.set(func(f *fake) { f.deaf = true })
	s := x.start()
	s.set(1, 5)
	time.Sleep(27 * blockTime)
	require.Equal(t, []string{"row failed"}, s.outcomes())
	require.ErrorIs(t, s.all()[0].Err, chain.ErrExpired)
	x.node.set(func(f *fake) { f.deaf = false })
	time.Sleep(30 * blockTime)
	require.Equal(t, "row accepted", s.outcomes()[len(s.outcomes())-1])
	require.Len(t, x.taken(), 1)
}

func becomesHidden(t *testing.T, x *rowsTest) {
	s := x.start()
	s.set(1, 5)
	time.Sleep(4 * blockTime)
	x.tune(func(h *subnettypes.Hyperparameters) { h.CommitReveal = true })
	s.set(1, 5, 0, 5)
	time.Sleep(32 * blockTime)
	require.Equal(t, []string{"row accepted", "commit accepted", "reveal accepted"}, s.outcomes())
	x.tune(func(h *subnettypes.Hyperparameters) { h.CommitReveal = false })
	s.set(1, 6)
	time.Sleep(8 * blockTime)
	require.Equal(t, "row accepted", s.outcomes()[3])
}

func hiddenNoIndex(t *testing.T, x *rowsTest) {
	x.node.set(func(f *fake) { f.noIndex = true })
	s := x.start()
	s.set(1, 5)
	time.Sleep(35 * blockTime)
	require.Equal(t, []string{"commit accepted", "reveal accepted"}, s.outcomes())
}

func windowMissed(t *testing.T, x *rowsTest) {
	s := x.start()
	s.set(1, 5)
	time.Sleep(5 * blockTime)
	s.stop()
	require.Equal(t, []string{"commit accepted"}, s.outcomes())
	time.Sleep(60 * blockTime) // a night without electricity
	s = x.start()
	s.set(1, 5)
	time.Sleep(35 * blockTime)
	require.Equal(t, []string{"reveal failed", "commit accepted", "reveal accepted"}, s.outcomes())
	require.ErrorContains(t, s.all()[0].Err, "a row is hidden anew")
	require.Len(t, x.row(x.me.Hotkey()).Entries, 1)
}

func hiddenMisfit(t *testing.T, x *rowsTest) {
	s := x.start()
	s.set(1, 5)
	time.Sleep(5 * blockTime)
	x.tune(func(h *subnettypes.Hyperparameters) { h.MinAllowedWeights = 2 })
	time.Sleep(20 * blockTime)
	require.Equal(t, []string{"commit accepted", "reveal failed"}, s.outcomes())
	require.ErrorIs(t, s.all()[1].Err, chain.ErrRow)
	s.set(1, 5, 0, 5)
	time.Sleep(35 * blockTime)
	require.Equal(t, []string{"commit accepted", "reveal failed", "commit accepted", "reveal accepted"}, s.outcomes())
}

func boundsAreKnown(t *testing.T, x *rowsTest) {
	s := x.start()
	for _, row := range [][]int{{0, 1, 1, 1, 2, 1, 3, 1}, {0, 100, 1, 1}} {
		s.set(row...)
		time.Sleep(3 * blockTime)
	}
	require.Equal(t, []string{"row failed", "row failed"}, s.outcomes())
	require.ErrorContains(t, s.all()[0].Err, "it has 4 entries, the bound is 3 (max_row)")
	require.ErrorContains(t, s.all()[1].Err, "one peer holds 100 of 101, the bound is 40000/65535")
	require.Zero(t, x.node.called("BroadcastTx"), "what is known to be refused is not sent")
	s.set(1, 5)
	time.Sleep(3 * blockTime)
	require.ErrorContains(t, s.all()[2].Err, "the least is 2", "by the chain")
	s.set(0, 3, 1, 5)
	time.Sleep(3 * blockTime)
	require.Equal(t, "row failed", s.outcomes()[3], "5 of 8 are more than 40000/65535")
	s.set(0, 3, 1, 4)
	time.Sleep(3 * blockTime)
	require.Equal(t, "row accepted", s.outcomes()[4])
}

func failsInBlock(t *testing.T, x *rowsTest) {
	x.mu.Lock()
	x.spoil = func(res *sdk.TxResponse) {
		x.spoil = nil
		res.Codespace, res.Code = "weights", 14
		res.RawLog = "failed to execute message; message index: 0: uid 1, subnet 1 has 0..0: unknown uid"
	}
	x.mu.Unlock()
	s := x.start()
	s.set(1, 5)
	time.Sleep(4 * blockTime)
	require.Equal(t, []string{"row failed"}, s.outcomes())
	require.Regexp(t, `^row failed: the row does not fit the subnet: uid 1, subnet 1 has 0\.\.0 \(it failed in block \d+\)$`, s.all()[0].String())
}

// TestCodes: what each code means, and that the sender goes on after it.
func TestCodes(t *testing.T) {
	hot, me := hotNeuron(100 * tao)
	peer := apptest.NewNeuron("peer", 100*tao)
	inBubble(t, func(t *testing.T, w *world) {
		w.run()
		node := w.node("a:9090")
		client := dial(t, nil, node)
		j := &journal{}
		s := w.sender(client, hot, j)
		for i, c := range []struct {
			codespace string
			code      uint32
			log       string
			want      string // the outcome beside "row accepted"
			is        error
			blocks    int // until it is accepted, at most
		}{
			{"weights", 11, "next row at height 99999: the last was at 5 and the subnet takes one every 1 blocks: too soon", "", nil, -1},
			{"sdk", 20, "hotkey tao1 has a free transaction for subnet 1 pending already, the bound is 1: mempool is full", "", nil, 4},
			{"sdk", 19, "", "", nil, 30},
			{"sdk", 4, "signature verification failed; please verify account number (7) and chain-id (tao-test): unauthorized", "row failed", nil, 6},
			{"sdk", 18, "something of no kind: invalid request", "row failed", chain.ErrRefused, 6},
			{"weights", 17, "subnet 1 reveals rows after 20 blocks; use: taod tx weights commit: rows must be committed first", "", nil, 6},
			{"weights", 20, "64, the bound is 64; reveal the one of height 9: too many open commits", "", nil, 8},
			{"weights", 9, "uid 0 has 0tao, the least is 1tao; stake with: taod tx neuron stake: not enough stake", "row waits", chain.ErrNoPermit, 6},
			{"weights", 8, "tao1 has no uid in subnet 1; register it with: taod tx neuron register: not registered", "row failed", chain.ErrNotRegistered, 6},
		} {
			if c.blocks < 0 { // a far height is believed: begin anew
				node.set(func(f *fake) { f.answers = []*sdk.TxResponse{{Codespace: c.codespace, Code: c.code, RawLog: c.log}} })
				s.set(1, 5, 0, i+1)
				time.Sleep(30 * blockTime)
				require.Empty(t, s.outcomes(), "not before the height that the chain named")
				s.stop()
				s = w.sender(client, hot, j)
				continue
			}
			before := len(s.all())
			node.set(func(f *fake) { f.answers = []*sdk.TxResponse{{Codespace: c.codespace, Code: c.code, RawLog: c.log}} })
			s.set(1, 5, 0, i+1)
			time.Sleep(time.Duration(c.blocks) * blockTime)
			got := s.outcomes()[before:]
			if c.want == "" {
				require.Contains(t, [][]string{{"row accepted"}, {"row failed", "row accepted"}}, got, c.log)
			} else {
				require.Equal(t, []string{c.want, "row accepted"}, got, c.log)
			}
			if c.is != nil {
				require.ErrorIs(t, s.all()[before].Err, c.is)
			}
		}
		node.set(func(f *fake) {
			f.answers = []*sdk.TxResponse{{Codespace: "weights", Code: 25, RawLog: "subnet 1: the subnet is dissolving"}}
		})
		s.set(1, 5, 0, 100)
		require.ErrorIs(t, <-s.done, chain.ErrNoSubnet)
	}, apptest.WithNeurons(me, peer), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.ActivityCutoff = 10_000 }))
}

func TestRowsSayWhatIsWrong(t *testing.T) {
	hot, me := hotNeuron(100 * tao)
	inBubble(t, func(t *testing.T, w *world) {
		w.run()
		client := dial(t, nil, w.node("a:9090"))
		_, err := client.Rows(chain.RowsConfig{Hotkey: hot})
		require.ErrorContains(t, err, "rows need a hotkey and a journal")
		for text, want := range map[string]string{
			"{":                            "is damaged",
			`{"hotkey":"tao1","subnet":1}`: "is of hotkey tao1 in subnet 1",
			`{"hotkey":"` + hot.Address() + `","subnet":2}`: "in subnet 2",
		} {
			_, err := client.Rows(chain.RowsConfig{Hotkey: hot, Subnet: 1, Journal: &journal{text: []byte(text)}})
			require.ErrorContains(t, err, want)
		}
		_, err = client.Rows(chain.RowsConfig{Hotkey: hot, Subnet: 1, Journal: &journal{err: errors.New("disk on fire")}})
		require.ErrorContains(t, err, "disk on fire")

		j := &journal{}
		s := w.sender(client, hot, j)
		require.ErrorContains(t, s.rows.Set(rowOf(1, 2, 1, 3)), "uid 1 comes twice")
		s.set(1, 0)
		time.Sleep(5 * blockTime)
		require.Empty(t, s.outcomes(), "a row without weights is not sent")
		j.err = errors.New("no space left on device")
		s.set(1, 5)
		err = <-s.done
		require.ErrorContains(t, err, "without it no row is sent: no space left on device")
		require.Empty(t, w.taken(), "what is not durable is not sent")

		text, err := json.Marshal(map[string]any{"hotkey": hot.Address(), "subnet": 1, "chain_id": "other"})
		require.NoError(t, err)
		require.ErrorIs(t, <-w.sender(client, hot, &journal{text: text}).done, chain.ErrWrongChain)
		unknown := wallet.NewHotkey()
		other := w.sender(client, unknown, &journal{})
		other.set(1, 5)
		require.ErrorIs(t, <-other.done, chain.ErrNotRegistered)
	}, apptest.WithNeurons(me))
}

func TestFileJournal(t *testing.T) {
	j := chain.FileJournal{Path: filepath.Join(t.TempDir(), "home", "rows.json")}
	text, err := j.Load()
	require.NoError(t, err)
	require.Nil(t, text)
	for _, want := range []string{"one", "another"} {
		require.NoError(t, j.Save([]byte(want)))
		text, err = j.Load()
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	entries, err := os.ReadDir(filepath.Dir(j.Path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Error(t, chain.FileJournal{Path: filepath.Join(j.Path, "below a file")}.Save(nil))
}

// TestKilledSenders: whenever the process is killed, each row arrives once, and none that
// was hidden is lost.
func TestKilledSenders(t *testing.T) {
	for name, spoil := range map[string]func(method string, count int) error{
		"before it was sent": func(method string, count int) error {
			if method == "BroadcastTx" && count%3 != 2 {
				return status.Error(codes.Unavailable, "gone")
			}
			return nil
		},
		"before it was found": func(method string, count int) error {
			if method == "GetTx" && count%5 != 4 {
				return status.Error(codes.Unavailable, "gone")
			}
			return nil
		},
		"anywhere": func(_ string, count int) error {
			if count%7 == 6 {
				return status.Error(codes.Unavailable, "gone")
			}
			return nil
		},
	} {
		for _, hidden := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, hidden %t", name, hidden), func(t *testing.T) {
				hot, me := hotNeuron(100 * tao)
				peer := apptest.NewNeuron("peer", 100*tao)
				tune := func(h *subnettypes.Hyperparameters) {
					h.ActivityCutoff = 10_000
					h.Tempo, h.RevealAfter, h.CommitReveal = 5, 20, hidden
				}
				inBubble(t, func(t *testing.T, w *world) {
					w.run()
					node := w.node("a:9090")
					node.fail = func(method string) error { return spoil(method, node.calls[method]) }
					killSenders(t, w, node, hot, hidden)
					for _, e := range w.row(me.Hotkey()).Entries {
						require.Equal(t, uint32(65535), e.Value)
					}
				}, apptest.WithNeurons(me, peer), apptest.WithSubnet(tune))
			})
		}
	}
}

// killSenders lets a sender with one journal be killed every few blocks, and then finish.
func killSenders(t *testing.T, w *world, node *fake, hot *wallet.Hotkey, hidden bool) {
	t.Helper()
	j := &journal{}
	w.seen = func(tx []byte) {
		var kept struct {
			Pending struct {
				Kind   string
				Tx     []byte
				Hidden struct{ Salt []byte }
			}
		}
		text, err := j.Load()
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &kept))
		require.Equal(t, tx, kept.Pending.Tx, "durable before it is sent")
		require.Equal(t, kept.Pending.Kind != "row", len(kept.Pending.Hidden.Salt) == 32)
	}
	counts := map[string]int{}
	life := func(d time.Duration) {
		s := w.sender(dial(t, nil, node), hot, j)
		s.set(1, 5)
		time.Sleep(d)
		s.stop()
		for _, o := range s.outcomes() {
			counts[o]++
		}
	}
	for i := range 12 {
		life(blockTime + time.Duration(i)*blockTime/5)
	}
	node.set(func(f *fake) { f.fail = nil })
	life(40 * blockTime)
	if hidden {
		require.Equal(t, map[string]int{"commit accepted": 1, "reveal accepted": 1}, counts)
		require.Len(t, w.taken(), 2)
	} else {
		require.Equal(t, map[string]int{"row accepted": 1}, counts)
		require.Len(t, w.taken(), 1)
	}
}
