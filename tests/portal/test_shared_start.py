"""The processes of `./portal run` share the memory of one, but not its settings."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from tests.journeys.steps import await_true
from tests.stack import ROOT

FROZEN = 75
"""For processes.sh, which then has all started again."""
FORKS = [sys.executable, "certportal/shell/forks.py"]
# The tests name the settings; whoever starts the service need not.
SERVED = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
TELL = """
import json, os, signal, sys
from django.conf import settings
from django.db import connection
from certportal.celery import app
print(json.dumps({
    "arguments": sys.argv[1:],
    "user": connection.settings_dict["USER"],
    "process": settings.PORTAL_PROCESS,
    "keys": settings.CA_KEYS_DIR,
    "has_secret": bool(settings.WORKS_FOR_PEOPLE and settings.SECRET_KEY),
    "patience": app.conf.broker_transport_options["socket_timeout"],
    "group": os.getpgid(0) == os.getpid(),
    "metrics": "prometheus_client" in sys.modules,
}), flush=True)
signal.pause()
"""
STUBBORN = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
print(os.getppid(), flush=True)
signal.pause()
"""
READ = """
import json, os, sys
sys.path.insert(0, "certportal/shell")
import forks
forks._import()
from django.conf import settings
read = {name: value for name, value in vars(settings).items() if name.isupper()}
for kind in sys.argv[1:]:
    if os.fork():
        os.wait()
        continue
    forks._forget_settings()
    os.environ |= {"PORTAL_PROCESS": kind, "DATABASE_URL": "postgres://own@/portal"}
    others = [name for name, value in read.items() if getattr(settings, name) != value]
    print(json.dumps([kind, others]))
    sys.exit()
"""
FIRST = """
. ./portal help >/dev/null
RUN=$DATA
mkdir -p "$DATA/log"
with_ca_keys start_python ca tell
echo "$FORKS"
read -r || true
"""


@pytest.fixture(scope="module")
def folder():
    """A folder whose path is short enough for a socket, with the module that tells of itself."""
    made = Path(tempfile.mkdtemp())
    (made / "tell.py").write_text(TELL)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def forks(folder):
    """The process that the others come from: one for all tests, the last of which kills it."""
    place = folder / "forks.sock"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*FORKS, "serve", place], cwd=ROOT, env=SERVED, stdout=log, stderr=log
        )
    yield process
    process.kill()
    process.wait()


def ask(folder, kind, **told):
    """Have a process of the kind forked; return its number, and what it tells of itself."""
    said = folder / f"{kind}.log"
    with said.open("w") as output:
        number = subprocess.run(
            [sys.executable, ROOT / FORKS[1], "ask", folder / "forks.sock", kind, "tell", "a", "b"],
            env={**SERVED, "PORTAL_PROCESS": kind, **told},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=output,
            check=True,
        ).stdout
    await_true(lambda: said.read_text().endswith("}\n"), f"{kind} says nothing", seconds=60)
    return int(number), json.loads(said.read_text())


def is_alive(group):
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def test_what_does_not_stop_by_itself_is_stopped(folder):
    """A worker of Celery's waits for ever for a task whose result is larger than a pipe."""
    (folder / "stubborn.py").write_text(STUBBORN)
    hasty = "import sys, forks; forks.GRACE = 0.1; forks.serve(sys.argv[1])"
    place, said = folder / "hasty.sock", folder / "stubborn.log"
    environment = {**SERVED, "PYTHONPATH": ROOT / "certportal/shell"}
    forks = subprocess.Popen([sys.executable, "-c", hasty, place], cwd=ROOT, env=environment)
    with said.open("w") as output:
        asked = [sys.executable, ROOT / FORKS[1], "ask", place, "mail", "stubborn"]
        environment = {**SERVED, "PORTAL_PROCESS": "mail"}
        subprocess.run(asked, env=environment, cwd=folder, stderr=output, check=True)
    await_true(lambda: said.read_text().count("\n") == 2, "it says nothing")
    leader = max(int(each) for each in said.read_text().split() if int(each) != forks.pid)
    forks.terminate()
    forks.wait()
    await_true(lambda: not is_alive(leader), "it is left behind")


