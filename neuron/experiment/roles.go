package experiment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/taonet/taonet/neuron/arena"
)

func roles() Experiment {
	return Experiment{
		Name: "roles", Title: "Roles: who is paid, and for what",
		Question: "What incentive does each kind of neuron earn on a real chain, with equal stakes and rows that look honest: " +
			"neurons with shards of several sizes, and those that guess, peek, copy, relay, lie or are away?",
		Run: runRoles,
	}
}

// Variants of a run.
const (
	rolesAll     = "all roles"
	rolesOrigin  = "without the copier"
	rolesCabal   = "49 % cabal"
	rolesStake   = 100_000_000_000 // of each
	rolesLargest = 400_000         // bytes of the largest shard
)

// rolesPlan is how much is run.
type rolesPlan struct {
	sizes    []int // of the honest shards in bytes, falling
	steps    uint64
	blocks   uint64        // of a run
	every    time.Duration // a round of measuring
	variants []string
	seeds    []uint64
}

func newRolesPlan(env *Env) rolesPlan {
	p := rolesPlan{steps: uint64(env.Steps), blocks: 140, every: 8 * time.Second, variants: []string{rolesAll, rolesOrigin, rolesCabal}, seeds: env.Seeds}
	if p.steps == 0 {
		p.steps = 1000
	}
	shards, ratio := 5, 1.8
	if env.Quick {
		p.blocks, p.variants, p.seeds, shards, ratio = 100, p.variants[:1], env.Seeds[:1], 4, 2.2
		p.steps, p.every = min(p.steps, 800), 5*time.Second
	}
	for size := float64(rolesLargest); len(p.sizes) < shards; size /= ratio {
		p.sizes = append(p.sizes, int(size))
	}
	return p
}

// copied is the honest member that the copier copies, relayed the one that the relay
// passes requests on to.
const copied, relayed = 1, 0

// members of a variant, the honest first.
func (p rolesPlan) members(variant string, data rolesData) []arena.Member {
	var list []arena.Member
	for i, size := range p.sizes {
		list = append(list, arena.Member{
			Name: fmt.Sprintf("honest-%dk", size/1000), Role: arena.Honest, Stake: rolesStake, Trained: data.trained[i], Config: data.honest(i),
		})
	}
	if variant == rolesCabal {
		return p.cabal(list, data)
	}
	for _, r := range []arena.Role{arena.Noise, arena.Weak, arena.Peeker, arena.Relay, arena.Liar, arena.Offline} {
		m := arena.Member{Name: string(r), Role: r, Stake: rolesStake, Config: data.dishonest, Echo: r != arena.Liar}
		if r == arena.Relay {
			m.Of = relayed
		}
		list = append(list, m)
	}
	liar := slices.IndexFunc(list, func(m arena.Member) bool { return m.Role == arena.Liar })
	for i := len(p.sizes); i < len(list); i++ {
		list[liar].Friends = append(list[liar].Friends, i)
	}
	if variant == rolesAll {
		list = append(list, arena.Member{
			Name: string(arena.Copier), Role: arena.Copier, Stake: rolesStake, Config: data.dishonest, Echo: true, Of: copied,
		})
	}
	return list
}

// cabal is the honest members with next to no stake, two watchers that serve nobody,
// say what the honest say and have half of all stake, and a cabal with 49 %. An honest
// neuron must have little: its own row does not count for itself, and without it there
// must be a majority.
func (p rolesPlan) cabal(list []arena.Member, data rolesData) []arena.Member {
	const all, watchers, liars = 10 * rolesStake, 2, 3
	for i := range list {
		list[i].Stake = all / 500
	}
	honest := uint64(all*51/100) - uint64(len(list))*all/500
	for i := range watchers {
		list = append(list, arena.Member{
			Name: fmt.Sprintf("watcher%d", i), Role: arena.Offline, Stake: honest / watchers, Config: data.dishonest, Echo: true,
		})
	}
	first := len(list)
	for i := range liars {
		list = append(list, arena.Member{
			Name: fmt.Sprintf("cabal%d", i), Role: arena.Liar, Stake: all * 49 / 100 / liars, Config: data.dishonest,
			Friends: []int{first, first + 1, first + 2},
		})
	}
	return list
}

// rolesPay is what a member got, counted after the first third of a run.
type rolesPay struct {
	Name string     `json:"name"`
	Role arena.Role `json:"role"`
	// Bytes of the shard, of honest ones.
	Bytes     int    `json:"bytes,omitempty"`
	Incentive uint64 `json:"incentive"`
	Dividends uint64 `json:"dividends"`
	// Rounds that it measured.
	Rounds uint64 `json:"rounds"`
}

// rolesRun is one network.
type rolesRun struct {
	Seed    uint64     `json:"seed"`
	Variant string     `json:"variant"`
	Blocks  uint64     `json:"blocks"`
	Members []rolesPay `json:"members"`
}

func runRoles(ctx context.Context, env *Env) (*Result, error) {
	p := newRolesPlan(env)
	var runs []rolesRun
	for _, seed := range p.seeds {
		data, err := newRolesData(ctx, env, p, seed)
		if err != nil {
			return nil, fmt.Errorf("seed %d: %w", seed, err)
		}
		for _, variant := range p.variants {
			run := rolesRun{Seed: seed, Variant: variant}
			if err := run.onChain(ctx, env, p, p.members(variant, data)); err != nil {
				return nil, fmt.Errorf("seed %d, %s: %w", seed, variant, err)
			}
			runs = append(runs, run)
		}
	}
	return rolesResult(p, runs), nil
}
