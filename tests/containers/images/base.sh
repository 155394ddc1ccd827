#!/usr/bin/env bash
# Makes a stand-in for the image debian:trixie-slim, for machines that reach Debian's mirror but no
# registry of images. $1: an empty directory to work in; $2: the tag; $3: a label. As root.
set -euo pipefail
root=$1/rootfs
# The mirror that apt uses here; if none is found, that of debootstrap itself.
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } |
    sed -n 's/^URIs: *\(http[^ ]*\).*/\1/p; s/^deb \(.* \)\?\(http[^ ]*\).*/\2/p' | sed 1q)
debootstrap --variant=minbase --include=ca-certificates trixie "$root" \
    ${mirror:+"$mirror"} >"$1/debootstrap.log" 2>&1 ||
    { tail -n 20 "$1/debootstrap.log" >&2; exit 1; }

# As in the real one: no manuals and no translations, and apt keeps nothing.
printf 'path-exclude /usr/share/%s/*\n' doc man locale info >"$root/etc/dpkg/dpkg.cfg.d/docker"
rm -rf "$root"/usr/share/{doc,man,locale,info}/* "$root"/var/lib/apt/lists/* \
    "$root"/var/cache/{apt,debconf}/* "$root"/var/log/*.log
cat >"$root/etc/apt/apt.conf.d/docker" <<'APT'
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };
APT

# A machine behind an inspecting proxy trusts that one's authority: the builds must too.
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
    chroot "$root" update-ca-certificates >/dev/null 2>&1
fi
tar -C "$root" --numeric-owner --exclude './dev/*' -c . | docker import -c 'CMD ["bash"]' -c "LABEL $3" - "$2" >/dev/null
