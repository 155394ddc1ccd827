"""The containers' whole life, in the order of this file: from the images to a restored backup."""

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

import pytest
from cryptography.x509 import ocsp

from tests.containers import people
from tests.containers.relying import Asked
from tests.containers.service import ALWAYS, HOST, PKI_HOST, PROJECT, ROOT, Failed, run
from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package

MAILBOX = "palvelin@example.fi"
LARGEST = 450 * 1024 * 1024
INSTALLED = """
import importlib.metadata, json
print(json.dumps({one.name: one.version for one in importlib.metadata.distributions()}))
"""
SECRETS = {
    "web": "database_url_web identity_keys mandates_api_key mandates_oauth_secret"
    " oidc_client_secret redis_url secret_key secret_key_fallbacks",
    "worker": "database_url_worker redis_url secret_key secret_key_fallbacks",
    "mailer": "database_url_worker redis_url secret_key secret_key_fallbacks smtp_url",
    "front": "redis_url",
    "signer": "ca_password database_url_ca redis_url",
    "beat": "redis_url",
    "postgres": "postgres_password",
    "redis": "redis_password",
}


def in_image(*command, image="sote-certificates"):
    return run("docker", "run", "--rm", "--network", "none", "--read-only", image, *command)


def secrets_of(service, name):
    """Return the names of the secrets that the container's process can read."""
    script = 'for one in /run/secrets/*; do test -r "$one" && basename "$one"; done'
    return sorted(service.compose("exec", "-T", name, "sh", "-c", script).split())


# ------------------------------------------------------------------ the image


def test_the_image_is_small_and_has_neither_compiler_nor_pip():
    size = int(run("docker", "image", "inspect", "--format", "{{.Size}}", "sote-certificates"))
    print(f"image: {size / 1e6:.0f} MB")
    assert size < LARGEST
    found = in_image("sh", "-c", "command -v cc gcc c++ ld make pip pip3 msgfmt; true")
    assert found == ""


def test_the_image_says_what_is_in_it():
    bill = json.loads(in_image("cat", "sbom.cdx.json"))
    listed = {one["name"]: one["version"] for one in bill["components"]}
    installed = json.loads(in_image("python", "-c", INSTALLED))
    assert bill["bomFormat"] == "CycloneDX"
    assert listed == installed
    assert "Django" in listed or "django" in listed


def test_what_is_made_once_is_in_the_image():
    made = in_image("sh", "-c", "ls /srv/static/portal/fonts; find locale -name '*.mo'").split()
    assert any(re.fullmatch(r"portal-sans\.[0-9a-f]{12}\.woff2", one) for one in made)
    assert {f"locale/{language}/LC_MESSAGES/django.mo" for language in ("fi", "sv")} <= set(made)


def test_neither_image_is_roots():
    assert in_image("id", "-u").strip() == "10001"
    assert in_image("id", "-u", image="sote-certificates-proxy").strip() == "10005"


# ------------------------------------------------------------------ the start


def test_every_container_is_well_and_bound(service):
    for name in ALWAYS:
        (one,) = service.containers(name)
        assert one["State"]["Health"]["Status"] == "healthy", name
        assert one["HostConfig"]["ReadonlyRootfs"], name
        assert one["HostConfig"]["CapDrop"] == ["ALL"], name
        assert one["Config"]["User"].split(":")[0] not in {"", "0", "root"}, name


@pytest.mark.parametrize(("name", "readable"), SECRETS.items(), ids=SECRETS)
def test_each_process_reads_its_own_secrets_and_no_other(service, name, readable):
    assert secrets_of(service, name) == readable.split()
    for kept in ("secrets/ca_password", "secrets/smtp_url", "secrets/tls/key.pem"):
        assert (service.place / kept).stat().st_mode & 0o077 == 0


def test_the_register_and_the_first_ceremonies(service):
    service.found()


@pytest.mark.parametrize("name", ["web", "worker", "mailer"])
def test_a_deployment_check_finds_nothing(service, name):
    told = service.manage("check", "--deploy", "--fail-level", "WARNING", service=name)
    assert "no issues" in told


