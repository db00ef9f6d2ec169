# Two commands on a fresh machine with Python >= 3.11 and nothing else: `make serve`, `make test`.
# uv is taken from PATH, or put into .tools by pip; it keeps .venv equal to uv.lock.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
READY := .venv/.ready
SYNCED := .venv/.synced
TESTS ?= tests
TYPESCRIPT := 5.9.3
TSC := .tools/typescript/$(TYPESCRIPT)/node_modules/typescript/bin/tsc
# The machine's own certificates, as pip takes them: a company's proxy is known there alone.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1

.PHONY: help serve test check page-types ui-test bench soak docs audit clean

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

# A test that failed beside others is asked once more, alone: what is wrong fails again, and that the machine was
# short of time is told. Only where every test has run (status 1), so that none is left out.
test: check  ## Checks, then the whole test suite
	@.venv/bin/pytest $(TESTS) || { [ $$? -eq 1 ] && echo "Once more, alone, those that failed:" \
		&& .venv/bin/pytest $(TESTS) -n 0 --last-failed --last-failed-no-failures none; }

check: $(SYNCED)  ## Lint, format, types and layers; the types of the page too where Node is
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(MAKE) --no-print-directory page-types

# TypeScript is fetched once; a machine without Node, npm or a registry checks all but this, and is told so.
page-types:
	@unchecked() { echo "THE PAGE'S TYPES WERE NOT CHECKED: $$1" >&2; exit 0; }; \
	command -v node >/dev/null || unchecked "there is no Node"; \
	node -e 'process.exit(parseInt(process.versions.node) < 16 ? 1 : 0)' || unchecked "Node is older than 16"; \
	[ -e $(TSC).good ] || { command -v npm >/dev/null || unchecked "there is no npm"; \
		npm install --prefix .tools/typescript/$(TYPESCRIPT) --ignore-scripts --no-audit --no-fund --no-save --silent \
			--fetch-retries 1 --fetch-timeout 60000 typescript@$(TYPESCRIPT) && touch $(TSC).good; } \
		|| unchecked "npm could not get typescript@$(TYPESCRIPT)"; \
	node $(TSC)

ui-test: $(SYNCED)  ## The page in a real Chromium (apt-get install chromium)
	@.venv/bin/pytest tests/ui

bench: $(SYNCED)  ## Measure seeing on generated footage: what it costs, what is kept
	@.venv/bin/mem bench capture
	@.venv/bin/mem bench dedup

soak: $(SYNCED)  ## Kills, full disks, damaged files and very much to take in; hours, and root for the full disks
	@.venv/bin/python -m benchmarks.faults kills
	@.venv/bin/python -m benchmarks.faults points
	@.venv/bin/python -m benchmarks.faults full
	@.venv/bin/python -m benchmarks.mutate --files 2000
	@.venv/bin/python -m benchmarks.intake

docs: $(SYNCED)  ## Make the reference pages from the code, and the site of all pages in site/
	@.venv/bin/python docs/generate.py
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet --clean

audit: $(SYNCED)  ## Known holes (asks the network, fails where it says nothing), licences, and all parts in dist/sbom.json
	@mkdir -p dist
	@$(UV) export --locked --quiet --no-dev --all-extras --no-emit-project --format requirements-txt \
		> dist/requirements.txt
	@.venv/bin/python docs/licences.py dist/requirements.txt
	@.venv/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application \
		--output-reproducible --of JSON --output-file dist/sbom.json dist/requirements.txt
	@.venv/bin/pip-audit --requirement dist/requirements.txt --disable-pip --require-hashes --strict \
		--progress-spinner off

clean:  ## Remove what make made, never data
	rm -rf .venv .tools dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
