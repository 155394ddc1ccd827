"""Commands that make a correct request, filled in with an order's names. Pure text, no secrets.

For OpenSSL, Java's keytool and Windows certreq, and which of these a request was made with. The
commands create the private key on the user's own machine.
"""

import re
from collections.abc import Iterator
from typing import Literal

from issuance.certificate.names import UPPER_BOUNDS
from issuance.csr.extensions import SUBJECT_KEY_IDENTIFIER
from issuance.csr.names_compared import ExpectedNames
from issuance.csr.report import DecodedCsr

type Tool = Literal["openssl", "keytool", "certreq"]

RSA_BITS = 4096
_SLUG = re.compile(r"[^a-z0-9.-]+")


_MICROSOFT = "1.3.6.1.4.1.311."
"""The arc of Microsoft's own attributes and extensions, which its programs put into requests."""


def tool_of(csr: DecodedCsr | None) -> Tool | None:
    """The tool that probably made the request; None if there is no request to tell by.

    Java's keytool asks for a subject key identifier whatever it is told. OpenSSL leaves no mark,
    so what bears none counts as its work.
    """
    if csr is None:
        return None
    asked = [extension.oid for extension in csr.requested_extensions]
    if any(oid.startswith(_MICROSOFT) for oid in asked):
        return "certreq"
    return "keytool" if SUBJECT_KEY_IDENTIFIER in asked else "openssl"


def file_stem(names: ExpectedNames) -> str:
    """A file name without extension (a-z, 0-9, ".", "-"), made of the host or common name."""
    name = (*names.dns_names, names.common_name or names.organisation)[0]
    plain = name.lower().translate(str.maketrans("åäöéüõšž", "aaoeuosz"))
    return _SLUG.sub("-", plain).strip(".-")[:60] or "request"


def _attributes(names: ExpectedNames) -> Iterator[tuple[str, str]]:
    """Subject attributes as (label, value) in certificate order, without control characters."""
    common_name = names.common_name or next(iter(names.dns_names), None)
    if common_name and len(common_name) > UPPER_BOUNDS["CN"]:  # tools refuse it; SAN has the name
        common_name = None
    pairs = [
        ("C", "FI"),
        ("O", names.organisation),
        ("OU", names.unit),
        ("serialNumber", names.serial_number),
        ("CN", common_name),
    ]
    for label, value in pairs:
        if value:
            yield label, "".join(c for c in value if c.isprintable())


def openssl_config(names: ExpectedNames) -> str:
    """A configuration file for ``openssl req``; å, ä and ö are encoded as UTF8String."""
    lines = ["[ req ]", "utf8 = yes", "string_mask = utf8only", "prompt = no"]
    lines += ["default_md = sha256", "distinguished_name = subject"]
    lines += ["req_extensions = extensions"] if names.dns_names else []
    lines += ["", "[ subject ]"]
    lines += [f"{label} = {_openssl_value(value)}" for label, value in _attributes(names)]
    if names.dns_names:
        lines += ["", "[ extensions ]", "subjectAltName = @names", "", "[ names ]"]
        hosts = map(_openssl_value, names.dns_names)
        lines += [f"DNS.{n} = {host}" for n, host in enumerate(hosts, start=1)]
    return "\n".join([*lines, ""])


def _openssl_value(value: str) -> str:
    """Escaped for OpenSSL's config(5): $ expands, # begins a comment, quotes and \\ are special."""
    return re.sub(r"([\\$#\"'`;])", r"\\\1", value)


def openssl_commands(names: ExpectedNames) -> str:
    """Commands that make key and request with the configuration of ``openssl_config``."""
    stem = file_stem(names)
    return "\n".join(
        [
            f"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{RSA_BITS} -out {stem}.key",
            f"openssl req -new -sha256 -config {stem}.cnf -key {stem}.key -out {stem}.csr",
            f"openssl req -in {stem}.csr -noout -verify -subject -nameopt utf8",
            "",
        ]
    )


def keytool_commands(names: ExpectedNames) -> str:
    """Commands for Java's keytool: key store, then request."""
    stem = file_stem(names)
    names_in_order = reversed(list(_attributes(names)))
    dname = ", ".join(f"{label}={_dn_value(value)}" for label, value in names_in_order)
    store = f"-alias {stem} -keystore {stem}.p12 -storetype PKCS12"
    san = ",".join(f"dns:{name}" for name in names.dns_names)
    extension = f" -ext {_quoted(f'SAN={san}')}" if san else ""
    return "\n".join(
        [
            f"keytool -genkeypair {store} -keyalg RSA -keysize {RSA_BITS}"
            f" -dname {_in_ascii(_quoted(dname))}",
            f"keytool -certreq {store}{extension} -file {stem}.csr",
            "",
        ]
    )


def _dn_value(value: str) -> str:
    """Escaped for a distinguished name as text (RFC 4514 section 2.4)."""
    return re.sub(r"([,+\"\\<>;=#])", r"\\\1", value)


def _in_ascii(value: str) -> str:
    """With characters outside ASCII as hexadecimal pairs (RFC 4514 section 2.4).

    Java decodes its arguments in the locale's character set, which is ASCII under LC_ALL=C. Shells
    and the command line of Windows leave the backslash before a pair unchanged.
    """
    octets = (character if character.isascii() else character.encode() for character in value)
    return "".join(
        part if isinstance(part, str) else "".join(f"\\{octet:02X}" for octet in part)
        for part in octets
    )


def _quoted(value: str) -> str:
    """In double quotes for a shell, with the characters escaped that it would expand."""
    return '"' + re.sub(r"([\\\"$`])", r"\\\1", value) + '"'


def certreq_inf(names: ExpectedNames) -> str:
    """An .inf file for Windows certreq, with CR LF line ends."""
    subject = ",".join(f'{label}=""{_inf_value(value)}""' for label, value in _attributes(names))
    subject = subject.replace("serialNumber=", "2.5.4.5=")
    lines = ["[Version]", 'Signature="$Windows NT$"', "", "[NewRequest]", f'Subject="{subject}"']
    # UTF-8 for å, ä and ö; older providers know neither SHA-256 nor elliptic curves.
    lines += [
        "X500NameFlags=0x80000",
        "KeyAlgorithm=RSA",
        'ProviderName="Microsoft Software Key Storage Provider"',
        f"KeyLength={RSA_BITS}",
        "HashAlgorithm=SHA256",
        "MachineKeySet=TRUE",
        "Exportable=FALSE",
        "RequestType=PKCS10",
    ]
    if names.dns_names:
        lines += ["", "[Extensions]", '2.5.29.17="{text}"']
        lines += [f'_continue_="dns={name}&"' for name in names.dns_names]
    return "\r\n".join([*lines, ""])


def _inf_value(value: str) -> str:
    """Without quotation marks and percent signs, which are special in an .inf file."""
    return re.sub(r"[\"%]", "", value)


def instructions(names: ExpectedNames) -> dict[str, str]:
    """All texts of the instruction page: ``stem`` is the files' name, ``config`` the file for
    OpenSSL, ``openssl`` and ``keytool`` are commands, ``certreq`` is the .inf file.
    """
    return {
        "stem": file_stem(names),
        "config": openssl_config(names),
        "openssl": openssl_commands(names),
        "keytool": keytool_commands(names),
        "certreq": certreq_inf(names),
    }
