"""Keys whose long tests were done for the check of an order; the CA need not repeat these.

See docs/decisions/keys-anybody-can-compute.md.
"""

from collections.abc import Collection, Iterable

from issuance.csr import Report
from issuance.findings import RULE_SET_VERSION
from issuance.models import SoundKey


def sound_among(hashes: Iterable[str]) -> frozenset[str]:
    """Which of these keys (SPKI hashes, lower-case hex) have passed the long tests of today."""
    sound = SoundKey.objects.filter(spki_sha256__in=list(hashes), rule_set_version=RULE_SET_VERSION)
    return frozenset(sound.values_list("spki_sha256", flat=True))


def record_sound(report: Report, sound: Collection[str]) -> None:
    """Record that nothing was found of the key, unless it is among those ``sound`` before."""
    key = report.csr.key.spki_sha256 if report.csr else ""
    faults = any(finding.rule.startswith("key.") for finding in report.findings)
    if key and not faults and key not in sound:
        SoundKey.objects.bulk_create(
            [SoundKey(spki_sha256=key, rule_set_version=RULE_SET_VERSION)],
            update_conflicts=True,
            unique_fields=["spki_sha256"],
            update_fields=["rule_set_version"],
        )
