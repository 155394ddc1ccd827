"""`./portal run` serves with everything beside it, and leaves nothing behind however it ends."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request

import psycopg2
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPRequestBuilder

from tests.journeys.steps import await_true
from tests.served import CHOSEN, digest, running, start, stop, told_by
from tests.stack import free_port

HERE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data():
    """A data directory of its own."""
    made = Path(os.environ["PORTAL_DATA"], "served").resolve()
    shutil.rmtree(made, ignore_errors=True)  # of a run that was killed
    made.mkdir()
    yield made
    shutil.rmtree(made)


def at_the_lock(data):
    """Return the processes that have the lock of the directory, and those that wait for it."""
    has, wait = [], []
    for line in Path("/proc/locks").read_text().splitlines():
        _number, *waits, _kind, _mode, _type, process, file, _start, _end = line.split()
        if file.endswith(f":{(data / 'lock').stat().st_ino}"):
            (wait if waits else has).append(int(process))
    return has, wait


def kill_while_the_lock_is_held(run, data):
    """A command that it has started can hold the lock a little longer than itself."""
    holder = subprocess.Popen(["flock", "--no-fork", data / "lock", "cat"], stdin=subprocess.PIPE)
    try:
        await_true(lambda: holder.pid in at_the_lock(data)[1], "nobody waits for the lock")
        run.send_signal(signal.SIGKILL)

        def guard_waits():
            has, wait = at_the_lock(data)
            # If a command held the lock for a moment, the guard may be before the holder.
            return has == [holder.pid] and (wait or set(running(data)) <= {holder.pid})

        await_true(guard_waits, "nobody waits to stop the servers")
    finally:
        holder.kill()
        holder.communicate()


def kill_database(data):
    """Kill the database's first process, on which the others hang."""
    named = b"/bin/postgres\0-D\0"
    (cluster,) = {
        about.split(named)[1].split(b"\0")[0] for about in running(data).values() if named in about
    }
    first, *_ = Path(os.fsdecode(cluster), "postmaster.pid").read_text().splitlines()
    os.kill(int(first), signal.SIGKILL)


def readable_by_others(data):
    """Return what others on the machine may read, though the umask would let them.

    PostgreSQL and Redis have a folder each that nobody else may enter.
    """
    servers = {data / "services", data / "run"}
    found = []
    for one in data.rglob("*"):
        if not servers & {one, *one.parents}:
            with suppress(FileNotFoundError):  # the service is at work, and renames what is written
                found += [str(one)] if one.lstat().st_mode & 0o007 else []
    return found


def answer_to(port, path):
    """Return the status of the answer, an error's too."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def ordinary_user():
    """Return who runs the service that root starts: the checkout's owner, or like the servers."""
    return HERE.owner() if HERE.owner() != "root" else "postgres"


def goes_on_as(data):
    """Return the uid that the service has when it is up."""
    if os.getuid():
        return os.getuid()
    import_ = [".venv/bin/python", "-c", "import certportal, django"]
    done = subprocess.run(["runuser", "-u", ordinary_user(), "--", *import_], cwd=HERE)
    return 0 if done.returncode else data.stat().st_uid or -1


def freeze_front(data):
    """Freeze the process that answers about certificates' status; return its directory in /proc."""
    fronts = [one for one in running(data) if named(one) == "front"]
    (worker,) = (one for one in fronts if parent_of(one) in fronts)
    os.kill(worker, signal.SIGSTOP)
    return Path("/proc", str(worker))


def named(process):
    with suppress(OSError):
        return Path("/proc", str(process), "comm").read_text().strip()


def parent_of(process):
    return int(Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()[1])


def where_read(data, secret):
    """Return the logs and the command lines in which the secret can be read."""
    places = [*(data / "log").iterdir(), *Path("/proc").glob("[0-9]*/cmdline")]
    found = []
    for place in places:
        with suppress(OSError):
            found += [place] if secret in place.read_bytes() else []
    return found


