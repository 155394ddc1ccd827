"""The client against a code server on the network: the contract of every client, and faults."""

import ssl
from datetime import date, timedelta
from ipaddress import IPv4Address

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.test import override_settings

from accounts.register.source import codeserver_api
from accounts.register.source.client import load_client
from accounts.register.source.codeserver import CodeServer
from accounts.register.source.transport import SourceFault, Transport
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.outgoing import exchange
from tests.doubles.register import MemoryClient

from . import codeserver
from .codeserver import FakeCodeServer, code, running


@pytest.fixture
def server():
    return FakeCodeServer(code(number, f"Yksikkö {number}") for number in range(25))


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def client(server, pauses):
    with running(server) as url:
        transport = Transport(timeout=2, whole_timeout=2, max_bytes=100_000, sleep=pauses.append)
        yield CodeServer(url, page_size=10, transport=transport)


@pytest.fixture(params=["network", "memory"])
def any_client(request, client, server):
    if request.param == "network":
        return client
    return MemoryClient([codeserver_api.read_code(c) for c in server.select({})])


def test_every_client_gives_the_whole_register_once(any_client):
    rows = any_client.download().rows
    assert len({row.oid for row in rows}) == len(rows) == 25
    assert rows[0].long_name == "Yksikkö 0"
    assert any_client.source


def test_the_register_is_read_page_by_page_in_every_status(client, server):
    server.codes[3]["status"] = "DELETED"
    download = client.download()
    assert download.pages == 3
    assert [row.status for row in download.rows].count("DELETED") == 1
    assert [query["page"] for query in server.requests] == [["1"], ["2"], ["3"]]
    assert server.requests[0]["status"] == ["ACTIVE", "DELETED", "PROPOSAL"]
    assert "modifiedAfter" not in server.requests[0]


def test_a_delta_asks_for_what_was_modified_since(client, server):
    server.codes[7]["lastModifiedDate"] = "2026-11-24T22:00:00"
    rows = client.download(modified_since=date(2026, 11, 24)).rows
    assert [row.long_name for row in rows] == ["Yksikkö 7"]
    assert server.requests[0]["modifiedAfter"] == ["2026-11-24"]


def test_no_content_is_an_empty_answer(client):
    download = client.download(modified_since=date(2026, 12, 1))
    assert (download.rows, download.pages) == ([], 1)


@pytest.mark.parametrize(
    "fault",
    [
        codeserver.status(500),
        codeserver.status(503),
        codeserver.status(429),
        codeserver.garbage,
        codeserver.half_a_page,
        codeserver.hang_up,
        codeserver.silence,
        codeserver.dripping,
    ],
)
def test_a_fault_of_the_moment_is_tried_again(client, server, pauses, fault):
    server.faults = [fault]
    assert len(client.download().rows) == 25
    assert len(pauses) == 1


def test_pauses_grow_and_a_lasting_fault_is_given_up(client, server, pauses):
    server.faults = [codeserver.status(503)] * 10
    with pytest.raises(Unavailable, match="status 503 after 4 tries"):
        client.download()
    assert len(pauses) == 3
    assert pauses[0] < pauses[1] < pauses[2]


def test_the_source_may_ask_for_a_longer_pause_but_not_for_ever(client, server, pauses):
    server.faults = [
        codeserver.status(429, Retry_After="17"),
        codeserver.status(429, Retry_After="99999"),
    ]
    client.download()
    assert pauses == [17, 60]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (codeserver.status(400), "status 400"),
        (codeserver.status(404), "status 404"),
        (codeserver.status(302, Location="http://127.0.0.1:1/"), "status 302"),
        (codeserver.too_much, "more than 100000 bytes"),
        (codeserver.document([]), "no list conceptCodes"),
        (codeserver.document({"conceptCodes": [{"conceptCodeId": "?"}]}), "not an OID"),
        (codeserver.document({"conceptCodes": [], "page": 4}), "page 4 instead of 1"),
    ],
)
def test_a_fault_that_stays_is_given_up_at_once(client, server, pauses, fault, reason):
    server.faults = [fault]
    with pytest.raises(SourceFault, match=reason):
        client.download()
    assert pauses == []


def test_a_source_that_is_not_there_is_unavailable(pauses):
    transport = Transport(timeout=0.2, sleep=pauses.append)
    with pytest.raises(Unavailable, match="ConnectionError"):
        CodeServer("http://127.0.0.1:9/csapi/v6", transport=transport).download()


def test_a_register_that_changed_under_paging_is_read_again(client, server):
    def remove_one(number):
        if number == 2 and len(server.codes) == 25:
            server.codes.pop(0)

    server.before_page = remove_one
    rows = client.download().rows
    assert len(rows) == 24
    assert len(server.requests) > 3


