package keeper

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
	"github.com/taonet/taonet/x/weights/yuma"
)

type queryServer struct{ k *Keeper }

// NewQueryServer serves queries.
func NewQueryServer(k *Keeper) types.QueryServer { return queryServer{k} }

// subnet returns a subnet, or the error that gRPC and REST callers expect.
func (q queryServer) subnet(ctx context.Context, id uint64) (subnettypes.Subnet, error) {
	s, err := q.k.subnets.Subnet(ctx, id)
	if errors.Is(err, subnettypes.ErrUnknownSubnet) {
		err = status.Error(codes.NotFound, err.Error())
	}
	return s, err
}

// known checks that a uid has been given out.
func (q queryServer) known(ctx context.Context, subnet uint64, uid uint32) error {
	if _, err := q.subnet(ctx, subnet); err != nil {
		return err
	}
	n, err := q.k.neurons.Size(ctx, subnet)
	if err == nil && int64(uid) >= int64(n) {
		err = status.Errorf(codes.NotFound, "uid %d is unknown, subnet %d has %d uids", uid, subnet, n)
	}
	return err
}

// Params implements types.QueryServer.
func (q queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := q.k.Params.Get(ctx)
	return &types.QueryParamsResponse{Params: params}, err
}

// Metagraph implements types.QueryServer.
func (q queryServer) Metagraph(ctx context.Context, req *types.QueryMetagraphRequest) (*types.QueryMetagraphResponse, error) {
	if _, err := q.subnet(ctx, req.Subnet); err != nil {
		return nil, err
	}
	epoch, err := q.k.Epoch(ctx, req.Subnet)
	if err != nil {
		return nil, err
	}
	neurons, err := q.k.metagraph(ctx, epoch, req.Columns)
	return &types.QueryMetagraphResponse{
		Epoch: epoch, Height: uint64(sdk.UnwrapSDKContext(ctx).BlockHeight()), Neurons: neurons,
	}, err
}

// share reads the entry of a uid in a column of u16 values, 0 beyond its end.
func share(column []byte, uid int) uint32 {
	if 2*uid+2 > len(column) {
		return 0
	}
	return uint32(binary.LittleEndian.Uint16(column[2*uid:]))
}

// amount reads the entry of a uid in a column of amounts.
func amount(column []byte, uid int) uint64 {
	if 8*uid+8 > len(column) {
		return 0
	}
	return binary.LittleEndian.Uint64(column[8*uid:])
}

// mark reads the entry of a uid in a column of marks.
func mark(column []byte, uid int) bool { return uid < len(column) && column[uid] != 0 }

// resultFields says which wanted column of an epoch fills which field.
var resultFields = []struct {
	want types.Column
	name string
	set  func(n *types.NeuronState, column []byte, uid int)
}{
	{types.COLUMN_STAKE, types.ColumnStakeWeight, func(n *types.NeuronState, c []byte, uid int) { n.StakeWeight = share(c, uid) }},
	{types.COLUMN_RANK, types.ColumnRank, func(n *types.NeuronState, c []byte, uid int) { n.Rank = share(c, uid) }},
	{types.COLUMN_TRUST, types.ColumnTrust, func(n *types.NeuronState, c []byte, uid int) { n.Trust = share(c, uid) }},
	{types.COLUMN_CONSENSUS, types.ColumnConsensus, func(n *types.NeuronState, c []byte, uid int) { n.Consensus = share(c, uid) }},
	{types.COLUMN_INCENTIVE, types.ColumnIncentive, func(n *types.NeuronState, c []byte, uid int) { n.Incentive = share(c, uid) }},
	{types.COLUMN_DIVIDENDS, types.ColumnDividends, func(n *types.NeuronState, c []byte, uid int) { n.Dividends = share(c, uid) }},
	{types.COLUMN_VALIDATOR_TRUST, types.ColumnValidatorTrust, func(n *types.NeuronState, c []byte, uid int) { n.ValidatorTrust = share(c, uid) }},
	{types.COLUMN_PRUNING_SCORE, types.ColumnPruningScore, func(n *types.NeuronState, c []byte, uid int) { n.PruningScore = share(c, uid) }},
	{types.COLUMN_PERMIT, types.ColumnPermit, func(n *types.NeuronState, c []byte, uid int) { n.Permit = mark(c, uid) }},
	{types.COLUMN_ACTIVE, types.ColumnActive, func(n *types.NeuronState, c []byte, uid int) { n.Active = mark(c, uid) }},
	{types.COLUMN_EMISSION, types.ColumnServer, func(n *types.NeuronState, c []byte, uid int) { n.ServerEmission = amount(c, uid) }},
	{types.COLUMN_EMISSION, types.ColumnValidator, func(n *types.NeuronState, c []byte, uid int) { n.ValidatorEmission = amount(c, uid) }},
}

