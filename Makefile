# Two commands matter: `make up` runs a whole network, `make test` tests it. `make help` lists the rest.
GO      ?= go
BIN     := bin/flashback
SOURCES := $(shell find cmd internal contracts/artifacts -name '*.go' -o -name '*.wasm*' -o -name '*.sql' 2>/dev/null) go.mod go.sum
N       ?= 20000
SEED    ?= 0
FUZZTIME ?= 20s

.PHONY: help up build test test-race test-contracts e2e gen tables lint fuzz fuzz-contracts bench-contracts mutants bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: $(BIN) ## build bin/flashback

$(BIN): $(SOURCES)
	$(GO) build -o $@ ./cmd/flashback

up: $(BIN) ## build and run a whole network on this machine; Ctrl-C stops it
	./$(BIN) up

test: ## all tests of the default machine (Go only), under ten minutes
	$(GO) test ./...

test-race: ## the concurrent parts under the race detector
	$(GO) test -race -short ./internal/bridge/... ./internal/chain/... ./internal/devnet/... ./internal/oracle/... ./internal/platform/... ./internal/network/...

test-contracts: ## the contracts' Rust tests; the committed artifacts rebuilt and compared
	cd contracts/soroban && cargo test --locked --quiet
	contracts/soroban/build.sh --check
	contracts/host/build.sh --check

e2e: $(BIN) ## the whole network with real S3 clients, faults and kill -9, on the built binary
	$(GO) test -tags e2e -count 1 -timeout 30m -v ./test/e2e

gen: ## generate what is generated: vectors, openapi.yaml
	$(GO) run ./internal/orchestrator/vectorgen
	$(GO) run ./cmd/flashback platform openapi > api/openapi.yaml.new
	mv api/openapi.yaml.new api/openapi.yaml

tables: ## the contracts' committed tables anew: who may, what is refused in which state, what it costs
	$(GO) run ./internal/orchestrator/sidebyside/tables

lint: ## formatting, vet, staticcheck
	@test -z "$$(gofmt -l cmd internal contracts test)" || { gofmt -l cmd internal contracts test; echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags e2e ./test/e2e
	$(GO) run -modfile tools/go.mod honnef.co/go/tools/cmd/staticcheck ./...

fuzz-contracts: ## N random operations on the model and on the contracts side by side (SEED=0: a new one); 100,000 take about ten minutes
	$(GO) run ./internal/orchestrator/sidebyside/fuzz -n $(N) -seed $(SEED)

bench-contracts: ## the spread of instructions and written bytes in a random sequence; that settling often or once comes to the same
	$(GO) run ./internal/orchestrator/sidebyside/bench

mutants: ## do the contracts' tests notice every small change of their money? FILES=part,part: only those; N=n: a sample by SEED
	FILES="$(FILES)" N="$(if $(filter file,$(origin N)),,$(N))" SEED="$(SEED)" cargo run --release --quiet --locked --manifest-path contracts/mutants/Cargo.toml

fuzz: ## every fuzz target for FUZZTIME
	@for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p 2>/dev/null | grep '^Fuzz'); do \
		echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$p || exit 1; done; done

bench: ## Go benchmarks of the storage engine and the S3 front
	$(GO) test -run '^$$' -bench . -benchtime 2s ./internal/bridge/object ./internal/bridge/s3

clean: ## remove what was built; the local network's folder stays
	rm -rf bin
