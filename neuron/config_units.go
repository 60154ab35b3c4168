package neuron

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Duration is a time span that is written with its unit: 30s, 1m30s, 2ms.
type Duration time.Duration

// ParseDuration reads a time span with its unit; 0 needs none.
func ParseDuration(text string) (Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time span: write a number with its unit, such as 30s, 5m or 250ms", text)
	}
	return Duration(d), nil
}

// String is d as it is read: 30s, 1m30s.
func (d Duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalYAML writes d as String does.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

// UnmarshalYAML reads what ParseDuration does.
func (d *Duration) UnmarshalYAML(node *yaml.Node) (err error) {
	*d, err = ParseDuration(node.Value)
	return err
}

// Size is a number of bytes that is written with its unit: 300KB is 300,000 bytes,
// 1MiB 1,048,576, 512 or 512B that many.
type Size int64

// unit is a factor of a size and its name.
type unit struct {
	name  string
	bytes int64
}

// sizeUnits, the longer names before those they end in.
func sizeUnits() []unit {
	return []unit{
		{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
	}
}

// ParseSize reads a number of bytes with or without a unit: B, KB, MB, GB (thousands)
// or KiB, MiB, GiB (1024s). A fraction is allowed when whole bytes come of it.
func ParseSize(text string) (Size, error) {
	number, factor := strings.TrimSpace(text), int64(1)
	for _, u := range sizeUnits() {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, factor = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := bytesOf(number, factor)
	if err != nil {
		return 0, fmt.Errorf("%q is no number of bytes: write it as 300KB, 20MiB or 512", text)
	}
	return n, nil
}

// bytesOf multiplies a decimal number with a factor, exactly.
func bytesOf(number string, factor int64) (Size, error) {
	whole, fraction, _ := strings.Cut(number, ".")
	n, err := strconv.ParseUint(whole, 10, 63)
	if err != nil || n > uint64(math.MaxInt64/factor) {
		return 0, errors.New("not whole")
	}
	total := int64(n) * factor
	if strings.Contains(number, ".") {
		f, err := strconv.ParseUint(fraction, 10, 63)
		if err != nil || len(fraction) > 9 {
			return 0, errors.New("no fraction")
		}
		scale := int64(math.Pow10(len(fraction)))
		if part := int64(f); part > math.MaxInt64/factor || part*factor%scale != 0 {
			return 0, errors.New("a fraction of a byte")
		} else if total += part * factor / scale; total < 0 {
			return 0, errors.New("too much")
		}
	}
	return Size(total), nil
}

// String is s as it is read, in the largest unit of which it is a whole number.
func (s Size) String() string {
	best := unit{"", 1}
	for _, u := range sizeUnits() {
		if s != 0 && int64(s)%u.bytes == 0 && u.bytes > best.bytes {
			best = u
		}
	}
	return strconv.FormatInt(int64(s)/best.bytes, 10) + best.name
}

// MarshalYAML writes s as String does.
func (s Size) MarshalYAML() (any, error) { return s.String(), nil }

// UnmarshalYAML reads what ParseSize does.
func (s *Size) UnmarshalYAML(node *yaml.Node) (err error) {
	*s, err = ParseSize(node.Value)
	return err
}
