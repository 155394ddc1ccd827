"""Python in an environment that has nothing but the settings of a production service."""

import os
import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT, database_url

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


def run(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run Python in an environment that has nothing but the production settings."""
    return subprocess.run(
        [sys.executable, *command],
        env=environment_with(**changes),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def environment_with(**changes: str) -> dict[str, str]:
    """Return the production settings, changed, and nothing else but where programs are."""
    environment = PRODUCTION | {"DATABASE_URL": database_url()} | changes
    return environment | {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "certportal.settings",
    }
