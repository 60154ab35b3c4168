package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
)

// sender is what the checks found out about who sent a message.
type sender struct {
	subnet subnettypes.Subnet
	hotkey []byte
	uid    uint16
}

// CheckRow runs all checks of MsgSetWeights, in the order of the README, and
// changes nothing.
func (k *Keeper) CheckRow(ctx context.Context, msg *types.MsgSetWeights) error {
	_, err := k.checkRow(ctx, msg)
	return err
}

func (k *Keeper) checkRow(ctx context.Context, msg *types.MsgSetWeights) (sender, error) {
	s, err := k.checkShape(ctx, msg.Hotkey, msg.Subnet, msg.Uids, msg.Weights)
	if err != nil {
		return s, err
	}
	if err := k.checkStanding(ctx, s, msg.Version); err != nil {
		return s, err
	}
	if err := k.checkRate(ctx, s); err != nil {
		return s, err
	}
	if err := k.checkPermit(ctx, s, msg.Uids); err != nil {
		return s, err
	}
	if err := k.checkEntries(ctx, s, msg.Uids, msg.Weights); err != nil {
		return s, err
	}
	if s.subnet.Hyperparameters.CommitReveal {
		return s, types.ErrCommitRequired.Wrapf("subnet %d reveals rows after %d blocks; use: taod tx weights commit", s.subnet.Id, s.subnet.Hyperparameters.RevealAfter)
	}
	return s, nil
}

// checkShape finds subnet and uid and checks what needs no more state.
func (k *Keeper) checkShape(ctx context.Context, hotkey string, subnet uint64, uids, weights []uint32) (s sender, err error) {
	if s.subnet, err = k.subnets.Subnet(ctx, subnet); err != nil {
		return s, err
	}
	if s.subnet.DissolvesAt != 0 && s.subnet.DissolvesAt <= heightOf(ctx) {
		return s, types.ErrSubnetDissolving.Wrapf("subnet %d", subnet)
	}
	if len(uids) != len(weights) {
		return s, types.ErrLengths.Wrapf("%d uids and %d weights", len(uids), len(weights))
	}
	if most := s.subnet.Hyperparameters.MaxRow; len(uids) > int(most) {
		return s, types.ErrTooLong.Wrapf("%d entries, the bound is %d", len(uids), most)
	}
	if s.hotkey, err = types.ParseAddress("hotkey", hotkey); err != nil {
		return s, err
	}
	uid, ok, err := k.neurons.UID(ctx, subnet, s.hotkey)
	if err == nil && !ok {
		err = types.ErrNotRegistered.Wrapf("%s has no uid in subnet %d; register it with: taod tx neuron register", hotkey, subnet)
	}
	s.uid = uid
	return s, err
}

// checkStanding checks stake and version.
func (k *Keeper) checkStanding(ctx context.Context, s sender, version uint64) error {
	owner, isOwned, err := k.neurons.OwnerUID(ctx, s.subnet)
	if err != nil {
		return err
	}
	if !isOwned || owner != s.uid {
		stake, err := k.neurons.StakeAt(ctx, s.subnet.Id, s.uid)
		if err != nil {
			return err
		}
		if least := s.subnet.Hyperparameters.MinStake; stake < least {
			return types.ErrNotEnoughStake.Wrapf("uid %d has %s, the least is %s; stake with: taod tx neuron stake", s.uid, types.Tao(stake), types.Tao(least))
		}
	}
	if least := s.subnet.Hyperparameters.WeightsVersion; version < least {
		return types.ErrVersion.Wrapf("%d, the least is %d; update the software that makes rows", version, least)
	}
	return nil
}

// checkRate checks the time since the last row or commit.
func (k *Keeper) checkRate(ctx context.Context, s sender) error {
	row, ok, err := k.row(ctx, s.subnet.Id, s.uid)
	if err != nil || !ok {
		return err
	}
	if next := row.Updated + s.subnet.Hyperparameters.WeightsRateLimit; heightOf(ctx) < next {
		return types.ErrTooSoon.Wrapf("next row at height %d: the last was at %d and the subnet takes one every %d blocks",
			next, row.Updated, s.subnet.Hyperparameters.WeightsRateLimit)
	}
	return nil
}

