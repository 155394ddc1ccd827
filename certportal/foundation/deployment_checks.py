"""Checks of `check --deploy` for development settings that must not be used in production."""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ValidationError

from certportal.foundation.web.forms import mail_address

# Names that nobody can own: RFC 2606 and RFC 6761.
_EXAMPLE_ENDINGS = (".example", ".test", ".invalid", ".localhost", ".local")
_EXAMPLE_DOMAINS = ("example", "example.com", "example.net", "example.org", "localhost")
# Mail catchers, by the host names that compose files give them, and the port that they use.
_CATCHERS = {"mail", "mailpit", "mailhog", "mailcatcher", "maildev", "smtp4dev", "greenmail"}
_CATCHERS_PORT = 1025
_SENDERS = {
    "MAIL_FROM": "the address that people may answer to, such as Varmenteet <certs@hospital.fi>",
    "MAIL_RETURN_PATH": "the address at which mails come back, such as bounces@hospital.fi",
    "MAIL_DOMAIN": "the domain of your mail, such as hospital.fi",
}


@register(Tags.security, deploy=True)
def is_for_production(**_: Any) -> list[CheckMessage]:
    """Refuse an environment other than production, where anybody can log in as a test person.

    An unknown PORTAL_ENV, and a production address without https, are refused by the settings.
    """
    if settings.PRODUCTION:
        return []
    hint = (
        "Set PORTAL_ENV=production and PORTAL_BASE_URL to the service's address, which begins with"
        " https://."
    )
    fault = f"PORTAL_ENV is {settings.PORTAL_ENV}: anybody can log in as a test person."
    return [Error(fault, hint=hint, id="foundation.E004")]


@register(Tags.security, deploy=True)
def mail_reaches_people(**_: Any) -> list[CheckMessage]:
    """Refuse mail that is written to files or sent to a mail catcher."""
    if not settings.PRODUCTION or settings.PORTAL_PROCESS not in {"mail", "manage"}:
        return []
    hint = (
        "Set SMTP_URL, or put into the file of SMTP_URL_FILE, the address of a mail server that"
        " delivers, such as smtp://user:password@smtp.hospital.fi:587?tls=1."
    )
    return [Error(fault, hint=hint, id="foundation.E005") for fault in _mail_faults()]


def _mail_faults() -> Iterator[str]:
    if settings.MAIL_IS_LOCAL:
        yield "Mail would be written to files instead of being sent."
        return
    options = settings.MAILERS["default"]["OPTIONS"]
    host = (options.get("host") or "").lower()
    if host.split(".")[0] in _CATCHERS - {"mail"} or host == "mail":
        yield f"Mail would go to the mail catcher {host}, which delivers nothing."
    elif options.get("port") == _CATCHERS_PORT:
        yield f"Mail would go to port {_CATCHERS_PORT} of {host}, where mail catchers listen."
    elif not host or _is_example(host):
        yield f"Mail would go to {host or 'no host'}, which is an example."


@register(Tags.security, deploy=True)
def senders_are_real(**_: Any) -> list[CheckMessage]:
    """Refuse senders in no real domain: answers and bounces must reach somebody."""
    if not settings.PRODUCTION:
        return []
    senders = {
        "MAIL_FROM": settings.DEFAULT_FROM_EMAIL,
        "MAIL_RETURN_PATH": settings.MAIL_RETURN_PATH,
        "MAIL_DOMAIN": f"postmaster@{settings.MAIL_DOMAIN}",
    }
    if settings.MAIL_RETURN_PATH == settings.DEFAULT_FROM_EMAIL:
        del senders["MAIL_RETURN_PATH"]
    return [
        Error(f"{name} {fault}.", hint=f"Set {name} to {_SENDERS[name]}.", id="foundation.E006")
        for name, sender in senders.items()
        if (fault := _sender_fault(sender))
    ]


def _sender_fault(sender: str) -> str:
    """Return why nobody is reached at the address of a sender; "" if somebody may be."""
    address = parseaddr(sender)[1]
    domain = address.rpartition("@")[2]
    if _is_example(domain):
        return f"is an example: {domain}"
    try:
        mail_address(address)
    except ValidationError:  # such as an IP address instead of a domain name
        return f"has no domain name: {sender or 'it is empty'}"
    return ""


@register(Tags.security, deploy=True)
def address_is_real(**_: Any) -> list[CheckMessage]:
    """Refuse example addresses: every mail, document and certificate contains an address."""
    if not settings.PRODUCTION:
        return []
    addresses = {
        "PORTAL_BASE_URL": (settings.PORTAL_BASE_URL, "by which people reach the service"),
        "PKI_PUBLIC_URL": (settings.PKI.get("PUBLIC_URL", ""), "that stands in certificates"),
    }
    return [
        Error(
            f"{name} is an example: {address}.",
            hint=f"Set {name} to the address {purpose}.",
            id="foundation.E007",
        )
        for name, (address, purpose) in addresses.items()
        if _is_example(urlsplit(address).hostname or "")
    ]


@register(Tags.security, deploy=True)
def shared_store_is_private(**_: Any) -> list[CheckMessage]:
    """Refuse a shared store without TLS.

    The settings themselves refuse an address without a key, and a key without an address.
    """
    if not settings.PRODUCTION or urlsplit(settings.STORE_URL).scheme in {"", "https"}:
        return []
    hint = "Give the store TLS, and STORE_URL an address that begins with https://."
    fault = "Documents would go to the shared store unencrypted."
    return [Error(fault, hint=hint, id="foundation.E008")]


def _is_example(host: str) -> bool:
    host = host.lower().rstrip(".")
    under = tuple(f".{domain}" for domain in _EXAMPLE_DOMAINS)
    return host in _EXAMPLE_DOMAINS or host.endswith((*_EXAMPLE_ENDINGS, *under))
