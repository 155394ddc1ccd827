"""Keys and secrets are changed by the commands of the documents, word for word.

It comes after test_service.py, which has founded the service.
"""

import re

from tests.containers import people
from tests.containers.service import HOST, PKI_HOST, ROOT
from tests.journeys import steps


def commands_after(words):
    """Return the first block of commands after these words of docs/operations.md."""
    _before, found, after = (ROOT / "docs/operations.md").read_text().partition(words)
    assert found, words
    return re.search(r"(?:^ {4,}.+\n|^\n(?= {4}))+", after, re.MULTILINE)[0]


def test_the_password_of_the_key_files_is_changed(service):
    folder = service.place / "secrets" / "ca-keys"
    before = {file.name: file.read_bytes() for file in folder.glob("*.key")}
    service.typed(commands_after("- `ca_password`, under which"))
    after = {file.name: file.read_bytes() for file in folder.iterdir() if ".key" in file.name}
    assert set(after) == set(before)
    assert all(after[name] != before[name] for name in before)
    service.await_health()
    assert "sote-ec-1" in service.manage("publish_crl", service="signer")


def enrolled(service):
    """Return the passkeys' codes of the register of approvers, by their holders' names."""
    lines = service.ceremony("list_approvers").splitlines()
    found = (re.match(r"((?:\w{4}-){3}\w{4}) .+  (\w+ \w+)$", line) for line in lines)
    return {one[2]: one[1] for one in found if one}


def test_another_log_of_events_is_begun_under_another_key(service):
    codes = enrolled(service)
    assert set(codes) == set(people.REVIEWERS)
    service.typed(commands_after("start another log"))
    steps.await_true(
        lambda: service.health() == "['approvers']", "the log does not go on", seconds=60
    )
    served = service.fetch(f"http://{PKI_HOST}/ca/event-log.vkey").body.decode()
    assert served.startswith(f"{HOST}/events-2+")
    for name, anew in zip(codes, (["--anew"], []), strict=True):
        present = ["--operator", "Olli Operaattori", "--witness", "Ville Valvoja", *anew]
        code = ["--fingerprint", codes[name]]
        service.ceremony("enrol_approver", people.REVIEWERS[name], *code, *present)
    assert enrolled(service) == codes
    service.await_health()
    assert service.ceremony("verify_audit").strip().endswith(" Differences: 0.")
