"""What a signature covers is what is read, and nothing else; forms that other providers use."""

from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from xmlsec import constants as c

from accounts.identification.identity import NotIdentified
from accounts.identification.saml import documents, signatures, structure
from certportal.foundation import clock
from tests.accounts.saml.pairs import make_pair

XSI = "http://www.w3.org/2001/XMLSchema-instance"
DOCUMENT = f"""<saml:Assertion xmlns:saml="{documents.ASSERTION}" ID="_1"><!-- first -->
  <saml:Issuer>provider</saml:Issuer>
  <saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="{XSI}"
    xsi:type="xs:string">Matti<!-- not --> Meikäläinen</saml:AttributeValue>
</saml:Assertion>"""


def texts(paths):
    return [Path(path).read_text() for path in paths]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Return the certificate and key, PEM, of a provider."""
    directory = tmp_path_factory.mktemp("signer")
    return texts(make_pair(directory, "provider"))


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("stranger")
    return texts(make_pair(directory, "stranger"))


def certificate(pem):
    return x509.load_pem_x509_certificate(pem.encode())


def signed(own, document=DOCUMENT):
    root = documents.parse(document.encode())
    signatures.sign(root, *own)
    return documents.parse(etree.tostring(root))


def refused(root, *trusted):
    certificates = tuple(map(certificate, trusted))
    with pytest.raises(NotIdentified) as caught:
        signatures.verified(root, certificates)
    return caught.value.problem


def test_what_is_read_is_what_was_signed(own):
    root = signatures.verified(signed(own), (certificate(own[0]),))

    assert documents.whole(root).split() == ["provider", "Matti", "Meikäläinen"]
    assert documents.all_of(root, "//ds:Signature | //comment()") == []
    assert root.get("ID") == "_1"


def test_any_of_the_providers_certificates_will_do(own, strangers):
    both = (certificate(strangers[0]), certificate(own[0]))

    assert signatures.verified(signed(own), both).get("ID") == "_1"


def test_key_that_the_signature_brings_along_is_not_believed(own, strangers):
    root = signed(strangers)

    assert strangers[0].split("\n")[1] in documents.whole(root)
    assert refused(root, own[0]) == UNTRUE
    assert refused(signed(own)) == UNTRUE


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()])
def test_provider_may_sign_with_an_elliptic_curve(curve):
    key, now = ec.generate_private_key(curve), clock.now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    root = documents.parse(DOCUMENT.encode())
    form = xmlsec.template.create(root, c.TransformExclC14N, c.TransformEcdsaSha384, ns="ds")
    root.append(form)
    reference = xmlsec.template.add_reference(form, c.TransformSha512, uri="#_1")
    xmlsec.template.add_transform(reference, c.TransformEnveloped)
    exclusive = xmlsec.template.add_transform(reference, c.TransformExclC14N)
    etree.SubElement(exclusive, signatures.INCLUSIVE, PrefixList="xs saml")
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem, c.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(form)

    read = signatures.verified(root, (builder.sign(key, hashes.SHA256()),))

    assert documents.whole(read).split()[-1] == "Meikäläinen"


XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
AROUND = f"""<Response xmlns="urn:default" {XS} xmlns:no="urn:no">
  {DOCUMENT.replace(XS, "")} after</Response>"""


@pytest.mark.parametrize(
    ("prefixes", "inherited"),
    [
        ("xs", {"xs"}),
        ("#default", {None}),
        ("#default xs unknown", {None, "xs"}),
        ("", set()),
    ],
)
def test_prefixes_of_the_list_may_be_declared_around_the_element(own, prefixes, inherited):
    element = documents.parse(AROUND.encode())[0]
    form = xmlsec.template.create(element, c.TransformExclC14N, c.TransformRsaSha256, ns="ds")
    element.insert(2, form)
    form.tail = " and "
    reference = xmlsec.template.add_reference(form, c.TransformSha256, uri="#_1")
    xmlsec.template.add_transform(reference, c.TransformEnveloped)
    exclusive = xmlsec.template.add_transform(reference, c.TransformExclC14N)
    etree.SubElement(exclusive, signatures.INCLUSIVE, PrefixList=prefixes)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(own[1], c.KeyDataFormatPem)
    context.register_id(element, "ID")
    context.sign(form)

    read = signatures.verified(element, (certificate(own[0]),))

    assert documents.whole(read).split() == ["provider", "and", "Matti", "Meikäläinen"]
    assert set(read.nsmap) == {"saml", *inherited}
    assert read.getparent() is None


ELSEWHERE = "the signature covers something else"
UNTRUE = "the signature does not hold"
OTHER_FORMS = [
    (UNTRUE, "Matti", "Maija"),
    (UNTRUE, "Matti<!-- not -->", "Matti<a/>"),
    ("form of the signature", "<ds:KeyInfo>", "<ds:Object/><ds:KeyInfo>"),
    ("form of the signature", "<ds:SignedInfo>", "<ds:SignedInfo><a/>"),
    ("form of the reference", "<ds:DigestMethod", "<ds:DigestValue/><ds:DigestMethod"),
    ("form of the signature", "<ds:KeyInfo>", "<KeyInfo/><ds:KeyInfo>"),
    ("form of the signature", "<ds:SignatureMethod ", "<SignatureMethod "),
    ("form of the reference", "<ds:DigestMethod ", "<DigestMethod "),
    ("transforms", "<ds:Transform ", "<Transform "),
    ("parameters of the signature", "<ds:DigestValue>", "<ds:DigestValue><a/>"),
    ("comment in a signature", "<ds:SignatureValue>", "<ds:SignatureValue><!-- -->"),
    (ELSEWHERE, "_1", "xpointer(/)"),
    (ELSEWHERE, 'ID="_1"', 'ID="_2"'),
    ("canonicalization", f'"{c.TransformExclC14N.href}"/>\n<ds:Sig', '"c14n"/>\n<ds:Sig'),
]


@pytest.mark.parametrize(("why", "old", "new"), OTHER_FORMS)
def test_other_forms_are_refused(own, why, old, new):
    xml = etree.tostring(signed(own), encoding="unicode")
    assert old in xml

    assert refused(documents.parse(xml.replace(old, new).encode()), own[0]) == why


def test_same_id_elsewhere_is_never_taken_for_the_signed_one(own):
    """The element that is asked about must hold, whatever else the document carries."""
    true = etree.tostring(signed(own), encoding="unicode")
    forged = true.replace("Matti", "Maija")
    for order in (true + forged, forged + true):
        around = documents.parse(f"<a>{order}</a>".encode())
        for element in around:
            try:
                read = signatures.verified(element, (certificate(own[0]),))
            except NotIdentified:
                continue
            assert "Maija" not in documents.whole(read)


BOMB = b"<!DOCTYPE a><a/>"


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        BOMB.decode().encode("utf-16"),
        b"<?xml version='1.0' encoding='utf-7'?>+ADwAIQ-DOCTYPE a><a/>",
        b"<a>" * 300 + b"</a>" * 300,
        b"<a/><?php x?>",
        b"<a>&b;</a>",
        b"",
    ],
)
def test_documents_that_are_not_read(content):
    with pytest.raises(NotIdentified):
        documents.parse(content)


def test_an_element_of_many_attributes_is_refused_at_once():
    names = " ".join(f'a{number}=""' for number in range(20_000))
    head = f'<samlp:Response xmlns:samlp="{documents.PROTOCOL}" Version="2.0">'
    root = documents.parse(f"{head}<any {names}/></samlp:Response>".encode())
    begun = monotonic()
    with pytest.raises(NotIdentified) as caught:
        structure.check_response(root)
    assert caught.value.problem == "too many attributes"
    assert monotonic() - begun < 0.5


DECLARED = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(5_000))


@pytest.mark.parametrize(
    ("many", "problem"),
    [
        ("<any/>" * 20_000, "too many elements"),
        (f"<any {DECLARED}/>", "too many namespaces"),
        ("".join(f'<any xmlns="urn:{n}"/>' for n in range(3_000)), "too many namespaces"),
    ],
)
def test_documents_that_would_take_long_to_canonicalise_are_refused(many, problem):
    head = f'<samlp:Response xmlns:samlp="{documents.PROTOCOL}" Version="2.0">'
    response = documents.parse(f"{head}{many}</samlp:Response>".encode())
    assertion = DOCUMENT.replace("</saml:Issuer>", f"</saml:Issuer>{many}")
    assertion = documents.parse(assertion.replace("ID=", 'Version="2.0" ID=', 1).encode())

    for check, root in [
        (structure.check_response, response),
        (structure.check_assertion, assertion),
    ]:
        with pytest.raises(NotIdentified) as caught:
            check(root)
        assert caught.value.problem == problem


@pytest.mark.parametrize("part", ["ds:CanonicalizationMethod", "ds:Reference//ds:Transform[2]"])
def test_signature_with_thousands_of_prefixes_is_refused_at_once(own, part):
    root = signed(own)
    several = documents.single(root, f"./ds:Signature/ds:SignedInfo/{part}")
    for _ in range(2):
        prefixes = " ".join(f"n{number}" for number in range(1_000))
        etree.SubElement(several, signatures.INCLUSIVE, PrefixList=prefixes)

    assert refused(root, own[0]) == "too many prefixes"


@pytest.mark.parametrize(
    "time",
    [
        *("", "2026-11-26", "2026-11-26T10:00:00", "2026-13-26T10:00:00Z", "20261126T100000Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
    ],
)
def test_times_without_a_zone_or_of_another_form_are_refused(time):
    with pytest.raises(NotIdentified):
        documents.moment({"NotBefore": time}, "NotBefore")


def test_times_with_fractions_and_zones_are_read():
    first = documents.moment({"t": "2026-11-26T10:00:00.1234567Z"}, "t")

    assert first > documents.moment({"t": "2026-11-26T12:00:00+02:00"}, "t")
