package neuron

import (
	"fmt"
	"slices"
	"strings"
)

// identity checks name, home and the keys.
func (v *checker) identity() {
	c := v.c
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)
	}
	named := func(key, name string) {
		if len(name) < 1 || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) {
			v.says(key, abridged(name), "must be 1 to 64 letters, digits, dots and dashes: choose another")
		}
	}
	named("name", c.Name)
	if c.Home == "" {
		v.says("home", c.Home, "must be a folder: remove it for the default, %s", Default().Home)
	}
	if c.Chain.None {
		return
	}
	named("wallet.coldkey", c.Wallet.Coldkey)
	if c.Wallet.Hotkey == "" {
		v.says("wallet.hotkey", "", "must be a file: remove it for the default, %s, or set chain.none to train without keys", Default().Wallet.Hotkey)
	}
}

func (v *checker) chain() {
	c := v.c.Chain
	if c.None {
		return
	}
	if len(c.Nodes) == 0 {
		v.says("chain.nodes", c.Nodes, "must name at least one node: give its gRPC address, such as 127.0.0.1:9090, or set chain.none")
	}
	for i, node := range c.Nodes {
		item := fmt.Sprintf("chain.nodes[%d]", i)
		if problem := hostPort(node, true); problem != "" {
			v.refuse("chain.nodes", item, node, "%s", problem)
		} else if !c.AllowInsecure && !isLoopback(hostOf(node)) {
			v.refuse("chain.nodes", item, node, "must be on this machine, since nodes have no TLS: run a node here, tunnel to it, or set chain.allow_insecure")
		}
	}
	if len(c.ID) < 1 || len(c.ID) > 50 {
		v.says("chain.id", abridged(c.ID), "must be 1 to 50 characters: take the chain_id of the chain's genesis, tao-local on a local network")
	}
}

// modelData lists the kinds of data that a kind of model can learn.
func modelData(architecture string) []string {
	text := []string{KindText, KindJSONL, KindDomain, KindGenerated}
	switch architecture {
	case "bytelm-mlp", "bytelm-transformer", "openai":
		return text
	case "image-mlp", "image-conv":
		return []string{KindIDX, KindPNG}
	case "table-mlp":
		return []string{KindCSV, KindNPY}
	}
	return append(text, KindIDX, KindPNG, KindCSV, KindNPY)
}

func (v *checker) model() {
	m, kind := v.c.Model, v.c.Data.Kind
	if kinds := modelData(m.Architecture); !slices.Contains(kinds, kind) && known(v, "data.kind", kind) {
		v.says("data.kind", kind, "must be one of %s for the model %s: choose one of them, or another model.architecture", strings.Join(kinds, ", "), m.Architecture)
	}
	switch m.Architecture {
	case "remote":
		path, isSocket := strings.CutPrefix(m.Address, "unix:")
		if isSocket && path != "" {
			return
		}
		if problem := hostPort(m.Address, true); problem != "" {
			v.says("model.address", m.Address, "%s, or unix:/path/of/a/socket", problem)
		}
	case "openai":
		if !isURL(m.Address) {
			v.says("model.address", m.Address, "must be a URL for the model openai: write it as http://127.0.0.1:8080/v1")
		}
		if m.Name == "" {
			v.says("model.name", m.Name, "must name a model for openai: take one that the server lists at /v1/models")
		}
	}
}

// known says that a key has one of its choices; if not, that is the problem of it.
func known(v *checker, key, value string) bool {
	return !slices.ContainsFunc(v.problems, func(p Problem) bool { return p.Key == key && p.Value == show(value) })
}

func (v *checker) data() {
	d := v.c.Data
	switch domains := domainsOf(d.Kind); {
	case domains != nil && !slices.Contains(domains, d.Domain):
		v.says("data.domain", d.Domain, "must be one of %s for data.kind %s: the nearest is %s", strings.Join(domains, ", "), d.Kind, nearest(d.Domain, domains))
	case domains == nil && known(v, "data.kind", d.Kind):
		v.paths()
	}
	if d.Kind == KindJSONL && d.Field == "" {
		v.says("data.field", d.Field, "must name the field of each object that holds the text: set it to text, for example")
	}
	if d.Kind == KindCSV && d.Target == "" {
		v.says("data.target", d.Target, "must name the column that is to be predicted: take one of the file's header")
	}
	if d.Shard >= d.Of && d.Of > 0 {
		v.says("data.shard", d.Shard, "must be below data.of, %d: parts are counted from 0", d.Of)
	}
	if len(d.Samples) > 0 && !slices.Contains(modelData("bytelm-mlp"), d.Kind) && known(v, "data.kind", d.Kind) {
		v.says("data.samples", d.Samples, "must be empty for data.kind %s: samples are texts", d.Kind)
	}
}

