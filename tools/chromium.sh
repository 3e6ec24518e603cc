#!/bin/sh
# See to it that the tests find a Chromium: Debian's, with a font for its screenshots, and libatomic1, which
# Playwright's driver needs.
set -eu
cd "$(dirname "$0")/.."
. tools/say.sh

is_there() {
    .venv/bin/python -m tests.plumbing.browser >/dev/null 2>&1
}

is_there || debian_offers chromium fonts-dejavu-core libatomic1 || true
is_there || stop \
    "Chromium n'a pas pu être installé : installez les paquets chromium et libatomic1." \
    "Chromium could not be installed: install the packages chromium and libatomic1."
