# nginx, the public listener in front of gunicorn. Sourced by ./portal.

PROXY_SOURCES=$HERE/certportal/operations/proxy

start_proxy() {
    local user=()
    mkdir -p "$RUN/proxy"
    place_cache
    # nginx leaves its socket files behind when it is killed, and does not start where one is.
    rm -f "$RUN/proxy/machines.sock"
    proxy_configuration >"$RUN/proxy/nginx.conf"
    # Its workers would leave root's rights, and with them the sockets.
    [ "$(id -u)" != 0 ] || user=(-g "user root;")
    start proxy /usr/sbin/nginx -e stderr -p "$RUN/proxy/" -c "$RUN/proxy/nginx.conf" "${user[@]}"
}

cache_in_memory() { echo "/dev/shm/portal-$(id -u)-$(printf '%s' "$DATA" | sha256sum | cut -c 1-12)"; }

# nginx gives no answer that it cannot write to its cache, so this is in memory: CRLs and OCSP are served
# while the disk is full. The size is that in http.conf and some more.
place_cache() {
    local memory
    memory=$(cache_in_memory)
    rm -rf "$RUN/proxy/cache"
    df -k --output=avail /dev/shm 2>/dev/null | awk '$1 > 2e5 { ok = 1 } END { exit !ok }' || return 0
    mkdir -m 700 "$memory" 2>/dev/null || { [ -O "$memory" ] && [ ! -L "$memory" ]; } || return 0
    ln -s "$memory" "$RUN/proxy/cache"
}

# FRONT_PORT: a port of its own for CRLs, CA certificates and OCSP; without one a socket file.
proxy_configuration() {
    local machines="\"unix:$RUN/proxy/machines.sock\""
    [ -z "${FRONT_PORT:-}" ] || machines=127.0.0.1:$FRONT_PORT
    # shellcheck disable=SC2016 # the names of the variables that envsubst replaces
    PROXY_LISTEN="127.0.0.1:$PORT backlog=4096" PROXY_MACHINES_LISTEN=$machines \
        PROXY_WEB=unix:$RUN/web.sock PROXY_FRONT=unix:$RUN/front.sock PROXY_RUN=$RUN/proxy \
        PROXY_SOURCES=$PROXY_SOURCES PROXY_TRUSTED=$(trusted_networks) \
        envsubst '$PROXY_LISTEN $PROXY_MACHINES_LISTEN $PROXY_WEB $PROXY_FRONT
            $PROXY_RUN $PROXY_SOURCES $PROXY_TRUSTED' <"$PROXY_SOURCES/nginx.conf.template"
}

# TRUSTED_PROXIES as lines of nginx's `geo`.
trusted_networks() {
    local network
    local trusted=${TRUSTED_PROXIES:-}
    for network in ${trusted//,/ }; do
        [ "$network" = unix ] || echo "$network 1;"
    done
}
