#!/bin/sh
# Run the tests with everything they need; arguments go to pytest. With CI=true nothing may be missing;
# elsewhere the tests that lack their server or browser are skipped, and counted aloud at the end.
set -eu
cd "$(dirname "$0")/.."
tools/environment.sh test
for need in postgres chromium; do
    tools/$need.sh || [ "${CI:-}" != true ] || exit 1
done
# Each test has a database of its own: in memory, where there are 4 GB to spare.
if [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -gt 4194304 ]; then
    export PYTEST_DEBUG_TEMPROOT=/dev/shm
fi
exec .venv/bin/python -m pytest -n 2 --dist loadgroup "$@"
