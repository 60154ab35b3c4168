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

.DEFAULT_GOAL := help
.PHONY: help build install demo test test-race test-fuzz bench lint proto proto-check clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

build: ## build/taod
	@mkdir -p build
	$(GOBUILD) -o build/taod ./cmd/taod

install: build ## copy taod to $(go env GOPATH)/bin
	install -D build/taod "$$(go env GOPATH)/bin/taod"

demo: build ## one validator, eight neurons, a live table; BLOCKS=60 ends by itself
	./build/taod demo --home build/demo --blocks "$(or $(BLOCKS),0)"

test: ## all tests that run in minutes
	go test -timeout 20m ./...

test-race: ## the same with the race detector
	go test -race -timeout 40m ./...

test-fuzz: ## every fuzz target for FUZZTIME each
	@set -e; for package in $$(go list ./...); do \
	  dir=$$(go list -f '{{.Dir}}' $$package); \
	  for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go 2>/dev/null | sed 's/func //'); do \
	    echo "== $$package $$target"; go test $$package -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME); \
	  done; \
	done

bench: ## the epoch's benchmarks
	go test ./x/weights/... -run '^$$' -bench . -benchmem

lint: ## formatting and vet
	@unformatted=$$(git ls-files '*.go' | grep -v '\.pb\.' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...

proto: ## generate code from proto/
	./scripts/protogen.sh

proto-check: proto ## fail when the generated code is not what proto/ says
	git diff --exit-code -- x app/openapi.json

clean: ## remove what was built
	rm -rf build
