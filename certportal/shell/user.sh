# As root, `./portal run` continues as an ordinary user if possible. Sourced by ./portal.

# The owner of the data directory, unless that is root.
data_user() { stat -c %U "$DATA" | grep -vxE 'root|UNKNOWN'; }

# PostgreSQL refuses to run as root, so root runs the servers as an ordinary user.
service_user() { data_user || { getent passwd postgres >/dev/null && echo postgres; } || echo nobody; }

# The user for the whole service: owner of the data, else of the checkout, else the servers' user.
ordinary_user() { data_user || stat -c %U "$HERE" | grep -vxE 'root|UNKNOWN' || service_user; }

# as_user USER COMMAND…: replaces this process by the command, run with the user's ids and HOME.
as_user() {
    local user=$1
    shift
    HOME=$(getent passwd "$user" | cut -d : -f 6) exec setpriv --reuid "$user" \
        --regid "$(id -g "$user")" --init-groups -- "$@"
}

can() { (as_user "$@") 2>/dev/null; }

# Prints why the user cannot run the service; nothing if they can.
obstacle() {
    local user=$1 name
    if ! can "$user" test -x "$HERE" -a -r portal; then
        echo "cannot reach $HERE"
    # Without leave to read __pycache__, Python compiles the source instead.
    elif [ -n "$(can "$user" find -L manage.py certportal accounts applications issuance \
        templates static locale -name __pycache__ -prune -o ! -readable -print -quit ||
        echo unsearchable)" ]; then
        echo "cannot read all of $HERE"
    elif ! can "$user" .venv/bin/python -c 'import celery, django, gunicorn'; then
        echo "cannot use $HERE/.venv"
    elif ! can "$user" test -x "$(dirname "$DATA")"; then
        echo "cannot reach $DATA"
    elif [ ! -e "$DATA/lock" ] && [ -n "$(ls -A "$DATA")" ]; then
        echo "would have to be given $DATA, which holds other things"
    elif [ "$PORT" -lt "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" ]; then
        echo "may not listen on port $PORT"
    else
        for name in $(compgen -e | grep '_FILE$'); do
            [ -z "${!name}" ] || can "$user" test -r "${!name}" || { echo "cannot read $name"; return; }
        done
    fi
}

# find in the data directory, without nested data directories (for example of the tests), which have
# what `lock_data` makes. The log of events has a file `lock` too. A running service removes files
# meanwhile, which is no error.
in_data() {
    find "$DATA" -ignore_readdir_race -xdev -mindepth 1 -type d -exec test -e '{}/lock' ';' \
        -exec test -d '{}/static' ';' -prune -o "$@"
}

# $@: the options of `run`. Returns only if the service must continue as root.
become_ordinary() {
    local user why
    user=$(ordinary_user)
    why=$(obstacle "$user")
    if [ -n "$why" ]; then
        say "Running as root: the user $user $why."
        return
    fi
    # The user may be unable to write .pyc files to the checkout; each process would compile again.
    .venv/bin/python -m compileall -q certportal accounts applications issuance >/dev/null || true
    lock_data run
    chown "$user:" "$DATA"
    in_data -exec chown --no-dereference "$user:" '{}' +
    exec 9>&-
    say "Running as the user $user, not as root."
    # The user may be unable to enter the default directory, which the script looks at first.
    PORTAL_DATA=$DATA as_user "$user" "$HERE/portal" run "$@"
}

# Gives files that root created in another user's data directory to that user.
give_back() {
    [ "$(id -u)" = 0 ] && data_user >/dev/null || return 0
    in_data -user root -exec chown --no-dereference --reference="$DATA" '{}' +
}
