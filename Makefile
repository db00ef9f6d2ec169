# Two commands on a fresh machine with Python >= 3.11 and nothing else: `make serve`, `make test`.
# uv is taken from PATH, or put into .tools by pip; it keeps .venv equal to uv.lock.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
READY := .venv/.ready
SYNCED := .venv/.synced
TESTS ?= tests
# The machine's own certificates, as pip takes them: a company's proxy is known there alone.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1

.PHONY: help serve test check ui-test bench docs clean

help:  ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Mem needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

# What serving needs: the program with all that is on by default.
$(READY): pyproject.toml uv.lock | $(filter .tools/bin/uv,$(UV))
	$(UV) sync --locked --inexact --quiet --no-dev --extra ocr --extra mcp --compile-bytecode --python $(PYTHON)
	@touch $@

# What the checks, tests and documents need besides: every extra, and servers to test against.
$(SYNCED): pyproject.toml uv.lock | $(filter .tools/bin/uv,$(UV))
	$(UV) sync --locked --quiet --all-extras --all-groups --compile-bytecode --python $(PYTHON)
	@touch $(READY) $@

serve: $(READY)  ## Set up on first use, then serve on http://127.0.0.1:8000
	@.venv/bin/mem serve

test: check  ## Checks, then the whole test suite
	@.venv/bin/pytest $(TESTS)

check: $(SYNCED)  ## Lint, format, types and layers
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

ui-test: $(SYNCED)  ## The page in a real Chromium (apt-get install chromium)
	@.venv/bin/pytest tests/ui

bench: $(SYNCED)  ## Measure capture on generated footage
	@.venv/bin/python -m benchmarks.capture

docs: $(SYNCED)  ## Make the reference pages from the code
	@.venv/bin/python docs/generate.py

clean:  ## Remove what make made, never data
	rm -rf .venv .tools dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
