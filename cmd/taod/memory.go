package main

import (
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/spf13/cast"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"

	"github.com/taonet/taonet/app"
)

const (
	// leastGrowth is the garbage, in percent of what is in use, that a heap above its
	// target may hold: a node with more state grows instead of collecting all day.
	leastGrowth = 60
	// mostGrowth bounds it for a heap that is still small.
	mostGrowth = 1000
)

var keepHeap sync.Once

// setHeapTarget lets the heap of this process grow to the node's heap target before
// garbage is collected. It collects less often than Go's fixed percentage while
// little is in use and, near the target, more often: memory has a bound that does
// not depend on the load. GOGC or GOMEMLIMIT in the environment is left alone only
// when the target is 0.
func setHeapTarget(opts servertypes.AppOptions) error {
	mebibytes, err := cast.ToUint64E(opts.Get(app.OptionHeapTarget))
	if err != nil || mebibytes > 1<<20 {
		return fmt.Errorf("%s = %v: it is a number of MiB, 0 to %d", app.OptionHeapTarget, opts.Get(app.OptionHeapTarget), 1<<20)
	}
	if mebibytes > 0 {
		keepHeap.Do(func() { go followHeap(mebibytes << 20) })
	}
	return nil
}

// followHeap sets the collector's percentage by what the last collection left.
func followHeap(target uint64) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	set := 0
	for ; ; time.Sleep(time.Second) {
		metrics.Read(live)
		next := growth(target, live[0].Value.Uint64())
		if next*10 < set*9 || next*9 > set*10 {
			debug.SetGCPercent(next)
			set = next
		}
	}
}

// growth is the percentage by which a heap with so many bytes in use reaches target.
func growth(target, live uint64) int {
	if live == 0 {
		return mostGrowth
	}
	percent := int(min(target*100/live, mostGrowth+100)) - 100
	return max(percent, leastGrowth)
}
