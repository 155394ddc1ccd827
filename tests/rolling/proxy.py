"""nginx before two web processes, with the configuration of `./portal run`."""

import os
import subprocess
from pathlib import Path

from tests.stack import ROOT

SOURCES = ROOT / "certportal/operations/proxy"


def start(folder: Path, port: int, webs: list[int], log: Path) -> subprocess.Popen[bytes]:
    """Start it; a web process that does not listen is passed over."""
    folder.mkdir()
    file = folder / "nginx.conf"
    file.write_text(_configuration(folder, port, webs))
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    command = ["/usr/sbin/nginx", "-e", "stderr", "-p", f"{folder}/", "-c", str(file), *user]
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def _configuration(folder: Path, port: int, webs: list[int]) -> str:
    text = (SOURCES / "nginx.conf.template").read_text()
    one = 'server "${PROXY_WEB}" max_fails=0;'
    assert one in text
    every = "\n".join(f"server 127.0.0.1:{each} max_fails=0;" for each in webs)
    values = {
        one: every,
        "${PROXY_LISTEN}": f"127.0.0.1:{port}",
        "${PROXY_MACHINES_LISTEN}": f'"unix:{folder}/machines.sock"',
        "${PROXY_FRONT}": f"127.0.0.1:{webs[0]}",
        "${PROXY_TRUSTED}": "",
        "${PROXY_RUN}": str(folder),
        "${PROXY_SOURCES}": str(SOURCES),
    }
    for name, value in values.items():
        text = text.replace(name, value)
    return text
