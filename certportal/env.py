"""Reading environment variables: typed values, secrets from files, service URLs."""

import os
import tomllib
from collections.abc import Callable
from ipaddress import ip_address
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from certportal.foundation import service_addresses

# development: with test persons and readable logs; test: for `./portal test`.
ENVIRONMENTS = ("development", "test", "production")
# `ca` is the only worker that signs; `metrics` exports the service's state to Prometheus; `manage`
# runs Django commands, including key ceremonies; `store` copies published files to the shared store
# or from it, and makes backups that include the store's documents.
PROCESSES = ("web", "front", "default", "mail", "ca", "beat", "metrics", "store", "manage")

# For which hierarchies a reviewer's approval counts only if their passkey has signed it.
PROOFS = ("off", "production", "all")


def leave_dead_name_servers() -> None:
    """Have the C library ask a name server for 1 s, twice, unless the operator says otherwise.

    It would for 5 s: behind a dead one, no look-up ended within the limits of `deadline.py`, though
    the next one answers.
    """
    os.environ.setdefault("RES_OPTIONS", "timeout:1 attempts:2")


def text(name: str, default: str = "") -> str:
    """Return the variable, or the default when it is unset or empty."""
    return os.environ.get(name) or default


def flag(name: str, *, default: bool = False) -> bool:
    """Return whether the variable is `1`, `true`, `yes` or `on`; unset or empty: the default."""
    value = os.environ.get(name)
    return default if not value else value.lower() in {"1", "true", "yes", "on"}


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return the variable, or the default when it is unset or empty.

    Raises ImproperlyConfigured for any other value, so that a typing error does not silently
    select a weaker setting.
    """
    value = text(name, default)
    if value not in allowed:
        words = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        raise ImproperlyConfigured(f"{name} must be {words}, not {value!r}.")
    return value


def number(name: str, default: float, *, least: float = 0) -> float:
    """Return the variable, or the default when it is unset or empty.

    Raises ImproperlyConfigured for what is no number, or one below `least`.
    """
    return _number(name, text(name), default, least, float, "a number")


def whole(name: str, default: int, *, least: int = 0) -> int:
    """As `number`, for a whole number."""
    return _number(name, text(name), default, least, int, "a whole number")


def _number[N: (int, float)](
    name: str, given: str, default: N, least: N, kind: Callable[[str], N], words: str
) -> N:
    try:
        value = kind(given) if given else default
    except ValueError:
        value = None
    if value is None or not isfinite(value) or value < least:
        raise ImproperlyConfigured(f"{name} must be {words}, at least {least}, not {given!r}.")
    return value


def public_address(environment: str) -> SplitResult:
    """Return `PORTAL_BASE_URL`, the service's public address, without a trailing slash.

    Raises ImproperlyConfigured unless https and production go together: outside production
    anybody can log in as a test person and secrets have known defaults, and over http sessions
    and documents are not protected.
    """
    url = text("PORTAL_BASE_URL", "http://localhost:8000").rstrip("/")
    parts = service_addresses.split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(
            "PORTAL_BASE_URL must be an address such as https://varmenteet.example.fi,"
            f" not {url!r}."
        )
    if parts.scheme == "https" and environment != "production":
        raise ImproperlyConfigured("A service at an https address must have PORTAL_ENV=production.")
    if parts.scheme == "http" and environment == "production":
        raise ImproperlyConfigured(
            "With PORTAL_ENV=production, PORTAL_BASE_URL must be an address that begins with"
            f" https://, not {url!r}."
        )
    return parts


def secret(name: str, default: str = "") -> str:
    """Return a secret from the file named by `NAME_FILE`, else from `NAME`, else the default.

    Raises ImproperlyConfigured, which quotes nothing of it, if the file cannot be read.
    """
    path = os.environ.get(f"{name}_FILE")
    try:
        return Path(path).read_text().strip() if path else text(name, default)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ImproperlyConfigured(
            f"{name}_FILE names {path}, which cannot be read: {why}."
            " Put the secret there, or correct the variable."
        ) from None


def table(name: str) -> dict[str, Any]:
    """Return the content of the TOML file that the variable names; empty if it is unset.

    Raises ImproperlyConfigured if the file cannot be read or is not TOML.
    """
    path = os.environ.get(name)
    try:
        return tomllib.loads(Path(path).read_text()) if path else {}
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"{name} names {path}, which cannot be read: {error}."
            " Put the TOML file there, or correct the variable."
        ) from error


def key_pairs(*names: str) -> tuple[tuple[str, str], ...]:
    """Return the paths (certificate, key) for each variable that is set.

    The variable names the certificate; the key is the file beside it with suffix `.key`.
    """
    certificates = [Path(path) for path in map(text, names) if path]
    return tuple((str(path), str(path.with_suffix(".key"))) for path in certificates)


def _server(name: str, url: str, example: str, *schemes: str, several: bool = False) -> SplitResult:
    """Return the parts of a server's address, which may hold a password.

    Raises ImproperlyConfigured, which quotes nothing of it, for another scheme and where it is not
    clear what is the password.
    """
    parts = service_addresses.split(url, several=several)
    if parts is None or parts.scheme not in schemes:
        raise ImproperlyConfigured(
            f"{name} must be an address such as {example}. Percent-encode each character of the"
            " user's name and password that is no letter or digit: / as %2F, # as %23, ? as %3F,"
            " @ as %40. The address is not shown here, because it may hold a password."
        )
    return parts


def _refuse_lone_user(name: str, parts: SplitResult, example: str) -> None:
    """Refuse a user without a password, which is a password without its colon, and is logged."""
    if parts.username and not parts.password:
        raise ImproperlyConfigured(
            f"{name} has a user but no password. A password stands after a colon, as in {example}."
            " The address is not shown here, because it may hold a password."
        )


def redis(url: str) -> str:
    """Return `REDIS_URL` as it is. Raises ImproperlyConfigured if it cannot be read."""
    example = "redis://:password@host:6379/0"
    parts = _server("REDIS_URL", url, example, "redis", "rediss", "unix")
    _refuse_lone_user("REDIS_URL", parts, example)
    return url


def broker(redis_url: str) -> str:
    """Return the URL of Redis in Celery's syntax, which differs for a Unix socket."""
    if not redis_url.startswith("unix:"):
        return redis_url
    return f"redis+socket://{redis_url[7:]}".replace("?db=", "?virtual_host=")


