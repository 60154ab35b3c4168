package keeper

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	emissiontypes "github.com/taonet/taonet/x/emission/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
	"github.com/taonet/taonet/x/weights/yuma"
)

const (
	// chunkSize is how many uids share one stored value of bonds.
	chunkSize = 64
	// removeBatch is how many uids of a dissolved subnet go per block.
	removeBatch = 256
)

// EndBlock ends dissolved subnets and runs the epochs that are due, the oldest
// first, within the block's budget.
func (k *Keeper) EndBlock(ctx context.Context) error {
	var subnets []subnettypes.Subnet
	if err := k.subnets.Walk(ctx, func(s subnettypes.Subnet) (bool, error) {
		subnets = append(subnets, s)
		return false, nil
	}); err != nil {
		return err
	}
	due, err := k.dueSubnets(ctx, subnets)
	if err != nil {
		return err
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	left, first := params.EpochBudget, true
	for _, d := range due {
		used, ran := k.runDue(ctx, d, left, first)
		if ran {
			first = false
			left -= min(left, used)
		}
	}
	return nil
}

type dueSubnet struct {
	subnet subnettypes.Subnet
	height uint64
}

// dueSubnets marks the epochs that fall due in this block and lists all that have
// not run, the oldest first. Dissolved subnets end here.
func (k *Keeper) dueSubnets(ctx context.Context, subnets []subnettypes.Subnet) (due []dueSubnet, err error) {
	now := uint64(sdk.UnwrapSDKContext(ctx).BlockHeight())
	for _, s := range subnets {
		if s.DissolvesAt != 0 && s.DissolvesAt <= now {
			k.runDissolve(ctx, s.Id)
			continue
		}
		at, err := k.Due.Get(ctx, s.Id)
		switch {
		case err == nil:
		case !errors.Is(err, collections.ErrNotFound):
			return nil, err
		case (now+s.Id)%s.Hyperparameters.Tempo == 0:
			at = now
			if err := k.Due.Set(ctx, s.Id, at); err != nil {
				return nil, err
			}
		default:
			continue
		}
		due = append(due, dueSubnet{s, at})
	}
	slices.SortStableFunc(due, func(a, b dueSubnet) int {
		switch {
		case a.height < b.height:
			return -1
		case a.height > b.height:
			return 1
		}
		return 0
	})
	return due, nil
}

// errOverBudget says that an epoch has to wait for the next block.
var errOverBudget = errors.New("over the budget")

// runDue runs one epoch in a context of its own. Whatever fails there, the chain
// goes on: the pot is kept, an event says why, and the next tempo tries again.
func (k *Keeper) runDue(ctx context.Context, d dueSubnet, left uint64, first bool) (used uint64, ran bool) {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	cached, write := sdkCtx.CacheContext()
	epoch, err := k.guarded(cached, d.subnet, left, first)
	events := sdkCtx.EventManager()
	if errors.Is(err, errOverBudget) {
		_ = events.EmitTypedEvent(&types.EventEpochDelayed{Subnet: d.subnet.Id, Due: d.height, Nonzeros: epoch.Nonzeros, Budget: left})
		return 0, false
	}
	if err == nil {
		err = events.EmitTypedEvent(&types.EventEpoch{Epoch: epoch})
	}
	if err == nil {
		write()
	} else {
		sdkCtx.Logger().Error("epoch failed", "subnet", d.subnet.Id, "error", err)
		_ = events.EmitTypedEvent(&types.EventEpochFailed{Subnet: d.subnet.Id, Error: err.Error()})
	}
	if err := k.Due.Remove(ctx, d.subnet.Id); err != nil {
		sdkCtx.Logger().Error("epoch stays due", "subnet", d.subnet.Id, "error", err)
	}
	return epoch.Nonzeros, true
}

// guarded turns a panic in an epoch into an error.
func (k *Keeper) guarded(ctx context.Context, subnet subnettypes.Subnet, left uint64, first bool) (epoch types.Epoch, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return k.runEpoch(ctx, subnet, left, first)
}

// runEpoch loads, computes, stores and pays one epoch.
func (k *Keeper) runEpoch(ctx context.Context, subnet subnettypes.Subnet, left uint64, first bool) (types.Epoch, error) {
	w := &k.work
	last, err := k.Epoch(ctx, subnet.Id)
	if err != nil {
		return last, err
	}
	nonzeros, err := k.load(ctx, w, subnet, last)
	if err != nil {
		return last, err
	}
	epoch := types.Epoch{
		Subnet: subnet.Id, Height: w.in.Height, Previous: last.Height, Count: last.Count + 1,
		Uids: uint32(len(w.in.Stake)), Nonzeros: nonzeros, Input: paramsOf(&w.in),
	}
	if !first && nonzeros > left {
		return epoch, errOverBudget
	}
	pot, err := k.emission.Pot(ctx, subnet.Id)
	if err != nil {
		return epoch, err
	}
	cut := uint64(0)
	if subnet.Owner != "" {
		cut = scale(pot, uint64(subnet.Hyperparameters.OwnerCut), 1_000_000)
	}
	w.in.Emission = pot - cut
	if err := w.engine.Epoch(&w.in, &w.out); err != nil {
		return epoch, err
	}
	if cut > 0 {
		if epoch.OwnerCut, err = k.payOwner(ctx, subnet, cut, w); err != nil {
			return epoch, err
		}
		if epoch.OwnerCut == 0 { // the cut goes the way of the rest
			w.in.Emission = pot
			if err := w.engine.Epoch(&w.in, &w.out); err != nil {
				return epoch, err
			}
		}
	}
	epoch.Pot = w.in.Emission
	if err := k.pay(ctx, subnet, w, &epoch); err != nil {
		return epoch, err
	}
	if err := k.store(ctx, subnet.Id, w, epoch); err != nil {
		return epoch, err
	}
	return epoch, k.subnets.EpochDone(ctx, subnet.Id, live(w))
}

// scale is floor(a*b/c) of b <= c, c > 0.
func scale(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	q, _ := bits.Div64(hi, lo, c)
	return q
}

// payOwner pays a subnet's owner its cut and returns what was paid: nothing when
// there was no consensus, or when the owner has become a hotkey.
func (k *Keeper) payOwner(ctx context.Context, subnet subnettypes.Subnet, cut uint64, w *workspace) (uint64, error) {
	if w.out.Recycled > 0 {
		return 0, nil
	}
	owner, err := sdk.AccAddressFromBech32(subnet.Owner)
	if err != nil {
		return 0, err
	}
	return k.neurons.PayOwner(ctx, subnet.Id, owner, cut)
}

// pay books what the epoch decided: paid + carried + recycled is the pot.
func (k *Keeper) pay(ctx context.Context, subnet subnettypes.Subnet, w *workspace, epoch *types.Epoch) error {
	for i := range w.out.Server {
		epoch.Paid += w.out.Server[i] + w.out.Validator[i]
	}
	epoch.Carried, epoch.Recycled, epoch.PaidByStake = w.out.Remainder, w.out.Recycled, w.out.PaidByStake
	elapsed := epoch.Height - epoch.Previous
	if err := k.neurons.Accrue(ctx, subnet.Id, w.out.Server, w.out.Validator, elapsed, subnet.Hyperparameters.Immunity); err != nil {
		return err
	}
	if err := k.emission.RecyclePot(ctx, subnet.Id, epoch.Recycled, emissiontypes.ReasonEpoch); err != nil {
		return err
	}
	return k.neurons.SettleNext(ctx, subnet.Id)
}

// live says whether at least two permitted neurons had rows that counted.
func live(w *workspace) bool {
	count := 0
	for i, row := range w.in.Weights {
		if len(row) > 0 && w.out.Active[i] && w.out.Raw.ActiveStake[i] > 0 {
			count++
		}
	}
	return count >= 2
}

// load reads all that an epoch of a subnet depends on, but its pot, into w.in and
// returns the number of weights and bonds.
func (k *Keeper) load(ctx context.Context, w *workspace, subnet subnettypes.Subnet, last types.Epoch) (nonzeros uint64, err error) {
	h := subnet.Hyperparameters
	in := &w.in
	in.Params = yuma.Params{
		Tempo: h.Tempo, ActivityCutoff: h.ActivityCutoff, MaxValidators: int(h.MaxValidators), MinStake: h.MinStake,
		Kappa: uint16(h.Kappa), BondsPenalty: uint16(h.BondsPenalty), BondsMovingAverage: h.BondsMovingAverage,
		Yuma3: h.Yuma == 3, LiquidAlpha: h.LiquidAlpha, AlphaLow: uint16(h.AlphaLow), AlphaHigh: uint16(h.AlphaHigh),
		AlphaSteepness: int16(h.AlphaSteepness),
	}
	in.Height = uint64(sdk.UnwrapSDKContext(ctx).BlockHeight())
	in.LastEpoch = last.Height
	if in.Stake, in.RegisteredAt, err = k.neurons.EpochColumns(ctx, subnet.Id); err != nil {
		return 0, err
	}
	in.Owner = yuma.NoOwner
	if uid, ok, err := k.neurons.OwnerUID(ctx, subnet); err != nil {
		return 0, err
	} else if ok {
		in.Owner = int(uid)
	}
	n := len(in.Stake)
	if in.Permit, err = k.permits(ctx, subnet.Id, n, in.Permit); err != nil {
		return 0, err
	}
	if err := k.loadRows(ctx, w, subnet.Id, n); err != nil {
		return 0, err
	}
	if err := k.loadBonds(ctx, w, subnet.Id, n); err != nil {
		return 0, err
	}
	return uint64(len(w.rows) + len(w.bonds)), k.loadCommits(ctx, in, subnet.Id)
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// permits unpacks the permits of the last epoch.
func (k *Keeper) permits(ctx context.Context, subnet uint64, n int, reuse []bool) ([]bool, error) {
	packed, err := k.column(ctx, subnet, types.ColumnPermit)
	permits := sized(reuse, n)
	for i := range min(n, len(packed)) {
		permits[i] = packed[i] != 0
	}
	return permits, err
}

// loadRows reads all rows of a subnet into one arena.
func (k *Keeper) loadRows(ctx context.Context, w *workspace, subnet uint64, n int) error {
	in := &w.in
	in.Weights, in.LastUpdate, in.CommitHeight = sized(in.Weights, n), sized(in.LastUpdate, n), sized(in.CommitHeight, n)
	for i := range in.CommitHeight {
		in.CommitHeight[i] = yuma.NoCommit
	}
	w.rows, w.starts = w.rows[:0], sized(w.starts, 2*n)
	err := k.Rows.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint32](subnet), func(key place, b []byte) (bool, error) {
		uid := int(key.K2())
		if uid >= n {
			return true, types.ErrCorrupt.Wrapf("uid %d has a row, subnet %d has %d uids", uid, subnet, n)
		}
		start := len(w.rows)
		row, arena, err := types.AppendRow(w.rows, b)
		if err != nil {
			return true, err
		}
		w.rows = arena
		w.starts[2*uid], w.starts[2*uid+1] = start, len(arena)
		in.LastUpdate[uid], in.CommitHeight[uid] = row.Updated, row.Written
		if row.Written < row.Updated {
			in.CommitHeight[uid] = beforeCommit(row.Written)
		}
		return false, nil
	})
	// The arena may have moved while it grew: rows are cut when it is complete.
	for uid := range n {
		in.Weights[uid] = w.rows[w.starts[2*uid]:w.starts[2*uid+1]:w.starts[2*uid+1]]
	}
	return err
}

