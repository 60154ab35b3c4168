package types

import (
	"fmt"
	"strings"
)

// Tao writes rao as people read and type it: 1500000000 is 1.5tao.
func Tao(rao uint64) string {
	const one = 1_000_000_000
	text := fmt.Sprintf("%d.%09d", rao/one, rao%one)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".") + "tao"
}