def database(url: str, process: str) -> dict[str, Any]:
    """Turn `postgres://user:password@host:port/name?host=/socket/dir` into a DATABASES entry.

    The address is read as libpq does, which takes several servers too. The process's limits
    (`_database_limits`) apply unless the query overrides them.
    """
    example, schemes = "postgres://user:password@host/name", ("postgres", "postgresql")
    parts = _server("DATABASE_URL", url, example, *schemes, several=True)
    hosts, ports = service_addresses.hosts_and_ports(parts)
    query = service_addresses.query_of(parts)
    limits, options = _database_limits(process), query.pop("options", "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", hosts),
        "PORT": query.pop("port", ports),
        "OPTIONS": limits | query | {"options": f"{limits['options']} {options}".strip()},
    }


def _database_limits(process: str) -> dict[str, Any]:
    """Return libpq's options for a process, by name; the query of DATABASE_URL overrides them.

    PostgreSQL's settings in its `options` are added: of a setting named twice, the last one counts.

    Connecting may take 2 s, and packets may stay unacknowledged for 10 s. PostgreSQL, too, ends a
    connection to a machine that has disappeared, which by default keeps its locks for two hours.
    `default` and `mail` wait for a lock for 5 s and do the work later, so that one row cannot hold
    up all work of their queue. PostgreSQL ends a statement of the process `web`, and of commands in
    its container, after 10 s; longer work runs in a worker or as `manage` (see also
    `database_limit`). `metrics` is read-only with 2 s per statement. JIT compilation is off, since
    it takes longer than the statements of a page.
    Parallel workers are off for `web`: starting them takes 10 ms, most of its statements take 1 ms.
    It lets the kernel fetch 16 pages of a table at once from the disk, as PostgreSQL 18 does anyway
    (1 before): a search reads up to some thousand, each elsewhere.
    """
    lost = {
        "tcp_user_timeout": "10000",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "2",
    }
    limits = {name.replace("tcp_keep", "keep"): value for name, value in lost.items()}
    of_all = " ".join(f"-c {name}={value}" for name, value in {**lost, "jit": "off"}.items())
    of_process = {
        "web": " -c statement_timeout=10s -c max_parallel_workers_per_gather=0"
        " -c effective_io_concurrency=16",
        "default": " -c lock_timeout=5s",
        "mail": " -c lock_timeout=5s",
        "metrics": " -c statement_timeout=2s -c default_transaction_read_only=on",
    }
    return limits | {"connect_timeout": "2", "options": of_all + of_process.get(process, "")}


