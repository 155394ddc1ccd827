"""Read-only admin pages: superusers may look, only the services write."""

from django.contrib import admin

from certportal.foundation.web.read_only_admin import ReadOnlyAdmin
from issuance.models import (
    BlockedKey,
    Certificate,
    IssuingCA,
    OcspResponder,
    PreparedCertificate,
)


@admin.register(IssuingCA)
class IssuingCAAdmin(ReadOnlyAdmin):
    list_display = ["stem", "environment", "branch", "generation", "state", "crl_number"]
    exclude = ["certificate_der", "root_der"]


@admin.register(PreparedCertificate)
class PreparedCertificateAdmin(ReadOnlyAdmin):
    list_display = ["reference", "attempt", "state", "profile_id", "created_at"]
    list_filter = ["state", "profile_id"]
    exclude = ["tbs", "specimen_der", "csr_der"]


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    list_display = ["serial", "profile_id", "state", "not_after", "issuing_ca"]
    list_filter = ["state", "profile_id", "issuing_ca"]
    exclude = ["der", "crl_entry"]


@admin.register(BlockedKey)
class BlockedKeyAdmin(ReadOnlyAdmin):
    list_display = ["spki_sha256", "reason", "created_at"]


@admin.register(OcspResponder)
class OcspResponderAdmin(ReadOnlyAdmin):
    list_display = ["serial", "issuing_ca", "not_before", "not_after"]
    exclude = ["der"]
