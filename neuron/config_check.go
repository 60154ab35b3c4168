package neuron

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The values of data.kind.
const (
	KindText      = "text"
	KindJSONL     = "jsonl"
	KindIDX       = "idx"
	KindPNG       = "png"
	KindCSV       = "csv"
	KindNPY       = "npy"
	KindDomain    = "domain"
	KindGenerated = "generated"
)

const (
	// sampleBytes of every other domain are what a neuron has of them unless told
	// otherwise.
	sampleBytes = 20_000
	// maxWord is the longest text of a value in bytes.
	maxWord = 4096
)

// domainsOf lists the domains that a kind of data has by name.
func domainsOf(kind string) []string {
	switch kind {
	case KindDomain:
		return []string{"go", "assembly", "opticks", "docs"}
	case KindGenerated:
		return []string{"prose", "sums", "log", "programs", "markup", "letters"}
	}
	return nil
}

// settle gives defaults that depend on other values: the samples are the other domains
// of the same kind, none where there are no domains.
func (c *Config) settle() {
	if c.Origin("data.samples").Source != FromDefault {
		return
	}
	c.Data.Samples = nil
	for _, domain := range domainsOf(c.Data.Kind) {
		if domain != c.Data.Domain {
			c.Data.Samples = append(c.Data.Samples, Sample{Domain: domain, Bytes: sampleBytes})
		}
	}
}

// Path is where a path of the configuration leads: ~ is the user's home, and a relative
// one is below Home.
func (c *Config) Path(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("%s cannot be found: %w: set home to a folder's whole path", path, err)
		}
		return filepath.Join(home, rest), nil
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	if path == c.Home {
		return filepath.Abs(path)
	}
	home, err := c.Path(c.Home)
	if err != nil {
		return "", err
	}
	return filepath.Join(home, path), nil
}

// Validate lists all that is wrong with the values, each with its key, value, bound and
// a way out; nothing when they can be used. It opens no file and no connection.
func (c *Config) Validate() Problems {
	v := &checker{c: c}
	v.bounds(fields(), reflect.ValueOf(c).Elem(), "")
	for i, sample := range c.Data.Samples {
		prefix := fmt.Sprintf("data.samples[%d].", i)
		v.bounds(fieldsOf(reflect.TypeFor[Sample](), prefix, nil), reflect.ValueOf(sample), "data.samples")
		v.sample(i, sample)
	}
	for i, price := range c.Axon.Prices {
		prefix := fmt.Sprintf("axon.prices[%d].", i)
		v.bounds(fieldsOf(reflect.TypeFor[Price](), prefix, nil), reflect.ValueOf(price), "axon.prices")
	}
	v.identity()
	v.chain()
	v.model()
	v.data()
	v.network()
	v.axon()
	v.telemetry()
	return v.problems
}

// checker collects problems.
type checker struct {
	c        *Config
	problems Problems
}

// refuse adds a problem of a key, or of one item of its list.
func (v *checker) refuse(key, item string, value any, format string, args ...any) {
	text, origin := show(value), v.c.Origin(key)
	v.problems = append(v.problems, Problem{
		Key: key, Value: text, Origin: origin,
		Text: fmt.Sprintf("%s is %s (%s), %s", item, text, origin, fmt.Sprintf(format, args...)),
	})
}

// says is refuse for a key that is no list.
func (v *checker) says(key string, value any, format string, args ...any) {
	v.refuse(key, key, value, format, args...)
}

// bounds checks what the tags say. key is the list that fields belong to, empty for
// those of the configuration itself.
func (v *checker) bounds(fields []field, in reflect.Value, list string) {
	for _, f := range fields {
		if f.isSection || f.isRecords() {
			continue
		}
		key, value := list, in.FieldByIndex(f.index)
		if key == "" {
			key = f.key
		}
		for _, word := range words(value) {
			if problem := badWord(word); problem != "" {
				v.refuse(key, f.key, abridged(word), "%s", problem)
			}
		}
		if word := value; len(f.choices) > 0 && !slices.Contains(f.choices, word.String()) {
			v.refuse(key, f.key, abridged(word.String()), "must be %s: the nearest is %s", f.bound(), nearest(word.String(), f.choices))
		}
		if f.least != "" && !within(value, f.least, f.most) {
			v.refuse(key, f.key, value.Interface(), "must be %s: %s", f.bound(), v.wayOut(f, list))
		}
	}
}

// wayOut of a value outside its bounds.
func (v *checker) wayOut(f field, list string) string {
	if list != "" {
		return "give a value in that range, or remove the item"
	}
	return "give a value in that range, or remove it for the default, " + show(f.of(Default()).Interface())
}

// words are the texts of a value.
func words(value reflect.Value) []string {
	switch value.Kind() {
	case reflect.String:
		return []string{value.String()}
	case reflect.Slice:
		if list, ok := value.Interface().([]string); ok {
			return list
		}
	}
	return nil
}

func badWord(word string) string {
	switch {
	case !utf8.ValidString(word):
		return "must be UTF-8: write it in another encoding"
	case len(word) > maxWord:
		return fmt.Sprintf("of %d bytes, must be at most %d: shorten it", len(word), maxWord)
	case strings.ContainsFunc(word, unicode.IsControl):
		return "must have no line breaks or other control characters: remove them"
	}
	return ""
}

// within compares a number with bounds as they are written in tags.
func within(value reflect.Value, least, most string) bool {
	n := number(value)
	return n >= boundOf(value, least) && n <= boundOf(value, most) // false of NaN
}

func number(value reflect.Value) float64 {
	switch {
	case value.CanInt():
		return float64(value.Int())
	case value.CanUint():
		return float64(value.Uint())
	case value.CanFloat():
		return value.Float()
	}
	return math.NaN()
}

// boundOf reads a bound in the unit of the value. A test reads them all.
func boundOf(value reflect.Value, text string) float64 {
	switch value.Interface().(type) {
	case Duration:
		if d, err := ParseDuration(text); err == nil {
			return float64(d)
		}
	case Size:
		if s, err := ParseSize(text); err == nil {
			return float64(s)
		}
	default:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	}
	return math.NaN()
}

// hostPort says why an address is none, empty when it is one.
func hostPort(address string, withHost bool) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "must be host:port, an IPv6 address in brackets: write it as 203.0.113.7:9000"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "must end in a port, 1 to 65535: write it as " + net.JoinHostPort(host, "9000")
	}
	if host == "" && withHost {
		return "must name a host: write it as 203.0.113.7:" + port
	}
	if strings.ContainsAny(host, "/@ ") {
		return "must be host:port alone: leave out the scheme and the path"
	}
	return ""
}

// reach of a host: of this machine alone, of a private network, or of everybody.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

func isPublic(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host != "localhost"
	}
	ip = ip.Unmap()
	return !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsUnspecified() && !ip.IsLinkLocalUnicast() && !ip.IsMulticast()
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}

// isURL of an http server.
func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
