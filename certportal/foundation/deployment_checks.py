"""Checks of `check --deploy` for development settings that must not be used in production."""

from collections.abc import Iterator
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from certportal.foundation.checking import Faults, refusing
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


@refusing("foundation.E004")
def is_for_production() -> Faults:
    """Refuse an environment other than production, where anybody can log in as a test person.

    An unknown PORTAL_ENV, and a production address without https, are refused by the settings.
    """
    hint = (
        "Set PORTAL_ENV=production and PORTAL_BASE_URL to the service's address, which begins with"
        " https://."
    )
    if not settings.PRODUCTION:
        yield f"PORTAL_ENV is {settings.PORTAL_ENV}: anybody can log in as a test person.", hint


@refusing("foundation.E005")
def mail_reaches_people() -> Faults:
    """Refuse mail that is written to files or sent to a mail catcher."""
    hint = (
        "Set SMTP_URL, or put into the file of SMTP_URL_FILE, the address of a mail server that"
        " delivers, such as smtp://user:password@smtp.hospital.fi:587?tls=1."
    )
    if settings.PRODUCTION and settings.PORTAL_PROCESS in {"mail", "manage"}:
        yield from ((fault, hint) for fault in _mail_faults())


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


@refusing("foundation.E006")
def senders_are_real() -> Faults:
    """Refuse senders in no real domain: answers and bounces must reach somebody."""
    senders = {
        "MAIL_FROM": settings.DEFAULT_FROM_EMAIL,
        "MAIL_RETURN_PATH": settings.MAIL_RETURN_PATH,
        "MAIL_DOMAIN": f"postmaster@{settings.MAIL_DOMAIN}",
    }
    if settings.MAIL_RETURN_PATH == settings.DEFAULT_FROM_EMAIL:
        del senders["MAIL_RETURN_PATH"]
    for name, sender in senders.items() if settings.PRODUCTION else ():
        if fault := _sender_fault(sender):
            yield f"{name} {fault}.", f"Set {name} to {_SENDERS[name]}."


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


@refusing("foundation.E007")
def address_is_real() -> Faults:
    """Refuse example addresses: every mail, document and certificate contains an address."""
    addresses = {
        "PORTAL_BASE_URL": (settings.PORTAL_BASE_URL, "by which people reach the service"),
        "PKI_PUBLIC_URL": (settings.PKI.get("PUBLIC_URL", ""), "that stands in certificates"),
    }
    for name, (address, purpose) in addresses.items() if settings.PRODUCTION else ():
        if _is_example(urlsplit(address).hostname or ""):
            yield f"{name} is an example: {address}.", f"Set {name} to the address {purpose}."


@refusing("foundation.E008")
def shared_store_is_private() -> Faults:
    """Refuse a shared store without TLS.

    The settings themselves refuse an address without a key, and a key without an address.
    """
    if settings.PRODUCTION and urlsplit(settings.STORE_URL).scheme not in {"", "https"}:
        hint = "Give the store TLS, and STORE_URL an address that begins with https://."
        yield "Documents would go to the shared store unencrypted.", hint


def _is_example(host: str) -> bool:
    host = host.lower().rstrip(".")
    under = tuple(f".{domain}" for domain in _EXAMPLE_DOMAINS)
    return host in _EXAMPLE_DOMAINS or host.endswith((*_EXAMPLE_ENDINGS, *under))