def test_a_deployment_check_of_the_keys_finds_nothing(service):
    assert "no issues" in service.ceremony("check", "--deploy", "--fail-level", "WARNING")


def test_a_deployment_check_refuses_the_mail_catcher(service):
    changed = ["-e", "SMTP_URL_FILE=", "-e", "SMTP_URL=smtp://mailpit:1025"]
    with pytest.raises(Failed, match=r"foundation\.E005"):
        service.compose(
            "exec", "-T", *changed, "mailer", "python", "manage.py", "check", "--deploy"
        )


def test_mails_that_come_back_are_taken_in_by_the_mailer(service):
    assert "set_aside: 0" in service.manage("take_bounce", "--counts", service="mailer")


# ------------------------------------------------------------------ the proxy


def test_pages_are_served_over_http2_and_nowhere_else(service):
    page = service.fetch(f"https://{HOST}/fi/")
    assert (page.version, page.status) == ("HTTP/2", 200)
    assert page.headers["strict-transport-security"].startswith("max-age=63072000")
    plain = service.fetch(f"http://{HOST}/fi/")
    assert (plain.status, plain.headers["location"]) == (301, f"https://{HOST}/fi/")
    with pytest.raises(Failed):
        service.fetch(f"https://{HOST}/fi/", "--tls-max", "1.1")


def test_static_files_come_from_the_proxy_for_ever(service):
    page = service.fetch(f"https://{HOST}/fi/").body.decode()
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        file = service.fetch(f"https://{HOST}{path}", "-H", "Accept-Encoding: gzip")
        assert file.status == 200, path
        assert file.headers["cache-control"] == "public, max-age=315360000, immutable"
        assert file.headers["x-content-type-options"] == "nosniff"


def test_revocation_status_is_served_over_plain_http_and_from_the_cache(service):
    for path in ("crl/sote-ec-1.crl", "crl/root-ec-1.crl", "ca/sote-ec-1.crt"):
        found = service.fetch(f"http://{PKI_HOST}/{path}")
        assert found.status == 200
        assert found.body[:1] == b"0"  # DER
    address = f"http://{PKI_HOST}/crl/sote-ec-1.crl"
    service.fetch(address, *["-o", "/dev/null", address] * 40)  # one command asks for them all
    assert "HIT" in {one["cache"] for one in service.proxied("/crl/sote-ec-1.crl", 40)}


def test_what_is_too_large_is_told_in_words(service, tmp_path):
    large = tmp_path / "large"
    large.write_bytes(bytes(33 * 1024 * 1024))
    told = service.fetch(f"https://{HOST}/fi/csr/", "--data-binary", f"@{large}")
    assert told.status == 413
    assert "10 megatavua" in told.body.decode()


def test_no_visitor_is_believed_about_its_address(service):
    claimed = ["-H", "X-Forwarded-For: 198.51.100.7", "-H", "X-Forwarded-Proto: https"]
    assert service.fetch(f"http://{HOST}/fi/", *claimed).status == 301


# ------------------------------------------------------------------ an order


@pytest.fixture(scope="module")
def matti(seat):
    return seat("Matti Meikäläinen", steps.BUSINESS_ID)


@pytest.fixture(scope="module")
def reviewers(service, visitor, seat):
    """Riitta and Raimo, whom the operator made reviewers and enrolled with their passkeys."""
    people.make_reviewers(service, visitor)
    seats = {name: seat(name) for name in people.REVIEWERS}
    people.make_approvers(service, seats)
    return seats.values()


def order_and_approve(service, matti, reviewers, request, mailbox, *, meanwhile=None):
    """Order a certificate and approve it, the last time after `meanwhile`; return the order."""
    order = ordering.order_server(matti, service.base, request.csr, mailbox=mailbox)
    ordering.send(matti, order)
    riitta, raimo = reviewers
    case = ordering.take(riitta, service.base, order)
    ordering.approve(riitta, case)
    ordering.prove(raimo, case)
    if meanwhile is not None:
        meanwhile()
    ordering.approve(raimo, case)
    return order


