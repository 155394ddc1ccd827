"""Host names as people write them: what is wrong with each, by name."""

import ipaddress

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from issuance.names import UPPER_BOUNDS, is_host_name

MOST_FAULTS = 10


def host_names(written: list[str]) -> list[str]:
    """Return the names in lower case, once each. Raises ValidationError naming every fault."""
    tidy = list(dict.fromkeys(name.lower().removesuffix(".") for name in written))
    faults = [_fault(name) for name in tidy if not is_host_name(name)]
    faults += [_too_long(name) for name in tidy[:1] if len(name) > UPPER_BOUNDS["CN"]]
    if faults:
        raise ValidationError(faults[:MOST_FAULTS])
    return tidy


def _too_long(name: str) -> str:
    return _(
        "“%(value)s” is too long to be the main name, which has at most 64 characters. Write a"
        " shorter name first."
    ) % {"value": name[:100]}


def _fault(name: str) -> str:
    shown = {"value": name[:100]}
    if "*" in name:
        return _("“%(value)s” has a wildcard. List every host name by itself.") % shown
    if _is_address(name):
        return _("“%(value)s” is an IP address. Enter the server's host name.") % shown
    if "@" in name:
        return _("“%(value)s” is an email address. Enter the server's host name.") % shown
    if "/" in name or ":" in name:
        return _("“%(value)s” is a web address. Enter the host name alone.") % shown
    if "_" in name:
        return _("“%(value)s” has an underscore, which host names cannot have.") % shown
    if not name.isascii():
        return _("“%(value)s” has special letters. Enter the name in the xn-- form.") % shown
    if "." not in name:
        return _("“%(value)s” is not complete. Enter it with its domain.") % shown
    return _("“%(value)s” is not a host name. Use letters a–z, digits, hyphens and dots.") % shown


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