def leave(folder, said):
    """Ask as `ask` does, but end when so much of the request is said."""
    with socket.socket(socket.AF_UNIX) as asking, (folder / "left.log").open("w") as output:
        asking.connect(str(folder / "forks.sock"))
        socket.send_fds(asking, [b"\n"], [output.fileno()])
        asking.sendall(said)


def test_who_asks_and_does_not_wait_leaves_no_process_behind(folder, forks):
    web, _told = ask(folder, "web")
    whole = json.dumps(["mail", "tell", [], str(folder), {**SERVED, "PORTAL_PROCESS": "mail"}])
    forks.send_signal(signal.SIGSTOP)
    for said in (b"", whole[:40].encode(), whole.encode()):
        leave(folder, said)
    forks.send_signal(signal.SIGCONT)
    beat, _told = ask(folder, "beat")
    children = Path(f"/proc/{forks.pid}/task/{forks.pid}/children")
    await_true(lambda: children.read_text().split() == [str(web), str(beat)], "others are left")


def test_who_asks_a_frozen_process_says_so(folder, forks):
    ask(folder, "web")
    forks.send_signal(signal.SIGSTOP)
    impatient = "import forks, sys; forks.PATIENCE = 1; forks.ask(*sys.argv[1:])"
    asking = [sys.executable, "-c", impatient, str(folder / "forks.sock"), "mail", "tell"]
    done = subprocess.run(asking, cwd=ROOT / "certportal/shell", check=False)
    assert done.returncode == FROZEN
    forks.send_signal(signal.SIGCONT)


def test_each_process_has_its_own_settings_and_all_end_with_the_one_they_come_from(folder, forks):
    web, of_web = ask(folder, "web", DATABASE_URL="postgres://portal_web@/portal")
    ca, of_ca = ask(
        folder, "ca", DATABASE_URL="postgres://portal_ca@/portal", CA_KEYS_DIR="/where/keys/are"
    )
    same = {"arguments": ["a", "b"], "group": True, "metrics": False}
    assert of_web == same | {
        "user": "portal_web",
        "process": "web",
        "keys": "",
        "has_secret": True,
        "patience": 1,
    }
    assert of_ca == same | {
        "user": "portal_ca",
        "process": "ca",
        "keys": "/where/keys/are",
        "has_secret": False,
        "patience": 20,
    }
    assert Path(f"/proc/{web}/comm").read_text() == "web\n"
    assert Path(f"/proc/{ca}/comm").read_text() == "ca\n"
    forks.kill()
    gone = [Path(f"/proc/{each}") for each in (web, ca)]
    await_true(lambda: not any(each.exists() for each in gone), "something is left behind")


def test_what_all_come_from_knows_nothing_of_the_keys_of_the_first_of_them(folder):
    """The portal starts it anew for whichever process is to be started first: here `ca`."""
    data = folder / "data"
    place = {"PORTAL_DATA": str(data), "PYTHONPATH": str(folder)}
    said = data / "log" / "ca.log"
    with subprocess.Popen(
        ["bash", "-c", FIRST],
        cwd=ROOT,
        env={**SERVED, **place},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as portal:
        environment = Path(f"/proc/{portal.stdout.readline().strip()}/environ").read_text()
        await_true(lambda: said.read_text().endswith("}\n"), "ca says nothing", seconds=60)
    assert json.loads(said.read_text())["keys"] == str(data / "ca" / "keys")
    assert "CA_KEYS_DIR" not in environment


def test_what_was_read_before_the_fork_is_the_same_in_every_process():
    kinds = ["web", "front", "default", "mail", "ca", "beat"]
    done = subprocess.run(
        [sys.executable, "-c", READ, *kinds],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    told = {kind: set(others) for kind, others in map(json.loads, done.stdout.splitlines())}
    # Connections are made anew; the log's formatters are other objects of the same kinds.
    assert told == {kind: {"DATABASES", "LOGGING"} for kind in kinds}