// metagraph gathers the wanted columns of all neurons of a subnet, given its last
// epoch; a mask of 0 wants all.
func (k *Keeper) metagraph(ctx context.Context, epoch types.Epoch, mask uint32) ([]types.NeuronState, error) {
	want := func(c types.Column) bool { return mask == 0 || mask&uint32(c) != 0 }
	columns, err := k.neurons.Columns(ctx, epoch.Subnet)
	if err != nil {
		return nil, err
	}
	hotkeys, coldkeys, err := k.neurons.Keys(ctx, epoch.Subnet, len(columns.Stake))
	if err != nil {
		return nil, err
	}
	var endpoints map[uint32]string
	if want(types.COLUMN_AXON) {
		if endpoints, err = k.neurons.Endpoints(ctx, epoch.Subnet); err != nil {
			return nil, err
		}
	}
	var updated []uint64
	if want(types.COLUMN_LAST_UPDATE) {
		if updated, err = k.lastUpdates(ctx, epoch.Subnet, len(columns.Stake)); err != nil {
			return nil, err
		}
	}
	neurons := make([]types.NeuronState, 0, len(columns.Stake))
	for uid, hotkey := range hotkeys {
		if hotkey == nil {
			continue
		}
		n := types.NeuronState{Uid: uint32(uid), Axon: endpoints[uint32(uid)]}
		if want(types.COLUMN_HOTKEY) {
			n.Hotkey = sdk.AccAddress(hotkey).String()
		}
		if want(types.COLUMN_COLDKEY) {
			n.Coldkey = sdk.AccAddress(coldkeys[uid]).String()
		}
		if want(types.COLUMN_STAKE) {
			n.Stake = columns.Stake[uid]
		}
		if want(types.COLUMN_LAST_UPDATE) {
			n.LastUpdate = updated[uid]
		}
		if want(types.COLUMN_REGISTERED) {
			n.Registered = columns.Registered[uid]
		}
		if want(types.COLUMN_OWED) {
			n.Owed = columns.OwedIncentive[uid] + columns.OwedDividends[uid]
		}
		neurons = append(neurons, n)
	}
	for _, field := range resultFields {
		if !want(field.want) {
			continue
		}
		column, err := k.column(ctx, epoch.Subnet, field.name)
		if err != nil {
			return nil, err
		}
		for i := range neurons {
			// The results of whoever had the uid in the last epoch are not this neuron's.
			if uid := int(neurons[i].Uid); columns.Registered[uid] <= epoch.Height {
				field.set(&neurons[i], column, uid)
			}
		}
	}
	return neurons, nil
}

// lastUpdates are the heights of all rows, 0 for none.
func (k *Keeper) lastUpdates(ctx context.Context, subnet uint64, n int) ([]uint64, error) {
	heights := make([]uint64, n)
	err := k.Rows.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint32](subnet), func(key place, b []byte) (bool, error) {
		height, err := types.RowUpdated(b)
		heights[key.K2()] = height
		return false, err
	})
	return heights, err
}

