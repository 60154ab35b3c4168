// Package neuron is the sidecar: a peer that holds a model, a dataset and a loss, serves
// its model to other neurons, asks theirs, learns from the mixture of all answers, and
// scores what each was worth. This is where its parts are put together; config.go is
// everything that can be set about them.
package neuron

import (
	"time"

	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/score"
)

// Config is everything that can be set about a neuron: one strict YAML, and for every
// key a variable and a flag that stand against it. Tags say what a key is (about), what
// it may be (min and max, both included, or choices), and what to do when it is not
// (hint): the commented file, the checks and the errors all come from them.
type Config struct {
	Name      string    `yaml:"name" about:"How this neuron is called in logs and on its page: 1 to 64 letters, digits, dots, dashes."`
	Home      string    `yaml:"home" about:"The folder of its keys, checkpoints and books. Relative paths below are meant from here."`
	Chain     Chain     `yaml:"chain" about:"The chain that knows every neuron and pays them."`
	Wallet    Wallet    `yaml:"wallet" about:"Two keys: the coldkey owns what is earned and stays locked away while the neuron runs; the hotkey signs its answers and its rows."`
	Model     Model     `yaml:"model" about:"What it answers with."`
	Data      Data      `yaml:"data" about:"What it learns from."`
	Train     Train     `yaml:"train" about:"How it learns."`
	Network   Network   `yaml:"network" about:"How it asks other neurons, and what it makes of their answers."`
	Axon      Axon      `yaml:"axon" about:"How other neurons ask it."`
	Score     Score     `yaml:"score" about:"How it measures what every other neuron was worth to it."`
	Telemetry Telemetry `yaml:"telemetry" about:"What it tells whoever looks after it."`

	origins map[string]Origin
}

// Chain is the section chain.
type Chain struct {
	Nodes         []string `yaml:"nodes" about:"Nodes of the chain, the host:port of their gRPC; the first that answers is used."`
	ID            string   `yaml:"id" about:"The chain's id; every signature names it, so a node of another chain is refused."`
	Subnet        uint64   `yaml:"subnet" min:"1" max:"4294967295" about:"The subnet in which it is a neuron."`
	None          bool     `yaml:"none" about:"Train with no chain at all: no peers, no pay, no keys."`
	AllowInsecure bool     `yaml:"allow_insecure" about:"Talk without TLS to nodes that are not on this machine."`
}

// Wallet is the section wallet.
type Wallet struct {
	Coldkey        string `yaml:"coldkey" about:"Name of the coldkey in the keyring."`
	KeyringBackend string `yaml:"keyring_backend" choices:"os file pass kwallet test" about:"Where the keyring keeps keys; test keeps them without a password."`
	KeyringDir     string `yaml:"keyring_dir" about:"The keyring's folder; empty for home."`
	Hotkey         string `yaml:"hotkey" about:"The file of the hotkey."`
}

// Model is the section model.
type Model struct {
	Architecture string `yaml:"architecture" choices:"bytelm-mlp bytelm-transformer image-mlp image-conv table-mlp remote openai" about:"A built-in model (bytelm-* for text, image-*, table-*); remote: a process that speaks tao.model.v1; openai: a server with OpenAI's interface, whose bearer token is taken from NEURON_OPENAI_KEY."`
	Seed         uint64 `yaml:"seed" about:"Where a built-in model begins; two neurons with one seed begin alike."`
	Address      string `yaml:"address" about:"Of remote its host:port or unix:path, of openai its URL, such as http://127.0.0.1:8080/v1."`
	Name         string `yaml:"name" about:"Which model the openai server is asked for."`
	AllowAnyHost bool   `yaml:"allow_any_host" about:"Use a model on another machine. What peers ask is sent there, unprotected unless the address begins with https."`
}

// Data is the section data.
type Data struct {
	Kind       string   `yaml:"kind" choices:"text jsonl idx png csv npy domain generated" about:"What it is: text files, jsonl, images as idx or as png in a folder per class, tables as csv or npy, a domain of the text that comes with Go, or a generated language."`
	Paths      []string `yaml:"paths" about:"Files, folders and globs (** for any folders). Of idx and npy exactly two: images and labels, inputs and targets."`
	Field      string   `yaml:"field" about:"The field of a jsonl object that holds the text."`
	Target     string   `yaml:"target" about:"The column of a csv that is to be predicted."`
	Regression bool     `yaml:"regression" about:"The target of a csv or npy is a number to predict, not a class; such a neuron learns alone."`
	Domain     string   `yaml:"domain" about:"Of domain: go, assembly, opticks, docs. Of generated: prose, sums, log, programs, markup, letters."`
	Shard      int      `yaml:"shard" min:"0" max:"65535" about:"Which part of the data this neuron takes, counted from 0."`
	Of         int      `yaml:"of" min:"1" max:"65536" about:"Into how many parts the data is cut."`
	Bytes      Size     `yaml:"bytes" min:"0" max:"1GiB" about:"How much of its part it takes, images and rows counted by number; 0 takes all."`
	Samples    []Sample `yaml:"samples" about:"A little of other domains: half of what peers are scored on, so that a specialist's worth shows. Each names a domain or paths, and bytes."`
}

