"""Changing what a list tells."""

from issuance.models import Certificate, IssuingCA
from tests.tables import rewrite


def forget_revocation(certificate: Certificate) -> None:
    """As if the database had come back from a backup made before: the row is put in anew."""
    rows = Certificate.objects.filter(pk=certificate.pk)
    rewrite(rows, state="issued", revoked_at=None, revocation_reason="", crl_entry=b"", listed=b"")
    IssuingCA.objects.filter(pk=certificate.issuing_ca_id).update(crl_base="before")
