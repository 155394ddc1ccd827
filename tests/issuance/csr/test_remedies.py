"""The commands handed over make a request that passes, with the order's names to the letter."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from issuance.csr import ExpectedNames, examine, remedies
from issuance.der.write import sequence, tlv
from tests.issuance.csr.builder import extension, extension_request, oid, request

SERVER = ExpectedNames("Itä-Järven äitiysneuvola", dns_names=("resepti.malli.fi", "kanta.malli.fi"))
SYSTEM = ExpectedNames(
    "Åbo vård & omsorg, #1 'Ab' $HOME",
    unit="Keskusta; apteekki",
    common_name="Todistuspalvelu_testi",
    serial_number="1.2.246.10.12345671.12.1",
)


def run(commands: str, folder: Path) -> None:
    for line in commands.splitlines():
        subprocess.run(
            shlex.split(line), cwd=folder, check=True, capture_output=True, timeout=60, input=b""
        )


@pytest.mark.parametrize("names", [SERVER, SYSTEM], ids=["server", "system"])
def test_openssl_makes_the_request(tmp_path, names: ExpectedNames) -> None:
    stem = remedies.file_stem(names)
    (tmp_path / f"{stem}.cnf").write_text(remedies.openssl_config(names))
    run(remedies.openssl_commands(names), tmp_path)
    for_server = bool(names.dns_names)
    report = examine((tmp_path / f"{stem}.csr").read_bytes(), expected=names, for_server=for_server)
    assert report.csr is not None
    assert report.csr.values("O") == [names.organisation]
    assert report.csr.values("OU") == ([names.unit] if names.unit else [])
    assert report.csr.dns_names == list(names.dns_names)
    assert report.csr.key.name == "RSA 4096"
    assert not [f for f in report.warnings if f.rule.startswith("expected.")]
    string_types = {a.label: a.string_type for a in report.csr.subject}
    assert string_types["O"] == "UTF8String"


def test_the_request_for_a_server_passes_without_a_word(tmp_path) -> None:
    (tmp_path / "resepti.malli.fi.cnf").write_text(remedies.openssl_config(SERVER))
    run(remedies.openssl_commands(SERVER), tmp_path)
    report = examine((tmp_path / "resepti.malli.fi.csr").read_bytes(), for_server=True)
    assert report.accepted
    assert report.findings == []
    assert report.csr is not None
    assert report.csr.key.name == "RSA 4096"
    assert remedies.tool_of(report.csr) == "openssl"


def test_keytool_commands_name_everything() -> None:
    commands = remedies.keytool_commands(SERVER)
    assert "-keyalg RSA -keysize 4096 " in commands
    assert 'SAN=dns:resepti.malli.fi,dns:kanta.malli.fi"' in commands
    dname = shlex.split(commands.splitlines()[0])[-1]
    assert dname == "CN=resepti.malli.fi, O=It\\C3\\A4-J\\C3\\A4rven \\C3\\A4itiysneuvola, C=FI"


@pytest.mark.parametrize("names", [SERVER, SYSTEM], ids=["server", "system"])
def test_keytool_makes_the_request(tmp_path, names: ExpectedNames) -> None:
    commands = remedies.keytool_commands(names)
    made, asked = (line for line in commands.splitlines())
    assert made.startswith("keytool -genkeypair ")
    assert asked.startswith("keytool -certreq ")
    if not shutil.which("keytool"):  # Java is on few machines; the words are checked above
        return
    for line in (made, asked):
        subprocess.run(
            ["sh", "-c", f"{line} -storepass salasana"],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            timeout=60,
            env={**os.environ, "LC_ALL": "C"},
        )
    data = (tmp_path / f"{remedies.file_stem(names)}.csr").read_bytes()
    report = examine(data, expected=names, for_server=bool(names.dns_names))
    assert report.accepted
    assert report.csr is not None
    assert report.csr.key.name == "RSA 4096"
    assert report.csr.values("O") == [names.organisation]
    assert report.csr.values("serialNumber") == [s for s in [names.serial_number] if s]
    assert report.csr.dns_names == list(names.dns_names)
    assert report.warnings == []
    assert remedies.tool_of(report.csr) == "keytool"


def test_keytool_names_are_quoted_for_shell_and_name() -> None:
    line = remedies.keytool_commands(SYSTEM).splitlines()[0]
    script = 'keytool() { for last; do :; done; printf %s "$last"; }\n' + line
    dname = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode()
    assert "O=\\C3\\85bo v\\C3\\A5rd & omsorg\\, \\#1 'Ab' $HOME" in dname


KEY_IDENTIFIER = extension("2.5.29.14", b"\x04\x14" + bytes(20))
TEMPLATE = extension("1.3.6.1.4.1.311.21.7", b"\x30\x00")
WINDOWS_VERSION = sequence(oid("1.3.6.1.4.1.311.13.2.3"), tlv(0x31, tlv(0x16, b"10.0.20348.2")))


@pytest.mark.parametrize(
    ("tool", "attributes"),
    [
        ("certreq", (WINDOWS_VERSION, extension_request(KEY_IDENTIFIER))),
        ("certreq", (extension_request(KEY_IDENTIFIER, TEMPLATE),)),
        ("keytool", (extension_request(KEY_IDENTIFIER),)),
        ("openssl", ()),
    ],
)
def test_the_tool_that_made_the_request_is_told_by_what_it_asks_for(tool, attributes) -> None:
    report = examine(request(attributes=attributes))
    assert remedies.tool_of(report.csr) == tool
    assert remedies.tool_of(examine(b"not a request").csr) is None


def test_certreq_file_has_names_key_and_hosts() -> None:
    text = remedies.certreq_inf(SERVER)
    assert "KeyAlgorithm=RSA" in text
    assert "Key Storage Provider" in text
    assert '_continue_="dns=kanta.malli.fi&"' in text
    assert 'O=""Itä-Järven äitiysneuvola""' in text
    assert "KeyLength=4096" in remedies.certreq_inf(SYSTEM)
    assert '2.5.4.5=""1.2.246.10.12345671.12.1""' in remedies.certreq_inf(SYSTEM)


@pytest.mark.parametrize(
    ("name", "stem"),
    [("Äitiysneuvola Oy", "aitiysneuvola-oy"), ("../../etc", "etc"), ("\n", "request")],
)
def test_file_names_are_plain(name: str, stem: str) -> None:
    assert remedies.file_stem(ExpectedNames(name)) == stem


def test_a_name_too_long_for_the_subject_is_an_alternative_name_only() -> None:
    names = ExpectedNames("Malli Oy", dns_names=(f"{'a' * 60}.malli.fi", "a.malli.fi"))
    assert "CN" not in remedies.openssl_config(names)
    assert f"DNS.1 = {'a' * 60}.malli.fi" in remedies.openssl_config(names)


def test_nothing_typed_as_a_host_runs_in_a_shell() -> None:
    names = ExpectedNames("Malli Oy", dns_names=('a.fi" $(reboot) `reboot`',))
    line = remedies.keytool_commands(names).splitlines()[1]
    script = 'reboot() { echo; }\nkeytool() { printf "%s|" "$@"; }\n' + line
    ran = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode()
    assert '|SAN=dns:a.fi" $(reboot) `reboot`|' in ran


def test_line_ends_in_names_end_no_line() -> None:
    config = remedies.openssl_config(ExpectedNames("a\nreq_extensions = x\\"))
    assert "\nreq_extensions" not in config
    assert shutil.which("openssl")
