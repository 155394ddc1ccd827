# The container engine: the machine's own, or one that lives for this run. Sourced by ./portal.

PACKAGES_ENGINE="docker.io docker-cli docker-compose iptables iproute2"
# Images are kept between runs, also of other checkouts: made anew where what they are made of changed.
ENGINE_DATA=${CONTAINERS_CACHE:-/var/cache/sote-certificates}
# Each engine of ours has a directory here; only whoever holds the lock may start or remove one.
ENGINES=/run/sote-engine
ENGINE=
# What of the kernel's settings an engine, or this file for it, changes.
KERNEL=(/proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/default/disable_ipv6)

# Two engines of ours would want the same networks, two runs in one engine the same names.
lock_engine() {
    exec 6>>"$ENGINES.lock"
    flock -n 6 && return
    say "Another ./portal containers is at work on this machine; waiting for it …"
    flock -w 1200 6 || die "another ./portal containers has been at work for 20 minutes; see $ENGINES.*"
}

# Uses the engine there is, or starts one for this run. Status 1: there is none, and it was said why.
start_engine() {
    local why
    clear_leftovers
    if ! docker info >/dev/null 2>&1; then
        why=$(forbidden)
        [ -z "$why" ] || { do_without "this machine lets nobody run them ($why)"; return 1; }
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

# Prints which of the permissions that every container engine needs are missing here.
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

# In a mount namespace of its own, where nothing needs to be unmounted.
overlays() {
    local place status=0
    mkdir -p "$ENGINE_DATA" && place=$(mktemp -d "$ENGINE_DATA/trial.XXXXXX") || return
    mkdir "$place"/{lower,upper,work,merged}
    unshare --mount mount -t overlay overlay "$place/merged" \
        -o "lowerdir=$place/lower,upperdir=$place/upper,workdir=$place/work" 2>/dev/null || status=1
    rm -rf --one-file-system "$place"
    return $status
}

# Of nothing but the command `true` of this machine: what the kernel forbids shows here, in words.
runs_a_container() {
    local true_
    true_=$(type -P true)
    { ldd "$true_" | grep -o '/[^ ]*'; echo "$true_"; } |
        tar --absolute-names -chf - -T - | timeout 60 docker import - sote-trial >/dev/null &&
        timeout 60 docker run --rm sote-trial "$true_" && docker image rm sote-trial >/dev/null
}

# All containers are one group of the kernel's scheduler, which weighs as much as a single process:
# beside other work they would together get what one process gets. A dozen of theirs want something.
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
    # A browser drops its connections whenever an interface gets an address, and those of containers
    # would get one of IPv6 a second or two after a container has started.
    { echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6; } 2>/dev/null || true
    # Without CAP_SYS_RESOURCE the limits of open files cannot be raised, as dockerd would.
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

# What a run that was killed left half-written may keep an engine from starting.
start_dockerd_anew() {
    say "dockerd did not start: $(tail -n 1 "$ENGINE/dockerd.log")"
    say "Trying without the images that earlier runs kept …"
    remove_engine "$ENGINE"
    rm -rf --one-file-system "$ENGINE_DATA"/{buildkit,containerd,containers,engine-id,image,network} \
        "$ENGINE_DATA"/{overlay2,plugins,runtimes,swarm,tmp,volumes}
    start_dockerd
}

# The rules there are, to be put back; a table that does not exist yet is to be empty again.
packet_filter() {
    local rules
    rules=$(iptables-save 2>/dev/null || true)
    printf '%s\n' "$rules"
    grep -q '^\*nat' <<<"$rules" || printf '*nat\nCOMMIT\n'
    grep -q '^\*filter' <<<"$rules" || printf '*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n'
}

bridges() { ip -o link | sed -n 's/^[0-9]*: \(docker0\|br-[0-9a-f]\{12\}\)[:@].*/\1/p'; }

# ------------------------------------------------------------------ the end

# For the trap at the end of the run, when what used the engine has ended.
stop_engine() {
    remove_containers || true
    clear_leftovers >/dev/null 2>&1 || true
}

# The machines that are tried and, in an engine of ours, whatever builds and trials left.
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

# The name under which docker compose runs the first machine.
project() { sed -n 's/^PROJECT = "\(.*\)"/\1/p' tests/containers/service.py; }

# With the lock held, whatever is there belongs to this run or to one that was broken off.
clear_leftovers() {
    local place
    for place in "$ENGINES".?????? /var/tmp/sote-base.??????; do
        [ -d "$place" ] || continue
        say "Clearing away what a run has left that was broken off: $place"
        remove_engine "$place" || true
    done
}

# Ends the engine of the directory, however much of it still lives, and takes away what it leaves
# behind: containers, mounts, bridges and rules of the packet filter.
remove_engine() {
    local place=$1 pid link file value
    end_process "$(cat "$place/dockerd.pid")" "$place"
    # What outlives a dockerd that was killed: containerd, and for each container a process whose
    # children are the container's.
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

# end_process PID PLACE: a process that names the place, not one that has its number by now.
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
