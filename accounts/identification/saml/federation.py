"""The identity provider's metadata, read from a file that the operator keeps up to date."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from cryptography import x509

from accounts.identification.identity import NotIdentified
from accounts.identification.saml.documents import Element, all_of, decode, moment, parse, whole
from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.errors import Unavailable

log = structlog.get_logger(__name__)

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """An identity provider: entity ID, addresses that take redirects, signing certificates.

    The addresses of logout are empty if it has none.
    """

    entity_id: str
    sign_on_url: str
    logout_url: str
    logout_answer_url: str
    certificates: tuple[x509.Certificate, ...]
    valid_until: datetime | None


class Federation:
    """The metadata file, reread when it changes; `entity_id` selects one of several providers.

    Every signing certificate in it is trusted, so that the provider can roll over its key.
    """

    def __init__(self, path: str, entity_id: str) -> None:
        """Store the path; the file is read when first needed."""
        self.path, self.entity_id = Path(path), entity_id
        self._read: tuple[tuple[int, int], IdentityProvider] | None = None

    def idp(self, *, now: datetime) -> IdentityProvider:
        """Return the provider.

        Raises Unavailable if the file is missing, is not metadata of this provider, or has
        expired (SAML 2.0 Metadata, 2.3.2).
        """
        try:
            stat = self.path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if self._read is None or self._read[0] != stamp:
                self._read = stamp, read(self.path.read_bytes(), self.entity_id)
            idp = self._read[1]
        except (OSError, *UNREADABLE, NotIdentified) as error:
            log.error("saml_metadata_unreadable", problem=type(error).__name__)
            raise Unavailable("identification: metadata") from error
        if idp.valid_until is not None and idp.valid_until <= now:
            log.error("saml_metadata_expired")
            raise Unavailable("identification: metadata expired")
        return idp


def read(xml: bytes, entity_id: str = "") -> IdentityProvider:
    """Return the provider with the entity ID, by default the first one, in metadata.

    Raises NotIdentified or ValueError if there is none that can be used.
    """
    for entity in all_of(parse(xml), "descendant-or-self::md:EntityDescriptor"):
        roles = all_of(entity, "./md:IDPSSODescriptor")
        if roles and entity_id in {"", entity.get("entityID")}:
            return _provider(entity, roles[0])
    raise ValueError("no identity provider")


def _provider(entity: Element, role: Element) -> IdentityProvider:
    sign_on, _ = _addresses(role, "SingleSignOnService")
    certificates = tuple(_certificates(role))
    if not entity.get("entityID") or not sign_on or not certificates:
        raise ValueError("no identity provider")
    logout, answer = _addresses(role, "SingleLogoutService")
    around = [role, entity, *entity.iterancestors()]
    ends = [moment(each, "validUntil") for each in around if each.get("validUntil")]
    return IdentityProvider(
        entity_id=entity.get("entityID"),
        sign_on_url=sign_on,
        logout_url=logout,
        logout_answer_url=answer,
        certificates=certificates,
        valid_until=min(ends, default=None),
    )


def _addresses(role: Element, service: str) -> tuple[str, str]:
    """Return where the service takes requests and responses by redirect, or empty texts."""
    found = all_of(role, f"./md:{service}[@Binding='{REDIRECT}']")
    if not found:
        return "", ""
    address = found[0].get("Location", "")
    return address, found[0].get("ResponseLocation") or address


def _certificates(role: Element) -> list[x509.Certificate]:
    path = "./md:KeyDescriptor[not(@use) or @use='signing']//ds:X509Certificate"
    return [x509.load_der_x509_certificate(decode(whole(each))) for each in all_of(role, path)]
