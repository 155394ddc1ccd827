# The container engine: the machine's, or one that is started for this run. Sourced by ./portal.

PACKAGES_ENGINE="docker.io docker-cli docker-compose iptables iproute2"
# Images are kept between runs, also for other checkouts, and rebuilt when their sources change.
ENGINE_DATA=${CONTAINERS_CACHE:-/var/cache/sote-certificates}
# Each engine that we start has a directory here; only the holder of the lock starts or removes one.
ENGINES=/run/sote-engine
ENGINE=
# Kernel settings that an engine, or this script for it, changes.
KERNEL=(/proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/default/disable_ipv6)

# Two engines would use the same networks, two runs in one engine the same names.
lock_engine() {
    exec 6>>"$ENGINES.lock"
    flock -n 6 && return
    say "Another ./portal containers is at work on this machine; waiting for it …"
    flock -w 1200 6 || die "another ./portal containers has been at work for 20 minutes; see $ENGINES.*"
}

# Uses the machine's engine, or starts one for this run. Status 1: there is none; prints why.
start_engine() {
    local why
    clear_leftovers
    if ! docker info >/dev/null 2>&1; then
        why=$(forbidden)
        [ -z "$why" ] || { do_without "this machine cannot run containers ($why)"; return 1; }
        # shellcheck disable=SC2086 # a list of words
        (install_packages $PACKAGES_ENGINE) ||
            { do_without "an engine could not be installed"; return 1; }
        start_dockerd || start_dockerd_anew ||
            { do_without "dockerd did not start: $(tail -n 3 "$ENGINE/dockerd.log")"; return 1; }
    fi
    docker compose version >/dev/null 2>&1 || (install_packages docker-compose) ||
        { do_without "docker compose could not be installed"; return 1; }
    remove_containers
    why=$(runs_a_container 2>&1) || { do_without "the engine runs no container: $why"; return 1; }
    [ -z "$ENGINE" ] || weigh
}

# Prints the first permission that every container engine needs and that is missing here.
forbidden() {
    local effective groups
    effective=0x$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
    (((effective >> 21) & 1)) || { echo "the capability SYS_ADMIN is missing"; return; }
    (((effective >> 12) & 1)) || { echo "the capability NET_ADMIN is missing"; return; }
    unshare --mount --pid --net --fork true 2>/dev/null || { echo "namespaces cannot be made"; return; }
    groups=$(awk '$3 ~ /^cgroup/ { print $4 }' /proc/self/mounts)
    [ -n "$groups" ] || { echo "no control groups are mounted"; return; }
    grep -qvE '(^|,)ro(,|$)' <<<"$groups" || { echo "the control groups are read-only"; return; }
    overlays || echo "no overlay file system can be mounted on $ENGINE_DATA; CONTAINERS_CACHE chooses another place"
}

# Tries an overlay mount in a separate mount namespace, so that nothing has to be unmounted.
overlays() {
    local place status=0
    mkdir -p "$ENGINE_DATA" && place=$(mktemp -d "$ENGINE_DATA/trial.XXXXXX") || return
    mkdir "$place"/{lower,upper,work,merged}
    unshare --mount mount -t overlay overlay "$place/merged" \
        -o "lowerdir=$place/lower,upperdir=$place/upper,workdir=$place/work" 2>/dev/null || status=1
    rm -rf --one-file-system "$place"
    return $status
}

# Runs a container with nothing but this machine's command `true`, whose error shows what the kernel
# forbids.
runs_a_container() {
    local true_
    true_=$(type -P true)
    { ldd "$true_" | grep -o '/[^ ]*'; echo "$true_"; } |
        tar --absolute-names -chf - -T - | timeout 60 docker import - sote-trial >/dev/null &&
        timeout 60 docker run --rm sote-trial "$true_" && docker image rm sote-trial >/dev/null
}

# Gives the containers the CPU weight of a dozen processes. By default all containers together are one
# control group with the weight of a single process.
weigh() {
    local group=/sys/fs/cgroup
    [ ! -w $group/cpu/docker/cpu.shares ] || echo 12288 >$group/cpu/docker/cpu.shares
    [ ! -w $group/docker/cpu.weight ] || echo 1200 >$group/docker/cpu.weight
} 2>/dev/null

