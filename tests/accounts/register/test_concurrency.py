"""Two imports at once, each on a connection of its own."""

import threading

import pytest
from django.db import connection

from accounts.register.mirror import imports
from accounts.register.mirror.imports import Busy, Source
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from accounts.register.source.rows import Row

from .conftest import NOW


@pytest.mark.django_db(transaction=True)
def test_while_one_import_writes_another_is_refused_and_readers_see_the_old_state():
    imports.import_rows(Kind.SOTE_UNIT, [Row("1.2.1", "Vanha")], Source("first"), now=NOW)
    reached, go_on = threading.Event(), threading.Event()

    def slow_rows():
        yield Row("1.2.1", "Uusi")
        reached.set()
        go_on.wait(10)

    def import_slowly():
        imports.import_rows(Kind.SOTE_UNIT, slow_rows(), Source("slow"), now=NOW)
        connection.close()

    worker = threading.Thread(target=import_slowly)
    worker.start()
    assert reached.wait(10)
    with pytest.raises(Busy):
        imports.import_rows(Kind.SOTE_UNIT, [Row("1.2.2")], Source("second"), now=NOW)
    assert RegisterRecord.objects.get(known_to=None).long_name == "Vanha"
    go_on.set()
    worker.join(10)
    assert RegisterRecord.objects.get(known_to=None).long_name == "Uusi"
    outcomes = RegisterRun.objects.order_by("pk").values_list("source", "outcome")
    assert list(outcomes) == [("first", "done"), ("slow", "done"), ("second", "failed")]
