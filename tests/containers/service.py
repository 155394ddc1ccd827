"""The service in containers, as an operator runs it: by the commands of docs/operations.md."""

import json
import os
import re
import shutil
import subprocess
import sysconfig
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journeys.steps import await_true
from tests.stack import free_port

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PROJECT = "sote-tested"
HOST, PKI_HOST = "varmenteet.example.fi", "pki.example.fi"
IDENTITY_HOST, STORE_HOST = "tunnistus.example.fi", "s3.example.fi"
PLACES = [(env, branch) for env in ("production", "test") for branch in ("rsa", "ec")]
ALWAYS = ["proxy", "web", "front", "worker", "mailer", "signer", "beat", "postgres", "redis"]

# What the mail server and the store are made of, beyond the image's own packages.
STAND_INS = ["aiosmtpd", "attr", "attrs", "public", "blinker", "flask", "flask_cors"]
STAND_INS += ["itsdangerous", "jinja2", "markupsafe", "moto", "responses", "werkzeug", "yaml"]
BYTECODE = shutil.ignore_patterns("__pycache__")

# Each must reach a process: tests/packaging/test_settings.py compares README with the file.
SETTINGS = {
    "PORTAL_BASE_URL": f"https://{HOST}",
    "PKI_PUBLIC_URL": f"http://{PKI_HOST}",
    "MAIL_FROM": f"Sote-varmenteet <varmenteet@{HOST}>",
    "MAIL_DOMAIN": HOST,
    "OIDC_ISSUER": f"https://{IDENTITY_HOST}:8443",
    "CA_PRODUCTION_KEYS_IN_FILES": "1",
}


@dataclass(frozen=True)
class Answer:
    """An HTTP response; the names of its headers are in lower case."""

    version: str
    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, head: str, body: bytes) -> "Answer":
        """Read what curl wrote of the last head."""
        first, *lines = head.strip().split("\n\n")[-1].splitlines()
        version, status, *_reason = first.split()
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        return cls(version, int(status), {k.lower(): v for k, v in headers.items()}, body)


class Failed(AssertionError):
    """A command of the operator's failed; `str()` is what it said."""


# Of this process's environment an operator's shell has this much: settings come from `.env`.
SHELL = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ}


MOST_SECONDS = 300.0
# A container that is not well ends the wait at once; this long may those take that get well slowly,
# on a machine whose cores do something else besides.
UP_SECONDS = 600


