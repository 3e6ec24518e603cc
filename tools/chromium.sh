#!/bin/sh
# See to it that the tests find a Chromium: Debian's, with a font for its screenshots.
set -eu
cd "$(dirname "$0")/.."
. tools/say.sh

is_there() {
    .venv/bin/python -m tests.plumbing.browser 2>/dev/null
}

is_there || debian_offers chromium fonts-dejavu-core || true
is_there || stop \
    "Chromium n'a pas pu être installé : installez le paquet chromium." \
    "Chromium could not be installed: install the package chromium."
