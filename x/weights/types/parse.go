package types

import (
	"fmt"
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
