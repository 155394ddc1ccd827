# The run of the tests, beside servers of their own. Sourced by ./portal.

# Starts a separate set of servers; $1: the name of its data directory, $2: options of PostgreSQL.
prepare_tests() {
    # Some machines forbid Python to keep what it has compiled. Tests start hundreds of processes.
    unset PYTHONDONTWRITEBYTECODE
    set_up test
    choose_data "$DATA/$1"
    lock_data "$1"
    set_environment test
    stop_at_the_end
    place_services
    start_services "$2"
}

# Tests make many small files. On a disk one takes ten times as long as in memory, which serves where
# there is enough, and where programs may be run, some of which tests write.
work_in_memory() {
    local place
    [ -z "${TMPDIR:-}" ] || return 0
    awk '$1 == "MemAvailable:" && $2 > 6e6 { ok = 1 } END { exit !ok }' /proc/meminfo || return 0
    df -k --output=avail /dev/shm 2>/dev/null | awk '$1 > 4e6 { ok = 1 } END { exit !ok }' || return 0
    place=$(mktemp -d /dev/shm/t.XXXXXX) || return 0
    # shellcheck disable=SC2064 # the place is known now
    trap "stop_all; rm -rf '$place'" EXIT
    if cp "$(type -P true)" "$place/tried" && "$place/tried"; then
        chmod 1777 "$place"
        export TMPDIR=$place
    fi
}

run_tests() {
    # The Nu HTML checker (--nu) comes from npm and needs Java, as do programs of tests/judging, which
    # also reads the log of events with Go's packages and uses certificates in other programs.
    if [ $# = 0 ] || [[ " $* " == *" --nu "* || " $* " == *tests/judging* ]]; then
        command -v npm >/dev/null || PACKAGES_TEST+=" nodejs npm"
        command -v keytool >/dev/null || PACKAGES_TEST+=" default-jre-headless"
    fi
    if [[ " $* " == *tests/judging* ]]; then
        PACKAGES_TEST+=" golang-go golang-golang-x-mod-dev apache2-bin haproxy"
    fi
    prepare_tests test "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    work_in_memory
    if [ $# -gt 0 ]; then
        in_foreground .venv/bin/python -m pytest "$@"
        return
    fi
    local each=(--dist loadfile --no-loadscope-reorder) browser=$DATA/log/browser.log
    local all=(tests --ignore tests/journeys --ignore tests/judging --ignore tests/containers)
    # What drives a browser runs beside the rest, as worker gw9 of pytest-xdist. The rest are three
    # processes: each waits at times, for servers and for the database, which would leave cores idle.
    # shellcheck disable=SC2016  # its own arguments
    in_background browser bash -c '
        own=(setpriv --pdeathsig TERM .venv/bin/python -m pytest --tx popen//id=gw9) failed=0
        printf "== journeys\n"
        "${own[@]}" "${@:1:3}" tests/journeys || failed=1
        printf "\n== pages\n"
        "${own[@]}" -m browser --every-page --nu "$@" || failed=1
        exit $failed' browser "${each[@]}" "${all[@]}" >"$browser" 2>&1
    # It is waited for and shown although something before it has failed.
    local passed=1
    {
        in_foreground ./portal check &&
            heading "unit and integration tests" &&
            in_foreground .venv/bin/python -m pytest -m "not browser" -n 3 "${each[@]}" "${all[@]}"
    } || passed=
    heading "journeys and pages in a browser, run meanwhile"
    await browser || passed=
    cat "$browser"
    [ -n "$passed" ] || { heading "not everything passed"; return 1; }
    heading "everything passed"
}
