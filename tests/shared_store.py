"""An S3-compatible store as a process of its own (moto's server), which tests stop and freeze."""

import secrets
import signal
import subprocess
import sys
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

import boto3

from certportal import env
from certportal.foundation.files import shared_store
from tests.journeys.steps import await_true
from tests.stack import free_port

KEY = "AKIATESTKEY0000000:only-between-the-store-and-these-tests"
BACKEND = "certportal.foundation.files.shared_store.SharedStore"


class StoreServer:
    """One server, and a bucket of its own for each test."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Start it and wait until it answers; it begins empty, at the port that it had before.

        At its first start, other ports are tried if somebody else has the one that was free.
        """
        ports = [self.port] if self.port else [free_port() for _ in range(3)]
        for self.port in ports:
            self.process = self._started()
            await_true(self._answers_or_ended, f"no store; see {self._log}", seconds=60)
            if self.process.poll() is None:
                return
        self.process = None
        raise AssertionError(f"no store; see {self._log}")

    def _started(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _answers_or_ended(self) -> bool:
        """Whether it answers, as whoever else may have the port does not, or has ended."""
        assert self.process is not None
        if self.process.poll() is not None:
            return True
        try:
            with urllib.request.urlopen(f"{self._base}/moto-api/data.json", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, HTTPException):
            return False

    @property
    def _base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def new_bucket(self) -> None:
        """Make an empty bucket, to which `url` leads from now on."""
        self.url = f"{self._base}/varmenteet-{secrets.token_hex(4)}"
        self.make_bucket()

    def make_bucket(self) -> None:
        """Make the bucket, such as anew after the server was killed."""
        self.client().create_bucket(Bucket=self.bucket)

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self.url.rpartition("/")[2]

    def client(self) -> Any:
        """A client of the store's operator."""
        id_, _, key = KEY.partition(":")
        return boto3.client(
            "s3",
            endpoint_url=self._base,
            region_name="us-east-1",
            aws_access_key_id=id_,
            aws_secret_access_key=key,
        )

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """Return the content of each object of the bucket by its key."""
        client = self.client()
        found = client.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        read = {one["Key"]: client.get_object(Bucket=self.bucket, Key=one["Key"]) for one in found}
        return {key: one["Body"].read() for key, one in read.items()}

    def put_back(self, objects: dict[str, bytes]) -> None:
        """Put an older copy of all objects back, as whoever restores the store does."""
        client = self.client()
        for key in self.objects():
            client.delete_object(Bucket=self.bucket, Key=key)
        for key, content in objects.items():
            client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def freeze(self) -> None:
        """Let it accept connections and say nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on, and let this process ask it at once."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
        shared_store.breaker.reset()

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def storages(self, *, whole_seconds: float = 5) -> dict[str, Any]:
        """Return the entries of STORAGES with which a process uses this store."""
        options = env.store(self.url, KEY, whole_seconds=whole_seconds)
        return {
            "default": {"BACKEND": BACKEND, "OPTIONS": options | {"location": "attachments"}},
            "published": {"BACKEND": BACKEND, "OPTIONS": options | {"location": "published"}},
        }

    def use(self, settings: Any, **options: Any) -> None:
        """Let this process use the store."""
        settings.STORE_URL = self.url
        settings.USES_STORE = True
        settings.STORAGES = settings.STORAGES | self.storages(**options)