// paths checks how many files a kind of data has.
func (v *checker) paths() {
	d := v.c.Data
	need := map[string]string{KindIDX: "two, images and labels", KindNPY: "two, inputs and targets", KindCSV: "one file", KindPNG: "one folder"}[d.Kind]
	wanted := 1
	if d.Kind == KindIDX || d.Kind == KindNPY {
		wanted = 2
	}
	switch {
	case need != "" && len(d.Paths) != wanted:
		v.says("data.paths", d.Paths, "must be %s for data.kind %s: list the paths, or choose another kind", need, d.Kind)
	case len(d.Paths) == 0:
		v.says("data.paths", d.Paths, "must name at least one file, folder or glob: write it as [texts/**/*.txt]")
	case slices.Contains(d.Paths, ""):
		v.says("data.paths", d.Paths, "must have no empty path: remove it")
	}
}

// sample checks one sample of another domain.
func (v *checker) sample(i int, s Sample) {
	item := fmt.Sprintf("data.samples[%d]", i)
	refuse := func(value any, format string, args ...any) { v.refuse("data.samples", item, value, format, args...) }
	named := domainsOf(KindDomain)
	if v.c.Data.Kind == KindGenerated {
		named = domainsOf(KindGenerated)
	}
	switch {
	case (s.Domain == "") == (len(s.Paths) == 0):
		refuse(s, "must have either a domain or paths: write it as {domain: opticks, bytes: 20KB} or {paths: [texts/**], bytes: 20KB}")
	case slices.Contains(s.Paths, ""):
		refuse(s, "must have no empty path: remove it")
	case s.Domain != "" && !slices.Contains(named, s.Domain):
		refuse(s, "must be of one of %s: the nearest is %s", strings.Join(named, ", "), nearest(s.Domain, named))
	case s.Domain != "" && s.Domain == v.c.Data.Domain && domainsOf(v.c.Data.Kind) != nil:
		refuse(s, "must be of another domain than data.domain: remove it")
	}
}

func (v *checker) network() {
	n := v.c.Network
	if n.Peers+n.Explore > n.Concurrency && n.Peers <= 64 && n.Explore <= 64 && n.Concurrency > 0 {
		v.says("network.concurrency", n.Concurrency, "must be at least network.peers + network.explore, %d: raise it, or ask fewer", n.Peers+n.Explore)
	}
}

func (v *checker) axon() {
	a := v.c.Axon
	if a.Listen != "" {
		if problem := hostPort(a.Listen, false); problem != "" {
			v.says("axon.listen", a.Listen, "%s; empty serves nobody", problem)
		}
	}
	if a.Advertise != "" {
		v.advertise(a)
	}
	units := map[string]bool{}
	for i, price := range a.Prices {
		if units[price.Unit] {
			v.refuse("axon.prices", fmt.Sprintf("axon.prices[%d]", i), price, "must be the only price of its unit: keep one of them")
		}
		units[price.Unit] = true
	}
}

func (v *checker) advertise(a Axon) {
	const key = "axon.advertise"
	switch problem := hostPort(a.Advertise, true); {
	case problem != "":
		v.says(key, a.Advertise, "%s; empty writes no address", problem)
	case a.Listen == "":
		v.says(key, a.Advertise, "must be empty while axon.listen is: nobody would answer there")
	case !v.c.Network.AllowPrivate && !isPublic(hostOf(a.Advertise)):
		v.says(key, a.Advertise, "must be a public address, since others refuse private ones: give the one that they see, or set network.allow_private on a local network")
	}
}

func (v *checker) telemetry() {
	t := v.c.Telemetry
	if t.Listen != "" {
		problem := hostPort(t.Listen, false)
		switch {
		case problem != "":
			v.says("telemetry.listen", t.Listen, "%s; empty switches it off", problem)
		case t.Listen == v.c.Axon.Listen:
			v.says("telemetry.listen", t.Listen, "must be another address than axon.listen: change the port of one")
		case t.Pprof && !isLoopback(hostOf(t.Listen)):
			v.says("telemetry.pprof", t.Pprof, "must be false while telemetry.listen, %s, is not of this machine alone, since profiles show memory: listen at 127.0.0.1", t.Listen)
		}
	}
	if t.Traces != "" && !isURL(t.Traces) {
		v.says("telemetry.traces", t.Traces, "must be a URL: write it as http://127.0.0.1:4318; empty sends none")
	}
}