// Sample is a little text of another domain.
type Sample struct {
	Domain string   `yaml:"domain" about:"A domain that comes with Go, or where data.kind is generated one of those; or"`
	Paths  []string `yaml:"paths" about:"files, folders and globs."`
	Bytes  Size     `yaml:"bytes" min:"512" max:"1GiB" about:"How much of it."`
}

// Train is the section train.
type Train struct {
	Steps              uint64   `yaml:"steps" min:"0" max:"1000000000000" about:"Steps of training; 0 goes on for ever."`
	Batch              int      `yaml:"batch" min:"1" max:"4096" about:"Sequences of a step; of images and tables, examples."`
	Length             int      `yaml:"length" min:"2" max:"511" about:"Bytes of a sequence."`
	Rate               float64  `yaml:"rate" min:"0.0000001" max:"1" about:"Learning rate of AdamW."`
	Warmup             uint64   `yaml:"warmup" min:"0" max:"1000000" about:"Steps in which the rate rises from 0."`
	WeightDecay        float64  `yaml:"weight_decay" min:"0" max:"10" about:"Decay of the weights."`
	Dropout            float64  `yaml:"dropout" min:"0" max:"0.9" about:"Share of activations left out while training."`
	Own                float64  `yaml:"own" min:"0.05" max:"1" about:"Share of a batch that comes from its own domain, the rest from the samples; 0.4 to 0.55 trains well."`
	Seed               uint64   `yaml:"seed" about:"Where chance begins: the order of the data, dropout."`
	EvaluateEvery      uint64   `yaml:"evaluate_every" min:"1" max:"1000000000" about:"Steps between measurements on the validation part."`
	CheckpointEvery    uint64   `yaml:"checkpoint_every" min:"1" max:"1000000000" about:"Most steps between checkpoints."`
	CheckpointInterval Duration `yaml:"checkpoint_interval" min:"1s" max:"24h" about:"Most time between checkpoints."`
	Patience           int      `yaml:"patience" min:"0" max:"1000000" about:"Measurements without progress after which it stops learning and only answers; 0 never stops."`
}

// Network is the section network.
type Network struct {
	Peers        int      `yaml:"peers" min:"0" max:"64" about:"The best peers that are asked in every step; 0 asks nobody."`
	Explore      int      `yaml:"explore" min:"0" max:"64" about:"Peers asked besides, those that have waited longest."`
	Start        float64  `yaml:"start" min:"0" max:"1" about:"When it begins to learn from others, as a share of its steps: it first has to know something itself. Answers and scores do not wait for it."`
	Beta         float64  `yaml:"beta" min:"0" max:"10" about:"How much it learns from the mixture beside its own data: beta KL(mixture || own)."`
	Mix          string   `yaml:"mix" choices:"evidence general logistic" about:"How answers become one: by the evidence of the sequence so far, by that and a learned gate, or by logistic mixing."`
	Share        float64  `yaml:"share" min:"0" max:"0.5" about:"Weight that evidence hands back to the prior at every byte."`
	SelfPrior    float64  `yaml:"self_prior" min:"0.01" max:"0.99" about:"Prior of its own answer; the peers have the rest in equal parts."`
	Encoding     string   `yaml:"encoding" choices:"f32 f16 bf16 int8" about:"How numbers travel."`
	Deadline     Duration `yaml:"deadline" min:"10ms" max:"5m" about:"The longest wait for one answer; a peer's own latencies usually cut it shorter."`
	Concurrency  int      `yaml:"concurrency" min:"1" max:"1024" about:"Calls under way at the same time."`
	AllowPrivate bool     `yaml:"allow_private" about:"Connect to loopback and private addresses too: for networks on one machine or one site."`
	Backward     bool     `yaml:"backward" about:"Send gradients to peers that take them."`
}

