"""How to install a certificate: settings and commands with the order's own file names.

Each was tried against the real program (`tests/judging/test_installing.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.hazmat.primitives import hashes
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.documents.certificate_files import files
from applications.models import Application
from applications.models.certificate_types import Purpose
from applications.rules.certificate_names import expected_names
from certportal.foundation import clock
from issuance.csr import remedies
from issuance.models import Certificate

NGINX = """\
server {{
    listen 443 ssl;
    server_name {hosts};
    ssl_certificate     /etc/ssl/{chain};
    ssl_certificate_key /etc/ssl/private/{key};
}}"""
NGINX_CLIENTS = """\
    ssl_client_certificate /etc/ssl/{ca};
    ssl_verify_client on;
    ssl_verify_depth 2;"""
APACHE = """\
<VirtualHost *:443>
    ServerName {host}
    SSLEngine on
    SSLCertificateFile    /etc/ssl/{chain}
    SSLCertificateKeyFile /etc/ssl/private/{key}
</VirtualHost>"""
APACHE_CLIENTS = """\
    SSLCACertificateFile /etc/ssl/{ca}
    SSLVerifyClient require
    SSLVerifyDepth 2"""
HAPROXY_FILE = "cat {chain} {key} > {stem}.pem"
HAPROXY = """\
frontend https
    mode http
    bind :443 ssl crt /etc/haproxy/certs/{stem}.pem"""
HAPROXY_CLIENTS = (
    "    bind :443 ssl crt /etc/haproxy/certs/{stem}.pem ca-file /etc/ssl/{ca} verify required"
)
NGINX_OUTGOING = """\
    proxy_ssl_certificate     /etc/ssl/{chain};
    proxy_ssl_certificate_key /etc/ssl/private/{key};
    proxy_ssl_server_name on;"""
CERTREQ = "certreq -accept -machine {p7b}"
IIS = """\
powershell -Command "(Get-WebBinding -Name 'Default Web Site' -Protocol https)\
.AddSslCertificate('{thumbprint}', 'My')\""""
KEYTOOL = """\
keytool -importcert -noprompt -trustcacerts -alias {stem} -file {p7b} -keystore {stem}.p12 \
-storetype PKCS12"""
PKCS12 = "openssl pkcs12 -export -in {chain} -inkey {key} -name {stem} -out {stem}.p12"
TOMCAT = """\
<Connector port="443" protocol="org.apache.coyote.http11.Http11NioProtocol" SSLEnabled="true">
    <SSLHostConfig>
        <Certificate certificateKeystoreFile="conf/{stem}.p12" certificateKeystoreType="PKCS12"
                     certificateKeyAlias="{stem}" certificateKeystorePassword="…" />
    </SSLHostConfig>
</Connector>"""
JAVA_OUTGOING = """\
-Djavax.net.ssl.keyStore={stem}.p12
-Djavax.net.ssl.keyStoreType=PKCS12
-Djavax.net.ssl.keyStorePassword=…"""
KUBERNETES = "kubectl create secret tls {secret} --cert={chain} --key={key}"
CHECK = """\
openssl s_client -connect {host}:443 -servername {host} -CAfile {ca} -verify_return_error \
</dev/null"""
CONNECT = "curl -v --cert {chain} --key {key} https://service.example.fi/"
FITS = """\
openssl pkey -in {key} -pubout -outform DER | openssl sha256
openssl x509 -in {pem} -noout -pubkey | openssl pkey -pubin -outform DER | openssl sha256"""

