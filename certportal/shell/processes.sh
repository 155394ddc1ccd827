# The service's processes, each in a process group of its own. Sourced by ./portal.

declare -A PIDS=()

# start NAME COMMAND…: output goes to the log; the process ends with this script, however it ends.
start() {
    local name=$1
    shift
    PORTAL_PROCESS=$name setsid setpriv --pdeathsig TERM "$@" </dev/null >>"$DATA/log/$name.log" 2>&1 7>&- 9>&- &
    PIDS[$name]=$!
}

start_worker() {
    start "$1" .venv/bin/python -m celery -A certportal worker -Q "$1" -c "$2" -n "$1@%h" \
        -l INFO --without-gossip --without-mingle
}

start_named() {
    local shm=()
    case $1 in
        web)
            [ ! -w /dev/shm ] || shm=(--worker-tmp-dir /dev/shm)
            start web .venv/bin/python -m gunicorn certportal.wsgi --bind "127.0.0.1:$PORT" \
                --worker-class gthread --workers 2 --threads 4 --timeout 60 --graceful-timeout 5 \
                "${shm[@]}"
            ;;
        default) start_worker default 2 ;;
        ca) with_ca_keys start_worker ca 1 ;;
        beat)
            start beat .venv/bin/python -m celery -A certportal beat -s "$DATA/beat-schedule" \
                --pidfile= -l INFO
            ;;
    esac
}

# Wait for ever; whatever has died is named and started again.
watch_processes() {
    local name
    while true; do
        sleep 1 &
        wait $! || true
        if [ "${REDIS_URL:-}" = "$(redis_address)" ] && ! redis_answers; then
            say "Redis stopped; starting it again"
            start_redis
        fi
        if [ "${DATABASE_URL:-}" = "$(database_address)" ] && ! postgres_runs; then
            say "PostgreSQL stopped; starting it again"
            # What is left of it may still hold its memory: then the next look tries again.
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
    local pid tries=0
    trap '' INT TERM
    for pid in "${PIDS[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
    for pid in "${PIDS[@]}"; do
        while kill -0 -- "-$pid" 2>/dev/null && [ $tries -lt 100 ]; do
            tries=$((tries + 1))
            sleep 0.1
        done
        kill -KILL -- "-$pid" 2>/dev/null || true
    done
    stop_services
}

# in_foreground COMMAND…: wait for it, yet let it be stopped with all else when this script is told
# to stop; bash runs no trap while it waits for a command of its own group.
in_foreground() {
    setsid setpriv --pdeathsig TERM "$@" 7>&- 9>&- &
    PIDS[command]=$!
    local status=0
    wait "${PIDS[command]}" || status=$?
    unset "PIDS[command]"
    return $status
}

stop_at_the_end() {
    trap stop_all EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}
