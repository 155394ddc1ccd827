"""A first start that was killed is completed by the next one."""

import signal
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRecord
from accounts.register.source import files
from certportal.foundation import clock
from certportal.operations.prepare import prepare

ROOT = Path(__file__).parents[2]


@pytest.mark.django_db
def test_killed_between_the_registers_it_gets_the_other_one():
    """/healthz would have `register` for ever."""
    call_command("import_register", *files.SAMPLE_UNITS)
    prepare(accounts=False)
    assert all(queries.is_fresh(clock.now(), kind=kind) for kind in Kind)


@pytest.mark.django_db
def test_a_list_of_nobody_that_was_imported_stays(tmp_path):
    (tmp_path / "valittajat.json").write_text('{"intermediaries": []}')
    call_command("import_register", *files.SAMPLE_UNITS, tmp_path / "valittajat.json")
    prepare(accounts=False)
    assert not RegisterRecord.objects.filter(kind=Kind.INTERMEDIARY).exists()


# Killed while it makes its second secret, which begins with a version.
PORTAL = """
. ./portal help >/dev/null
DATA=$0
head() {
    command head "$@"
    if [ -e "$DATA/kill" ] && [ -s "$DATA/secrets/secret_key" ]; then
        rm "$DATA/kill"
        kill -KILL 0
    fi
}
make_secrets
"""


def test_no_half_of_a_secret_is_taken_for_a_whole_one(tmp_path):
    """Half of the key of the identifiers has its version alone, and the service never starts."""
    (tmp_path / "kill").touch()
    begin = ["bash", "-c", PORTAL, tmp_path]
    killed = subprocess.run(begin, cwd=ROOT, start_new_session=True)
    assert killed.returncode == -signal.SIGKILL
    subprocess.run(begin, cwd=ROOT, check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert {len(secret) for secret in made.values()} == {64, 66}
    assert made["identity_keys"][:2] == "1:" and len(made["identity_keys"]) == 66