# One line for each tool that prints the SHA-256 of the key's SubjectPublicKeyInfo. PowerShell
# prints it for each key that waits for its certificate (REQUEST) or has one (My).
FIT = {
    "OpenSSL": "openssl pkey -in {key} -pubout -outform DER | openssl sha256",
    "keytool": "keytool -exportcert -rfc -alias {stem} -keystore {stem}.p12"
    " | openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER | openssl sha256",
    "PowerShell 7": r"Get-ChildItem Cert:\LocalMachine\REQUEST, Cert:\LocalMachine\My"
    " | ForEach-Object {{ $_.Subject; [Convert]::ToHexString("
    "[Security.Cryptography.SHA256]::HashData($_.PublicKey.ExportSubjectPublicKeyInfo())) }}",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Settings or commands to copy; `id` and `label` are unique on the page."""

    id: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """The steps for a program, in order."""

    title: str
    pieces: list[Piece]

    @property
    def id(self) -> str:
        """The place of the steps on the page."""
        return f"for-{self.pieces[0].id}"


SETTINGS, COMMAND = _("Settings"), _("Commands")
CLIENTS = _("If it also asks its clients for a certificate (mutual TLS)")
NEW_STORE = _("If the key is a file of its own (PEM)")
IN_STORE = _("If the key was made with keytool: into the same key store and alias")
SAME = _("Does the key fit the certificate: both lines must be the same")
OUTGOING = _("When it connects to others itself (client authentication)")
ON_SITE = _("Take it into use on the IIS site")
ANSWERED = _("Try a connection to another server: put its name in place of service.example.fi")
TRUSTED = _("What the server sends: it must say “Verify return code: 0 (ok)”")

type Texts = tuple[tuple[str, Promise, str], ...]
_JAVA: Texts = (("keytool", IN_STORE, KEYTOOL), ("pkcs12", NEW_STORE, PKCS12))
_SERVERS: Mapping[str, Texts] = MappingProxyType(
    {
        "nginx": (("nginx", SETTINGS, NGINX), ("nginx-clients", CLIENTS, NGINX_CLIENTS)),
        "Apache": (("apache", SETTINGS, APACHE), ("apache-clients", CLIENTS, APACHE_CLIENTS)),
        "HAProxy": (
            ("haproxy-file", COMMAND, HAPROXY_FILE),
            ("haproxy", SETTINGS, HAPROXY),
            ("haproxy-clients", CLIENTS, HAPROXY_CLIENTS),
        ),
        "Windows, IIS": (("windows", COMMAND, CERTREQ), ("iis", ON_SITE, IIS)),
        "Java, Tomcat": (*_JAVA, ("tomcat", SETTINGS, TOMCAT)),
        "Kubernetes": (("kubernetes", COMMAND, KUBERNETES),),
    }
)
_CLIENTS: Mapping[str, Texts] = MappingProxyType(
    {
        "nginx": (("nginx-outgoing", OUTGOING, NGINX_OUTGOING),),
        "Windows, IIS": (("windows", COMMAND, CERTREQ),),
        "Java, Tomcat": (*_JAVA, ("java-outgoing", OUTGOING, JAVA_OUTGOING)),
    }
)
_SYSTEMS: Mapping[str, Texts] = MappingProxyType({"Java": _JAVA, "PKCS #12": (_JAVA[1],)})


def names(application: Application, certificate: Certificate) -> dict[str, str]:
    """Return the values for the settings: names of files, hosts and key, and the thumbprint."""
    by_kind = files(application, certificate)
    stem = remedies.file_stem(expected_names(application, now=clock.now()))
    leaf = certificate.certificate
    return {
        **{kind: by_kind[kind].name for kind in ("pem", "der", "chain", "p7b", "ca")},
        "stem": stem,
        "key": f"{stem}.key",
        "host": next(iter(application.names), ""),
        "hosts": " ".join(application.names),
        "secret": re.sub(r"[^a-z0-9-]+", "-", stem).strip("-"),
        "thumbprint": leaf.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - so Windows names it
    }


def fits(application: Application, certificate: Certificate) -> list[Piece]:
    """Return the commands that print the hash of the key, one for each tool."""
    filled, tools = names(application, certificate), enumerate(FIT.items())
    return [_piece(f"fits-{number}", tool, text, filled) for number, (tool, text) in tools]


def recipes(application: Application, certificate: Certificate) -> list[Recipe]:
    """Return the steps for each program that uses this type of certificate."""
    filled = names(application, certificate)
    return [
        Recipe(title, [_piece(id, f"{title}: {label}", text, filled) for id, label, text in texts])
        for title, texts in _texts(application).items()
    ]


def _texts(application: Application) -> Mapping[str, Texts]:
    """Return the steps by program for what the certificate is used for."""
    if not application.kind.has_purpose:
        return _SYSTEMS
    if application.purpose == Purpose.CLIENT:
        return _CLIENTS
    if application.purpose == Purpose.SERVER:
        return _SERVERS
    added = {title: _CLIENTS.get(title, ()) for title in _SERVERS}
    return {title: tuple(dict.fromkeys(texts + added[title])) for title, texts in _SERVERS.items()}


def check(application: Application, certificate: Certificate) -> list[Piece]:
    """Return the commands that check the certificate against its key and on the server."""
    filled = names(application, certificate)
    commands = [("fits", SAME, FITS)]
    if application.kind.has_purpose and application.purpose != Purpose.CLIENT:
        commands.append(("check", TRUSTED, CHECK))
    if application.kind.has_purpose and application.purpose != Purpose.SERVER:
        commands.append(("connect", ANSWERED, CONNECT))
    return [_piece(id, str(label), text, filled) for id, label, text in commands]


def _piece(id: str, label: str, text: str, filled: Mapping[str, str]) -> Piece:
    return Piece(id, label, text.format(**filled))