def store(url: str, key: str, *, whole_seconds: float) -> dict[str, Any]:
    """Turn `https://host:port/bucket?region=…&encryption=…&cafile=…` and `id:secret` into options.

    They are keyword arguments of `SharedStore`; empty without URL and key. Raises
    ImproperlyConfigured if only one of the two is set, since boto3 would look for keys elsewhere.
    """
    if not url and not key:
        return {}
    parts = service_addresses.split(url) or SplitResult("", "", "", "", "")
    bucket, (id_, _, secret_key) = parts.path.strip("/"), key.partition(":")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not bucket or "/" in bucket:
        raise ImproperlyConfigured(
            "STORE_URL must be the address of a bucket, such as https://s3.example.fi/varmenteet"
            " (and STORE_KEY is of no use without it)."
        )
    if parts.username or not id_ or not secret_key:
        raise ImproperlyConfigured(
            "The store's key must not be in STORE_URL: put it, as id:secret, into the file that"
            " STORE_KEY_FILE names."
        )
    query = service_addresses.query_of(parts)
    if unknown := query.keys() - {"region", "encryption", "cafile"}:
        raise ImproperlyConfigured(f"STORE_URL: unknown parameter {', '.join(sorted(unknown))}.")
    encryption = {"ServerSideEncryption": query["encryption"]} if "encryption" in query else {}
    return {
        "endpoint_url": f"{parts.scheme}://{parts.netloc}",
        "bucket_name": bucket,
        "region_name": query.get("region", "us-east-1"),
        "access_key": id_,
        "secret_key": secret_key,
        "verify": query.get("cafile"),
        "object_parameters": encryption,
        "whole_seconds": whole_seconds,
    }


def mailer(url: str, directory: Path) -> dict[str, Any]:
    """Turn `smtp://user:password@host:port?tls=1` or `smtps://…` into a MAILERS entry.

    The port is 25 by default, for `smtps` 465 (RFC 8314 §3.3).
    Without a URL mail is written to `directory` as `.eml` files. Raises ImproperlyConfigured for
    other parameters, which somebody may have meant to ask for TLS.
    """
    if not url:
        backend = "certportal.foundation.mail.eml_files.EmlBackend"
        return {"BACKEND": backend, "OPTIONS": {"directory": str(directory)}}
    example = "smtp://user:password@host:25?tls=1"
    parts = _server("SMTP_URL", url, example, "smtp", "smtps")
    _refuse_lone_user("SMTP_URL", parts, example)
    query = service_addresses.query_of(parts)
    if query.keys() - {"tls"} or query.get("tls", "0") not in {"0", "1"}:
        raise ImproperlyConfigured("SMTP_URL: after ? only tls=1 (STARTTLS) or tls=0 may stand.")
    options: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or (465 if parts.scheme == "smtps" else 25),
        "timeout": 20,
    }
    if parts.username:
        options |= {"username": unquote(parts.username), "password": unquote(parts.password or "")}
    options |= {"use_tls": query.get("tls") == "1", "use_ssl": parts.scheme == "smtps"}
    return {"BACKEND": "certportal.foundation.mail.smtp.SmtpBackend", "OPTIONS": options}


def scanner(name: str) -> dict[str, Any]:
    """Return BACKEND and OPTIONS of the virus scanner; `NoScanner` if the variable is unset."""
    scanners = "certportal.foundation.files.scanning"
    if not (address := text(name)):
        return {"BACKEND": f"{scanners}.protocol.NoScanner", "OPTIONS": {}}
    _server(name, address, "tcp://host:3310 or unix:/path", "tcp", "unix")
    return {"BACKEND": f"{scanners}.clamd.Clamd", "OPTIONS": {"address": address}}


def place(name: str) -> tuple[str, int] | None:
    """Return the host and the port (443 by default) in the variable; None if it is unset or empty.

    Raises ImproperlyConfigured for anything else.
    """
    if not (value := text(name)):
        return None
    parts = service_addresses.split(f"tls://{value}")
    if parts is None or not parts.hostname or parts.path or parts.query or parts.username:
        raise ImproperlyConfigured(f"{name} must be a host and a port, such as proxy.example:443.")
    return parts.hostname, parts.port or 443


def domain_control() -> dict[str, Any]:
    """Return the settings of domain control by DNS, which is off without `resolvers`.

    `issuer`: the authority's name in the record. `resolvers`: (IP address, port) pairs. `days`: for
    how long a record that was found is evidence for new orders.
    """
    return {
        "issuer": text("DOMAIN_ISSUER", "dvv.fi").lower(),
        "resolvers": [_resolver(address) for address in text("DOMAIN_RESOLVERS").split()],
        "days": whole("DOMAIN_PROOF_DAYS", 200, least=1),
    }


def _resolver(value: str) -> tuple[str, int]:
    parts = urlsplit(f"//{value}")
    try:
        address, port = str(ip_address(parts.hostname or "")), parts.port or 53
    except ValueError as error:
        raise ImproperlyConfigured(
            "DOMAIN_RESOLVERS must be IP addresses of validating resolvers, such as 127.0.0.1:53 or"
            f" [::1]:53, separated by spaces; {value!r} is not an IP address."
        ) from error
    return address, port