start_dockerd() {
    local tries pid
    ENGINE=$(mktemp -d "$ENGINES.XXXXXX")
    mkdir -p "$ENGINE_DATA"
    packet_filter >"$ENGINE/iptables"
    bridges >"$ENGINE/bridges"
    grep -Hs . "${KERNEL[@]}" >"$ENGINE/kernel" || true
    # A browser drops its connections whenever an interface gets an address; the containers' interfaces
    # would get an IPv6 address a second or two after a container has started.
    { echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6; } 2>/dev/null || true
    # dockerd would raise the limit of open files, which needs CAP_SYS_RESOURCE.
    setsid setpriv --pdeathsig TERM dockerd --data-root "$ENGINE_DATA" --exec-root "$ENGINE/run" \
        -p "$ENGINE/dockerd.pid" -H "unix://$ENGINE/docker.sock" \
        --default-ulimit nofile=20000:20000 </dev/null >"$ENGINE/dockerd.log" 2>&1 6>&- 7>&- 9>&- &
    pid=$!
    export DOCKER_HOST=unix://$ENGINE/docker.sock
    for ((tries = 0; tries < 300; tries++)); do
        ! timeout 10 docker info >/dev/null 2>&1 || return 0
        kill -0 $pid 2>/dev/null || return 1
        sleep 0.2
    done
    return 1
}

# Half-written files of a run that was killed may prevent an engine from starting.
start_dockerd_anew() {
    say "dockerd did not start: $(tail -n 1 "$ENGINE/dockerd.log")"
    say "Trying without the images that earlier runs kept …"
    remove_engine "$ENGINE"
    rm -rf --one-file-system "$ENGINE_DATA"/{buildkit,containerd,containers,engine-id,image,network} \
        "$ENGINE_DATA"/{overlay2,plugins,runtimes,swarm,tmp,volumes}
    start_dockerd
}

# Prints the present rules, to be restored later; tables that do not exist yet as empty ones.
packet_filter() {
    local rules
    rules=$(iptables-save 2>/dev/null || true)
    printf '%s\n' "$rules"
    grep -q '^\*nat' <<<"$rules" || printf '*nat\nCOMMIT\n'
    grep -q '^\*filter' <<<"$rules" || printf '*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n'
}

bridges() { ip -o link | sed -n 's/^[0-9]*: \(docker0\|br-[0-9a-f]\{12\}\)[:@].*/\1/p'; }

# ------------------------------------------------------------------ the end

# For the trap at the end of the run, after the processes that used the engine have ended.
stop_engine() {
    remove_containers || true
    clear_leftovers >/dev/null 2>&1 || true
}

# Removes the tested machines and, in an engine that we started, all other containers too.
remove_containers() {
    local name
    [ -z "$ENGINE" ] || timeout 60 docker ps -aq | xargs -r timeout 120 docker rm --force --volumes
    for name in "$(project)-node" "$(project)"; do remove_project "$name"; done
} >/dev/null 2>&1

remove_project() {
    local kind mine=(--filter "label=com.docker.compose.project=$1")
    timeout 60 docker ps -aq "${mine[@]}" | xargs -r timeout 120 docker rm --force --volumes
    for kind in network volume; do
        timeout 60 docker $kind ls -q "${mine[@]}" | xargs -r timeout 60 docker $kind rm
    done
}

# Prints the project name under which docker compose runs the first machine.
project() { sed -n 's/^PROJECT = "\(.*\)"/\1/p' tests/containers/service.py; }

# While the lock is held, existing directories belong to this run or to an interrupted one.
clear_leftovers() {
    local place
    for place in "$ENGINES".?????? /var/tmp/sote-base.??????; do
        [ -d "$place" ] || continue
        say "Removing what an interrupted run has left: $place"
        remove_engine "$place" || true
    done
}

# Stops the engine of the directory, even if only parts of it still run, and removes what it leaves:
# containers, mounts, bridges and rules of the packet filter.
remove_engine() {
    local place=$1 pid link file value
    end_process "$(cat "$place/dockerd.pid")" "$place"
    # A dockerd that was killed leaves containerd and, for each container, a shim process whose children
    # are the container's processes.
    for pid in $(processes_of "$place"); do
        # shellcheck disable=SC2046 # a list of numbers
        kill -KILL $(cat /proc/"$pid"/task/*/children) "$pid"
    done
    mounts_below "$place" "$ENGINE_DATA" | xargs -r umount --lazy
    if [ -e "$place/bridges" ]; then
        for link in $(bridges | grep -vxFf "$place/bridges"); do ip link delete "$link"; done
        iptables-restore <"$place/iptables"
        while IFS=: read -r file value; do echo "$value" >"$file"; done <"$place/kernel"
    fi
    rm -rf --one-file-system "$place"
} 2>/dev/null

# end_process PID PLACE: ends the process if its command line names the place; its number may have been
# reused.
end_process() {
    local tries
    [ -n "$1" ] && grep -qsF "$2/" "/proc/$1/cmdline" || return 0
    kill -TERM "$1"
    for ((tries = 0; tries < 400; tries++)); do
        kill -0 "$1" || return 0
        sleep 0.1
    done
    kill -KILL "$1"
}

processes_of() { grep -lsF "$1/" /proc/[0-9]*/cmdline | grep -o '[0-9]\+' | grep -vx $$; }

mounts_below() { awk '{ print $2 }' /proc/self/mounts | grep -F -e "$1/" -e "$2/" | sort -r; }
