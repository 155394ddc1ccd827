"""What every page knows: where it runs and how long a session lasts."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """Environment name, session length and warning time in seconds."""
    return {
        "environment": getattr(settings, "PORTAL_ENV", "production"),
        "session_seconds": settings.SESSION_COOKIE_AGE,
        "session_warning_seconds": min(300, settings.SESSION_COOKIE_AGE // 2),
    }
