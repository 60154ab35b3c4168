package setup

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/taonet/taonet/neuron"
)

// Answers to the four questions; an empty one leaves the default.
type Answers struct {
	// Name of the neuron.
	Name string
	// Data is a domain's name (go, prose) or paths with commas between them.
	Data string
	// Nodes are host:port of the chain's gRPC, with commas between them.
	Nodes string
	// Public is the host or host:port that others reach the neuron at; empty for a neuron
	// that answers nobody.
	Public string
}

// axonPort is added to a public address without one.
const axonPort = "9000"

// Settings are what the answers come to as keys of the configuration. Relative paths
// are meant from the working folder. It fails when data is neither a domain nor there.
func (a Answers) Settings() ([]neuron.Setting, error) {
	var list []neuron.Setting
	set := func(flag, key, text string) {
		list = append(list, neuron.Setting{Key: key, Text: text, Flag: flag})
	}
	if a.Name != "" {
		set("--name", "name", a.Name)
	}
	if a.Nodes != "" {
		set("--node", "chain.nodes", a.Nodes)
	}
	if a.Data != "" {
		of, err := dataSettings(a.Data)
		if err != nil {
			return nil, err
		}
		list = append(list, of...)
	}
	return append(list, publicSettings(a.Public)...), nil
}

// publicSettings say where the neuron listens and what it advertises.
func publicSettings(public string) []neuron.Setting {
	at := func(key, text string) neuron.Setting {
		return neuron.Setting{Key: key, Text: text, Flag: "--public"}
	}
	if public == "" {
		return []neuron.Setting{at("axon.listen", ""), at("axon.advertise", "")}
	}
	host, port, err := net.SplitHostPort(public)
	if err != nil {
		host, port = strings.Trim(public, "[]"), axonPort
	}
	listen := "0.0.0.0"
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		listen = host
	}
	list := []neuron.Setting{at("axon.listen", net.JoinHostPort(listen, port)), at("axon.advertise", net.JoinHostPort(host, port))}
	private := append(list, at("network.allow_private", "true"))
	if refuses(list, "axon.advertise") && !refuses(private, "axon.advertise") {
		return private // a network on one machine or one site
	}
	return list
}

// refuses says whether settings make a problem of a key.
func refuses(settings []neuron.Setting, key string) bool {
	_, err := neuron.Load(neuron.Sources{Flags: settings})
	var problems neuron.Problems
	if !errors.As(err, &problems) {
		return false
	}
	for _, p := range problems {
		if p.Key == key {
			return true
		}
	}
	return false
}

// dataSettings say what the data is.
func dataSettings(text string) ([]neuron.Setting, error) {
	at := func(key, text string) neuron.Setting {
		return neuron.Setting{Key: key, Text: text, Flag: "--data"}
	}
	for _, kind := range []string{neuron.KindDomain, neuron.KindGenerated} {
		list := []neuron.Setting{at("data.kind", kind), at("data.domain", text)}
		if !refuses(list, "data.domain") {
			return list, nil
		}
	}
	var paths []string
	for path := range strings.SplitSeq(text, ",") {
		path, err := filepath.Abs(strings.TrimSpace(path))
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); err != nil && !strings.ContainsAny(path, "*?[") {
			return nil, fmt.Errorf("--data %q is neither a domain (go, assembly, opticks, docs; prose, sums, log, programs, markup, letters) nor a file, folder or glob: %w", text, err)
		}
		paths = append(paths, path)
	}
	kind, architecture := kindOf(paths[0])
	list := []neuron.Setting{at("data.kind", kind), at("data.paths", strings.Join(paths, ","))}
	if architecture != "" {
		list = append(list, at("model.architecture", architecture))
	}
	if kind == neuron.KindJSONL {
		list = append(list, at("data.field", "text"))
	}
	return list, nil
}

// kindOf guesses from a path what it holds, and the model for it; no model is the
// default, one of bytes.
func kindOf(path string) (kind, architecture string) {
	name := strings.ToLower(filepath.Base(path))
	switch ext := filepath.Ext(strings.TrimSuffix(name, ".gz")); {
	case ext == ".jsonl" || ext == ".ndjson":
		return neuron.KindJSONL, ""
	case ext == ".csv":
		return neuron.KindCSV, "table-mlp"
	case ext == ".npy":
		return neuron.KindNPY, "table-mlp"
	case strings.Contains(name, "idx") && strings.Contains(name, "ubyte"):
		return neuron.KindIDX, "image-conv"
	}
	if pictures, err := filepath.Glob(filepath.Join(path, "*", "*.png")); err == nil && len(pictures) > 0 {
		return neuron.KindPNG, "image-conv"
	}
	return neuron.KindText, ""
}