def accounts_of(data):
    """Return the accounts of the database that the processes use now."""
    at = {"host": redis_socket(data).parent, "user": "portal", "dbname": "portal"}
    with closing(psycopg2.connect(**at)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT usename FROM pg_stat_activity WHERE usename IS NOT NULL")
        return {account for (account,) in cursor.fetchall()}


def assert_accounts_are_used(data, ask):
    """Each process uses its own account of the database, web when it is asked for a page."""
    used = set()

    def all_are():
        ask()
        used.update(accounts_of(data))
        return used >= {"portal_web", "portal_worker", "portal_ca"}

    await_true(all_are, "an account is not used", seconds=60)


def test_it_serves_and_leaves_no_orphan(data):
    port = free_port()
    (data / "lock").touch()
    run = start(HERE, data, port)
    told = told_by(run, data)
    assert f"http://localhost:{port}" in told
    assert (data / "address").read_text() == f"http://localhost:{port}\n"
    assert "Matti Meikäläinen" in told and "Riitta Ratkaisija" in told
    assert answer_to(port, "/livez") == 200
    frozen = freeze_front(data)
    assert readable_by_others(data) == []
    assert Path("/proc", str(run.pid)).stat().st_uid == goes_on_as(data)
    assert where_read(data, (data / "secrets" / "redis_password").read_bytes()) == []
    assert redis_says(data, "PING").startswith("NOAUTH")
    asked = "/fi/register/?q=apteekki"
    assert_accounts_are_used(data, lambda: answer_to(port, asked))
    kill_database(data)
    assert_nobody_jams_it(port)
    assert_too_large_is_told_in_words(port)
    assert_ambiguous_lengths_are_refused(port)
    assert_forged_addresses_are_not_believed(port, data)
    await_true(lambda: answer_to(port, asked) == 200, "the database stays away", seconds=60)
    assert answer_to(port, "/crl/sote-ec-1.crl") == 200
    await_true(lambda: not frozen.exists(), "front stays frozen", seconds=90)
    stop(run, data)

    again = start(HERE, data, port)  # with the same data
    told_by(again, data)
    assert answer_to(port, asked) == 200
    kill_while_the_lock_is_held(again, data)
    stop(again, data, signal.SIGKILL, group=False)


def assert_forged_addresses_are_not_believed(port, data):
    """Limits count by the visitor's address, which nginx says, whatever the visitor does."""
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    asked = Request(f"http://localhost:{port}/no/forged/address", headers=forged)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(asked, timeout=30)
    logged = (data / "log" / "web.log").read_text()
    (line, *_) = [each for each in logged.splitlines() if "/no/forged/address" in each]
    assert "ip=127.0.0.1" in line and "203.0.113.9" not in logged


def assert_too_large_is_told_in_words(port):
    """nginx refuses the body by its announced length, and shows a page of ours."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        head = f"POST /fi/ HTTP/1.0\r\nHost: localhost\r\nContent-Length: {10**9}\r\n\r\n"
        connection.sendall(head.encode())
        answer = b""
        while b"</html>" not in answer:
            received = connection.recv(65536)
            assert received, answer
            answer += received
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"10 megatavua" in answer


def assert_ambiguous_lengths_are_refused(port):
    """What two servers could read as different requests is none (RFC 9112, 6.1 and 6.3)."""
    hidden = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    for told in (
        b"Content-Length: 6\r\n" + chunked,
        b"Content-Length: 6\r\nContent-Length: 5\r\n",
        b"Content-Length: +6\r\n",
        b"Transfer-Encoding: identity, chunked\r\n",
        chunked * 2,
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            head = b"POST /fi/ HTTP/1.1\r\nHost: localhost\r\n" + told + b"\r\n"
            connection.sendall(head + b"0\r\n\r\n" + hidden)
            answer = b"".join(iter(lambda each=connection: each.recv(65536), b""))
        assert answer.split()[1] in {b"400", b"501"}, told
        assert answer.count(b"HTTP/1.1 ") == 1, told


def assert_nobody_jams_it(port):
    """Sixteen connections stopped every thread of gunicorn when it was the listener itself."""
    half_head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    half_body = b"POST /fi/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\nhalf"
    with ExitStack() as idle:
        for said in [b"", half_head, half_body] * 20:
            connection = socket.create_connection(("127.0.0.1", port))
            idle.enter_context(connection)
            connection.sendall(said)
        for path in ("/livez", "/fi/", "/crl/sote-ec-1.crl", "/ca/sote-ec-1.crt"):
            assert answer_to(port, path) == 200
        asked = OCSPRequestBuilder().add_certificate_by_hash(b"\0" * 20, b"\0" * 20, 1, SHA1())
        in_path = quote(b64encode(asked.build().public_bytes(Encoding.DER)), safe="")
        assert answer_to(port, f"/ocsp/sote-ec-1/{in_path}") == 200


def redis_socket(data):
    """Return the socket file of the private Redis."""
    (place,) = {
        line.split(b"unixsocket:")[1].split(b"\0")[0].split()[0]
        for line in running(data).values()
        if b"unixsocket:" in line
    }
    return Path(os.fsdecode(place))


def redis_says(data, *command):
    """Return what the private Redis answers to somebody without the password."""
    asked = ["redis-cli", "-s", redis_socket(data), *command]
    return subprocess.run(asked, capture_output=True, text=True).stdout


@pytest.fixture
def shut_checkout(tmp_path):
    """A copy of the checkout where nobody else may look, as in root's own home."""
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    left_out = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__")
    copy = Path(shutil.copytree(HERE, shut / "checkout", ignore=left_out, symlinks=True))
    (copy / ".venv").symlink_to((HERE / ".venv").resolve())
    data = copy / "var"
    data.mkdir()
    (data / "lock").touch()
    yield copy, data
    for top in ("/tmp", "/var/tmp"):
        for place in Path(top).glob(f"portal-*-{digest(data)}"):
            shutil.rmtree(place)


def test_where_no_other_user_can_read_it_goes_on_as_whoever_started_it(shut_checkout):
    checkout, data = shut_checkout
    port = free_port()
    run = start(checkout, data, port)
    told = told_by(run, data)
    assert f"http://localhost:{port}" in told
    said = (data / "said").read_text()
    refused = f"Running as root: the user {ordinary_user()} cannot reach {checkout}."
    assert (refused in said) == (os.getuid() == 0)
    assert Path("/proc", str(run.pid)).stat().st_uid == os.getuid()
    stop(run, data)

    shutil.rmtree(data)  # to begin anew; for root the database is elsewhere
    data.mkdir()
    (data / "lock").touch()
    again = start(checkout, data, port)
    told_by(again, data)
    assert answer_to(port, "/crl/sote-ec-1.crl") == 200
    said = (data / "said").read_text()
    assert ("belonged to data that are no longer in" in said) == (os.getuid() == 0)
    stop(again, data)


@pytest.mark.parametrize("offset", [0, 1])
def test_a_port_for_prometheus_that_is_taken_is_told_before_anything_is_started(tmp_path, offset):
    taken = free_port(in_a_row=2) + 1
    with socket.create_server(("127.0.0.1", taken)):
        done = run_with(tmp_path / "data", METRICS_PORT=str(taken - offset))
    assert done.returncode == 1
    assert f"METRICS_PORT {taken}" in done.stderr and "choose another" in done.stderr
    assert "Preparing" not in done.stderr


def test_a_port_for_prometheus_that_is_none_is_told(tmp_path):
    done = run_with(tmp_path / "data", METRICS_PORT="prometheus")
    assert (done.returncode, "METRICS_PORT must be" in done.stderr) == (1, True)


def run_with(data, **told):
    """Run it to its end, which comes at once, with these settings."""
    environment = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    return subprocess.run(
        ["./portal", "run", "--port", str(free_port()), "--data", str(data)],
        cwd=HERE,
        env={**environment, **told},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def lost():
    """A data directory whose database was made once; its cluster is gone."""
    data = Path(os.environ["PORTAL_DATA"], "lost").resolve()
    shutil.rmtree(data, ignore_errors=True)  # of a run that was killed
    data.mkdir()
    assert manage(data).returncode == 0
    places = [data, *Path("/var/tmp").glob(f"portal-*-{digest(data)}")]
    for place in places:
        shutil.rmtree(place / "services" / "postgres", ignore_errors=True)
    yield data
    for place in places:
        shutil.rmtree(place)


def manage(data, *command):
    environment = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    environment["PORTAL_DATA"] = str(data)
    command = ["./portal", *(command or ("manage", "showmigrations", "foundation"))]
    return subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True)


def test_a_lost_database_is_not_replaced_by_an_empty_one(lost):
    done = manage(lost)
    assert done.returncode == 1
    assert f"the database of {lost} is missing" in done.stderr
    assert "./portal restore" in done.stderr
    (lost / "has-database").unlink()
    done = manage(lost, "backup", lost / "copy", "--recipients", lost / "lock")
    assert done.returncode == 1
    assert f"not in {lost}, give PORTAL_DATA=DIR" in done.stderr
    assert (lost / "has-database").exists()


def test_a_command_beside_a_service_whose_redis_hangs_says_so(lost):
    with (lost / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("run")
        lock.flush()
        done = manage(lost)
    assert done.returncode == 1
    assert "its Redis does not answer: try again in a minute" in done.stderr
