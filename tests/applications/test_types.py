import pytest
from django.utils import translation

from applications.models.certificate_types import CertificateType
from issuance.certificate.profiles import PROFILES


def test_the_authority_has_one_profile_for_each_type() -> None:
    assert set(CertificateType.values) == set(PROFILES)


@pytest.mark.parametrize("kind", CertificateType)
def test_production_has_the_same_certificate(kind: CertificateType) -> None:
    real = kind.in_production

    assert not real.is_test
    assert real.profile.family == kind.profile.family
    assert (real == kind) is not kind.is_test


@pytest.mark.parametrize("kind", CertificateType)
@pytest.mark.parametrize("language", ["fi", "sv"])
def test_its_words_are_in_each_language(kind: CertificateType, language: str) -> None:
    with translation.override("en"):
        english = [str(words) for words in (kind.label, kind.hint, kind.where_to_install)]
    with translation.override(language):
        read = [str(words) for words in (kind.label, kind.hint, kind.where_to_install)]

    assert all(read) and not set(read) & set(english)


@pytest.mark.parametrize("kind", CertificateType)
def test_its_order_asks_what_its_certificate_names(kind: CertificateType) -> None:
    asked = (kind.has_host_names, kind.has_system, kind.has_mailbox, kind.carries_unit)

    assert (
        asked
        == {
            "server": (True, False, False, False),
            "system_signature": (False, True, False, True),
            "email": (False, False, True, True),
        }[kind.profile.family]
    )