def test_a_register_that_never_rests_is_given_up(client, server):
    server.before_page = lambda number: server.codes.append(code(100 + len(server.codes)))
    with pytest.raises(SourceFault, match="changed under paging, or not whole, 3 times"):
        client.download()


def test_rows_that_the_source_really_repeats_are_taken_once(client, server):
    server.codes += [dict(server.codes[0]), dict(server.codes[24])]
    assert len(client.download().rows) == 25


def test_a_page_that_stays_half_is_no_register(client, server):
    lost = server.codes[12]["conceptCodeId"]
    server.rows_of = lambda part: [one for one in part if one["conceptCodeId"] != lost]
    with pytest.raises(SourceFault, match="not whole"):
        client.download()


def test_what_is_valid_on_a_day_can_be_asked_for(any_client, server):
    day = date(2026, 11, 24)
    server.codes[0]["expirationDate"] = "2026-11-23"
    server.codes[1]["expirationDate"] = "2026-11-24"
    if isinstance(any_client, MemoryClient):
        any_client.rows = [codeserver_api.read_code(c) for c in server.select({})]
    oids = {row.oid for row in any_client.download(valid_on=day).rows}
    assert len(oids) == 24
    assert server.codes[0]["conceptCodeId"] not in oids


def test_a_download_that_takes_too_long_is_given_up(client):
    client.longest = 0
    with pytest.raises(SourceFault, match="not whole after 0 s, at page"):
        client.download()


def test_unknown_attributes_and_open_dates_come_through(client, server):
    server.codes[0] = code(0, attributes={"Uusi": ["x"]}, beginDate="1900-01-01")
    row = client.download().rows[0]
    assert (row.attributes, row.valid_from, row.valid_to) == ({"Uusi": ["x"]}, None, None)


def test_a_source_that_calls_names_otherwise_now_is_no_register(client, server):
    for each in server.codes[:-1]:
        each["attributes"][0]["attributeName"] = "Pitkä nimi"
    with pytest.raises(SourceFault, match="24 of 25 rows without LongName"):
        client.download()
    for each in server.codes[:13]:
        each["attributes"][0]["attributeName"] = "LongName"
    assert len(client.download().rows) == 25


def test_a_source_without_end_is_given_up(client, server):
    client.max_pages = 2
    with pytest.raises(SourceFault, match="more than 2 pages"):
        client.download()


def test_a_source_whose_pages_are_too_much_together_is_given_up(client, server):
    client.download()
    client.max_bytes = client.transport.fetched
    client.download()  # what was fetched before does not count
    server.codes[-1]["attributes"][0]["attributeValue"] = ["x" * 2000]
    with pytest.raises(SourceFault, match=r"more than \d+ bytes, at page 3"):
        client.download()


def test_a_source_that_does_not_count_its_pages_is_read_to_a_short_one(client, server):
    full = {"conceptCodes": [code(number) for number in range(10)]}
    server.faults = [codeserver.document(full), codeserver.document({"conceptCodes": []})]
    assert len(client.download().rows) == 10


@pytest.fixture
def own_ca(tmp_path):
    """The certificate of an organisation's own CA, and a server's context with it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=1))
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    builder = builder.add_extension(here, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(own, critical=False)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    file, both = tmp_path / "ca.pem", tmp_path / "server.pem"
    file.write_bytes(certificate)
    both.write_bytes(
        certificate + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(both)
    return str(file), context


def test_the_system_s_store_says_which_code_server_is_trusted(server, own_ca, monkeypatch):
    file, context = own_ca
    with running(server, context) as url:
        client = CodeServer(url, transport=Transport(timeout=2, attempts=1))
        with pytest.raises(Unavailable, match="SSLError"):
            client.download()
        monkeypatch.setenv("SSL_CERT_FILE", file)
        assert len(client.download().rows) == 25


def test_other_services_are_trusted_by_the_list_of_requests(server, own_ca, monkeypatch):
    file, context = own_ca
    limits = {"timeout": (2, 2), "whole_seconds": 2, "most_bytes": 100_000}
    with running(server, context) as url:
        monkeypatch.setenv("SSL_CERT_FILE", file)
        with pytest.raises(requests.exceptions.SSLError):
            exchange("GET", url, **limits)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", file)
        assert exchange("GET", url, **limits).status == 404


def test_the_client_is_chosen_by_a_setting():
    assert load_client() is None
    backend = "accounts.register.source.codeserver.CodeServer"
    with override_settings(REGISTER={"BACKEND": backend, "OPTIONS": {"url": "https://x.example"}}):
        assert load_client().source.startswith("https://x.example/classifications/1.2.246.537")
