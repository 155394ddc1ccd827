# Set-up: Debian packages, the virtual environment, compiled messages. Sourced by ./portal.

PACKAGES_RUN="python3-venv libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libseccomp2 gettext nginx"
PACKAGES_CHECK="shellcheck"
PACKAGES_TEST="$PACKAGES_CHECK chromium chromium-headless-shell gnutls-bin libnss3-tools openssl poppler-utils softhsm2 xmlsec1 wrk age clamav-daemon promtool knot unbound"
CLUSTER_CONF=/etc/postgresql-common/createcluster.conf
POLICY=/usr/sbin/policy-rc.d
POLICY_IS_OURS=

set_up() {
    local packages=$PACKAGES_RUN lock=requirements-test.txt
    [ -n "${DATABASE_URL:-}" ] || packages+=" postgresql"
    [ -n "${REDIS_URL:-}" ] || packages+=" redis-server"
    case $1 in
        run) lock=requirements.txt ;;
        check) packages+=" $PACKAGES_CHECK" ;;
        test) packages+=" $PACKAGES_TEST" ;;
    esac
    # shellcheck disable=SC2086 # a list of words
    install_packages $packages
    make_venv "$lock"
    compile_messages
    make_key_tables
}

# ------------------------------------------------------------------ Debian packages

missing_packages() {
    local name installed
    installed=$(dpkg-query -W -f '${Package} ${Status}\n' "$@" 2>/dev/null || true)
    for name in "$@"; do
        if [ "$name" = postgresql ] && newest_postgres >/dev/null; then continue; fi
        grep -q "^$name .* ok installed" <<<"$installed" || printf '%s ' "$name"
    done
}

install_packages() {
    local missing
    missing=$(missing_packages "$@")
    missing=${missing% }
    [ -n "$missing" ] || return 0
    may_be_root || die "packages are missing; let an administrator run:" \
        "apt-get install --no-install-recommends $missing"
    # Two commands may begin at once, and apt-get does not wait for another.
    exec 8>"$HERE/.venv.lock"
    flock 8
    missing=$(missing_packages "$@")
    missing=${missing% }
    if [ -z "$missing" ]; then
        exec 8>&-
        return 0
    fi
    say "Installing $missing …"
    trap let_servers_start EXIT
    keep_servers_from_starting
    apt update || say "apt-get update failed; trying with the lists there are"
    # shellcheck disable=SC2086 # a list of words
    patiently "apt-get install" \
        apt install -y --no-install-recommends -o Dpkg::Options::=--force-confold $missing ||
        die "apt-get could not install $missing"
    keep_servers_from_booting "$missing"
    let_servers_start
    trap - EXIT
    exec 8>&-
}

may_be_root() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 "$@" </dev/null >&2 8>&-
}

# patiently WHAT COMMAND…: tries it three times, since the mirrors of packages are away now and then.
patiently() {
    local what=$1 tries
    shift
    for tries in 1 2 3; do
        ! "$@" || return 0
        [ "$tries" = 3 ] || { say "$what failed; trying again in $((tries * 5)) s …"; sleep $((tries * 5)); }
    done
    return 1
}

# Debian's packages would start system-wide servers; this service uses private ones.
keep_servers_from_starting() {
    if ! newest_postgres >/dev/null && [ ! -e $CLUSTER_CONF ]; then
        as_root mkdir -p "$(dirname $CLUSTER_CONF)"
        echo 'create_main_cluster = false' | as_root tee $CLUSTER_CONF >/dev/null
    fi
    if [ ! -e $POLICY ]; then
        POLICY_IS_OURS=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee $POLICY >/dev/null
        as_root chmod +x $POLICY
    fi
}

# Nor may they start with the machine: nginx would take port 80. $1: the packages just installed.
keep_servers_from_booting() {
    local name
    command -v systemctl >/dev/null || return 0
    for name in nginx redis-server knot unbound; do
        [[ " $1 " != *" $name "* ]] || as_root systemctl -q disable "$name" >&2 || true
    done
}

let_servers_start() { [ -z "$POLICY_IS_OURS" ] || as_root rm -f $POLICY; }

# ------------------------------------------------------------------ Python

# `python3` in PATH may be older than Debian's own.
find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3.14 python3.13 python3.12 python3; do
        if "$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    die "no Python 3.12 or newer that can make virtual environments was found"
}

lock_sum() { sha256sum <"$1" | cut -d ' ' -f 1; }

is_stamped() { [ "$(cat ".venv/$1.stamp" 2>/dev/null)" = "$(lock_sum "$1")" ]; }

# The lock file for tests includes the other one, so its stamp is valid for both.
has_venv() { is_stamped requirements-test.txt || { [ "$1" = requirements.txt ] && is_stamped "$1"; }; }

make_venv() {
    local lock=$1
    has_venv "$lock" && return
    exec 8>"$HERE/.venv.lock"
    flock 8
    if has_venv "$lock"; then
        exec 8>&-
        return 0
    fi
    say "Installing Python packages from $lock …"
    # After the checkout was moved, the scripts in .venv point to the old path.
    if ! grep -qs "$HERE/.venv" .venv/bin/pip; then
        rm -rf .venv
        "$(find_python)" -m venv .venv
    fi
    # Ignore the machine's pip constraints: the lock file pins everything.
    PIP_CONSTRAINT=/dev/null patiently "pip install" .venv/bin/python -m pip install -q \
        --disable-pip-version-check --no-input --no-compile --require-hashes -r "$lock" 8>&- >&2 ||
        die "pip could not install $lock"
    # On all processors, where pip takes one. Some files of packages are templates and no Python.
    .venv/bin/python -m compileall -qq -j 0 .venv/lib 8>&- >/dev/null || true
    lock_sum "$lock" >".venv/$lock.stamp"
    exec 8>&-
}

compile_messages() {
    local po
    for po in locale/*/LC_MESSAGES/*.po; do
        [ -e "$po" ] || continue
        [ "${po%.po}.mo" -nt "$po" ] || msgfmt -o "${po%.po}.mo" "$po"
    done
}

# The tables of the tests for weak keys take 6 s on two cores and are made once; each start verifies
# them.
make_key_tables() {
    local curve pids=()
    for curve in P-256 P-384; do
        [ -e "issuance/keys/multiples-$curve.bin" ] && continue
        .venv/bin/python -c \
            "from issuance.keys.multiples import multiples; multiples('$curve')" &
        pids+=($!)
    done
    [ ${#pids[@]} = 0 ] || wait "${pids[@]}"
}
