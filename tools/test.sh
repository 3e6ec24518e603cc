#!/bin/sh
# Run the tests with everything they need; arguments go to pytest. With CI=true nothing may be missing;
# elsewhere the tests that lack their server or browser are skipped, and counted aloud at the end.
set -eu
cd "$(dirname "$0")/.."
tools/environment.sh test
for need in postgres chromium; do
    tools/$need.sh || [ "${CI:-}" != true ] || exit 1
done
exec .venv/bin/python -m pytest -n 2 --dist loadgroup "$@"
