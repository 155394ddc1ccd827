"""Structured logs: one event a line; JSON in production, readable in development."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# Tokens of links are 43 characters of base64url; keys of rows are UUIDs and stay readable.
TOKEN = re.compile(r"(?<=/)(?!\w{8}-\w{4}-\w{4}-\w{4}-\w{12}(?:/|$))[\w-]{32,}(?=/|$|[\s?\"'])")


def hide_tokens(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """Hide the tokens of links in the addresses that a line's texts name (Django's own too)."""
    for name, value in event.items():
        if isinstance(value, str) and "/" in value:
            event[name] = TOKEN.sub("***", value)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    hide_tokens,
]


def configuration(*, readable: bool) -> dict[str, Any]:
    """Configure structlog and return Django's LOGGING dictionary."""
    renderer: Any = structlog.processors.JSONRenderer()
    if readable:
        renderer = structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processor": renderer,
        "foreign_pre_chain": SHARED,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"event": formatter},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "event"}},
        "root": {"handlers": ["out"], "level": "INFO"},
        "loggers": {
            "weasyprint": {"level": "ERROR"},
            "fontTools": {"level": "ERROR"},
            "django": {"handlers": [], "level": "INFO", "propagate": True},
        },
    }
