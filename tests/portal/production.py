"""Python in an environment that has nothing but the settings of a production service."""

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.portal.forks import Forks
from tests.stack import database_url

PKI_FILE = Path(__file__).parent / "pki.toml"
PRODUCTION = {
    "PORTAL_ENV": "production",
    "PORTAL_PROCESS": "web",
    "PORTAL_BASE_URL": "https://varmenteet.example.fi",
    "PKI_PUBLIC_URL": "http://pki.example.fi",
    "SECRET_KEY": "nobody-knows-this-long-key-9f8e7d6c5b4a39281706f5e4d3c2b1a0-but-this-test",
    "IDENTITY_KEYS": "1:" + "5a" * 32,
    "OIDC_ISSUER": "https://tunnistus.example.fi",
    "OIDC_CLIENT_SECRET": "only-between-two-machines",
    "TRUSTED_PROXIES": "10.0.0.5",
    "SMTP_URL": "smtp://mail.example.fi:25",
    "MAIL_FROM": "Varmenteet <varmenteet@example.fi>",
    "MAIL_DOMAIN": "example.fi",
    "PKI_FILE": str(PKI_FILE),
}


@cache
def _forks() -> Forks:
    """Start what the processes are forked from; it ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="portal-production-"))
    forks = Forks(folder)

    def end() -> None:
        forks.stop()
        shutil.rmtree(folder)

    atexit.register(end)
    return forks


def run(code: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the code in an environment that has nothing but the production settings."""
    return _forks().run(code, environment_with(**changes))


def manage(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a Django command in such an environment."""
    code = f"import runpy, sys; sys.argv = {['manage.py', *arguments]}"
    return run(f"{code}; runpy.run_path('manage.py', run_name='__main__')", **changes)


def environment_with(**changes: str) -> dict[str, str]:
    """Return the production settings, changed, and nothing else but where programs are."""
    environment = PRODUCTION | {"DATABASE_URL": database_url()} | changes
    return environment | {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "certportal.settings",
    }
