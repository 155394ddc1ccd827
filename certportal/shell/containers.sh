# Starts the containers of docker-compose.yml in production mode and tests them. Sourced by ./portal.

PACKAGES_CONTAINERS="debootstrap curl"
IMAGES=tests/containers/images
BASE=debian:trixie-slim

# Returns 0 without a test if no container engine is available, unless CI is set.
containers() {
    [ "$(id -u)" = 0 ] || { do_without "each secret gets an owner of its own: run it as root"; return; }
    PATH+=:/usr/local/sbin:/usr/sbin:/sbin
    set_up test
    choose_data "$DATA/containers"
    set_environment test
    lock_data containers
    stop_at_the_end
    lock_engine
    trap 'stop_all; stop_engine' EXIT
    start_engine || return 0
    # shellcheck disable=SC2086 # a list of words
    (install_packages $PACKAGES_CONTAINERS) ||
        { do_without "$PACKAGES_CONTAINERS could not be installed"; return; }
    (base_image) || { do_without "$BASE could be neither pulled nor made"; return; }
    heading "images"
    make_images
    heading "the service in containers"
    if [ "${1:-}" = --soak ]; then
        in_foreground .venv/bin/python -m tests.containers.soak "${2:?--soak wants minutes}"
    else
        in_foreground .venv/bin/python -m pytest tests/containers "$@"
    fi
    heading "the containers passed"
}

# Prints why the containers are not tested; fails on a build machine (CI), which must test them.
do_without() {
    say "WARNING: the containers were not tried: $1."
    [ -z "${CI:-}" ] || die "CI is set, and the containers were not tried: $1"
}

# ------------------------------------------------------------------ images

make_images() {
    # BuildKit's client is a separate package; without it, use the older builder.
    docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
    # Concurrently, since they wait for downloads. The stage `build` is tagged too, so that its layers
    # are kept for the next run.
    all_at_once "server_image postgres:17-trixie postgres" "server_image redis:8 redis" \
        "build_image sote-certificates-build . --target build"
    all_at_once "build_image sote-certificates . --target portal" \
        "build_image sote-certificates-proxy . --target proxy" \
        "build_image sote-prometheus $IMAGES/prometheus"
    docker image prune --force >/dev/null
    docker image ls
}

# all_at_once COMMAND…: runs the commands concurrently; dies at the end if one of them has failed.
all_at_once() {
    local command pids=() pid failed=
    for command in "$@"; do
        # Each in its own process group, so that stop_all ends it with this script.
        set -m
        # shellcheck disable=SC2086 # words
        $command 6>&- 7>&- 9>&- &
        set +m
        pids+=($!)
        # shellcheck disable=SC2034,SC2004 # a key of the table in processes.sh
        PIDS[$command]=$!
    done
    for pid in "${pids[@]}"; do wait "$pid" || failed=yes; done
    for command in "$@"; do unset "PIDS[$command]"; done
    [ -z "$failed" ] || die "the images were not made"
}

# Limits the time: in some networks a missing registry is noticed only after minutes.
pull() { timeout --foreground 60 docker pull --quiet "$1" 2>/dev/null; }

made_by() { docker image inspect --format '{{index .Config.Labels "made-by"}}' "$BASE" 2>/dev/null; }

is_made_here() { [ -n "$(made_by)" ]; }

# Pulls the base image, or makes it from Debian's packages if no registry is reachable; then its label
# contains the hash of the script that makes it.
base_image() {
    local sum
    sum=$(lock_sum $IMAGES/base.sh)
    [ "$(made_by)" != "$sum" ] || return 0
    ! pull $BASE || return 0
    say "No registry is reachable: making $BASE from Debian's packages …"
    patiently "debootstrap" make_base "$sum" || die "cannot make $BASE"
}

make_base() {
    local place status=0
    place=$(mktemp -d /var/tmp/sote-base.XXXXXX)
    in_foreground bash $IMAGES/base.sh "$place" $BASE "made-by=$1" || status=$?
    rm -rf --one-file-system "$place"
    return $status
}

# If the base image had to be made, no registry is reachable.
server_image() { { ! is_made_here && pull "$1"; } || build_image "$1" "$IMAGES/$2"; }

# build_image NAME DIRECTORY OPTIONS…: shows the end of the build's output if it fails.
build_image() {
    local name=$1 place=$2 log
    shift 2
    log=$DATA/log/build-${name%%:*}.log
    # Each try continues after the last successful step.
    patiently "the build of $name" build_once "$log" --tag "$name" "$@" "$place" ||
        { tail -n 40 "$log" >&2; die "the image $name was not built; see $log"; }
}

build_once() {
    local log=$1
    shift
    timeout --foreground 600 docker build --network host "$@" >"$log" 2>&1
}
