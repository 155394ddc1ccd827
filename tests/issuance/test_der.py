from datetime import UTC, datetime

import pytest
from cryptography import x509
from pyasn1.codec.der import decoder, encoder
from pyasn1.type import univ

from issuance.der import write


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 2**63, 2**120 - 1])
def test_integers(value: int) -> None:
    assert write.integer(value) == encoder.encode(univ.Integer(value))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536, 2**24])
def test_lengths(size: int) -> None:
    assert write.tlv(0x04, b"x" * size) == encoder.encode(univ.OctetString(b"x" * size))


@pytest.mark.parametrize("oid", ["2.5.29.21", "1.3.6.1.4.1.32473.1", "1.2.840.113549", "0.9.2342"])
def test_object_identifiers(oid: str) -> None:
    encoded = write.object_identifier(x509.ObjectIdentifier(oid))
    assert encoded == encoder.encode(univ.ObjectIdentifier(oid))


def test_times_change_their_type_in_2050() -> None:
    assert write.time(datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)) == b"\x17\x0d491231235959Z"
    assert write.time(datetime(2050, 1, 1, tzinfo=UTC)) == b"\x18\x0f20500101000000Z"


def test_false_is_not_encoded() -> None:
    value = x509.BasicConstraints(ca=False, path_length=None)
    plain, _ = decoder.decode(write.extension(value))
    critical, _ = decoder.decode(write.extension(value, critical=True))
    assert len(plain) == 2
    assert len(critical) == 3
    assert critical[1]


def test_an_empty_list_is_left_out() -> None:
    assert write.join([]) == b""
    assert write.join([b"\x05\x00"]) == b"\x30\x02\x05\x00"