// Neuron implements types.QueryServer.
func (q queryServer) Neuron(ctx context.Context, req *types.QueryNeuronRequest) (*types.QueryNeuronResponse, error) {
	if err := q.known(ctx, req.Subnet, req.Uid); err != nil {
		return nil, err
	}
	epoch, err := q.k.Epoch(ctx, req.Subnet)
	if err != nil {
		return nil, err
	}
	neurons, err := q.k.metagraph(ctx, epoch, 0)
	if err != nil {
		return nil, err
	}
	for _, n := range neurons {
		if n.Uid == req.Uid {
			return &types.QueryNeuronResponse{Neuron: n}, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "uid %d of subnet %d belongs to nobody", req.Uid, req.Subnet)
}

// Row implements types.QueryServer.
func (q queryServer) Row(ctx context.Context, req *types.QueryRowRequest) (*types.QueryRowResponse, error) {
	if err := q.known(ctx, req.Subnet, req.Uid); err != nil {
		return nil, err
	}
	row, ok, err := q.k.row(ctx, req.Subnet, uint16(req.Uid))
	if err == nil && !ok {
		err = status.Errorf(codes.NotFound, "uid %d of subnet %d has no row", req.Uid, req.Subnet)
	}
	return &types.QueryRowResponse{Row: types.Row{
		Subnet: req.Subnet, Uid: req.Uid, Updated: row.Updated, Written: row.Written, Entries: types.ToEntries(row.Entries),
	}}, err
}

// Column implements types.QueryServer.
func (q queryServer) Column(ctx context.Context, req *types.QueryColumnRequest) (*types.QueryColumnResponse, error) {
	if err := q.known(ctx, req.Subnet, req.Uid); err != nil {
		return nil, err
	}
	registered, err := q.k.neurons.RegisteredAt(ctx, req.Subnet, uint16(req.Uid))
	if err != nil {
		return nil, err
	}
	rows, err := q.k.rowsOf(ctx, req.Subnet)
	res := &types.QueryColumnResponse{}
	for _, row := range rows {
		if row.Updated <= registered || (row.Written < row.Updated && row.Written <= registered) {
			continue // it meant whoever had the uid before, as in the epoch
		}
		for _, e := range row.Entries {
			if e.Uid == req.Uid {
				res.Entries = append(res.Entries, types.Entry{Uid: row.Uid, Value: e.Value})
			}
		}
	}
	return res, err
}

// Rows implements types.QueryServer.
func (q queryServer) Rows(ctx context.Context, req *types.QueryRowsRequest) (*types.QueryRowsResponse, error) {
	if _, err := q.subnet(ctx, req.Subnet); err != nil {
		return nil, err
	}
	rows, err := q.k.rowsOf(ctx, req.Subnet)
	return &types.QueryRowsResponse{Rows: rows}, err
}

// Bonds implements types.QueryServer.
func (q queryServer) Bonds(ctx context.Context, req *types.QueryBondsRequest) (*types.QueryBondsResponse, error) {
	if _, err := q.subnet(ctx, req.Subnet); err != nil {
		return nil, err
	}
	epoch, err := q.k.Epoch(ctx, req.Subnet)
	if err != nil {
		return nil, err
	}
	bonds, err := q.k.bondsIn(ctx, epoch, epoch.SlotAfter(), epoch.Height)
	if err != nil {
		return nil, err
	}
	_, registered, err := q.k.neurons.EpochColumns(ctx, req.Subnet)
	if err != nil {
		return nil, err
	}
	permits, err := q.k.permits(ctx, req.Subnet, types.ColumnPermit, len(registered), nil)
	return &types.QueryBondsResponse{Bonds: inForce(bonds, registered, epoch.Height), Permits: permits, Height: epoch.Height}, err
}

// inForce leaves out what the next epoch will: bonds of and in a uid that was given
// away since the epoch that left them.
func inForce(bonds []types.Row, registered []uint64, epoch uint64) []types.Row {
	old := func(uid uint32) bool { return registered[uid] > epoch }
	bonds = slices.DeleteFunc(bonds, func(row types.Row) bool { return old(row.Uid) })
	for i := range bonds {
		bonds[i].Entries = slices.DeleteFunc(bonds[i].Entries, func(e types.Entry) bool { return old(e.Uid) })
	}
	return slices.DeleteFunc(bonds, func(row types.Row) bool { return len(row.Entries) == 0 })
}

// Commits implements types.QueryServer.
func (q queryServer) Commits(ctx context.Context, req *types.QueryCommitsRequest) (*types.QueryCommitsResponse, error) {
	if err := q.known(ctx, req.Subnet, req.Uid); err != nil {
		return nil, err
	}
	open, _, err := q.k.openCommits(ctx, req.Subnet, req.Uid, heightOf(ctx))
	return &types.QueryCommitsResponse{Commits: open}, err
}

// Epoch implements types.QueryServer.
func (q queryServer) Epoch(ctx context.Context, req *types.QueryEpochRequest) (*types.QueryEpochResponse, error) {
	if _, err := q.subnet(ctx, req.Subnet); err != nil {
		return nil, err
	}
	epoch, err := q.k.Epoch(ctx, req.Subnet)
	return &types.QueryEpochResponse{Epoch: epoch}, err
}

// EpochInput implements types.QueryServer.
func (q queryServer) EpochInput(ctx context.Context, req *types.QueryEpochInputRequest) (*types.QueryEpochInputResponse, error) {
	subnet, err := q.subnet(ctx, req.Subnet)
	if err != nil {
		return nil, err
	}
	epoch, err := q.k.Epoch(ctx, req.Subnet)
	if err != nil {
		return nil, err
	}
	if now := uint64(sdk.UnwrapSDKContext(ctx).BlockHeight()); epoch.Height != now || now == 0 {
		return nil, status.Errorf(codes.NotFound, "no epoch of subnet %d ran at height %d, the last was at %d; ask with --height %d", req.Subnet, now, epoch.Height, epoch.Height)
	}
	var w workspace
	if err := q.k.loadPaid(ctx, &w, subnet, epoch); err != nil {
		return nil, err
	}
	scenario, err := yuma.ScenarioInput(&w.in)
	return &types.QueryEpochInputResponse{Height: epoch.Height, Scenario: string(scenario)}, err
}

// Explain implements types.QueryServer.
func (q queryServer) Explain(ctx context.Context, req *types.QueryExplainRequest) (*types.QueryExplainResponse, error) {
	if err := q.known(ctx, req.Subnet, req.Uid); err != nil {
		return nil, err
	}
	subnet, err := q.subnet(ctx, req.Subnet)
	if err != nil {
		return nil, err
	}
	epoch, err := q.k.Epoch(ctx, req.Subnet)
	if err != nil {
		return nil, err
	}
	var w workspace
	res := &types.QueryExplainResponse{Height: uint64(sdk.UnwrapSDKContext(ctx).BlockHeight())}
	if res.Paid = epoch.Height == res.Height && epoch.Height > 0; res.Paid {
		err = q.k.loadPaid(ctx, &w, subnet, epoch)
	} else {
		_, err = q.k.load(ctx, &w, subnet, epoch)
		w.in.Emission = epoch.Pot
	}
	if err != nil {
		return nil, err
	}
	x, err := w.engine.Explain(&w.in, int(req.Uid))
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	hotkey, ok, err := q.k.neurons.HotkeyAt(ctx, req.Subnet, uint16(req.Uid))
	if err != nil {
		return nil, err
	}
	if ok {
		res.Hotkey = sdk.AccAddress(hotkey).String()
	}
	text, err := json.Marshal(x)
	res.Explanation = string(text)
	return res, err
}
