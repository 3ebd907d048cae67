# What there is to do; "make help" lists it. CI calls these targets and adds
# nothing.

GO       ?= go
FUZZTIME ?= 30s
SOAKTIME ?= 300
SPECS    ?= 8

# Build what is released for this system alone, such as linux/amd64.
ONLY     ?=

GOLANGCI_VERSION := v2.15.0
GOLANGCI         := bin/golangci-lint-$(GOLANGCI_VERSION)

# The systems on which everything but the lab must compile.
CROSS := darwin/arm64 windows/amd64 linux/arm64

.PHONY: build
build: ## build ./rstlab, a static binary
	CGO_ENABLED=0 $(GO) build -trimpath -o rstlab ./cmd/rstlab

# All packages but the scenarios, whose specs wait more than they compute and
# therefore run side by side.
PACKAGES = $$($(GO) list ./... | grep -v '/scenarios$$')

.PHONY: test
test: ## run all tests, scenarios in the lab included; as root or not
	$(GO) tool ginkgo --procs=$(SPECS) --no-color ./scenarios
	$(GO) test $(PACKAGES)
	$(GO) -C packaging test ./...

.PHONY: test-rootless
test-rootless: build ## as root: run the catalogue and the tests that use the lab as an ordinary user
	ci/rootless

.PHONY: check
check: lint tidy cross race ## all that must hold before a change lands

.PHONY: lint
lint: $(GOLANGCI) ## gofmt, vet, staticcheck and others, by .golangci.yml; workflows and scripts
	$(GOLANGCI) run
	cd packaging && ../$(GOLANGCI) run
	$(GO) -C packaging build -o $(CURDIR)/bin/actionlint github.com/rhysd/actionlint/cmd/actionlint
	bin/actionlint
	shellcheck ci/* .ci/run

$(GOLANGCI):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/golangci-lint $@

.PHONY: tidy
tidy: ## fail where go.mod and go.sum are not what the imports ask for
	$(GO) mod tidy -diff
	$(GO) -C packaging mod tidy -diff

# A program under the race detector waits a second before it ends, and the tests
# run hundreds of programs.
.PHONY: race
race: export GORACE = atexit_sleep_ms=50
race: ## run all tests under the race detector
	$(GO) build -race -o bin/rstlab-race ./cmd/rstlab
	cd bin && ./rstlab-race run >race.txt || { cat race.txt; exit 1; }
	$(GO) test -race $(PACKAGES)

.PHONY: cross
cross: ## compile for macOS, Windows and ARM, tests too
	@for target in $(CROSS); do \
		echo "compile for $$target"; \
		GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 $(GO) vet ./... || exit 1; \
	done

.PHONY: docs
docs: ## rewrite what commands print in README.md and docs/, where it changed
	$(GO) test -count=1 ./cmd/rstlab -run Pages -update

.PHONY: dist
dist: ## build what is released of the commit, in dist: archives, packages, bills of materials, checksums
	$(GO) -C packaging run . -only '$(ONLY)' $(CURDIR) $(CURDIR)/dist

.PHONY: dist-verify
dist-verify: dist ## as root: build it once more and compare each byte; install the packages apart and use them
	$(GO) -C packaging run . -only '$(ONLY)' -verify $(CURDIR) $(CURDIR)/dist
	ci/try-packages dist

.PHONY: container
container: dist ## build the image "rstlab", with docker, podman or buildah
	ci/container

.PHONY: man
man: ## write the manual pages into dist/man, from what "rstlab help" says
	rm -rf dist/man
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} \
		$(GO) test -count=1 -run '^TestMan$$' ./cmd/rstlab -args -man $(CURDIR)/dist/man

.PHONY: golden
golden: build ## show how the golden captures differ from today's lab, then accept it
	./rstlab golden verify golden || true
	./rstlab golden write golden

.PHONY: golden-verify
golden-verify: build ## play the catalogue and compare with the golden captures
	./rstlab golden verify golden

.PHONY: bench
bench: ## measure: the analyzer, the lab, a scenario from start to verdict
	$(GO) test -run '^$$' -bench . -benchtime 5x ./internal/benchcap
	$(GO) test -run '^$$' -bench . -benchmem $$($(GO) list ./... | grep -v '/benchcap$$')

.PHONY: pgo
pgo: ## renew the profile by which the compiler lays out what "rstlab analyze" does
	$(GO) test -trimpath -run '^$$' -bench '^BenchmarkJudge$$' -benchtime 20x -cpu 1 ./internal/benchcap -args -pgo $(CURDIR)/cmd/rstlab/default.pgo

.PHONY: roundtrip
roundtrip: ## reproduce every reset of the catalogue from every tap's capture: half an hour
	$(GO) test -count=1 -timeout 2h ./internal/derive -run '^TestRoundTrip$$' -v -args -catalogue

.PHONY: soak
soak: build ## kill runs at random moments for SOAKTIME (300) seconds; nothing may be left
	ci/soak $(SOAKTIME)

.PHONY: kernels
kernels: build ## run the catalogue on Debian's 6.1 and 6.12 kernels, in QEMU
	ci/kernels

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (30s)
	ci/fuzz $(FUZZTIME)

.PHONY: cover
cover: ## test coverage by function, in cover.out
	$(GO) test -coverprofile cover.out -coverpkg ./... ./...
	$(GO) tool cover -func cover.out

.PHONY: screenshot
screenshot: build ## make the README's picture anew, with chromium and pngquant
	ci/screenshot

.PHONY: clean
clean: ## remove what was built
	rm -rf rstlab bin dist cover.out

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
