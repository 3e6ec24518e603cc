#!/bin/sh
# Make .venv, the Python environment, from the lock files; do nothing when they have not changed.
#   tools/environment.sh          what the service needs
#   tools/environment.sh test     what its tests and checks need, too
set -eu
cd "$(dirname "$0")/.."
. tools/say.sh

python=${PYTHON:-python3}
wanted=${1:-run}

command -v "$python" >/dev/null || debian_offers python3 python3-venv || stop \
    "Il manque Python : installez le paquet python3, puis recommencez." \
    "Python is missing: install the package python3, then try again."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop \
    "Python 3.11 ou plus récent est nécessaire ; $python est plus ancien." \
    "Python 3.11 or newer is needed; $python is older."

# The state of .venv is written in files inside it: one line that names everything it was made from.
state_of() {
    { "$python" -VV; pwd; cat pyproject.toml "$@"; } | sha256sum | cut -d ' ' -f 1
}
is_current() {
    [ "$(cat ".venv/$1.made-from" 2>/dev/null)" = "$2" ] && .venv/bin/python -c '' 2>/dev/null
}

run_state=$(state_of requirements.lock)
test_state=$(state_of requirements-test.lock)
if is_current run "$run_state" && { [ "$wanted" = run ] || is_current test "$test_state"; }; then
    exit 0
fi

"$python" -c 'import ensurepip, venv' 2>/dev/null || debian_offers python3-venv || stop \
    "Il manque de quoi créer un environnement Python : installez le paquet python3-venv, puis recommencez." \
    "Python cannot make environments: install the package python3-venv, then try again."

.venv/bin/python -c 'import pip' 2>/dev/null || {
    rm -rf .venv
    "$python" -m venv .venv
}

pip() {
    .venv/bin/python -m pip --disable-pip-version-check --quiet "$@" || stop \
        "L'installation des bibliothèques Python a échoué (voir ci-dessus) : vérifiez l'accès au réseau, puis recommencez." \
        "The Python libraries could not be installed (see above): check the network, then try again."
}

say "Préparation de l'environnement Python (.venv)…" "Preparing the Python environment (.venv)…"
if [ "$wanted" = test ]; then
    pip install --require-hashes -r requirements-test.lock
else
    pip install --require-hashes -r requirements.lock
fi
pip install --no-deps --no-build-isolation -e .
echo "$run_state" >.venv/run.made-from
if [ "$wanted" = test ]; then
    echo "$test_state" >.venv/test.made-from
fi
