"""The identity provider's metadata, read from a file that the operator keeps up to date."""

from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from certportal.foundation.errors import Unavailable

log = structlog.get_logger(__name__)


class Federation:
    """The metadata file, reread when it changes; `entity_id` selects one of several providers.

    Every signing certificate in it is trusted, so that the provider can roll over its key.
    """

    def __init__(self, path: str, entity_id: str) -> None:
        """Store the path; the file is read when first needed."""
        self.path, self.entity_id = Path(path), entity_id
        self._stamp: tuple[int, int] | None = None
        self._idp: dict[str, Any] = {}
        self._valid_until: float | None = None

    def idp(self, *, now: datetime) -> dict[str, Any]:
        """Return the provider as python3-saml's settings name it.

        Raises Unavailable if the file is missing, is not metadata of this provider, or has
        expired (SAML 2.0 Metadata, 2.3.2).
        """
        try:
            self._refresh()
        except (OSError, ValueError, etree.XMLSyntaxError) as error:
            log.error("saml_metadata_unreadable", problem=type(error).__name__)
            raise Unavailable("identification: metadata") from error
        if self._valid_until is not None and self._valid_until <= now.timestamp():
            log.error("saml_metadata_expired")
            raise Unavailable("identification: metadata expired")
        return deepcopy(self._idp)

    def _refresh(self) -> None:
        stat = self.path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp != self._stamp:
            self._read(self.path.read_bytes())
            self._stamp = stamp

    def _read(self, xml: bytes) -> None:
        root = OneLogin_Saml2_XML.to_etree(xml)
        parser = OneLogin_Saml2_IdPMetadataParser
        idp = parser.parse(root, entity_id=self.entity_id or None).get("idp", {})
        certificates = idp.get("x509certMulti", {}).get("signing") or [idp.get("x509cert")]
        if not idp.get("entityId") or "singleSignOnService" not in idp or not certificates[0]:
            raise ValueError("no identity provider")
        self._idp = {**idp, "x509certMulti": {"signing": certificates}}
        until = root.get("validUntil")
        self._valid_until = OneLogin_Saml2_Utils.parse_SAML_to_time(until) if until else None
