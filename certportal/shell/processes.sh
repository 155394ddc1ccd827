# The service's processes, each in its own process group. Sourced by ./portal.

declare -A PIDS=()
FORKS=

# start NAME COMMAND…: starts a process with its output in a log file; it is terminated when this script
# dies.
start() {
    local name=$1
    shift
    setsid setpriv --pdeathsig TERM "$@" </dev/null >>"$DATA/log/$name.log" 2>&1 7>&- 9>&- &
    PIDS[$name]=$!
}

# start_python NAME MODULE ARGUMENTS…: likewise, forked from the process that has imported the packages
# (forks.py), which is started if need be. With the private database, it uses the account of its kind.
start_python() {
    local name=$1 database=${DATABASE_URL:-} forks=certportal/shell/forks.py
    [ "$database" != "$(database_address)" ] || database=$(database_address "$name")
    if ! kill -0 "$FORKS" 2>/dev/null; then
        # It loads the settings of `front`, which refuses to start with the keys of `ca`.
        # mimalloc gives back what the imports freed: 17 MiB of all processes. Python 3.12 lacks it.
        local allocator
        allocator=$(.venv/bin/python -c 'import sysconfig as s
print("mimalloc" if s.get_config_var("WITH_MIMALLOC") else "pymalloc")')
        start forks env "${KEY_SETTINGS[@]/#/--unset=}" PYTHONMALLOC="$allocator" \
            .venv/bin/python $forks serve "$RUN/forks.sock"
        FORKS=${PIDS[forks]}
        unset "PIDS[forks]"  # the others end with it, and each is started again by itself
    fi
    local status=0
    PIDS[$name]=$(DATABASE_URL=$database PORTAL_PROCESS=$name .venv/bin/python $forks ask "$RUN/forks.sock" "$@" \
        </dev/null 2>>"$DATA/log/$name.log" 7>&- 9>&-) || status=$?  # watch_processes tries again
    # 75: it is frozen. All end with it, and are started again.
    [ $status != 75 ] || kill -KILL "$FORKS" 2>/dev/null || true
}

# start_gunicorn NAME APPLICATION OPTIONS…: listens on the socket file NAME.sock.
start_gunicorn() {
    local name=$1 shm=()
    shift
    [ ! -w /dev/shm ] || shm=(--worker-tmp-dir /dev/shm)
    start_python "$name" gunicorn "$@" --bind "unix:$RUN/$name.sock" \
        --worker-class gthread --timeout 60 --graceful-timeout 5 "${shm[@]}"
}

start_named() {
    case $1 in
        web)
            # Only nginx can connect to the socket, so its X-Forwarded headers are trusted.
            TRUSTED_PROXIES=${TRUSTED_PROXIES:+$TRUSTED_PROXIES,}unix \
                start_gunicorn web certportal.wsgi --workers 2 --threads 4
            ;;
        front) start_python front certportal.operations.serve_front "unix:$RUN/front.sock" ;;
        proxy) start_proxy ;;
        default | mail) start_python "$1" certportal.operations.work ;;
        ca) with_ca_keys start_python ca certportal.operations.work ;;
        beat) start_python beat certportal.operations.work "$DATA/beat-schedule" ;;
        store) start_python store manage share_files ;;
        # Web uses METRICS_PORT, `metrics` the next one.
        metrics) METRICS_PORT=$((METRICS_PORT + 1)) start_python metrics certportal.operations.metrics ;;
    esac
}

# Dies if a port for Prometheus cannot be used; otherwise `metrics` would be restarted for ever.
check_metrics() {
    local port
    METRICS_PORT=${METRICS_PORT:-0}
    [[ $METRICS_PORT =~ ^[0-9]{1,5}$ ]] || die "METRICS_PORT must be the number of a port, or 0"
    METRICS_PORT=$((10#$METRICS_PORT))
    [ "$METRICS_PORT" != 0 ] || return 0
    for port in "$METRICS_PORT" $((METRICS_PORT + 1)); do
        PORTAL_PROCESS=metrics METRICS_PORT=$port .venv/bin/python -m certportal.operations.metrics --try ||
            die "choose another METRICS_PORT or METRICS_ADDRESS: web has METRICS_PORT, metrics the next one"
    done
}

# Runs forever and restarts processes that have died, and servers that have died or hang.
watch_processes() {
    local name
    while true; do
        sleep 1 7>&- 9>&- &
        wait $! || true
        if [ "${REDIS_URL:-}" = "$(redis_address)" ] && ! redis_answers; then
            say "Redis stopped or hangs; starting it again"
            kill_redis  # it would be asked as long again before it is stopped; likewise below
            start_redis
        fi
        if [ "${DATABASE_URL:-}" = "$(database_address)" ] && ! postgres_answers; then
            say "PostgreSQL stopped or hangs; starting it again"
            kill_postgres
            # A process that is killed may still hold its shared memory: the next round retries.
            (start_postgres "") || true
        fi
        for name in "${!PIDS[@]}"; do
            kill -0 "${PIDS[$name]}" 2>/dev/null && continue
            say "$name stopped; starting it again (see $DATA/log/$name.log)"
            kill -KILL -- "-${PIDS[$name]}" 2>/dev/null || true
            start_named "$name"
        done
    done
}

stop_all() {
    trap '' HUP INT TERM
    stop_groups "${PIDS[@]}"
    # After the others, of which it would end whatever is left.
    [ -z "$FORKS" ] || stop_groups "$FORKS"
    stop_services
}

# stop_groups LEADER…: asks the process groups to end, and kills what has not done so in eleven seconds,
# for example because it is frozen.
stop_groups() {
    local pid tries=0
    for pid in "$@"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
    for pid in "$@"; do
        while kill -0 -- "-$pid" 2>/dev/null && [ $tries -lt 110 ]; do
            tries=$((tries + 1))
            sleep 0.1
        done
        kill -KILL -- "-$pid" 2>/dev/null || true
    done
}

# in_background NAME COMMAND…: start the command so that traps stop it together with the rest.
in_background() {
    local name=$1
    shift
    setsid setpriv --pdeathsig TERM "$@" 7>&- 9>&- &
    PIDS[$name]=$!
}

# await NAME: wait for the end of such a command; return its status.
await() {
    local status=0
    wait "${PIDS[$1]}" || status=$?
    unset "PIDS[$1]"
    [ $status = 0 ] || trap - ERR  # the command itself has printed the reason
    return $status
}

# In the background as well: bash runs no trap while it waits for a foreground command.
in_foreground() {
    in_background command "$@"
    await command
}

# Prints the failing command, which may not have printed a message itself.
stop_at_the_end() {
    set -E
    trap 'say "portal: ended by a failure of: $BASH_COMMAND"' ERR
    trap stop_all EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}