// checkPermit lets permitted neurons pass, and a lone weight for oneself.
func (k *Keeper) checkPermit(ctx context.Context, s sender, uids []uint32) error {
	if len(uids) == 1 && uids[0] == uint32(s.uid) {
		return nil
	}
	permits, err := k.column(ctx, s.subnet.Id, types.ColumnPermit)
	if err != nil || (int(s.uid) < len(permits) && permits[s.uid] != 0) {
		return err
	}
	if owner, ok, err := k.neurons.OwnerUID(ctx, s.subnet); err != nil || (ok && owner == s.uid) {
		return err
	}
	stake, err := k.neurons.StakeAt(ctx, s.subnet.Id, s.uid)
	if err != nil {
		return err
	}
	if least := max(s.subnet.Hyperparameters.MinStake, 1); stake < least {
		return types.ErrNoPermit.Wrapf("no permit yet: stake %s, have %s", types.Tao(least), types.Tao(stake))
	}
	return types.ErrNoPermit.Wrapf("uid %d is not among the %d with the most stake; permits are renewed at height %d",
		s.uid, s.subnet.Hyperparameters.MaxValidators, nextEpoch(s.subnet, heightOf(ctx)))
}

// nextEpoch is the next height from h on at which a subnet's epoch is due.
func nextEpoch(subnet subnettypes.Subnet, h uint64) uint64 {
	tempo := subnet.Hyperparameters.Tempo
	return h + (tempo-(h+subnet.Id)%tempo)%tempo
}

// checkEntries checks uids and weights of a row.
func (k *Keeper) checkEntries(ctx context.Context, s sender, uids, weights []uint32) error {
	n, err := k.neurons.Size(ctx, s.subnet.Id)
	if err != nil {
		return err
	}
	if uid, twice := types.Duplicate(uids); twice {
		return types.ErrDuplicate.Wrapf("uid %d", uid)
	}
	sum, most, nonzero := uint64(0), uint64(0), uint32(0)
	for i, uid := range uids {
		if int64(uid) >= int64(n) {
			return types.ErrUnknownUID.Wrapf("uid %d, subnet %d has 0..%d", uid, s.subnet.Id, n-1)
		}
		if weights[i] > types.U16Max {
			return types.ErrInvalidWeight.Wrapf("%d toward uid %d, the range is 0..%d", weights[i], uid, types.U16Max)
		}
		if weights[i] > 0 {
			nonzero++
		}
		sum += uint64(weights[i])
		most = max(most, uint64(weights[i]))
	}
	lone := len(uids) == 1 && uids[0] == uint32(s.uid)
	if least := s.subnet.Hyperparameters.MinAllowedWeights; nonzero < least && !lone {
		return types.ErrTooFew.Wrapf("%d weights above 0, the least is %d", nonzero, least)
	}
	if bound := uint64(s.subnet.Hyperparameters.MaxWeight); !lone && most*types.U16Max > bound*sum {
		return types.ErrMaxWeight.Wrapf("one holds %d of %d, the bound is %d/65535 of the row", most, sum, bound)
	}
	return nil
}

// CheckCommit runs all checks of MsgCommitWeights and changes nothing.
func (k *Keeper) CheckCommit(ctx context.Context, msg *types.MsgCommitWeights) error {
	_, _, err := k.checkCommit(ctx, msg)
	return err
}

func (k *Keeper) checkCommit(ctx context.Context, msg *types.MsgCommitWeights) (sender, types.Commit, error) {
	var c types.Commit
	s, err := k.checkShape(ctx, msg.Hotkey, msg.Subnet, nil, nil)
	if err != nil {
		return s, c, err
	}
	if len(msg.Hash) != 32 {
		return s, c, types.ErrInvalidCommit.Wrapf("the hash has %d bytes, it must have 32 (SHA-256)", len(msg.Hash))
	}
	h := s.subnet.Hyperparameters
	if !h.CommitReveal {
		return s, c, types.ErrCommitOff.Wrapf("subnet %d takes rows openly; use: taod tx weights set", s.subnet.Id)
	}
	if err := k.checkStanding(ctx, s, h.WeightsVersion); err != nil {
		return s, c, err
	}
	if err := k.checkPermit(ctx, s, nil); err != nil {
		return s, c, err
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return s, c, err
	}
	now := heightOf(ctx)
	open, last, err := k.openCommits(ctx, s.subnet.Id, uint32(s.uid), now)
	if err != nil {
		return s, c, err
	}
	// A revealed commit is gone; the row in force remembers its height.
	row, _, err := k.row(ctx, s.subnet.Id, s.uid)
	if err != nil {
		return s, c, err
	}
	last = max(last, row.Written)
	if next := last + max(h.WeightsRateLimit, 1); last > 0 && now < next {
		return s, c, types.ErrTooSoon.Wrapf("next commit at height %d: the last was at %d", next, last)
	}
	if len(open) >= int(params.MaxCommits) {
		return s, c, types.ErrTooManyCommits.Wrapf("%d, the bound is %d; reveal the one of height %d", len(open), params.MaxCommits, open[0].Height)
	}
	from := now + h.RevealAfter
	c = types.Commit{
		Subnet: s.subnet.Id, Uid: uint32(s.uid), Hash: msg.Hash, Height: now, Hotkey: msg.Hotkey,
		RevealFrom: from, RevealUntil: from + max(types.MinRevealWindow, h.Tempo),
	}
	return s, c, nil
}

