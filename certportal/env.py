"""Reading the environment: typed helpers, secrets from files, service addresses as URLs."""

import os
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def text(name: str, default: str = "") -> str:
    """Return the variable, or the default when it is unset or empty."""
    return os.environ.get(name) or default


def flag(name: str, *, default: bool = False) -> bool:
    """Return whether the variable says yes (`1`, `true`, `yes`, `on`)."""
    value = os.environ.get(name)
    return default if not value else value.lower() in {"1", "true", "yes", "on"}


def secret(name: str, default: str = "") -> str:
    """Return a secret from the file named by `NAME_FILE`, else from `NAME`, else the default."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else text(name, default)


def table(name: str) -> dict[str, Any]:
    """Return what stands in the TOML file that the variable names; nothing when it is unset."""
    path = os.environ.get(name)
    return tomllib.loads(Path(path).read_text()) if path else {}


def key_pairs(*names: str) -> tuple[tuple[str, str], ...]:
    """Return the files (certificate, key) of each variable that is set.

    The key lies in the file of the same name ending in `.key`, beside the certificate.
    """
    certificates = [Path(path) for path in map(text, names) if path]
    return tuple((str(one), str(one.with_suffix(".key"))) for one in certificates)


def database(url: str) -> dict[str, Any]:
    """Turn `postgres://user:password@host:port/name?host=/socket/dir` into a DATABASES entry."""
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", str(parts.port or "")),
        "OPTIONS": query,
    }


def mailer(url: str, directory: Path) -> dict[str, Any]:
    """Turn `smtp://user:password@host:port?tls=1` into a MAILERS entry.

    Without a URL mail is written to `directory` as `.eml` files.
    """
    if not url:
        backend = "certportal.foundation.maildir.EmlBackend"
        return {"BACKEND": backend, "OPTIONS": {"directory": str(directory)}}
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    options: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or 25,
        "timeout": 20,
    }
    if parts.username:
        options |= {
            "username": unquote(parts.username),
            "password": unquote(parts.password or ""),
        }
    options |= {"use_tls": query.get("tls") == "1", "use_ssl": parts.scheme == "smtps"}
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": options,
    }
