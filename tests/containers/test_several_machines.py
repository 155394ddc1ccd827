"""A second machine beside the first, by docs/operations.md. It comes after test_service.py."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509

from tests.containers import people
from tests.containers.machines import NODE, Node, prepare_sharing
from tests.containers.relying import Asked
from tests.containers.service import PKI_HOST, Service
from tests.journeys import ordering, steps
from tests.journeys.steps import await_true

LIST = "/crl/sote-ec-1.crl"
SERVING = ["proxy", "web", "front", "worker", "mailer", "store"]


@pytest.fixture(scope="module")
def node(service, tmp_path_factory):
    """The further machine, with what is copied from the first; in the end it is removed."""
    made = Node(tmp_path_factory.mktemp("node"), service)
    made.prepare()
    try:
        yield made
    finally:
        made.keep_logs()
        made.remove()


@pytest.fixture(scope="module")
def draft(service, seat):
    """An order of Matti's with a document, begun while the first machine was alone."""
    matti = seat("Matti Meikäläinen")
    order = ordering.begin(matti, service.base, "system_signature")
    names = ["Potilastietojärjestelmä"]
    ordering.fill_in(matti, order, "system_signature", names=names, mailbox="palvelin@example.fi")
    return order


@pytest.fixture(scope="module")
def matti(node, stage):
    """Matti, who comes to the further machine."""
    page = people.context(people.browser(stage, node), node).new_page()
    steps.come_in(page, "Matti Meikäläinen", None, stack=node)
    return page


def downloaded(page, link):
    with page.expect_download() as kept:
        page.locator(link).first.click()
    return Path(kept.value.path()).read_bytes()


def number_at(machine):
    """Return the number of the revocation list that the machine serves."""
    served = x509.load_der_x509_crl(machine.fetch(f"http://{PKI_HOST}{LIST}").body)
    return served.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def status_at(machine, der):
    """Return what the machine's responder says of the certificate."""
    return Asked.about(machine, der.read_bytes()).by_get(machine)


def answers_of_front(machine):
    """Return how many of the list's answers came from front, by the proxy's log."""
    (front,) = machine.containers("front")
    addresses = {one["IPAddress"] for one in front["NetworkSettings"]["Networks"].values()}
    told = machine.proxied(LIST, 1000)
    return sum(one["upstream"].rpartition(":")[0] in addresses for one in told)


def await_front(machine):
    """Fetch the list until an answer comes from front, and not from the proxy's cache."""
    before = answers_of_front(machine)

    def answers():
        assert machine.fetch(f"http://{PKI_HOST}{LIST}").status == 200
        return answers_of_front(machine) > before

    await_true(answers, "front does not answer", seconds=60)


def test_documents_of_the_first_machine_move_to_the_store(service, draft):
    prepare_sharing(service)
    service.up("s3")
    service.compose("stop", "web", "worker", "mailer")
    told = service.compose(
        *("run", "--rm", "-T", "--no-deps", "worker", "python", "manage.py", "copy_to_store")
    )
    assert "all verified" in told
    assert " 0 of them copied" not in told
    service.up()
    service.await_health()


def test_a_further_machine_starts_without_servers_signer_and_clock(node):
    node.reach()
    node.up()
    assert sorted(node.compose("ps", "--services").split()) == sorted(SERVING)
    for name in SERVING:
        (one,) = node.containers(name)
        assert one["State"]["Health"]["Status"] == "healthy", name
    node.await_health()


def test_pages_and_documents_are_served_by_the_further_machine(node, service, matti, draft):
    matti.goto(service.order)
    matti.locator("#files > summary").click()  # folded, as the certificate is revoked
    assert downloaded(matti, "a[download][href*='/files/der/']") == service.certificate.read_bytes()
    assert downloaded(matti, "a[download][href*='/files/p7b/']")[:1] == b"0"  # DER
    matti.goto(f"{draft}part/conformity/")
    assert downloaded(matti, "a[href*='/attachments/']")[:5] == b"%PDF-"


def await_packs(service, node):
    """Have responses signed, as the clock does within ten minutes, and wait for them on the node.

    The restored backup had none: docs/backup.md.
    """
    task = ["celery", "-A", "certportal", "call", "issuance.refresh_ocsp", "--queue", "ca"]
    service.compose("exec", "-T", "signer", *task)
    packs = ["find", "/var/lib/portal/ocsp", "-name", "*.pack"]
    await_true(
        lambda: node.compose("exec", "-T", "front", *packs) != "",
        "no response that was signed ahead comes to the further machine",
        seconds=60,
    )


def test_its_front_serves_revocation_status(node, service):
    await_packs(service, node)
    assert status_at(node, service.certificate) == status_at(service, service.certificate)
    await_front(node)


def test_its_front_serves_without_store_and_database(node, service):
    told = status_at(service, service.certificate)
    service.compose("stop", "s3")
    await_front(node)
    service.compose("pause", "postgres")
    try:
        await_front(node)
        assert status_at(node, service.certificate) == told
    finally:
        service.compose("unpause", "postgres")
    service.up("s3")
    node.await_health(seconds=150)


def test_a_second_signer_refuses_and_says_why(node):
    node.bring_keys()
    node.compose("up", "-d", "--no-build", "signer")
    why = "the journal of tuike1 has the lease, and this is tuike2"
    await_true(lambda: any(why in line for line in node.log("signer")), "it says nothing")
    await_true(lambda: "second-signer" in node.health(), "healthz does not tell of it")


def test_a_planned_move_of_the_signer(node, service):
    before = number_at(service)
    node.compose("stop", "signer")
    service.compose("stop", "signer", "beat")
    node.bring_journal()
    assert "The lease is with tuike1" in node.take_over("tuike1", "--journal-here")
    service.files.insert(3, NODE)
    with ThreadPoolExecutor() as operators:
        list(operators.map(Service.up, (service, node)))
    await_true(
        lambda: number_at(service) == number_at(node) > before,
        "the first does not fetch what the other publishes",
        seconds=60,
    )
    node.await_health(seconds=150)
