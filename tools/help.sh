#!/bin/sh
# List the Makefile's targets with the sentence that stands after `##` beside each.
set -eu
cd "$(dirname "$0")/.."
sed -n 's/^\([a-z.][a-z]*\):.*## \(.*\)$/\1|\2/p' Makefile | while IFS='|' read -r target sentence; do
    printf '  make %-7s %s\n' "$target" "$sentence"
done
