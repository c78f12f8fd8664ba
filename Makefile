# From a clean clone to green.  Each target sets up what it needs; a second run is quick.
#
#   make demo    set up with what operators get, and run the demo
#   make test    set up everything, all tests, coverage
#   make check   lint, types, import contracts, unit tests: no Debian package, under a minute
#   make proof   the long bars and the benchmarks, one table
#   make deb     the Debian package for bookworm, in dist/
#   make clean   remove what the others made
#
# PYTHON=python3.12   another interpreter      NO_APT=1   install no Debian package
# WORKERS=1           tests side by side       ARGS=...   passed to the demo or the proof

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help demo test check lint proof deb clean

export PYTHON WORKERS NO_APT

help:
	@sed -n 's/^#   make/  make/p' Makefile

demo:
	@scripts/setup.sh runtime .venv-demo
	exec .venv-demo/bin/honeypost demo $(ARGS)

test:
	@scripts/ask_on_live_host.sh
	scripts/setup.sh check .venv
	scripts/packages.sh
	scripts/test.sh

check:
	@scripts/setup.sh check .venv
	scripts/check.sh

lint:
	@scripts/setup.sh check .venv
	scripts/check.sh lint

proof:
	@scripts/ask_on_live_host.sh
	scripts/setup.sh bench .venv
	scripts/packages.sh
	exec .venv/bin/python scripts/proof.py $(ARGS)

deb:
	@scripts/deb.sh

clean:
	@rm -rf .venv .venv-demo .venv*.lock .coverage .coverage.* build dist
	rm -rf .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