// Axon is the section axon.
type Axon struct {
	Listen        string   `yaml:"listen" about:"Where it listens, host:port; empty serves nobody."`
	Advertise     string   `yaml:"advertise" about:"The host:port that others reach it at, written on chain; empty writes none."`
	MaxQueue      int      `yaml:"max_queue" min:"1" max:"65536" about:"Requests that wait; one more is told when to come back."`
	Batch         int      `yaml:"batch" min:"1" max:"1048576" about:"Rows that run through the model together."`
	BatchDelay    Duration `yaml:"batch_delay" min:"0s" max:"1s" about:"How long a row waits for others to run with it."`
	RowsPerSecond int      `yaml:"rows_per_second" min:"1" max:"100000000" about:"Rows that one caller gets in the long run."`
	Connections   int      `yaml:"connections" min:"1" max:"65536" about:"Connections at the same time."`
	Open          bool     `yaml:"open" about:"Serve callers that are neither registered nor paying."`
	Backward      bool     `yaml:"backward" about:"Learn from gradients of callers with stake or payment, their norm clipped."`
	Prices        []Price  `yaml:"prices" about:"What an answer costs; none gives it for nothing. Each has a unit (request, kilobyte, kilotoken) and an amount in rao."`
}

// Price is what one unit of an answer costs.
type Price struct {
	Unit   string `yaml:"unit" choices:"request kilobyte kilotoken" about:"What is counted."`
	Amount uint64 `yaml:"amount" min:"1" max:"21000000000000000" about:"Rao for each; 1 tao is 1000000000."`
}

// Score is the section score.
type Score struct {
	Sequences int      `yaml:"sequences" min:"2" max:"256" about:"Sequences walked side by side in a round; of images and tables, eight times as many examples."`
	Positions int      `yaml:"positions" min:"1" max:"511" about:"Bytes of each that are predicted in a round."`
	Every     Duration `yaml:"every" min:"1s" max:"24h" about:"Time between rounds."`
	Probes    int      `yaml:"probes" min:"0" max:"4096" about:"Private inputs by which copies are found; 0 does not look for them."`
	Canaries  bool     `yaml:"canaries" about:"Send a suspect a fresh sample and ask others whether they have seen it."`
	EMA       float64  `yaml:"ema" min:"0" max:"0.999" about:"What stays of a score from round to round."`
}

// Telemetry is the section telemetry.
type Telemetry struct {
	Listen string `yaml:"listen" about:"Where /metrics and /healthz are served, host:port; empty serves neither."`
	Pprof  bool   `yaml:"pprof" about:"Serve profiles at /debug/pprof too."`
	Log    string `yaml:"log" choices:"text json" about:"The form of the log."`
	Level  string `yaml:"level" choices:"debug info warn error" about:"The least that is logged."`
	Traces string `yaml:"traces" about:"Where traces go, the URL of an OTLP collector such as http://127.0.0.1:4318; empty for nowhere."`
}

// Default is what holds where nothing else is said: a small language model that learns
// Go's own source and stands on one machine with a local network's node.
func Default() *Config {
	c := &Config{
		Name: "neuron",
		Home: "~/.neuron",
		Chain: Chain{
			Nodes: []string{"127.0.0.1:9090"}, ID: "tao-local", Subnet: 1,
		},
		Wallet: Wallet{Coldkey: "coldkey", KeyringBackend: "file", Hotkey: "hotkey.json"},
		Model:  Model{Architecture: "bytelm-mlp", Seed: 1},
		Data:   Data{Kind: KindDomain, Domain: "go", Of: 1},
		Train: Train{
			Batch: 16, Length: 64, Rate: 0.003, Warmup: 100, WeightDecay: 0.5, Dropout: 0.2, Own: 0.5, Seed: 1,
			EvaluateEvery: 200, CheckpointEvery: 200, CheckpointInterval: Duration(30 * time.Second), Patience: 20,
		},
		Network: Network{
			Peers: 4, Explore: 1, Start: 0.6, Beta: 1, Mix: "evidence", Share: moe.DefaultShare, SelfPrior: moe.SelfPrior,
			Encoding: "f16", Deadline: Duration(2 * time.Second), Concurrency: 16,
		},
		Axon: Axon{
			Listen: "0.0.0.0:9000", MaxQueue: 256, Batch: 1024, BatchDelay: Duration(2 * time.Millisecond),
			RowsPerSecond: 20_000, Connections: 512,
		},
		Score: Score{
			Sequences: 64, Positions: 32, Every: Duration(time.Minute), Probes: 24, Canaries: true, EMA: score.Keep,
		},
		Telemetry: Telemetry{Listen: "127.0.0.1:9464", Log: "text", Level: "info"},
	}
	c.settle()
	return c
}
