"""Structured logs: one event per line, as JSON or, in development, as readable text."""

import logging
import re
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

import structlog

from certportal.foundation.outbox.outages import is_outage

# Tokens of links are 43 characters of base64url, and a mail program may cut them or add to them;
# UUIDs (keys of rows) stay readable.
TOKEN = re.compile(
    r"(?<=/contact-link/)[\w-]+|(?<=/invitation/)[\w-]+"
    r"|(?<=/)(?!\w{8}-\w{4}-\w{4}-\w{4}-\w{12}(?![\w-]))[\w-]{32,}"
)


def hide_tokens(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """Mask tokens of links in the URLs of a log line, including Django's own lines."""
    for name, value in event.items():
        if isinstance(value, str) and "/" in value:
            event[name] = TOKEN.sub("***", value)
    return event


# What PostgreSQL adds to the first sentence of an error: a row or its key, and a part of the
# statement with its values. Python's words about a further error may follow.
QUOTED = re.compile(
    r"\n(?:DETAIL|CONTEXT|QUERY|LINE \d+):.*?(?=\n\nThe above |\n\nDuring |\s*\Z)", re.DOTALL
)


def hide_rows(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """Leave out what an error of the database quotes, which may be a name or an address."""
    for name, value in event.items():
        if isinstance(value, str) and "\n" in value:
            event[name] = QUOTED.sub("", value)
    return event


# Tasks that run every few seconds; lines about each run would hide more important ones.
ROUTINE = ("portal.beat", "foundation.sweep", "issuance.extend_event_log")


class NoRoutine(logging.Filter):
    """Drops lines about runs of routine tasks, unless they are warnings or worse."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.INFO or not record.name.startswith(("celery", "django_struct")):
            return True
        message = record.getMessage()
        return not any(name in message for name in (*ROUTINE, "task_succeeded"))


class ForeignHosts(logging.Filter):
    """Makes the line about a request for another host a warning without its traceback.

    Django logs it as an error, and anybody can send as many of them as they like.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "django.security.DisallowedHost":
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


class FailuresOnce(logging.Filter):
    """Drops Django's line about an answer of 500 or above if `RequestLog` has written one.

    That one has the request's id, and the traceback where there is one. About what fails in the
    middlewares around `RequestLog`, Django's line may be the only one. Of an outage it tells the
    error's words: the traceback would be the same for each request, and long.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != "django.request":
            return True
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, Exception) and is_outage(error):
            record.msg, record.args = f"{record.getMessage()}: {error}".strip(), ()
            record.exc_info = record.exc_text = None
        failed = getattr(record, "status_code", 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
        return not failed or not getattr(getattr(record, "request", None), "logged", False)


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    hide_tokens,
    hide_rows,
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
        "filters": {
            "routine": {"()": NoRoutine},
            "hosts": {"()": ForeignHosts},
            "failures": {"()": FailuresOnce},
        },
        "handlers": {
            "out": {
                "class": "logging.StreamHandler",
                "formatter": "event",
                "filters": ["routine", "hosts", "failures"],
            }
        },
        "root": {"handlers": ["out"], "level": "INFO"},
        "loggers": {
            "weasyprint": {"level": "ERROR"},
            "fontTools": {"level": "ERROR"},
            # It writes the passkey of each approval that is verified, of which events tell.
            "fido2": {"level": "WARNING"},
            "django": {"handlers": [], "level": "INFO", "propagate": True},
        },
    }
