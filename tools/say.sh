# Read by the other scripts: how they speak and stop. Each sentence is given in French, then in English.

say() {
    printf '%s\n%s\n' "$1" "$2" >&2
}

stop() {
    say "$1" "$2"
    exit 1
}

# Install Debian packages, if that is ours to do; otherwise fails and changes nothing.
debian_offers() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installation par Debian : $*" "Installing from Debian: $*"
    log=$(mktemp)
    if apt-get update -q >"$log" 2>&1 &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >>"$log" 2>&1; then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
}
