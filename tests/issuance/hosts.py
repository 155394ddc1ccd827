"""Two machines that sign for one database: each with files and a journal of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from certportal.foundation.actors import system
from issuance.models import PreparedCertificate
from issuance.services.recovery.take_over import Source, plan, take_over


@contextmanager
def on(settings: Any, host: str, data: Path) -> Iterator[None]:
    """Let the block run on the machine of this name, whose files lie in a folder named so."""
    before = settings.PORTAL_DATA, settings.SIGNER_HOST
    settings.PORTAL_DATA, settings.SIGNER_HOST = data / host, host
    try:
        yield
    finally:
        settings.PORTAL_DATA, settings.SIGNER_HOST = before


def take_it(source: Source, *, now: datetime) -> list[PreparedCertificate]:
    """Take over the signing, as the command does."""
    return take_over(plan(source), actor=system("test"), now=now)
