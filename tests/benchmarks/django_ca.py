"""What django-ca takes for issuing a certificate, in a database of its own beside that of the run.

Debian has no package of it. BENCH_DJANGO_CA names a Python that has it, and psycopg2:
`python3 -m venv django-ca && django-ca/bin/pip install django-ca psycopg2-binary`.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connection

from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.signers import Signer
from tests.benchmarks import harness
from tests.benchmarks.authorities import AT_A_TIME, csr_of
from tests.issuance.orders import HOSTS

ISSUING = Path(__file__).with_name("django_ca_issuing.py")


@dataclass(frozen=True)
class DjangoCa:
    """A process that issues as many certificates as it is told to."""

    process: subprocess.Popen[str]
    name: str = "django-ca + PostgreSQL"

    def seconds(self) -> float:
        """CPU time for one certificate, of the process and of its session in the database."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{AT_A_TIME}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline()) / AT_A_TIME


@contextmanager
def django_ca(signer: Signer, requests: Sequence[bytes], folder: Path) -> Iterator[list[DjangoCa]]:
    """Start it with a key of the same kind; nothing where it is not installed."""
    python = os.environ.get("BENCH_DJANGO_CA")
    if not python:
        harness.note("BENCH_DJANGO_CA is not set: the rows of django-ca are left out.")
        yield []
        return
    folder.mkdir(parents=True)
    kept = ("ENGINE", "HOST", "PORT", "USER", "PASSWORD")
    database = {name: connection.settings_dict[name] for name in kept}
    name = connection.ops.quote_name(f"{connection.settings_dict['NAME']}_django_ca")
    given = {
        "folder": str(folder),
        "database": database | {"NAME": name.strip('"')},
        "branch": signer.branch,
        "hash": SIGNATURE_ALGORITHMS[signer.branch].hash.name.upper(),
        "hosts": HOSTS,
        "requests": [csr_of(each).public_bytes(Encoding.PEM).decode() for each in requests],
    }
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    pipe = subprocess.PIPE
    with subprocess.Popen([python, "-P", ISSUING], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin
        print(json.dumps(given), file=process.stdin, flush=True)
        made = DjangoCa(process)
        made.seconds()
        yield [made]
        process.stdin.close()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")
