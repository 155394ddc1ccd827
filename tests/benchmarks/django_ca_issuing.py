"""Issue certificates with django-ca; run by a Python that has it (see `django_ca.py`).

The first line of standard input is a JSON object: `folder` for its keys, `database` as Django wants
it, `branch` (ec or rsa), `hash`, `hosts`, and `requests`, in PEM. Each line after it asks for so
many certificates; the answer is the CPU seconds they took, of this process and of its session in
the database.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import django
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.urls import URLResolver, include, path

urlpatterns: list[URLResolver] = []


def main() -> None:
    given = json.loads(sys.stdin.readline())
    settings.configure(
        SECRET_KEY="of a benchmark",
        USE_TZ=True,
        DATABASES={"default": given["database"]},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_ca"],
        STORAGES={
            "django-ca": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": given["folder"]},
            },
        },
        ROOT_URLCONF=__name__,
        CA_USE_CELERY=False,
        CA_DEFAULT_HOSTNAME="ca.example.fi",
    )
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django_ca.key_backends import key_backends
    from django_ca.key_backends.storages.models import (
        StoragesCreatePrivateKeyOptions,
        StoragesUsePrivateKeyOptions,
    )
    from django_ca.models import Certificate, CertificateAuthority

    urlpatterns.append(path("", include("django_ca.urls")))
    call_command("migrate", verbosity=0)
    kind = given["branch"].upper()
    size = {"elliptic_curve": "secp384r1"} if kind == "EC" else {"key_size": 4096}
    options = StoragesCreatePrivateKeyOptions(key_type=kind, password=None, path=Path("ca"), **size)
    algorithm = getattr(hashes, given["hash"])()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Benchmark")])
    authority = CertificateAuthority.objects.init(
        "benchmark",
        key_backends["default"],
        options,
        name,
        datetime.now(UTC) + timedelta(days=3650),
        algorithm=algorithm,
        key_type=kind,
    )
    use = StoragesUsePrivateKeyOptions.model_validate({}, context={"ca": authority})
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in given["hosts"]])
    extensions = [x509.Extension(names.oid, critical=False, value=names)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, given["hosts"][0])])
    requests = cycle(x509.load_pem_x509_csr(each.encode()) for each in given["requests"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")

    def spent() -> float:
        return time.process_time() + int(session.read_text().split()[0]) / 1e9

    for line in sys.stdin:
        begun = spent()
        for _ in range(int(line)):
            Certificate.objects.create_cert(
                authority, use, next(requests), subject=subject, extensions=extensions
            )
        print(spent() - begun, flush=True)


main()