// openCommits lists the live commits of a uid by height, and the height of the
// latest one, live or not.
func (k *Keeper) openCommits(ctx context.Context, subnet uint64, uid uint32, now uint64) (open []types.Commit, last uint64, err error) {
	err = k.Commits.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, uint32, uint64](subnet, uid),
		func(_ commitKey, c types.Commit) (bool, error) {
			last = c.Height
			if c.RevealUntil >= now {
				open = append(open, c)
			}
			return false, nil
		})
	return open, last, err
}

// CheckReveal runs all checks of MsgRevealWeights and changes nothing.
func (k *Keeper) CheckReveal(ctx context.Context, msg *types.MsgRevealWeights) error {
	_, _, err := k.checkReveal(ctx, msg)
	return err
}

func (k *Keeper) checkReveal(ctx context.Context, msg *types.MsgRevealWeights) (s sender, c types.Commit, err error) {
	if s, err = k.checkShape(ctx, msg.Hotkey, msg.Subnet, msg.Uids, msg.Weights); err != nil {
		return s, c, err
	}
	if n := len(msg.Salt); n < types.MinSalt || n > types.MaxSalt {
		return s, c, types.ErrInvalidCommit.Wrapf("the salt has %d bytes, the range is %d..%d", n, types.MinSalt, types.MaxSalt)
	}
	if err := k.checkStanding(ctx, s, msg.Version); err != nil {
		return s, c, err
	}
	if err := k.checkPermit(ctx, s, msg.Uids); err != nil {
		return s, c, err
	}
	if err := k.checkEntries(ctx, s, msg.Uids, msg.Weights); err != nil {
		return s, c, err
	}
	if c, err = k.findCommit(ctx, s, msg); err != nil {
		return s, c, err
	}
	switch now := heightOf(ctx); {
	case now < c.RevealFrom:
		err = types.ErrRevealTooEarly.Wrapf("at height %d, reveal it from %d to %d", now, c.RevealFrom, c.RevealUntil)
	case now > c.RevealUntil:
		err = types.ErrRevealTooLate.Wrapf("at height %d, it could be revealed until %d; commit a new row", now, c.RevealUntil)
	}
	return s, c, err
}

// findCommit finds the commit that a reveal opens. A commit holds the hotkey that
// made it: the neuron may have another by now.
func (k *Keeper) findCommit(ctx context.Context, s sender, msg *types.MsgRevealWeights) (found types.Commit, err error) {
	hotkey, hash := msg.Hotkey, hashOf(ctx, s.hotkey, msg)
	errFound := errors.New("found")
	err = k.Commits.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, uint32, uint64](msg.Subnet, uint32(s.uid)),
		func(_ commitKey, c types.Commit) (bool, error) {
			if c.Hotkey != hotkey { // hash a long row again only when the hotkey is another
				committer, err := types.ParseAddress("hotkey", c.Hotkey)
				if err != nil {
					return true, err
				}
				hotkey, hash = c.Hotkey, hashOf(ctx, committer, msg)
			}
			if string(c.Hash) == string(hash) {
				found = c
				return true, errFound
			}
			return false, nil
		})
	if errors.Is(err, errFound) {
		return found, nil
	}
	if err == nil {
		err = types.ErrUnknownCommit.Wrapf("%x of uid %d; row, salt and version must be exactly as committed", hash, s.uid)
	}
	return found, err
}

// hashOf is the hash of what a message reveals, as a hotkey would have committed it.
func hashOf(ctx context.Context, hotkey []byte, msg *types.MsgRevealWeights) []byte {
	return types.CommitHash(chainID(ctx), hotkey, msg.Subnet, msg.Uids, msg.Weights, msg.Salt, msg.Version)
}
