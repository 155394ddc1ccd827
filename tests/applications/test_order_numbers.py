"""No order number is given twice, whatever became of the database."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from applications.models import Application
from applications.services import order_numbers
from applications.services.order_numbers import highest_path, next_number
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from issuance import journal

SEQUENCE = "applications_order_number"


def number_of(text: str) -> int:
    return int(text.rpartition("-")[2])


def set_back(to: int) -> None:
    """As if the database had come back from a backup made before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(%s, %s)", [SEQUENCE, to])


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path: Path) -> None:
    settings.PORTAL_DATA = tmp_path


def test_numbers_follow_each_other_and_name_the_year(db, now: datetime) -> None:
    first, second = next_number(now), next_number(now)
    assert number_of(second) == number_of(first) + 1
    assert first == f"SV-{clock.day(now).year}-{number_of(first):05d}"
    assert highest_path().read_text() == f"{number_of(second)}\n"


def test_a_database_from_a_backup_gives_none_again(db, now: datetime) -> None:
    given = [number_of(next_number(now)) for _ in range(5)]
    set_back(given[0])
    assert number_of(next_number(now)) == given[-1] + 1
    assert number_of(next_number(now)) == given[-1] + 2


def test_a_lost_file_is_no_obstacle(db, now: datetime) -> None:
    before = number_of(next_number(now))
    highest_path().unlink()
    assert number_of(next_number(now)) == before + 1


def test_where_the_disk_does_not_take_it_no_order_is_begun(
    matti, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(order_numbers, "replace", full)
    with pytest.raises(Unavailable):
        orders.draft(matti)
    assert not Application.objects.exists()


def test_the_journal_names_the_order_and_lifts_what_both_have_forgotten(
    matti, riitta, cas, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    order = orders.delivered(matti, riitta)
    assert list(journal.labels()) == [order.number]
    set_back(1)
    highest_path().unlink()
    call_command("lift_order_numbers")
    first = number_of(order.number) + order_numbers.GAP + 1
    assert f"go on from {first}" in capsys.readouterr().out
    assert number_of(next_number(now)) == first


def test_lifting_never_lowers(db, now: datetime) -> None:
    before = number_of(next_number(now))
    call_command("lift_order_numbers")
    assert number_of(next_number(now)) == before + order_numbers.GAP + 1


def test_two_processes_never_get_the_same(tmp_path: Path) -> None:
    """The file is lifted under a lock of the disk's: each process counts on from the other's."""
    code = (
        "import sys; from pathlib import Path\n"
        "from applications.services import order_numbers as o\n"
        "o.highest_path = lambda: Path(sys.argv[1]) / 'orders'\n"
        "o._above = lambda highest, _count: [highest + 1]  # the database forgot everything\n"
        "from django.conf import settings\n"
        "from certportal.foundation import clock\n"
        "print(*[o.next_number(clock.now()) for _ in range(40)])\n"
    )
    command = [sys.executable, "-c", f"import django; django.setup(); {code}", str(tmp_path)]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "certportal.settings"}
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    given = [number for one in running for number in one.communicate()[0].split()]
    assert len(given) == len(set(given)) == 120
