# A private PostgreSQL and Redis on Unix sockets, without TCP. Sourced by ./portal.

POSTGRES=
RUN=
STORE=

newest_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' | sort -V | tail -n 1 | grep .; }

as_service() {
    if [ "$(id -u)" = 0 ]; then runuser -u "$(service_user)" -- "$@" 7>&- 9>&-; else "$@" 7>&- 9>&-; fi
}

# The servers' files are under the data directory if their user can access it (root's home is
# usually closed), else under /var/tmp. A socket path may have at most 107 bytes.
place_services() {
    local place=$DATA short uid
    uid=$(id -u)
    # Root uses the data owner's id, to find servers that run as that user.
    [ "$uid" != 0 ] || uid=$(stat -c %u "$DATA")
    short=portal-$uid-$(printf '%s' "$DATA" | sha256sum | cut -c 1-12)
    if [ "$(id -u)" = 0 ]; then
        chmod go+x "$DATA"
        # The tests' data is one folder deeper.
        case $DATA in "$HERE"/var/*) chmod go+x "$HERE/var" ;; esac
        as_service test -x "$DATA" || place=/var/tmp/$short
    fi
    STORE=$place/services
    RUN=$place/run
    [ ${#RUN} -lt 85 ] || RUN=/tmp/$short
    own_directory "$STORE"
    own_directory "$RUN"
}

# Creates the directory for the servers' user only; refuses one that another user owns.
own_directory() {
    (umask 022 && mkdir -p "$1")
    if [ "$(id -u)" = 0 ] && [ -O "$1" ]; then chown "$(service_user)" "$1"; fi
    chmod 700 "$1"
    as_service test -O "$1" || die "$1 belongs to somebody else"
}

# $1: additional options of PostgreSQL. DATABASE_URL and REDIS_URL select other servers.
start_services() {
    [ -n "${DATABASE_URL:-}" ] && [ -n "${REDIS_URL:-}" ] && return
    guard_services
    [ -n "${DATABASE_URL:-}" ] || start_postgres "$1"
    [ -n "${REDIS_URL:-}" ] || start_redis
}

# The address for the owner of the tables; with $1, a process, for its own account
# (certportal/foundation/database/database_roles.py).
# shellcheck disable=SC2120 # processes.sh names the process
database_address() {
    local account=portal
    case ${1:-} in
        web) account=portal_web ;;
        default | mail) account=portal_worker ;;
        ca) account=portal_ca ;;
        metrics) account=portal_metrics ;;
    esac
    echo "postgres://$account@/portal?host=$RUN&port=5432"
}

redis_address() { echo "unix://:$(redis_password)@$RUN/redis.sock?db=0"; }

redis_password() { cat "$DATA/secrets/redis_password"; }

# A cluster of an older PostgreSQL is run with that version as long as it is installed.
postgres_directory() {
    local bin
    bin=/usr/lib/postgresql/$(cat "$STORE/postgres/PG_VERSION" 2>/dev/null || echo none)/bin
    [ -d "$bin" ] || bin=$(dirname "$(newest_postgres)")
    echo "$bin"
}

start_postgres() {
    local cluster=$STORE/postgres bin options
    bin=$(postgres_directory)
    # Its log tells of an error without the rows and values of details and statements. docker-compose.yml
    # sets the same.
    options="-c log_error_verbosity=terse -c log_min_error_statement=panic"
    options="-k $RUN -c listen_addresses='' -c port=5432 -c max_connections=200 $options $1"
    POSTGRES=$bin/pg_ctl
    set_aside_database "$cluster"
    bin=$(postgres_directory)
    if [ ! -e "$cluster/PG_VERSION" ]; then
        refuse_empty_database "$cluster"
        # Made aside: one that is half made, since this was killed, would be taken for a whole one.
        rm -rf "$cluster" "$cluster.new"
        as_service "$bin/initdb" -D "$cluster.new" -U portal -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
        mv "$cluster.new" "$cluster"
    fi
    POSTGRES=$bin/pg_ctl
    stop_postgres
    # The statement of a page is planned in some 4 MB. By default glibc returns these to the system each
    # time and has them cleared anew, which takes half as long again. docker-compose.yml sets the same.
    as_service env MALLOC_TRIM_THRESHOLD_=8388608 MALLOC_MMAP_THRESHOLD_=16777216 \
        "$POSTGRES" -D "$cluster" -l "$STORE/postgres.log" -o "$options" -w start >/dev/null ||
        die "PostgreSQL did not start: $(tail -n 1 "$STORE/postgres.log")"
    "$bin/psql" -h "$RUN" -U portal -lqtA | grep -q '^portal|' ||
        "$bin/createdb" -h "$RUN" -U portal portal
    : >"$DATA/has-database"
    # shellcheck disable=SC2119 # the owner of the tables
    DATABASE_URL=$(database_address)
    export DATABASE_URL
}

# A cluster outside the data outlives them. Beside new data of the same name it would be another's: its
# lease names a journal that is gone, so that nothing could be signed.
set_aside_database() {
    case $1 in "$DATA"/*) return 0 ;; esac
    [ -e "$1/PG_VERSION" ] && [ ! -e "$DATA/has-database" ] || return 0
    stop_postgres
    rm -rf "$1.removed"
    mv "$1" "$1.removed"
    say "$1 belonged to data that are no longer in $DATA. It is now $1.removed; delete it if nobody needs it."
}

# An empty database in the place of a lost one would number orders and CRLs anew. Tests begin anew,
# and a backup is restored into an empty one.
refuse_empty_database() {
    case $(cat "$DATA/lock") in run | manage) ;; *) return 0 ;; esac
    [ ! -e "$DATA/has-database" ] ||
        die "the database of $DATA is missing: $1 is not there. Bring the folder back, or restore a" \
            "backup with ./portal restore DIR. To begin without its data, delete $DATA/has-database."
}

postgres_exists() { kill -0 "$(head -n 1 "$STORE/postgres/postmaster.pid" 2>/dev/null)" 2>/dev/null; }

# Times that PostgreSQL is asked, each for two to three seconds, before it counts as hung.
POSTGRES_PATIENCE=7

# Whether its first process runs and answers whoever connects, be it that it is starting or stopping.
postgres_answers() {
    local tries status
    for ((tries = 0; tries < POSTGRES_PATIENCE; tries++)); do
        postgres_exists || return 1
        status=0
        "${POSTGRES%/*}/pg_isready" -q -t 2 -h "$RUN" -U portal -d portal 7>&- 9>&- || status=$?
        [ $status = 2 ] || return 0
        sleep 1 7>&- 9>&-
    done
    return 1
}

stop_postgres() {
    [ -n "$POSTGRES" ] && [ -e "$STORE/postgres/postmaster.pid" ] || return 0
    { postgres_answers && as_service "$POSTGRES" -D "$STORE/postgres" -m fast -w stop >/dev/null 2>&1; } ||
        kill_postgres
}

# Kills every process of the cluster and waits for their end: without the first one the others may work
# on, and PostgreSQL does not start while one does. What was committed is on the disk.
kill_postgres() {
    local process name left tries
    for ((tries = 0; tries < 100; tries++)); do
        left=
        for process in /proc/[0-9]*; do
            { read -r name <"$process/comm"; } 2>/dev/null || continue
            if [ "$name" = postgres ] && [ "$process/cwd" -ef "$STORE/postgres" ]; then
                kill -KILL "${process#/proc/}" 2>/dev/null || true
                left=yes
            fi
        done
        # Until its parent has learnt of its end, the first one counts as running.
        [ -n "$left" ] || postgres_exists || return 0
        sleep 0.1
    done
}

# Seconds after which a Redis that takes connections and answers nothing counts as hung.
REDIS_PATIENCE=20

redis_command() {
    REDISCLI_AUTH=$(redis_password) timeout "$REDIS_PATIENCE" redis-cli -s "$RUN/redis.sock" "$@" 2>/dev/null
}

redis_answers() { [ "$(exec 7>&- 9>&-; redis_command ping)" = PONG ]; }

start_redis() {
    local tries
    stop_redis
    # The password is passed on standard input (`-`), since other users can read command lines.
    as_service redis-server --port 0 --unixsocket "$RUN/redis.sock" --unixsocketperm 700 --save '' \
        --dir "$STORE" --daemonize yes --pidfile "$RUN/redis.pid" --logfile "$STORE/redis.log" - \
        <<<"requirepass $(redis_password)" >/dev/null ||
        die "Redis did not start: $(tail -n 1 "$STORE/redis.log" 2>&1)"
    for ((tries = 0; ; tries++)); do
        redis_answers && break
        [ $tries -lt 100 ] || die "Redis did not start: $(tail -n 1 "$STORE/redis.log")"
        sleep 0.1
    done
    REDIS_URL=$(redis_address)
    export REDIS_URL
}

# What it holds are hints only (docs/decisions/broker-not-trusted.md), so a hung one is killed.
stop_redis() {
    redis_command shutdown nosave >/dev/null || true
    kill_redis
}

kill_redis() {
    local pid
    pid=$(cat "$RUN/redis.pid" 2>/dev/null) || return 0
    ! grep -qsF "unixsocket:$RUN/redis.sock" "/proc/$pid/cmdline" || kill -KILL "$pid" 2>/dev/null || true
}

# Stops the servers even if this script is killed: then its end of the pipe closes. It is in a process
# group of its own, since all of the script's may be killed together.
guard_services() {
    exec 7> >(
        set -m
        stop_unguarded <&0 &  # without <&0 bash gives it /dev/null
    )
}

# A command that the script had started can hold the lock a little longer. If another ./portal holds it,
# the servers are its own and are left running.
stop_unguarded() {
    trap '' HUP INT QUIT TERM
    exec 9>&-
    cat >/dev/null
    [ -e "$RUN/redis.pid" ] || [ -e "$STORE/postgres/postmaster.pid" ] || exit 0
    exec 9>>"$DATA/lock"
    flock -w 20 9 || exit 0
    POSTGRES=$(postgres_directory)/pg_ctl
    rm -rf "$(cache_in_memory)"
    stop_redis
    stop_postgres
}

stop_services() {
    [ -n "$RUN" ] || return 0
    rm -rf "$(cache_in_memory)"
    [ "${REDIS_URL:-}" != "$(redis_address)" ] || stop_redis
    stop_postgres
}
