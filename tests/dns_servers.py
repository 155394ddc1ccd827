"""Real name servers on loopback: Knot DNS with signed zones, and a validating resolver, Unbound.

fi.                 signed; the resolver's trust anchor
example.fi.        signed, with its key's DS in fi.
klinikka.fi.        unsigned: its delegation has no DS
vaara.fi.           signed with a key other than the one that fi. names: never valid
github.io.          unsigned: everybody may have a name below it
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import dns.exception
import dns.message
import dns.query

from tests.journeys.steps import await_true
from tests.stack import free_port

SIGNED = ("fi", "example.fi", "vaara.fi")
UNSIGNED = ("klinikka.fi", "github.io")
OTHER_DS = "vaara.fi. DS 12345 13 2 " + "A" * 64
ZONE = """$ORIGIN {zone}.
$TTL 1
@ SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 1
@ NS ns.{zone}.
ns A 127.0.0.1
"""
ADDRESS = "127.0.0.1"


class NameServers:
    """Both servers; `publish` puts records into a zone."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="dns-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.authority, self.port = free_port(), free_port()
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def resolver(self) -> tuple[str, int]:
        """Address and port of the validating resolver."""
        return ADDRESS, self.port

    def start(self) -> None:
        """Make the keys and zones, and start both servers."""
        for name in ("zones", "keys", "run"):
            (self.folder / name).mkdir()
        (self.folder / "knot.conf").write_text(self._knot())
        for zone in SIGNED:
            self._tool("keymgr", f"{zone}.", "generate", "algorithm=13", "ksk=yes", "zsk=yes")
        delegated = [f"{zone}. NS ns.{zone}.\nns.{zone}. A {ADDRESS}" for zone in self._below("fi")]
        self._write("fi", [*delegated, self._ds("example.fi"), OTHER_DS])
        for zone in (*SIGNED[1:], *UNSIGNED):
            self._write(zone, [])
        self._run("knotd", "-c", str(self.folder / "knot.conf"))
        (self.folder / "anchor").write_text(self._ds("fi"))
        (self.folder / "unbound.conf").write_text(self._unbound())
        self._run("unbound", "-d", "-c", str(self.folder / "unbound.conf"))
        await_true(self._answers, "the name servers do not answer")

    def publish(self, zone: str, *records: str) -> None:
        """Put these records, and no others, into the zone; names are relative to it."""
        self._write(zone, list(records))
        socket_ = str(self.folder / "run" / "knot.sock")
        subprocess.run(
            ["knotc", "-s", socket_, "-b", "zone-reload", f"{zone}."],
            check=True,
            capture_output=True,
        )

    def stop(self) -> None:
        """End both and leave nothing behind."""
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder)

    def _below(self, zone: str) -> list[str]:
        return [one for one in (*SIGNED, *UNSIGNED) if one.endswith(f".{zone}")]

    def _write(self, zone: str, records: list[str]) -> None:
        content = ZONE.format(zone=zone) + "\n".join(records) + "\n"
        (self.folder / "zones" / f"{zone}.zone").write_text(content)

    def _ds(self, zone: str) -> str:
        lines = self._tool("keymgr", f"{zone}.", "ds").splitlines()
        return next(line for line in lines if " 13 2 " in line)

    def _tool(self, tool: str, *arguments: str) -> str:
        command = [tool, "-c", str(self.folder / "knot.conf"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _run(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.log").open("wb") as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    def _answers(self) -> bool:
        query = dns.message.make_query("fi.", "SOA")
        try:
            response = dns.query.udp(query, ADDRESS, port=self.port, timeout=1)
        except (dns.exception.DNSException, OSError):
            return False
        return bool(response.answer)

    def _knot(self) -> str:
        zones = "\n".join(
            f"  - domain: {zone}.\n    dnssec-signing: {'on' if zone in SIGNED else 'off'}"
            for zone in (*SIGNED, *UNSIGNED)
        )
        return f"""
server:
  listen: {ADDRESS}@{self.authority}
  rundir: {self.folder}/run
database:
  storage: {self.folder}/keys
policy:
  - id: kept
    manual: on
    algorithm: ecdsap256sha256
template:
  - id: default
    storage: {self.folder}/zones
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    dnssec-policy: kept
zone:
{zones}
"""

    def _unbound(self) -> str:
        stubs = "\n".join(
            f'stub-zone:\n  name: "{zone}"\n  stub-addr: {ADDRESS}@{self.authority}'
            for zone in (*SIGNED, *UNSIGNED)
        )
        return f"""
server:
  interface: {ADDRESS}@{self.port}
  chroot: ""
  username: ""
  directory: "{self.folder}"
  pidfile: "{self.folder}/unbound.pid"
  use-syslog: no
  do-not-query-localhost: no
  trust-anchor-file: "{self.folder}/anchor"
  module-config: "validator iterator"
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
  val-bogus-ttl: 0
  do-ip6: no
  local-zone: "fi." nodefault
remote-control:
  control-enable: no
{stubs}
"""


@contextmanager
def name_servers() -> Iterator[NameServers]:
    """Run the servers for the time of the block."""
    servers = NameServers()
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()
