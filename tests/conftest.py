"""The people, the register and the authority that most tests begin with."""

import gc
import os
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path

import axe_playwright_python
import pytest
import redis
from django.test import Client
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware

from accounts.identification.oidc import discovery
from accounts.mandates.suomifi import client as valtuudet
from accounts.models import Membership
from accounts.services.rights import staff_roles
from certportal.dev import sample_mails
from certportal.dev.builders import people
from certportal.foundation import alarms, clock, notices, redis_store
from certportal.foundation.actors import system
from certportal.foundation.files.pdf import reader
from certportal.foundation.mail import sending
from certportal.foundation.outbox import messages, outbox
from certportal.operations import health
from issuance.conf import pki
from tests import begun, database, patience, remembered, running_order, tables
from tests.accessible import looked_at
from tests.every_page import EveryPage
from tests.nu.checker import faults
from tests.nu.pages import Pages
from tests.stack import redis_url

# Of commands the tests know the English words, whatever the terminal speaks.
os.environ["OPERATOR_LANGUAGE"] = "en"

PHARMACY = "9900001-8"
CLINICS = "9900008-5"

# The folders whose tests do without making the same people and orders again and again.
REMEMBERING = {"applications", "accounts", "isolation", "issuance", "portal", "foundation"}
REMEMBERING |= {"accessible"}

# Octets of a document and of what its reader said, up to which they are kept.
MOST_KEPT = 100_000

patience.have()
tables.let_flush()

# What is loaded and collected stays, so that no garbage is looked for until the tests begin.
gc.disable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs):
    """Give each process of the run a Redis database of its own, before it reads the settings.

    Alarms, signs of life and queues have the same names in all of them.
    """
    for spec in specs:
        number = int(spec.id.removeprefix("gw")) + 1
        # REDIS_URL_FILE would win. Redis has sixteen databases unless it is told otherwise.
        spec.env |= {"REDIS_URL": redis_url(number % 16), "REDIS_URL_FILE": ""}


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_modify_db_settings, django_db_blocker):
    """Make the test database, also for sessions in which only other processes use it."""
    with django_db_blocker.unblock():
        database.make()


@pytest.fixture(scope="session", autouse=True)
def _nothing_outlasts_a_power_failure():
    """Force nothing to disk, as the test command lets PostgreSQL do: it takes milliseconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_listed_once():
    """List the static files, and axe, for the first test client of a process, not for each."""
    known: dict[str, object] = {}
    add_files = WhiteNoiseMiddleware.add_files_from_finders

    def add_known_files(middleware):
        if not known:
            add_files(middleware)
            middleware.add_files(Path(axe_playwright_python.__file__).parent, prefix="axe")
            known.update(middleware.files)
        middleware.files |= known

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, add_files.__name__, add_known_files)
        yield


@pytest.fixture(scope="session", autouse=True)
def _document_read_once():
    """Keep what the reader's child said of a document, since most tests hand in the same one.

    To start a child takes 0.2 s. One that was stopped is asked again.
    """
    known: dict[tuple[object, ...], tuple[bool, bytes]] = {}
    run = reader._run

    def run_once(data):
        key = (data, *reader.COMMAND, reader.SECONDS)
        if key in known:
            return known[key]
        whole, written = run(data)
        if whole and len(data) + len(written) < MOST_KEPT:
            known[key] = whole, written
        return whole, written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, run.__name__, run_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _mails_made_once():
    """Let the page of sample mails have them made once in a run, for tests of all pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_mails, "samples", begun.mails_made_once)
        yield


@pytest.fixture(scope="session")
def _redis():
    """A connection that stays open: to open one takes ten times as long as to ask."""
    with redis_store.connect() as client:
        yield client


@pytest.fixture(autouse=True)
def default_language():
    """Begin in the service's own language: an earlier request leaves its thread in another."""
    translation.deactivate()


@pytest.fixture
def english(default_language):
    """Speak English where no request says otherwise."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _services_answer(_redis):
    """Forget which service hung in an earlier test of this process, and of what work it told."""
    sending.server.reset()
    messages.broker.reset()
    discovery.exchanges.breaker.reset()
    valtuudet.exchanges.breaker.reset()
    with suppress(redis.RedisError):
        raised = map(alarms.key_of, (*health.ALARMS, *health.TO_DO))
        _redis.delete(*raised, *map(messages._key, outbox._queues()))


@pytest.fixture(autouse=True)
def _no_service_notices(monkeypatch):
    """Let no page ask the database for notices; `tests/portal/test_service_notices.py` does."""
    monkeypatch.setattr(notices, "_keeper", notices._Keeper())
    monkeypatch.setattr(notices, "read", lambda *, now: [])


@pytest.fixture(scope="session", autouse=True)
def _builders_remembered():
    """Put back what builders made in the same state a moment ago."""
    with pytest.MonkeyPatch.context() as patch:
        remembered.wrapped(patch)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Begin no test in the last minute of a day."""
    patience.wait_for_another_day()


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef):
    """Let fixtures that only make rows be remembered."""
    remembered.remember_fixture(fixturedef)


@pytest.fixture(autouse=True)
def _remembering(request, monkeypatch, _no_service_notices):
    """Keep and put back what builders make in this test."""
    if not REMEMBERING.intersection(request.path.parts):
        yield
        return
    marker = request.node.get_closest_marker("django_db")
    is_real = {"transactional_db", "live_server"} & set(request.fixturenames)
    is_real = bool(is_real or (marker and marker.kwargs.get("transaction")))
    named = "tmp_path" in request.fixturenames
    folder = str(request.getfixturevalue("tmp_path")) if named else ""

    def patches():
        return [*monkeypatch._setattr, *monkeypatch._setitem]

    with remembered.during(remembered.Test(patches, folder, is_real)):
        yield


