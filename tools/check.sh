#!/bin/sh
# Style, types and import contracts; every check speaks, even when one before it failed.
set -u
cd "$(dirname "$0")/.."
tools/environment.sh test || exit 1
failed=0
.venv/bin/ruff check . || failed=1
.venv/bin/ruff format --check . || failed=1
.venv/bin/mypy || failed=1
.venv/bin/lint-imports --no-logo || failed=1
exit "$failed"
