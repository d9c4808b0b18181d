# Argosy's only Makefile: non-recursive, one build folder for each variant.
#
#   make demo        set up, build, run the sample trade on a fresh solo node
#   make test        set up, then check, full-check and the reliability rows; what failed is told last
#   make check       the minute before a commit
#   make full-check  the same under ASan+UBSan and release
#   make model       a random trade at the door, held against a naive model: SECONDS=600, SEED=7
#   make bench       measure; writes build/bench.json (see docs/performance.md)
#
# Variants: BUILD=release (default) | debug | asan | tsan | cov, in build/$(BUILD)/.
# NO_INSTALL=1 skips the installation of Debian packages.
# New files need no line here: src/FLOOR/NAME.c joins the library, src/FLOOR/NAME_test.c and
# tests/NAME_test.c become unit tests, tests/fuzz/NAME_fuzz.c a fuzz target, bench/NAME_bench.c a
# bench, src/cmd/PROGRAM_main.c a program.

BUILD ?= release
O := build/$(BUILD)
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif

PKGS := libsodium libcrypto lmdb libprotobuf-c libxml-2.0 libmicrohttpd libcurl libqrencode
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

WARN := -Wall -Wextra -Wpedantic -Wshadow=local -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wvla -Wswitch-enum -Werror
ifneq ($(findstring clang,$(CC)),)
WARN := $(filter-out -Wshadow=local,$(WARN)) -Wshadow -Wno-implicit-int-float-conversion -Wno-unknown-warning-option
endif
CPPFLAGS += -Isrc -I$(O)/gen -D_GNU_SOURCE -DARGOSY_BUILD='"$(BUILD)"'
CFLAGS_common := -std=c11 -g -pthread -fno-strict-aliasing $(WARN)
CFLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
CFLAGS_debug := -Og
# gcc 12 deletes dead out-of-bounds stores from -O1 on and ASan then sees nothing: -Og.
CFLAGS_asan := -Og -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan := -Og -fsanitize=thread
CFLAGS_cov := -O0 --coverage
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread
LDFLAGS_cov := --coverage
ALL_CFLAGS = $(CFLAGS_common) $(CFLAGS_$(BUILD)) $(PKG_CFLAGS) $(EXTRA_CFLAGS)
ALL_LDFLAGS = -pthread $(LDFLAGS_$(BUILD)) $(EXTRA_LDFLAGS)
LIBS = $(PKG_LIBS) -lm