def run(
    *command: str, cwd: Path = ROOT, typed: str = "", most_seconds: float = MOST_SECONDS
) -> str:
    """Run a command; return what it printed. Raises Failed with all that it said."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=SHELL,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=most_seconds,
        )
    except subprocess.TimeoutExpired as late:
        told = b"".join(part for part in (late.stdout, late.stderr) if part).decode()
        raise Failed(
            f"{' '.join(command)}: not done after {most_seconds:.0f} s\n{told}"[-6000:]
        ) from late
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"[-6000:])
    return done.stdout


class Service:
    """One installation in the folder `place`, which holds what an operator's would."""

    def __init__(self, place: Path) -> None:
        self.place, self.project = place, PROJECT
        self.base = SETTINGS["PORTAL_BASE_URL"]
        self.mails = place / "mails"
        self.apps: dict[str, Any] = {}
        self.https, self.http, self.identity = free_port(), free_port(), free_port()
        self.safe = place / "safe"
        self.order, self.certificate = "", place / "none"
        self.files = ["docker-compose.yml", str(HERE / "compose.yml")]

    def prepare(self) -> None:
        """Make secrets, settings, TLS certificates and the public key of backups."""
        (self.place / "deploy").mkdir()
        for name in ("docker-compose.yml", "docker-compose.metrics.yml", "deploy/prepare"):
            shutil.copy(ROOT / name, self.place / name)
        (self.place / "config").mkdir()
        shutil.copy(ROOT / "tests/portal/pki.toml", self.place / "config")
        run("age-keygen", "-o", str(self.place / "backup.key"))
        public = run("age-keygen", "-y", str(self.place / "backup.key"))
        (self.place / "config" / "backup.pub").write_text(public)
        self._write_settings()
        self._lay_out_stand_ins()
        run(str(self.place / "deploy" / "prepare"))
        (self.place / "secrets" / "oidc_client_secret").write_text("between two machines")
        (self.place / "secrets" / "smtp_url").write_text("smtp://relay.example.fi:2525")
        self._make_certificates()
        run(str(self.place / "deploy" / "prepare"))
        self.own(self.mails, 10002)
        self.own(self.safe, 10003)
        passphrase = self.safe / "passphrase"
        passphrase.write_text("sixteen letters at the very least")
        os.chown(passphrase, 10003, 10003)

    def _write_settings(self) -> None:
        published = {
            "HTTPS_PORT": f"127.0.0.1:{self.https}",
            "HTTP_PORT": f"127.0.0.1:{self.http}",
            "IDENTITY_PORT": str(self.identity),
        }
        lines = [f"{name}={value}\n" for name, value in (SETTINGS | published).items()]
        (self.place / ".env").write_text("".join(lines))

    def _lay_out_stand_ins(self) -> None:
        """Copy what the stand-ins run: a checkout need not be readable to their users."""
        packages, theirs = Path(sysconfig.get_path("purelib")), self.place / "stand-ins"
        for name in STAND_INS:
            for one in (packages / name, *packages.glob(f"{name}-*.dist-info")):
                shutil.copytree(one, theirs / one.name, ignore=BYTECODE)
        for name in ("identity.py", "relay.py", "s3.py"):
            shutil.copy(HERE / name, theirs)
        shutil.copy(packages / "xmltodict.py", theirs)
        measures = self.place / "deploy" / "prometheus"
        shutil.copytree(ROOT / "deploy" / "prometheus", measures)
        run("chmod", "-R", "a+rX", str(theirs), str(measures))

    def _make_certificates(self) -> None:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"]
        ca, ca_key = self.place / "ca.pem", self.place / "ca.key"
        # Python's own verification is strict about authorities: RFC 5280 section 4.2.1.3.
        made = ["-addext", "keyUsage=critical,keyCertSign"]
        made += ["-keyout", str(ca_key), "-out", str(ca)]
        run("openssl", "req", "-x509", "-subj", "/CN=Test", *key, *made)
        ca.chmod(0o644)
        for folder, host, uid in (
            (self.place / "secrets" / "tls", HOST, 10005),
            (self.place / "identity", IDENTITY_HOST, 10001),
            (self.place / "s3", STORE_HOST, 10001),
        ):
            folder.mkdir(exist_ok=True)
            files = ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem"]
            signed = ["-CA", str(ca), "-CAkey", str(ca_key)]
            names = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
            names += ["-addext", "basicConstraints=critical,CA:FALSE"]
            run("openssl", "req", "-x509", *names, *key, *signed, *files)
            for file in (folder, *folder.iterdir()):
                os.chown(file, uid, 10000)

    def own(self, folder: Path, uid: int) -> None:
        """Make a folder of the user's."""
        folder.mkdir()
        os.chown(folder, uid, 10000)

    # -------------------------------------------------------------- the operator's commands

    def compose(self, *arguments: str, typed: str = "", most_seconds: float = MOST_SECONDS) -> str:
        """Run `docker compose` in the installation's folder; return what it printed."""
        files = [part for file in self.files for part in ("-f", file)]
        project = ["-p", self.project, "--project-directory", str(self.place)]
        command = ["docker", "compose", *project, *files, *arguments]
        return run(*command, cwd=self.place, typed=typed, most_seconds=most_seconds)

    def typed(self, commands: str) -> str:
        """Run commands of the documents as they stand there, by root's shell in the folder.

        `docker compose` finds the installation by two settings that an operator's shell lacks.
        """
        own = {"COMPOSE_PROJECT_NAME": self.project, "COMPOSE_FILE": ":".join(self.files)}
        settings = [f"{name}={value}" for name, value in own.items()]
        return run("env", *settings, "bash", "-ec", commands, cwd=self.place)

    def up(self, *more: str) -> None:
        """Start what is not running, and wait until each container says that it is well.

        Raises Failed with the end of each container's log.
        """
        waiting = ["--wait", "--wait-timeout", str(UP_SECONDS)]
        try:
            self.compose(
                *("up", "-d", "--no-build", *waiting, *more), most_seconds=UP_SECONDS + MOST_SECONDS
            )
        except Failed as error:
            raise Failed(
                f"{error}\n{self.compose('logs', '--no-color', '--tail', '15')}"
            ) from error

    def measure(self) -> None:
        """Open the ports for Prometheus, and start one that asks there."""
        self.files += ["docker-compose.metrics.yml", str(HERE / "prometheus.yml")]
        self.up()

    def measured(self, expression: str) -> dict[str, float]:
        """Return what Prometheus knows: the value by the labels, as promtool writes them."""
        asked = ["promtool", "query", "instant", "http://127.0.0.1:9090", expression]
        lines = self.compose("exec", "-T", "prometheus", *asked).splitlines()
        told = (re.fullmatch(r"(.*) => (\S+) @\[.*\]", line) for line in lines)
        return {one[1]: float(one[2]) for one in told if one}

    def remove(self) -> None:
        """Take away every container, network and volume."""
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "5")

    def manage(self, *arguments: str, service: str = "web") -> str:
        """Run a Django command in the running container of the service."""
        return self.compose("exec", "-T", service, "python", "manage.py", *arguments)

    def ceremony(self, *arguments: str) -> str:
        """Run a command of a key ceremony, with the safe's disk mounted."""
        disk = f"{self.safe}:/root-keys"
        return self.compose("run", "--rm", "-T", "-v", disk, "ceremony", *arguments)

    def take_over(self, former: str, *how: str) -> str:
        """Let this machine sign instead of the former one; return what the command told."""
        command = ["run", "--rm", "-T", "ceremony", "take_over_signing", *how]
        return self.compose(*command, typed=f"{former}\n")

    def set(self, **settings: str) -> None:
        """Write the settings to `.env`; of two values of a setting the later one counts."""
        with (self.place / ".env").open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())

    def found(self) -> None:
        """Read the sample register in, and make every CA in its ceremony."""
        self.manage("import_register", "--sample", service="worker")
        for environment, branch in PLACES:
            place = ["--environment", environment, "--branch", branch]
            keys = ["--root-keys", "/root-keys", "--root-passphrase-file", "/root-keys/passphrase"]
            people = ["--operator", "Olli Operaattori", "--witness", "Ville Valvoja"]
            told = self.ceremony("create_ca", *place, *keys, *people)
            assert "Olli Operaattori" in told
        assert "seal-1" in self.ceremony("create_seal", *keys, *people)
        self.await_health(seconds=90)

    # -------------------------------------------------------------- looking

    def containers(self, service: str) -> list[dict[str, Any]]:
        """Return what the engine tells of the service's containers, by name."""
        names = self.compose("ps", "-q", service).split()
        told: list[dict[str, Any]] = json.loads(run("docker", "inspect", *names)) if names else []
        return sorted(told, key=lambda one: str(one["Name"]))

    def await_well(self, service: str, *, seconds: float = 90) -> None:
        """Wait until each container of the service runs and says that it is well."""
        await_true(
            lambda: all(
                one["State"]["Running"] and one["State"]["Health"]["Status"] == "healthy"
                for one in self.containers(service)
            ),
            f"{service} does not recover",
            seconds=seconds,
        )

    def await_restart(self, service: str, before: dict[str, Any]) -> None:
        """Wait until the killed container runs again, as another process."""
        await_true(
            lambda: all(
                one["State"]["Running"] and one["State"]["Pid"] != before["State"]["Pid"]
                for one in self.containers(service)
            ),
            f"{service} was not started again",
            seconds=60,
        )

    def health(self) -> str:
        """Return `well`, or what /healthz names."""
        try:
            told = json.loads(self.fetch(f"https://{HOST}/healthz").body)
        except (Failed, ValueError) as error:
            return str(error)
        return str(told["status"] if told["status"] == "well" else told["not_well"])

    def await_health(self, *, seconds: float = 90) -> None:
        """Wait until /healthz says that everything is well; AssertionError with what is not."""
        said: list[str] = []

        def well() -> bool:
            said.append(self.health())
            return said[-1] == "well"

        try:
            await_true(well, "unwell", seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"not well: {said[-1]}") from error

    def log(self, service: str) -> list[str]:
        """Return the lines that the service's containers have written."""
        return self.compose("logs", "--no-color", "--no-log-prefix", service).splitlines()

    def proxied(self, path: str, latest: int) -> list[dict[str, Any]]:
        """Return what the proxy logged of the latest requests for the path."""
        lines = [line for line in self.log("proxy") if f'"page":"{path}"' in line][-latest:]
        return [json.loads(line[line.index("{") :]) for line in lines]

    def kill(self, container: dict[str, Any]) -> None:
        """SIGKILL the container's processes at once, as the kernel does when memory runs out.

        `docker kill` would do so too, but the engine takes that for the operator's wish.
        """
        run(*["kill", "-KILL"], str(container["State"]["Pid"]))

    def keep_logs(self) -> None:
        """Write what the containers said to a file, for whoever looks into a failure."""
        (self.place / "containers.log").write_text(
            self.compose("logs", "--no-color", "--timestamps")
        )

    # -------------------------------------------------------------- asking through the proxy

    def fetch(self, address: str, *options: str) -> Answer:
        """Fetch the address with curl, which trusts the test's authority alone."""
        to = [f"{HOST}:443:127.0.0.1:{self.https}"]
        to += [f"{name}:80:127.0.0.1:{self.http}" for name in (HOST, PKI_HOST)]
        told = self.place / f"head-{threading.get_ident()}"
        command = ["curl", "-sS", "--max-time", "30", "--cacert", str(self.place / "ca.pem")]
        command += [part for each in to for part in ("--connect-to", each)]
        done = subprocess.run(
            [*command, "-D", str(told), *options, address], capture_output=True, check=False
        )
        if done.returncode:
            raise Failed(done.stderr.decode())
        return Answer.of(told.read_text(), done.stdout)
