# saker: builds into build/ (build/san with SANITIZE=1). Targets: all, run, check, soak, bench, lint, install, clean.
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

CC      = gcc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PREFIX  ?= /usr/local
VERSION := 0.1.0

B := build$(if $(SANITIZE),/san)
BIN := $(B)/bin

WARN := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wvla
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) -D_GNU_SOURCE -DSAKER_VERSION='"$(VERSION)"' -I. $(SAN)
comma := ,
SAN := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)

WIRE   := $(wildcard wire/*.c wire/plan/*.c)
CONF   := $(wildcard conf/*.c)
SAKER_CONF := $(wildcard conf/saker-conf/*.c)
FRAMES := $(wildcard wire/frames/*.c)
PROBE  := $(wildcard probe/*.c probe/scap/*.c)
ENRICH := $(wildcard enrich/*.c)
MATCH  := $(wildcard match/*.c match/*/*.c)
EMIT   := $(wildcard emit/*.c)
LOG    := $(wildcard log/*.c)
UNIT   := $(wildcard tests/unit/*.c)
HELPERS := $(wildcard tests/helpers/*.c)
BENCHES := $(wildcard tests/bench/*.c)

# Debian 13 has renamed the library.
LIBS_wire   := $(shell pkg-config --libs msgpack-c 2>/dev/null || echo -lmsgpackc)
# Only who uses them is linked with them.
LIBS_wire   += -Wl,--as-needed -lseccomp -ljansson -lyaml
LIBS_probe  := -lbpf -lelf -lz
LIBS_enrich := -luv
LIBS_match  := -lpcre2-8
LIBS_emit   := -luv

obj = $(patsubst %.c,$(B)/%.o,$(1))
LIB := $(B)/libwire.a $(B)/libconf.a

PROGRAMS := $(BIN)/frames $(BIN)/saker-conf $(BIN)/saker-log $(BIN)/probe $(BIN)/enrich $(BIN)/match $(BIN)/emit

.PHONY: all
all: $(PROGRAMS)

$(B)/libwire.a: $(call obj,$(WIRE))
$(B)/libconf.a: $(call obj,$(CONF))
$(LIB):
	@rm -f $@
	@$(AR) rcs $@ $^

$(BIN)/frames: $(call obj,$(FRAMES)) $(LIB)
$(BIN)/saker-conf: $(call obj,$(SAKER_CONF)) $(LIB)
$(BIN)/probe:  $(call obj,$(PROBE)) $(LIB)
$(BIN)/enrich: $(call obj,$(ENRICH)) $(LIB)
$(BIN)/match:  $(call obj,$(MATCH)) $(LIB)
$(BIN)/emit:   $(call obj,$(EMIT)) $(LIB)
$(BIN)/saker-log: $(call obj,$(LOG)) $(LIB)
$(PROGRAMS):
	@mkdir -p $(@D)
	@echo "  LINK $(@F)"
	@$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LIBS_$(@F)) $(LIBS_wire)

# Named one by one: an object that only a pattern names counts as intermediate, and make does without a missing one.
OBJECTS := $(call obj,$(WIRE) $(CONF) $(SAKER_CONF) $(FRAMES) $(PROBE) $(ENRICH) $(MATCH) $(EMIT) $(LOG) $(UNIT))
$(OBJECTS): $(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(ALL_CFLAGS) -I$(B) -MMD -MP -c -o $@ $<

# The BPF object, and the skeleton through which probe/ loads it.
ARCH := $(shell uname -m)
BPF_ARCH := $(if $(filter aarch64,$(ARCH)),arm64,x86)
CAN_CAST_probe := 1
CAN_CAST_floor := 0
$(B)/probe/%.bpf.o: probe/bpf/probe.bpf.c $(wildcard probe/bpf/*.h) probe/raw.h probe/raw_plan.h probe/kernel_calls.h
	@mkdir -p $(@D)
	@echo "  BPF  $* $<"
	@$(CLANG) -target bpf -g -O2 -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -DCAN_CAST=$(CAN_CAST_$*) -Wall -Wextra -Werror -I. \
		-idirafter /usr/include/$(ARCH)-linux-gnu -c -o $@ $<
$(B)/probe/%.skel.h: $(B)/probe/%.bpf.o
	@$(BPFTOOL) gen skeleton $< name $*_bpf >$@
$(call obj,$(PROBE)): $(B)/probe/probe.skel.h $(B)/probe/floor.skel.h
# The plan that the probe has by itself.
$(B)/saker_rules.plan: rules/saker_rules.yaml $(BIN)/match
	@echo "  PLAN $<"
	@$(BIN)/match --plan -r $< >$@
$(B)/probe/plan_load.o: $(B)/saker_rules.plan
$(B)/probe/plan_load.o: ALL_CFLAGS += -DSHIPPED_PLAN='"$(B)/saker_rules.plan"'

# Unit tests: each file of tests/unit is a program linked with the objects of the folder that it is named after
# (match_*.c with match/ and so on), without that folder's main.c.
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(UNIT))
# A name for it: a % written in the rule would stand for the rule's stem.
MAINS := %/main.o
folder = $(firstword $(subst _, ,$(1)))
SOURCES_frames := $(FRAMES)
SOURCES_probe := $(PROBE)
SOURCES_enrich := $(ENRICH)
SOURCES_match := $(MATCH)
SOURCES_emit := $(EMIT)
.SECONDEXPANSION:
$(UNIT_BIN): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(LIB) \
		$$(filter-out $$(MAINS),$$(call obj,$$(SOURCES_$$(call folder,$$*))))
	@echo "  LINK $(@F)"
	@$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LIBS_$(call folder,$*)) $(LIBS_wire) -lcmocka

HELPER_BIN := $(patsubst tests/helpers/%.c,$(B)/tests/helpers/%,$(HELPERS)) $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(BENCHES))
$(HELPER_BIN): $(B)/tests/%: tests/%.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) -O2 -g $(WARN) -D_GNU_SOURCE -pthread $(HELPER_FLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< $(HELPER_LIBS)
# They also run in containers that have no libraries.
$(B)/tests/helpers/bad_thing $(B)/tests/helpers/deed: HELPER_FLAGS := -static
$(B)/tests/bench/hook: HELPER_LIBS := -lbpf
# It confines itself by match's own code.
MISBEHAVE := $(B)/tests/helpers/misbehave
$(MISBEHAVE): HELPER_FLAGS = -I. $(SAN)
$(MISBEHAVE): HELPER_LIBS = $(filter %.o %.a,$^) $(LIBS_match) $(LIBS_wire)
$(MISBEHAVE): $(filter-out $(MAINS),$(call obj,$(MATCH))) $(LIB)
# The same of the probe.
MISREAD := $(B)/tests/helpers/misread
$(MISREAD): HELPER_FLAGS = -I. $(SAN)
$(MISREAD): HELPER_LIBS = $(filter %.o %.a,$^) $(LIBS_probe) $(LIBS_wire)
$(MISREAD): $(filter-out $(MAINS),$(call obj,$(PROBE))) $(LIB)
# A helper of several files; its children are it again, and must not load libraries between their calls.
RANDOM_CALLS := $(B)/tests/helpers/random_calls
$(RANDOM_CALLS): $(wildcard tests/helpers/random_calls/*.[ch])
	@mkdir -p $(@D)
	@echo "  CC   tests/helpers/random_calls"
	@$(CC) -O2 -g $(WARN) -D_GNU_SOURCE -pthread -static -o $@ $(filter %.c,$^)

.PHONY: tests
tests: all $(UNIT_BIN) $(HELPER_BIN) $(RANDOM_CALLS)

.PHONY: deps deps-check
deps:
	@scripts/deps
deps-check:
	@scripts/deps check

.PHONY: run
run: deps
	@$(MAKE) --no-print-directory all
	@scripts/saker run

.PHONY: check
check: deps-check
	@$(MAKE) --no-print-directory tests
	@SAKER_BUILD=$(CURDIR)/$(B) tests/run

.PHONY: soak
soak: deps-check
	@$(MAKE) --no-print-directory tests
	@SAKER_BUILD=$(CURDIR)/$(B) SAKER_SOAK=1 tests/run

.PHONY: bench
bench: deps-check
	@$(MAKE) --no-print-directory tests
	@SAKER_BUILD=$(CURDIR)/$(B) tests/bench/run

# The skeleton is made first: probe/ includes it.
.PHONY: lint
lint: $(B)/probe/probe.skel.h $(B)/probe/floor.skel.h
	@CC="$(CC)" CLANG="$(CLANG)" LINT_FLAGS='$(filter-out -fsanitize% -DSAKER_VERSION%,$(ALL_CFLAGS))' SAKER_BUILD=$(CURDIR)/$(B) tests/lint

# The programs are run by saker, not by hand: they stand where only it looks. frames is for people, too.
ROOT = $(DESTDIR)$(PREFIX)
.PHONY: install
install: all
	@install -d $(ROOT)/sbin $(ROOT)/bin $(ROOT)/libexec/saker $(ROOT)/share/saker/fields $(ROOT)/share/man/man1 $(ROOT)/share/man/man5 \
		$(ROOT)/share/man/man7 $(ROOT)/share/man/man8
	@install -m 755 $(PROGRAMS) $(ROOT)/libexec/saker
	@install -m 755 scripts/saker $(ROOT)/sbin
	@ln -sf ../libexec/saker/frames $(ROOT)/bin/frames
	@install -m 644 rules/saker_rules.yaml conf/saker.yaml $(ROOT)/share/saker
	@install -m 644 rules/fields/*.yaml $(ROOT)/share/saker/fields
	@for page in man/*; do install -m 644 $$page $(ROOT)/share/man/man$${page##*.}; done

.PHONY: clean
clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