// beforeCommit is the last height at which a registration is surely older than a
// commit: in the commit's own block the neuron may have come after it, and the
// commit meant whoever had the uid before.
func beforeCommit(height uint64) uint64 { return max(height, 1) - 1 }

// loadCommits lowers commit heights to the oldest live commit.
func (k *Keeper) loadCommits(ctx context.Context, in *yuma.Input, subnet uint64) error {
	return k.Commits.Walk(ctx, collections.NewPrefixedTripleRange[uint64, uint32, uint64](subnet),
		func(key commitKey, c types.Commit) (bool, error) {
			if uid := int(key.K2()); uid < len(in.CommitHeight) && c.RevealUntil >= in.Height {
				in.CommitHeight[uid] = min(in.CommitHeight[uid], beforeCommit(c.Height))
			}
			return false, nil
		})
}

// loadBonds reads all bonds of a subnet into one arena. Bonds of a uid that was
// given away since the last epoch belonged to whoever had it before.
func (k *Keeper) loadBonds(ctx context.Context, w *workspace, subnet uint64, n int) error {
	in := &w.in
	in.Bonds = sized(in.Bonds, n)
	w.bonds, w.starts = w.bonds[:0], sized(w.starts, 2*n)
	for chunk := 0; chunk*chunkSize < n; chunk++ {
		b, err := k.Bonds.Get(ctx, collections.Join(subnet, uint32(chunk)))
		if errors.Is(err, collections.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		for uid := chunk * chunkSize; uid < (chunk+1)*chunkSize && len(b) > 0; uid++ {
			count := int(binary.LittleEndian.Uint16(b))
			b = b[2:]
			if 4*count > len(b) {
				return types.ErrCorrupt.Wrapf("bonds of uid %d of subnet %d", uid, subnet)
			}
			if uid < n && in.RegisteredAt[uid] <= in.LastEpoch {
				w.starts[2*uid] = len(w.bonds)
				for i := range count {
					if entry := binary.LittleEndian.Uint32(b[4*i:]); int(entry>>16) < n {
						w.bonds = append(w.bonds, entry)
					}
				}
				w.starts[2*uid+1] = len(w.bonds)
			}
			b = b[4*count:]
		}
	}
	for uid := range n {
		in.Bonds[uid] = w.bonds[w.starts[2*uid]:w.starts[2*uid+1]:w.starts[2*uid+1]]
	}
	return nil
}

// store writes what the epoch decided: one value per quantity, and one per 64 rows
// of bonds.
func (k *Keeper) store(ctx context.Context, subnet uint64, w *workspace, epoch types.Epoch) error {
	out := &w.out
	for _, c := range []struct {
		name   string
		values []uint16
	}{
		{types.ColumnStakeWeight, out.StakeWeight}, {types.ColumnRank, out.Rank}, {types.ColumnTrust, out.Trust},
		{types.ColumnConsensus, out.Consensus}, {types.ColumnIncentive, out.Incentive}, {types.ColumnDividends, out.Dividends},
		{types.ColumnValidatorTrust, out.ValidatorTrust}, {types.ColumnPruningScore, out.PruningScore},
	} {
		if err := k.Columns.Set(ctx, collections.Join(subnet, c.name), packU16(c.values)); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		name   string
		values []uint64
	}{{types.ColumnServer, out.Server}, {types.ColumnValidator, out.Validator}, {types.ColumnStake, w.in.Stake}} {
		if err := k.Columns.Set(ctx, collections.Join(subnet, c.name), packU64(c.values)); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		name   string
		values []bool
	}{{types.ColumnPermit, out.Permit}, {types.ColumnActive, out.Active}} {
		if err := k.Columns.Set(ctx, collections.Join(subnet, c.name), packBool(c.values)); err != nil {
			return err
		}
	}
	if err := k.storeBonds(ctx, subnet, out.Bonds); err != nil {
		return err
	}
	return k.Epochs.Set(ctx, subnet, epoch)
}

func (k *Keeper) storeBonds(ctx context.Context, subnet uint64, bonds []yuma.Row) error {
	for chunk := 0; chunk*chunkSize < len(bonds); chunk++ {
		rows := bonds[chunk*chunkSize : min(len(bonds), (chunk+1)*chunkSize)]
		size := 2 * len(rows)
		for _, row := range rows {
			size += 4 * len(row)
		}
		b := make([]byte, 0, size)
		for _, row := range rows {
			b = binary.LittleEndian.AppendUint16(b, uint16(len(row)))
			for _, entry := range row {
				b = binary.LittleEndian.AppendUint32(b, entry)
			}
		}
		if err := k.Bonds.Set(ctx, collections.Join(subnet, uint32(chunk)), b); err != nil {
			return err
		}
	}
	return nil
}

// runDissolve dissolves in a context of its own: a failure says why in an event,
// leaves the subnet as it was, and is tried again in the next block.
func (k *Keeper) runDissolve(ctx context.Context, subnet uint64) {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	cached, write := sdkCtx.CacheContext()
	if err := k.dissolve(cached, subnet); err != nil {
		sdkCtx.Logger().Error("dissolution failed", "subnet", subnet, "error", err)
		_ = sdkCtx.EventManager().EmitTypedEvent(&types.EventEpochFailed{Subnet: subnet, Error: "dissolution: " + err.Error()})
		return
	}
	write()
}

// dissolve takes down a dissolved subnet, a bounded number of uids per block.
func (k *Keeper) dissolve(ctx context.Context, subnet uint64) error {
	done, err := k.neurons.RemoveUids(ctx, subnet, removeBatch)
	if err != nil || !done {
		return err
	}
	if err := errors.Join(
		k.Rows.Clear(ctx, collections.NewPrefixedPairRange[uint64, uint32](subnet)),
		k.Commits.Clear(ctx, collections.NewPrefixedTripleRange[uint64, uint32, uint64](subnet)),
		k.Bonds.Clear(ctx, collections.NewPrefixedPairRange[uint64, uint32](subnet)),
		k.Columns.Clear(ctx, collections.NewPrefixedPairRange[uint64, string](subnet)),
		k.Epochs.Remove(ctx, subnet),
		k.Due.Remove(ctx, subnet),
	); err != nil {
		return err
	}
	return k.subnets.Remove(ctx, subnet)
}

func paramsOf(in *yuma.Input) types.EpochParams {
	p := types.EpochParams{
		Tempo: in.Tempo, ActivityCutoff: in.ActivityCutoff, MaxValidators: uint32(in.MaxValidators), MinStake: in.MinStake,
		Kappa: uint32(in.Kappa), BondsPenalty: uint32(in.BondsPenalty), BondsMovingAverage: in.BondsMovingAverage, Yuma: 2,
		LiquidAlpha: in.LiquidAlpha, AlphaLow: uint32(in.AlphaLow), AlphaHigh: uint32(in.AlphaHigh),
		AlphaSteepness: int32(in.AlphaSteepness), OwnerUid: uint32(in.Owner + 1),
	}
	if in.Yuma3 {
		p.Yuma = 3
	}
	return p
}

func packU16(values []uint16) []byte {
	b := make([]byte, 0, 2*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func packU64(values []uint64) []byte {
	b := make([]byte, 0, 8*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func packBool(values []bool) []byte {
	b := make([]byte, len(values))
	for i, v := range values {
		if v {
			b[i] = 1
		}
	}
	return b
}