@pytest.fixture
def now():
    """This very moment: workers read the clock, so tests through them live today."""
    return clock.now()


@pytest.fixture
def still(now, monkeypatch):
    """Let the clock stand still: the window of a limit cannot end between two requests."""
    monkeypatch.setattr("certportal.foundation.clock.now", lambda: now)


@pytest.fixture
def sample(db, now):
    """Both sample registers, imported before anything that builders put back was made."""
    imported = now - remembered.MOST_AGE
    with remembered.step("sample", clock.day(imported)):
        begun.put_sample(now=imported)


@pytest.fixture
def cas(db, settings, tmp_path: Path):
    """The four issuing CAs with keys in memory."""
    with remembered.step("cas", repr(pki())):
        return begun.put_hierarchy(settings, tmp_path)


@pytest.fixture
def matti(sample, now):
    """The administrator of Helsingin VI apteekki."""
    return people.make_founder("Matti Meikäläinen", PHARMACY, now=now)


@pytest.fixture
def pharmacy(matti):
    """The account of Helsingin VI apteekki."""
    return matti.memberships.get().organisation


@pytest.fixture
def web(matti):
    """Matti's client."""
    return people.log_in(Client(), matti)


@pytest.fixture
def maija(pharmacy, now):
    """Matti's colleague, an applicant."""
    return people.make_member("Maija Mallikas", pharmacy, now=now)


@pytest.fixture
def teemu(pharmacy, now):
    """A technical member of the pharmacy's account."""
    role = Membership.Role.TECHNICAL
    return people.make_member("Teemu Teknikko", pharmacy, role=role, now=now)


@pytest.fixture
def kalle(sample, now):
    """A stranger: the administrator of another organisation, Koivupiha Terveys Oy."""
    return people.make_founder("Kalle Konsultti", CLINICS, now=now)


@pytest.fixture
def stranger(kalle):
    """Kalle, by what he is to the pharmacy."""
    return kalle


@pytest.fixture
def riitta(db, now):
    """A reviewer."""
    return people.make_reviewer("Riitta Ratkaisija", now=now)


@pytest.fixture
def raimo(db, now):
    """Another reviewer."""
    return people.make_reviewer("Raimo Ratkaisija", now=now)


@pytest.fixture
def anneli(db, now):
    """An auditor."""
    return people.make_auditor("Anneli Auditoija", now=now)


@pytest.fixture
def sofia(db, now):
    """A superuser, who gives and takes roles."""
    person = people.make_person("Sofia Suurkäyttäjä")
    staff_roles.make_superuser(person.logins.get(), actor=system("test"), now=now)
    return person


@pytest.fixture(scope="session")
def _context(browser, browser_context_args):
    """The browser that the tests use one after the other.

    It keeps its connections to the server, and what it has loaded of scripts and styles. A page
    that stays open keeps the process that draws all pages, and what it has compiled, as axe.
    """
    with browser.new_context(**browser_context_args) as made:
        made.new_page()
        yield made


@pytest.fixture
def context(request, _context):
    """That browser without cookies; a new one for a test marked with `browser_context_args`."""
    if request.node.get_closest_marker("browser_context_args"):
        yield request.getfixturevalue("new_context")()
        return
    yield _context
    for page in _context.pages[1:]:
        page.close()
    _context.clear_cookies()
    _context.clear_permissions()


def pytest_collection_modifyitems(config, items):
    """Mark what drives a browser: its event loop must not live beside tests that fork.

    In a run of several processes, begin with the files that take long, then with those of many
    tests, a file's tests with a browser and without apart. The journeys have an order of their own.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    if config.getoption("every_page"):
        items[:] = filter(running_order.is_of_the_pair, items)
    if hasattr(config, "workerinput"):
        parts = {one: (one.path, one.get_closest_marker("browser") is None) for one in items}
        tests = Counter(part for part in parts.values() if "journeys" not in part[0].parts)
        items.sort(key=lambda item: (*running_order.rank(item.path), -tests[parts[item]]))


def pytest_collection_finish():
    """Let garbage be looked for less often, and not among what has been loaded, which stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


def pytest_addoption(parser):
    """Let the test command ask that each page was looked at, and that each is sound HTML."""
    parser.addoption("--every-page", action="store_true", help="fail if a page was left out")
    parser.addoption("--nu", action="store_true", help="have the Nu HTML checker read all pages")


def pytest_configure(config):
    """Collect the names of the pages looked at, over the processes of the run."""
    if config.getoption("every_page"):
        plugin = EveryPage(looked_at.noted, looked_at.overlooked)
        config.pluginmanager.register(plugin, "every-page")
    if config.getoption("nu"):
        data, judges = Path(os.environ["PORTAL_DATA"]), not hasattr(config, "workerinput")
        plugin = Pages(data / "html", partial(faults, data / "nu"), judges=judges)
        config.pluginmanager.register(plugin, "nu")


@pytest.fixture(scope="session")
def _store_server(tmp_path_factory):
    """The process of the shared store; started once, for tests that ask for it."""
    from tests.shared_store import StoreServer  # loads much that few tests need

    made = StoreServer(tmp_path_factory.mktemp("store") / "moto.log")
    yield made
    made.kill()


@pytest.fixture
def shared_store(_store_server, settings):
    """A shared store with an empty bucket, which this process uses."""
    if _store_server.process is None:
        _store_server.start()
    _store_server.thaw()
    _store_server.new_bucket()
    _store_server.use(settings)
    yield _store_server
    if _store_server.process is not None:
        _store_server.thaw()
