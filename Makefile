# taonet: build, run and test. `make help` lists every target.

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT   := $(shell git rev-parse HEAD 2>/dev/null)
VARS     := github.com/cosmos/cosmos-sdk/version
LDFLAGS  := -s -w -X $(VARS).Name=taonet -X $(VARS).AppName=taod -X $(VARS).Version=$(VERSION) -X $(VARS).Commit=$(COMMIT)
# libsecp256k1 verifies twice as fast; without a C compiler the pure Go code gives the same results.
CC_FOUND := $(shell command -v $${CC:-cc} 2>/dev/null)
TAGS     := $(if $(CC_FOUND),libsecp256k1_sdk,)
GOBUILD  := CGO_ENABLED=$(if $(CC_FOUND),1,0) go build -trimpath -tags '$(TAGS)' -ldflags '$(LDFLAGS)'
FUZZTIME ?= 20s
SEEDS    ?= 1,2,3,4,5,6,7,8,9,10
SIM_BLOCKS ?= 200
SIM_SIZE ?= 100
RUNS     ?= 3
SOAK     ?= 10m

.DEFAULT_GOAL := help
.PHONY: help build install demo test test-race test-sim test-fuzz bench bench-epoch bench-block bench-node bench-neuron bench-gomlx soak flood crashes kills experiment test-neuron-race demo-chain lint proto proto-check clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

build: ## build/taod and build/neuron
	@mkdir -p build
	$(GOBUILD) -o build/taod ./cmd/taod
	$(GOBUILD) -o build/neuron ./cmd/neuron

install: build ## copy both programs to $(go env GOPATH)/bin
	install -D -t "$$(go env GOPATH)/bin" build/taod build/neuron

demo: build ## a chain, four neurons that teach each other, a noise peer and a relay; STEPS and BLOCKS say when it ends, 0 never
	./build/neuron demo --home build/demo --steps "$(or $(STEPS),1200)" --blocks "$(or $(BLOCKS),120)"

demo-chain: build ## the chain alone with eight scripted neurons; BLOCKS=60 ends by itself
	./build/taod demo --home build/demo-chain --blocks "$(or $(BLOCKS),0)"

test: ## all tests that run in minutes
	./scripts/python.sh
	go test -timeout 20m ./...

test-race: ## the same with the race detector
	./scripts/python.sh
	go test -race -timeout 40m ./...

test-neuron-race: ## the sidecar's tests with the race detector
	./scripts/python.sh
	go test -race -timeout 30m ./neuron/...

test-fuzz: ## every fuzz target for FUZZTIME each
	@set -e; for package in $$(go list ./...); do \
	  dir=$$(go list -f '{{.Dir}}' $$package); \
	  for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go 2>/dev/null | sed 's/func //'); do \
	    echo "== $$package $$target"; go test $$package -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME); \
	  done; \
	done

test-sim: ## long simulations: SEEDS, SIM_BLOCKS and SIM_SIZE say how long
	./scripts/measured.sh simulation go test ./app -run TestSimulation -v -timeout 24h -Seeds $(SEEDS) -NumBlocks $(SIM_BLOCKS) -BlockSize $(SIM_SIZE)

bench: bench-epoch bench-block bench-node ## all benchmarks; each writes scripts/results/NAME.txt

bench-epoch: ## the epoch beside the anchor's figures, CPU time of one thread
	./scripts/measured.sh epoch go test ./x/weights/yuma -run '^$$' -bench BenchmarkEpoch -benchmem -timeout 60m

bench-block: ## whole blocks with an epoch, through BaseApp
	./scripts/measured.sh block go test ./x/weights/keeper -run '^$$' -bench BenchmarkEndBlock -benchmem -timeout 60m

bench-node: ## transactions per second of a real node; BLOCKS=60 RUNS=3
	TAO_BLOCKS=$(or $(BLOCKS),60) ./scripts/measured.sh node go test ./cmd/taod -run '^$$' -bench 'BenchmarkNode' -benchtime 1x -count $(RUNS) -timeout 120m
ifneq ($(CC_FOUND),)
	TAO_BLOCKS=$(or $(BLOCKS),60) ./scripts/measured.sh node-cgo go test -tags libsecp256k1_sdk ./cmd/taod -run '^$$' -bench 'BenchmarkNode/rows/secp256k1' -benchtime 1x -count $(RUNS) -timeout 120m
endif

soak: ## a full subnet under load for SOAK
	TAO_SOAK=$(SOAK) ./scripts/measured.sh soak go test ./cmd/taod -run '^$$' -bench BenchmarkSoak -benchtime 1x -timeout 12h

bench-neuron: ## matrix products, training, following, a networked step, the axon beside a bare echo
	./scripts/measured.sh blas go test ./neuron/blas -run '^$$' -bench . -benchtime 1s
	./scripts/measured.sh model go test ./neuron/model -run '^$$' -bench . -benchtime 5s
	./scripts/measured.sh step go test ./neuron -run '^$$' -bench BenchmarkStep -benchtime 5s
	./scripts/measured.sh axon go test ./neuron/axon -run '^$$' -bench BenchmarkAxon

bench-gomlx: ## a training step beside GoMLX's on its pure Go backend
	./scripts/measured.sh gomlx go -C scripts/bench/gomlx test -run '^$$' -bench . -benchtime 2x -timeout 60m

flood: ## a node under attack for a minute
	TAO_FLOOD=60s ./scripts/measured.sh flood go test ./cmd/taod -run TestFlood -v -count 1 -timeout 10m

crashes: ## four validators, kill -9 at 30 random moments under load
	TAO_CRASHES=30 ./scripts/measured.sh crashes go test ./cmd/taod -run TestFourValidators -v -count 1 -timeout 60m

kills: ## a neuron ended by kill -9 at 50 random moments
	NEURON_KILLS=50 ./scripts/measured.sh kills go test ./cmd/neuron -run TestKills -v -count 1 -timeout 60m

experiment: build ## NAME=together: one of the sidecar's experiments; results in neuron/experiment/results
	./build/neuron experiment $(NAME) $(if $(DATA),--data $(DATA) --digits $(DATA)) --out neuron/experiment/results --kept build/kept

lint: ## formatting, vet and the linters of .golangci.yml
	go tool -modfile=scripts/lint/tools/go.mod golangci-lint fmt --diff
	go tool -modfile=scripts/lint/tools/go.mod golangci-lint run ./...

proto: ## generate code from proto/
	./scripts/protogen.sh

proto-check: ## lint proto/ and fail when the generated code is not what it says
	./scripts/protogen.sh --check

clean: ## remove what was built
	rm -rf build