# ---- what there is ----
FLOORS := base crypto verify state journal ledger data contract trade proof node capture interface
PROTO := $(wildcard proto/argosy/v1/*.proto)
GEN_C := $(PROTO:proto/%.proto=$(O)/gen/%.pb-c.c)
GEN_H := $(GEN_C:.c=.h)
SRC := $(filter-out %_test.c,$(foreach f,$(FLOORS),$(wildcard src/$(f)/*.c)))
CMD_SRC := $(filter-out %_main.c %_test.c,$(wildcard src/cmd/*.c))
MAIN_SRC := $(wildcard src/cmd/*_main.c)
UNIT_SRC := $(wildcard src/*/*_test.c tests/*_test.c)
FUZZ_SRC := $(wildcard tests/fuzz/*_fuzz.c)
BENCH_SRC := $(wildcard bench/*_bench.c)
RELI_SRC := $(wildcard tests/reliability/*_row.c)
# The verifier stands alone: base, its own folder, libsodium; nothing else.
VERIFY_SRC := src/base/bytes.c src/base/err.c $(filter-out %_test.c,$(wildcard src/verify/*.c))

obj = $(patsubst %.c,$(O)/obj/%.o,$(1))
LIB := $(O)/lib/libargosy.a
VERIFY_LIB := $(O)/lib/libargosy_verify.a
MAINS := $(foreach m,$(MAIN_SRC),$(O)/bin/$(subst _,-,$(patsubst src/cmd/%_main.c,%,$(m))))
PROGRAMS := $(MAINS)
UNITS := $(patsubst %.c,$(O)/test/%,$(UNIT_SRC))
FUZZ_REPLAYS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(FUZZ_SRC))
BENCHES := $(patsubst bench/%.c,$(O)/bench/%,$(BENCH_SRC))
ROWS := $(patsubst tests/reliability/%.c,$(O)/reliability/%,$(RELI_SRC))

.PHONY: all deps lint unit build-all fuzz fuzz-replay check full-check test reliability model demo bench clean format verify-alone
all: $(PROGRAMS) $(if $(wildcard src/verify/*.c),$(VERIFY_LIB))

# The commit, in a header that changes with it: who shows it is built again, all programs alike.
COMMIT_LINE := \#define ARGOSY_COMMIT "$(COMMIT)"
$(shell mkdir -p $(O)/gen/argosy; echo '$(COMMIT_LINE)' | cmp -s - $(O)/gen/argosy/commit.h || \
	echo '$(COMMIT_LINE)' >$(O)/gen/argosy/commit.h)

# ---- generated from proto/ ----
$(O)/gen/%.pb-c.c $(O)/gen/%.pb-c.h: proto/%.proto
	@mkdir -p $(O)/gen
	protoc-c -Iproto --c_out=$(O)/gen $<

$(O)/obj/gen/%.o: $(O)/gen/%.c $(GEN_H)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=c11 -g $(CFLAGS_$(BUILD)) $(EXTRA_CFLAGS) -w -c -o $@ $<

# ---- objects, libraries ----
$(O)/obj/%.o: %.c | $(GEN_H)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

GEN_OBJ := $(patsubst $(O)/gen/%.c,$(O)/obj/gen/%.o,$(GEN_C))
$(LIB): $(call obj,$(SRC) $(CMD_SRC)) $(GEN_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^

$(VERIFY_LIB): $(call obj,$(VERIFY_SRC))
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^

# ---- programs ----
$(O)/bin/argosy-verify: $(O)/obj/src/cmd/argosy_verify_main.o $(VERIFY_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lsodium

define program
$(O)/bin/$(subst _,-,$(1)): $(O)/obj/src/cmd/$(1)_main.o $(LIB)
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LIBS)
endef
$(foreach m,$(filter-out argosy_verify,$(patsubst src/cmd/%_main.c,%,$(MAIN_SRC))),$(eval $(call program,$(m))))

# libargosy_verify must link with nothing but libsodium.
verify-alone: $(VERIFY_LIB) $(O)/bin/argosy-verify
	@! ldd $(O)/bin/argosy-verify | grep -E 'lmdb|curl|microhttpd|crypto\.so|xml2|protobuf' || \
		{ echo 'argosy-verify links more than it may'; exit 1; }

# ---- tests ----
$(O)/test/%: $(O)/obj/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

# The verifier whose hashes and signatures always fit, for one fuzz target alone.
DEEP_OBJ := $(patsubst %.c,$(O)/obj/deep/%.o,$(filter src/verify/%,$(VERIFY_SRC)))
$(O)/obj/deep/%.o: %.c tests/fuzz/eyes_shut.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -include tests/fuzz/eyes_shut.h -MMD -MP -c -o $@ $<

$(O)/fuzz/bundle_deep_fuzz: $(O)/obj/tests/fuzz/bundle_deep_fuzz.o $(O)/obj/tests/fuzz/replay_main.o $(DEEP_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/fuzz/%: $(O)/obj/tests/fuzz/%.o $(O)/obj/tests/fuzz/replay_main.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/reliability/%: $(O)/obj/tests/reliability/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/bench/%: $(O)/obj/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PRECIOUS: $(O)/obj/%.o $(O)/gen/%.pb-c.c $(O)/gen/%.pb-c.h

# A fuzz target under libFuzzer: make fuzz T=epcis_json SECONDS=60
FUZZ_OBJ = build/fuzz/obj/tests/fuzz/$(T)_fuzz.o $(if $(filter bundle_deep,$(T)),$(DEEP_OBJ:$(O)/%=build/fuzz/%))
fuzz:
	$(MAKE) BUILD=asan CC=clang O=build/fuzz EXTRA_CFLAGS=-fsanitize=fuzzer-no-link build/fuzz/lib/libargosy.a $(FUZZ_OBJ)
	clang -fsanitize=fuzzer,address,undefined -o build/fuzz/$(T) $(FUZZ_OBJ) build/fuzz/lib/libargosy.a $(LIBS)
	mkdir -p build/fuzz/corpus/$(T)
	build/fuzz/$(T) -max_total_time=$(or $(SECONDS),60) -rss_limit_mb=2048 build/fuzz/corpus/$(T) tests/fuzz/corpus/$(T)

lint:
	python3 tools/layers.py
	python3 tools/banned.py
	python3 tools/links.py

unit: $(UNITS) $(FUZZ_REPLAYS) $(PROGRAMS) $(if $(wildcard src/cmd/argosy_verify_main.c),verify-alone)
	tools/run-tests $(O) $(UNITS) -- $(FUZZ_REPLAYS)

# Everything that must compile, without running it.
build-all: $(UNITS) $(FUZZ_REPLAYS) $(PROGRAMS) $(BENCHES) $(ROWS)

check:
	$(MAKE) lint
	$(MAKE) -j$$(nproc) BUILD=debug unit

full-check:
	$(MAKE) lint
	$(MAKE) -j$$(nproc) BUILD=asan unit
	$(MAKE) -j$$(nproc) BUILD=release unit

reliability: $(ROWS) $(PROGRAMS)
	tools/run-rows $(O) $(ROWS)

model:
	$(MAKE) BUILD=release all
	python3 tests/reliability/model_row.py build/release/bin $(or $(SECONDS),120) $(SEED)

# All of it, also after a failure: what failed is told at the end.
test: deps
	@rm -f build/{debug,asan,release}/log/{,rows-}{totals,failed}
	+@code=0 also=; \
	$(MAKE) lint || code=2 also='FAILED: make lint'; \
	for b in debug asan release; do $(MAKE) -j$$(nproc) BUILD=$$b unit || code=2; done; \
	$(MAKE) -j$$(nproc) BUILD=release reliability || code=2; \
	tools/summary "$$also" || code=2; exit $$code

demo: deps
	$(MAKE) -j$$(nproc) BUILD=release all
	tools/demo

bench: $(BENCHES) $(PROGRAMS)
	tools/run-bench $(O) $(BENCHES)

deps:
	@tools/deps

format:
	clang-format -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]')

clean:
	rm -rf build

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
