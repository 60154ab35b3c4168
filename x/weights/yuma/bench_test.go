//go:build linux

package yuma

import (
	"fmt"
	"math/rand"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// anchorMs is what the anchor's own Rust needs for one epoch natively, median
// CPU milliseconds of one thread measured on a machine like the
// one that the results name, on another day.
var anchorMs = map[string]float64{
	"256/a/yuma2": 1.29, "256/a/yuma3": 0.98, "256/a/liquid": 15.6,
	"1024/a/yuma2": 5.06, "1024/a/yuma3": 4.10, "1024/a/liquid": 236,
	"1024/b/yuma2": 9.02, "1024/b/yuma3": 7.87, "1024/b/liquid": 244,
	"4096/a/yuma2": 23.9, "4096/a/yuma3": 20.6, "4096/a/liquid": 3912,
	"4096/b/yuma2": 58.8, "4096/b/yuma3": 55.7, "4096/b/liquid": 3982,
}

const (
	rowLength = 64  // weights of a row in case b, and rows in case a
	warmUp    = 200 // epochs until the bonds rest
)

// BenchmarkEpoch measures one epoch from packed rows to packed bonds. In case a
// 64 validators weigh all n uids, in case b all n weigh 64 random others. With
// "fixed" the rows stay and the bonds have come to rest. With "redrawn" a tenth of
// the entries moves before each epoch; it is for information. With "worst" the
// bonds lie on the weights' own columns, where liquid alpha needs an exponential
// for almost every one, and are put back before each epoch.
func BenchmarkEpoch(b *testing.B) {
	for _, n := range []int{256, 1024, 4096} {
		for _, shape := range []string{"a", "b"} {
			for _, variant := range []string{"yuma2", "yuma3", "liquid"} {
				name := fmt.Sprintf("%d/%s/%s", n, shape, variant)
				for _, mode := range []string{"fixed", "redrawn", "worst"} {
					if mode == "worst" && variant != "liquid" {
						continue
					}
					b.Run(name+"/"+mode, func(b *testing.B) { benchEpoch(b, name, newArena(n, shape, variant), mode) })
				}
			}
		}
	}
}

// arena is a subnet that runs epoch after epoch.
type arena struct {
	in     Input
	out    Output
	engine Engine
	bonds  []uint32
	random *rand.Rand
}

func newArena(n int, shape, variant string) *arena {
	a := &arena{random: rand.New(rand.NewSource(int64(n)))}
	in := defaultInput()
	in.Yuma3, in.LiquidAlpha = variant != "yuma2", variant == "liquid"
	in.BondsMovingAverage, in.MaxValidators = 975_000, n
	in.Height = 1_000
	rows, length := n, rowLength
	if shape == "a" {
		rows, length = rowLength, n
	} else {
		in.Kappa = uint16(u16max * rowLength / (2 * n))
	}
	for i := range n {
		stake, row := uint64(0), Row(nil)
		if i < rows {
			stake, row = uint64(1_000_000_000+a.random.Int63n(1_000_000_000)), a.row(n, length)
		}
		in.Stake, in.Weights = append(in.Stake, stake), append(in.Weights, row)
		in.LastUpdate, in.RegisteredAt = append(in.LastUpdate, 900), append(in.RegisteredAt, 1)
		in.Permit = append(in.Permit, i < rows)
	}
	in.Bonds = make([]Row, n)
	a.in = *in
	return a
}

// row draws length different uids, or all of them, with weights above 0.
func (a *arena) row(n, length int) Row {
	row := make(Row, 0, length)
	for _, uid := range a.random.Perm(n)[:length] {
		row = append(row, Pack(uint16(uid), uint16(1+a.random.Intn(u16max))))
	}
	slices.Sort(row)
	return row
}

// redraw moves a tenth of the entries to another uid, where it is free, and gives
// them another weight.
func (a *arena) redraw() {
	n := len(a.in.Stake)
	for _, row := range a.in.Weights {
		for range len(row) / 10 {
			k, uid := a.random.Intn(len(row)), uint32(a.random.Intn(n))
			if !slices.ContainsFunc(row, func(e uint32) bool { return e>>16 == uid }) {
				row[k] = uid<<16 | row[k]&0xffff
			}
			row[k] = row[k]&^0xffff | uint32(1+a.random.Intn(u16max))
		}
		slices.Sort(row)
	}
}

// epoch computes an epoch and says how long it took.
func (a *arena) epoch(tb testing.TB) time.Duration {
	start := threadTime(tb)
	if err := a.engine.Epoch(&a.in, &a.out); err != nil {
		tb.Fatal(err)
	}
	return threadTime(tb) - start
}

// advance hands the bonds and permits to the next epoch. Once the memory is there
// it allocates nothing.
func (a *arena) advance() {
	a.bonds = a.bonds[:0]
	for _, row := range a.out.Bonds {
		a.bonds = append(a.bonds, row...)
	}
	at := 0
	for i, row := range a.out.Bonds {
		a.in.Bonds[i] = a.bonds[at : at+len(row)]
		at += len(row)
	}
	copy(a.in.Permit, a.out.Permit)
	a.in.LastEpoch = a.in.Height
	a.in.Height++
	for i := range a.in.LastUpdate {
		a.in.LastUpdate[i] = a.in.LastEpoch
	}
}

// bondAll gives every weight a random bond.
func (a *arena) bondAll() {
	for i, row := range a.in.Weights {
		a.in.Bonds[i] = slices.Clone(row)
		for k := range row {
			a.in.Bonds[i][k] = row[k]&^0xffff | uint32(1+a.random.Intn(u16max))
		}
	}
	a.in.LastEpoch = a.in.Height - 1
}

func benchEpoch(b *testing.B, name string, a *arena, mode string) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	prepare := func() {}
	switch mode {
	case "fixed":
		prepare = a.advance
	case "redrawn":
		prepare = func() { a.redraw(); a.advance() }
	case "worst":
		a.bondAll()
	}
	for k := range warmUp {
		a.epoch(b)
		prepare()
		if mode != "fixed" && k >= 20 {
			break
		}
	}
	times := make([]time.Duration, 0, 1<<20)
	b.ReportAllocs()
	for b.Loop() {
		times = append(times, a.epoch(b))
		b.StopTimer()
		prepare()
		b.StartTimer()
	}
	slices.Sort(times)
	ms := float64(times[len(times)/2]) / 1e6
	b.ReportMetric(ms, "cpu-ms")
	b.ReportMetric(float64(times[0])/1e6, "least-cpu-ms")
	if anchor, ok := anchorMs[name]; ok && mode != "redrawn" {
		b.ReportMetric(anchor, "anchor-ms")
		b.ReportMetric(anchor/ms, "x-anchor")
	}
}

// threadTime is the CPU time of the calling thread.
func threadTime(tb testing.TB) time.Duration {
	const clock = 3 // CLOCK_THREAD_CPUTIME_ID
	var now syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&now)), 0); errno != 0 {
		tb.Fatal(errno)
	}
	return time.Duration(now.Nano())
}

// TestNoAllocationInTheSteadyState runs epoch after epoch of one subnet.
func TestNoAllocationInTheSteadyState(t *testing.T) {
	for _, variant := range []string{"yuma2", "yuma3", "liquid"} {
		a := newArena(256, "b", variant)
		for range 3 {
			a.epoch(t)
			a.advance()
		}
		require.Zero(t, testing.AllocsPerRun(10, func() { a.epoch(t); a.advance() }), variant)
	}
}
