"""A service with CAs, and who may read its backups."""

import subprocess
from pathlib import Path

import pytest
from pytest_django import Settings

from certportal.dev.builders.hierarchy import make_hierarchy
from issuance.models import IssuingCA


@pytest.fixture
def cas(transactional_db: None, settings: Settings, tmp_path: Path) -> dict[str, IssuingCA]:
    return make_hierarchy(settings, tmp_path / "data")


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The file of the public key and that of the private one."""
    identity, recipients = tmp_path / "backup.key", tmp_path / "backup.pub"
    subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True)
    public = subprocess.run(["age-keygen", "-y", identity], check=True, capture_output=True)
    recipients.write_bytes(public.stdout)
    return recipients, identity
