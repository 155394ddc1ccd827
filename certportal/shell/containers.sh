# The containers of docker-compose.yml, started and tried in production mode. Sourced by ./portal.

PACKAGES_CONTAINERS="docker.io docker-cli docker-compose iptables debootstrap curl"
# Images are kept between runs, also of other checkouts: made anew where what they are made of changed.
ENGINE_DATA=${CONTAINERS_CACHE:-/var/cache/sote-certificates}
ENGINE=
IMAGES=tests/containers/images
BASE=debian:trixie-slim

# Returns 0 without having tried anything where no engine can be had, unless CI is set.
containers() {
    [ "$(id -u)" = 0 ] || { do_without "each secret gets an owner of its own: run it as root"; return; }
    set_up test
    choose_data "$DATA/containers"
    set_environment test
    lock_data containers
    stop_at_the_end
    start_engine || return 0
    heading "images"
    make_images
    heading "the service in containers"
    in_foreground .venv/bin/python -m pytest tests/containers "$@"
}

# Says why the containers are not tried; fails where a build machine (CI) should have tried them.
do_without() {
    say "WARNING: the containers were not tried: $1."
    [ -z "${CI:-}" ] || die "CI is set, and the containers were not tried: $1"
}

# ------------------------------------------------------------------ the engine

# Uses the engine there is, or starts one for this run. Status 1: there is none, and it was said why.
start_engine() {
    local why
    if docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then return; fi
    why=$(forbidden)
    if [ -n "$why" ]; then
        # No run on this machine can ever pass: a build machine must not wait for it either.
        say "WARNING: the containers were not tried: this machine lets nobody run them ($why)."
        return 1
    fi
    # shellcheck disable=SC2086 # a list of words
    (install_packages $PACKAGES_CONTAINERS) ||
        { do_without "an engine could not be installed"; return 1; }
    start_dockerd || { do_without "dockerd did not start: $(tail -n 3 "$ENGINE/dockerd.log")"; return 1; }
}

# Prints which of the kernel's permissions that every container engine needs are missing here.
forbidden() {
    local effective
    effective=0x$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
    (((effective >> 21) & 1)) || { echo "the capability SYS_ADMIN is missing"; return; }
    (((effective >> 12) & 1)) || { echo "the capability NET_ADMIN is missing"; return; }
    unshare --mount --pid --net --fork true 2>/dev/null || { echo "namespaces cannot be made"; return; }
    grep -q cgroup /proc/filesystems || echo "the kernel has no control groups"
}

start_dockerd() {
    local tries
    ENGINE=$(mktemp -d /run/sote-engine.XXXXXX)
    mkdir -p "$ENGINE_DATA"
    iptables-save >"$ENGINE/iptables" 2>/dev/null || true
    # Without CAP_SYS_RESOURCE the limits of open files cannot be raised, as dockerd would.
    setsid setpriv --pdeathsig TERM dockerd --data-root "$ENGINE_DATA" --exec-root "$ENGINE/run" \
        -p "$ENGINE/dockerd.pid" -H "unix://$ENGINE/docker.sock" \
        --default-ulimit nofile=20000:20000 </dev/null >"$ENGINE/dockerd.log" 2>&1 7>&- 9>&- &
    # shellcheck disable=SC2154 # a key of the table in processes.sh
    PIDS[dockerd]=$!
    export DOCKER_HOST=unix://$ENGINE/docker.sock
    trap 'stop_engine; stop_all' EXIT
    for ((tries = 0; tries < 300; tries++)); do
        ! docker info >/dev/null 2>&1 || return 0
        kill -0 "${PIDS[dockerd]}" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

# Takes away what the engine leaves behind: its bridge and its rules of the packet filter.
stop_engine() {
    [ -n "$ENGINE" ] || return 0
    local pid=${PIDS[dockerd]}
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    unset "PIDS[dockerd]"
    iptables-restore <"$ENGINE/iptables" 2>/dev/null || true
    ip link delete docker0 2>/dev/null || true
    umount "$ENGINE"/run/netns/* 2>/dev/null || true
    rm -rf --one-file-system "$ENGINE"
}

# ------------------------------------------------------------------ images

make_images() {
    # Without BuildKit's client, whose package is another, the older builder does.
    docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
    base_image
    # Side by side, since they wait for downloads. The stage has a name of its own, so that its
    # layers are there for the next run.
    all_at_once "server_image postgres:17-trixie postgres" "server_image redis:8 redis" \
        "build_image sote-certificates-build . --target build"
    all_at_once "build_image sote-certificates . --target portal" \
        "build_image sote-certificates-proxy . --target proxy"
    docker image prune --force >/dev/null
    docker image ls
}

# all_at_once COMMAND…: dies when all have ended and one of them has failed.
all_at_once() {
    local command pids=() pid failed=
    for command in "$@"; do
        # shellcheck disable=SC2086 # words
        $command 7>&- 9>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || failed=yes; done
    [ -z "$failed" ] || die "the images were not made"
}

# Where no registry answers, some networks say so only after minutes.
pull() { timeout 60 docker pull --quiet "$1" 2>/dev/null; }

made_by() { docker image inspect --format '{{index .Config.Labels "made-by"}}' "$BASE" 2>/dev/null; }

is_made_here() { [ -n "$(made_by)" ]; }

# Pulled, or made of Debian's packages where no registry is reached; then its label holds the hash
# of what makes it.
base_image() {
    local name=$BASE sum
    sum=$(lock_sum $IMAGES/base.sh)
    [ "$(made_by)" != "$sum" ] || return 0
    ! pull $name || return 0
    say "No registry is reached: making $name of Debian's packages …"
    local place
    place=$(mktemp -d /var/tmp/sote-base.XXXXXX)
    bash $IMAGES/base.sh "$place" "$name" "made-by=$sum" || die "cannot make $name"
    rm -rf --one-file-system "$place"
}

# Where the base had to be made, no registry is reached.
server_image() { { ! is_made_here && pull "$1"; } || build_image "$1" "$IMAGES/$2"; }

# build_image NAME DIRECTORY OPTIONS…: shows what the build says if it fails.
build_image() {
    local name=$1 place=$2 log
    shift 2
    log=$DATA/log/build-${name%%:*}.log
    timeout 900 docker build --network host --tag "$name" "$@" "$place" >"$log" 2>&1 ||
        { tail -n 40 "$log" >&2; die "the image $name was not built; see $log"; }
}