def package_to(service, mailbox, request, folder):
    """Wait for the certificate in the mailbox, and look whether it is of the request."""
    package = Package.of(steps.await_mail(mailbox, service.mails, seconds=60), folder)
    package.check(request)
    return package


def test_from_order_to_the_certificate_in_the_mail(service, matti, reviewers, tmp_path):
    request = requests.openssl(tmp_path, "erecept.example.fi")
    service.order = order_and_approve(service, matti, reviewers, request, MAILBOX)
    service.certificate = package_to(service, MAILBOX, request, tmp_path).der


# ------------------------------------------------------------------ metrics


def test_prometheus_is_told_by_web_and_by_metrics_in_a_network_without_the_proxy(service):
    service.measure()
    checked = ["promtool", "check", "config", "/etc/prometheus/prometheus.yml"]
    assert "SUCCESS" in service.compose("exec", "-T", "prometheus", *checked)

    up = 'sum by (job) (up{job=~"web|service"})'
    both = {'{job="web"}': 1, '{job="service"}': 1}
    steps.await_true(
        lambda: service.measured(up) == both, "it does not reach web and metrics", seconds=90
    )
    steps.await_true(
        lambda: bool(service.measured("certportal_answers_total")), "web has told of no answer"
    )
    assert set(service.measured("certportal_part_read").values()) == {1}
    assert secrets_of(service, "metrics") == ["database_url_metrics", "redis_url"]
    there = ["bash", "-c", "exec 3<>/dev/tcp/metrics/9100"]
    with pytest.raises(Failed):
        service.compose("exec", "-T", "proxy", *there)


# ------------------------------------------------------------------ what goes wrong


@pytest.mark.parametrize("name", [*ALWAYS, "metrics"])
def test_a_killed_container_comes_back(service, name):
    (before,) = service.containers(name)
    service.kill(before)
    service.await_restart(name, before)
    for each in (*ALWAYS, "metrics"):
        service.await_well(each)
    service.await_health(seconds=60)


def asked_during(service, act):
    """Return what a page answered while something was done, asked again and again.

    At most ten times a second: the proxy lets one address ask for thirty (deploy/proxy/nginx.conf).
    """
    with ThreadPoolExecutor(2) as pool:
        done, answers = pool.submit(act), []
        while not done.done():
            answers.append(service.fetch(f"https://{HOST}/fi/").status)
            wait([done], timeout=0.1)
    done.result()
    return answers


def test_two_web_servers_and_two_workers_share_the_work(service):
    scale = partial(service.up, "--scale", "web=2", "--scale", "worker=2")
    assert set(asked_during(service, scale)) == {200}
    steps.await_true(
        lambda: (
            all(service.fetch(f"https://{HOST}/fi/").status == 200 for _each in range(4))
            and len({one["upstream"] for one in service.proxied("/fi/", 4)}) > 1
        ),
        "only one web server is asked",
        seconds=30,
    )
    assert len(service.containers("worker")) == 2
    webs = 'sum by (job) (up{job="web"})'
    steps.await_true(
        lambda: service.measured(webs) == {'{job="web"}': 2},
        "Prometheus does not find the second web server",
        seconds=90,
    )
    service.kill(service.containers("web")[0])
    assert [service.fetch(f"https://{HOST}/fi/").status for _each in range(20)] == [200] * 20
    service.await_well("web")
    service.up("--scale", "web=1", "--scale", "worker=1")


def status_of(service):
    """Return what the responder says of the ordered certificate, asked at its own address."""
    return Asked.about(service, service.certificate.read_bytes()).by_get(service)


def test_a_revocation_shows_at_once_though_front_that_said_good_is_away(service, matti):
    assert status_of(service) == ocsp.OCSPCertStatus.GOOD
    service.compose("stop", "front")
    people.revoke(matti, service.order)
    steps.await_true(
        lambda: status_of(service) == ocsp.OCSPCertStatus.REVOKED, "it still says good", seconds=30
    )
    service.up()
    assert status_of(service) == ocsp.OCSPCertStatus.REVOKED


