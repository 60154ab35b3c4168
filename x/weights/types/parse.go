package types

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ParseRow reads a row as people type it: "uid=weight,uid=weight".
func ParseRow(text string) (uids, weights []uint32, err error) {
	for _, pair := range strings.Split(text, ",") {
		left, right, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return nil, nil, fmt.Errorf("%q is no uid=weight; a row looks like 0=65535,3=200", pair)
		}
		uid, err := strconv.ParseUint(left, 10, 16)
		if err != nil {
			return nil, nil, fmt.Errorf("uid %q is no whole number of 0..%d", left, U16Max)
		}
		weight, err := strconv.ParseUint(right, 10, 16)
		if err != nil {
			return nil, nil, fmt.Errorf("weight %q of uid %d is no whole number of 0..%d", right, uid, U16Max)
		}
		uids, weights = append(uids, uint32(uid)), append(weights, uint32(weight))
	}
	return uids, weights, nil
}

// ValidateRow checks what needs no state, so that nobody hides a row that can never
// be revealed: lengths, ranges, and that no uid comes twice.
func ValidateRow(uids, weights []uint32) error {
	if len(uids) != len(weights) {
		return ErrLengths.Wrapf("%d uids and %d weights", len(uids), len(weights))
	}
	if len(uids) > MaxUids {
		return ErrTooLong.Wrapf("%d entries, the bound is %d", len(uids), MaxUids)
	}
	for i, uid := range uids {
		if uid >= MaxUids {
			return ErrUnknownUID.Wrapf("uid %d, the range is 0..%d", uid, MaxUids-1)
		}
		if weights[i] > U16Max {
			return ErrInvalidWeight.Wrapf("%d toward uid %d, the range is 0..%d", weights[i], uid, U16Max)
		}
	}
	if uid, twice := Duplicate(uids); twice {
		return ErrDuplicate.Wrapf("uid %d", uid)
	}
	return nil
}

// Duplicate finds a uid that comes twice.
func Duplicate(uids []uint32) (uid uint32, twice bool) {
	sorted := slices.Clone(uids)
	slices.Sort(sorted)
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return sorted[i], true
		}
	}
	return 0, false
}
