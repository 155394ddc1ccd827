"""What we publish of ourselves, what we read of the provider, and how keys change."""

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from lxml import etree
from saml2.xml.schema import validate

from accounts.identification.saml.documents import moment
from accounts.identification.saml.federation import Federation
from accounts.identification.saml.party import Party
from accounts.models import Person
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from tests.accounts.saml import idp
from tests.accounts.saml.pairs import make_pair

pytestmark = pytest.mark.django_db(transaction=True)
NS = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
}


def published(live_server, query=""):
    answer = requests.get(f"{live_server.url}/identification/saml/metadata{query}")
    assert answer.headers["Content-Type"] == "application/samlmetadata+xml"
    return etree.fromstring(answer.content)


def bare(path):
    return "".join(Path(path).read_text().split("-----")[2].split())


def test_metadata_is_signed_by_our_key_and_ends(trusting, live_server, tmp_path):
    root = published(live_server)

    path = tmp_path / "metadata.xml"
    path.write_bytes(etree.tostring(root))
    name = f"{NS['md']}:EntityDescriptor"
    command = ["xmlsec1", "--verify", "--id-attr:ID", name, "--pubkey-cert-pem", trusting.own[0]]
    assert subprocess.run([*command, path], capture_output=True).returncode == 0
    assert moment(root, "validUntil") > clock.now() + timedelta(days=29)


def test_metadata_names_addresses_levels_and_attributes(trusting, live_server):
    root = published(live_server)

    def all_of(path):
        return root.xpath(path, namespaces=NS)

    base = f"{live_server.url}/identification/saml"
    assert root.get("entityID") == base
    assert all_of("//md:AssertionConsumerService/@Location") == [f"{base}/answer"]
    assert all_of("//md:SingleLogoutService/@Location") == [f"{base}/logout"]
    assert idp.LEVEL in all_of("//saml:AttributeValue/text()")
    assert "urn:oid:1.2.246.21" in all_of("//md:RequestedAttribute/@Name")
    assert len(all_of("//md:RequestedAttribute")) == 5
    languages = all_of("//md:ServiceName/@xml:lang")
    assert languages == ["fi", "sv", "en"]
    (descriptor,) = all_of("//md:SPSSODescriptor")
    assert descriptor.get("WantAssertionsSigned") == descriptor.get("AuthnRequestsSigned") == "true"


def test_metadata_fits_the_schema(trusting, live_server):
    validate(etree.tostring(published(live_server)).decode())


def test_next_certificate_is_published_beside_the_present_one(trusting, settings, live_server):
    following = make_pair(trusting.directory, "following")
    prepare(settings, trusting, keys=(trusting.own, following))
    path = "//md:KeyDescriptor[@use='encryption']//ds:X509Certificate/text()"

    def certificates(query=""):
        return published(live_server, query).xpath(path, namespaces=NS)

    assert certificates() == [bare(trusting.own[0]), bare(following[0])]
    assert certificates("?certificate=current") == [bare(trusting.own[0])]
    assert certificates("?certificate=next") == [bare(following[0])]


def prepare(settings, trusting, **changes):
    options = {**settings.IDENTIFICATION["OPTIONS"], **changes}
    settings.IDENTIFICATION = {**settings.IDENTIFICATION, "OPTIONS": options}


def test_answer_encrypted_for_the_next_key_is_read_too(trusting, settings, visitor):
    """The provider has taken the new certificate into use before we sign with it."""
    following = make_pair(trusting.directory, "later")
    present = (trusting.directory / "sp.crt").read_text()
    prepare(settings, trusting, keys=(trusting.own, following))
    way = visitor.leave()
    (trusting.directory / "sp.crt").write_text(Path(following[0]).read_text())
    try:
        posted = visitor.press(way, "matti")
    finally:
        (trusting.directory / "sp.crt").write_text(present)

    assert visitor.bring(*posted).headers["Location"] == "/fi/home/"


def test_answer_encrypted_for_somebody_else_is_refused(trusting, visitor):
    present = (trusting.directory / "sp.crt").read_text()
    way = visitor.leave()
    stranger = make_pair(trusting.directory, "stranger")
    (trusting.directory / "sp.crt").write_text(Path(stranger[0]).read_text())
    try:
        posted = visitor.press(way, "matti")
    finally:
        (trusting.directory / "sp.crt").write_text(present)

    assert visitor.bring(*posted).headers["Location"].endswith("/login/failed/")


@pytest.fixture
def rewritten(trusting):
    """Rewrite the provider's metadata for the test."""
    true = trusting.metadata.read_text()
    yield lambda change: trusting.metadata.write_text(change(true))
    trusting.metadata.write_text(true)


def test_provider_that_announces_a_new_key_is_believed_under_both(trusting, visitor, rewritten):
    new = bare(make_pair(trusting.directory, "new")[0])

    def announce(xml):
        own = re.search(r"<\w+:KeyDescriptor.*?</\w+:KeyDescriptor>", xml, re.DOTALL)[0]
        other = re.sub(r"(X509Certificate>)[^<]*", rf"\g<1>{new}", own, count=1)
        return xml.replace(own, other + own)

    rewritten(announce)

    assert visitor.log_in("matti").headers["Location"] == "/fi/home/"


def test_provider_s_new_key_is_believed_without_a_restart_and_the_old_one_no_more(
    trusting, visitor, rewritten
):
    assert visitor.log_in("matti").headers["Location"] == "/fi/home/"
    new = bare(make_pair(trusting.directory, "new")[0])
    rewritten(lambda xml: re.sub(r"(X509Certificate>)[^<]+", rf"\g<1>{new}", xml, count=1))

    assert visitor.log_in("matti").headers["Location"].endswith("/login/failed/")
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda _xml: "",
        lambda _xml: "<a/>",
        lambda xml: xml.replace("/idp1", "/idp2"),
        lambda xml: xml.replace("entityID", 'validUntil="2020-01-01T00:00:00Z" entityID', 1),
        lambda xml: re.sub(r"<\w+:KeyDescriptor.*</\w+:KeyDescriptor>", "", xml, flags=re.DOTALL),
    ],
    ids=["empty", "no metadata", "another provider", "expired", "no keys"],
)
def test_metadata_that_cannot_be_used_makes_identification_unavailable(
    trusting, visitor, rewritten, change
):
    rewritten(change)

    assert visitor.get("/fi/account/login/start/").status_code == 503


def test_missing_metadata_is_unavailable(tmp_path):
    with pytest.raises(Unavailable):
        Federation(str(tmp_path / "none.xml"), "").idp(now=clock.now())


@pytest.mark.parametrize("path", ["metadata", "answer", "logout?SAMLRequest=x"])
def test_addresses_are_not_there_where_another_provider_is_spoken_to(client, path):
    ask = client.post if path == "answer" else client.get

    assert ask(f"/identification/saml/{path}").status_code == 404


def test_addresses_are_those_of_the_setting(trusting):
    party = Party("https://portal.example", "https://portal.example/sp", (), ())

    assert party.answer_url == "https://portal.example/identification/saml/answer"
    assert party.logout_url == "https://portal.example/identification/saml/logout"
