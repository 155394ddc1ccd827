"""An order whose receipt waits for the seal."""

import pytest

from applications import services
from applications.documents import papers, sealing
from applications.models import Paper
from certportal.dev.builders import orders
from certportal.foundation.models import OutboxItem
from issuance import services as authority
from issuance.services.event_log import key
from tests.authorities import add_seal


@pytest.fixture
def order(cas, matti):
    """An order that was sent before there was a seal, like those of the other tests."""
    return orders.submitted(matti)


@pytest.fixture
def seal(cas, settings, tmp_path):
    """The seal, and the key of the log without which nothing is sealed."""
    settings.CA_KEYS_DIR = str(tmp_path / "keys")
    settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "password")
    (tmp_path / "password").write_text("a password of the tests")
    key.make("log.example.fi/events")
    return add_seal()


@pytest.fixture
def sent(order, seal):
    """That order, checked; its receipt has not been made."""
    OutboxItem.objects.filter(topic="application.notice").delete()
    orders.drain()
    assert not Paper.objects.exists()
    return order


@pytest.fixture
def prepared(sent, now) -> Paper:
    """The receipt, rendered, recorded and waiting for the signer."""
    paper = Paper.objects.create(application=sent, submission=sent.submission)
    file = papers.render(paper)
    made = sealing.prepare(file.content, authority.seal_in_use(), label="Sinetti")
    services.have_sealed(
        paper, file.__class__(file.name, made.content, file.media_type), made.digest, now=now
    )
    paper.refresh_from_db()
    return paper
