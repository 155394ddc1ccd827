"""The sources of the product, for tests that read them."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

APPS = ("accounts", "applications", "certportal", "issuance")


def sources() -> Iterator[Path]:
    """Yield each module of the apps but their migrations."""
    for app in APPS:
        for path in (settings.BASE_DIR / app).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path
