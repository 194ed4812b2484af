# Every target sets up what it needs. The environment is .venv/, with the command
# .venv/bin/butcher in it; it is installed anew only when pyproject.toml or constraints.txt changed.

VENV := .venv
PY := $(VENV)/bin/python
BUTCHER := $(VENV)/bin/butcher
# What to give to pytest: make test ARGS='-x -m "not slow"'
ARGS ?=
# How many processes run the tests; 0 is this one alone, as a debugger wants it.
PROCESSES ?= 2

ALL_EXTRAS := train,draw,plot,log,export,zoo

.PHONY: help demo test bench check format build-env constraints clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo         compile verner89, show it, train it on digits'
	@echo 'make test         the whole test suite (ARGS goes to pytest)'
	@echo 'make bench        time and memory of blocks, to docs/benchmarks/ (quarter of an hour)'
	@echo 'make check        format, lint and types, changing nothing'
	@echo 'make format       format, and mend what ruff can mend'
	@echo 'make build-env    only the environment of the above'
	@echo 'make constraints  newer pins in constraints.txt'
	@echo 'make clean        remove build outputs and caches, keep $(VENV)/'

demo: $(VENV)/.demo
	@$(byte_code)
	@mkdir -p build
	$(BUTCHER) compile verner89 -o build/verner89.py
	@head -n 48 build/verner89.py
	@echo '...'
	$(BUTCHER) train recipes/digits_verner.toml

test: $(VENV)/.dev
	@$(byte_code)
	$(PY) -m pytest -n $(PROCESSES) --dist worksteal $(ARGS)

check: $(VENV)/.dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

# Maps are kept by the allocator, not asked of the system anew at every operation: docs/bench.md.
bench: $(VENV)/.dev
	@$(byte_code)
	MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=2147483647 TORCH_CPP_LOG_LEVEL=ERROR \
		$(BUTCHER) bench --compiled -o docs/benchmarks $(ARGS)
	$(PY) -m butcher.bench.readme docs/benchmarks/blocks.json README.md

format: $(VENV)/.dev
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

build-env: $(VENV)/.dev

constraints: $(VENV)/.uv
	$(VENV)/bin/uv pip compile --upgrade --universal --python-version 3.11 --all-extras \
		--group test --group lint --group build --no-header --no-annotate --quiet \
		pyproject.toml -o constraints.txt

clean:
	rm -rf build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# Start-up counts in a compiler, and with PYTHONDONTWRITEBYTECODE imports leave no byte code behind.
byte_code = $(PY) -m compileall -q butcher

# --- the environment ---------------------------------------------------------------------------

# $(call install,EXTRAS,GROUPS): with uv, or with pip where uv is missing or fails.
# pip is renewed first, because only newer versions know --group.
install_args = -c constraints.txt -e '.[$(1)]' $(addprefix --group ,$(2))
define install
$(VENV)/bin/uv pip install --quiet --python $(PY) --compile-bytecode $(install_args) || { \
	echo 'uv could not install: trying pip' && \
	$(PY) -m pip install --quiet --upgrade -c constraints.txt pip && \
	$(PY) -m pip install --quiet $(install_args); }
endef

$(VENV)/.uv:
	python3.11 -m venv $(VENV) || python3 -m venv $(VENV)
	-$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	@touch $@

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/.uv
	@echo 'installing into $(VENV)/'
	@$(call install,train,)
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/.uv
	@echo 'installing into $(VENV)/, with the tools of tests and checks'
	@$(call install,$(ALL_EXTRAS),test lint build)
	@touch $(VENV)/.demo $@