# ------------------------------------------------------------------ another machine signs

COPIED = "docker-compose.journal-copy.yml"


def lose_signer(service):
    """Let the machine of the signer die, with the disk that has the journal."""
    service.compose("kill", "signer")
    service.compose("rm", "--force", "signer")
    run("docker", "volume", "rm", f"{PROJECT}_journal")


def told_by_recovery(service):
    """Return what `reconcile` and `verify_audit` say in the end."""
    compared = service.manage("reconcile", service="signer"), service.ceremony("verify_audit")
    return [told.strip().splitlines()[-1] for told in compared]


def test_a_lost_signer_is_followed_by_whoever_has_the_second_place(
    service, matti, reviewers, tmp_path
):
    shutil.copy(ROOT / COPIED, service.place)
    service.own(service.place / "second", 10003)
    service.set(JOURNAL_COPY=str(service.place / "second"), SIGNER_HOST="tuike1")
    service.files.insert(1, COPIED)
    service.up()
    service.await_health()
    request, mailbox = requests.openssl(tmp_path, "erecept.example.fi"), "toinen@example.fi"
    stop = partial(service.compose, "stop", "signer")
    order_and_approve(service, matti, reviewers, request, mailbox, meanwhile=stop)

    lose_signer(service)
    service.set(SIGNER_HOST="tuike2")
    told = service.take_over("tuike1")
    service.up()

    assert "read from the second place, where it is whole: " in told
    assert package_to(service, mailbox, request, tmp_path).der != service.certificate
    journal, log = told_by_recovery(service)
    assert journal == "0 differences, 0 left"
    assert log.endswith(" Differences: 0.")


def test_without_a_second_place_a_lost_journal_is_written_anew_from_the_database(
    service, matti, reviewers, tmp_path
):
    kept = service.place / "events"
    service.own(kept, 10003)
    bring = ["run", "--rm", "-T", "--no-deps", "-v", f"{kept}:/kept", "--entrypoint", "cp"]
    service.compose(*bring, "ceremony", "-a", "/var/lib/portal/journal/events/.", "/kept")
    service.files.remove(COPIED)
    lose_signer(service)
    service.set(SIGNER_HOST="tuike3")
    service.compose(*bring, "ceremony", "-a", "/kept", "/var/lib/portal/journal/events")
    told = service.take_over("tuike2", "--journal-lost")
    service.up()
    service.await_health()

    assert "Certificates that were being signed: 0" in told
    request, mailbox = requests.openssl(tmp_path, "erecept.example.fi"), "kolmas@example.fi"
    order_and_approve(service, matti, reviewers, request, mailbox)
    package_to(service, mailbox, request, tmp_path)
    journal, log = told_by_recovery(service)
    assert journal == "0 differences, 0 left"
    assert log.endswith(" Differences: 0.")


# ------------------------------------------------------------------ backup and restore


def test_a_lost_machine_is_restored_from_the_backup_by_the_documented_commands(service, seat):
    service.compose("run", "--rm", "-T", "backup", "/backups/2026-11-26")
    service.remove()
    identity = f"{service.place}/backup.key:/backup.key:ro"
    (service.place / "backup.key").chmod(0o444)

    told = service.compose(
        *("run", "--rm", "-T", "-v", identity, "restore", "/backups/2026-11-26"),
        *("--identity", "/backup.key"),
    )
    running = service.compose("ps", "--services").split()
    service.up()

    assert set(running) == {"postgres"}, told
    page = seat("Matti Meikäläinen")
    page.goto(service.order)
    page.locator("#files > summary").click()  # folded, as the certificate is revoked
    with page.expect_download() as kept:
        page.locator("a[download][href*='/files/der/']").click()
    assert Path(kept.value.path()).read_bytes()[:1] == b"0"  # DER
    service.await_health(seconds=90)
    assert service.fetch(f"http://{PKI_HOST}/crl/sote-ec-1.crl").status == 200
