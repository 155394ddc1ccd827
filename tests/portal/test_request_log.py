"""What a log line says of an address, and what it keeps to itself."""

import json
import logging
import re
from datetime import datetime, timedelta

import pytest
import structlog
from django.test import Client

from certportal.foundation.web import tokens
from certportal.web.request_log import RequestLog
from tests.portal.production import run


@pytest.fixture
def line(rf):
    """Return what is logged for an address."""
    log = RequestLog(lambda request: request)
    return lambda address: log.format_request(rf.get(address))


def test_query_is_left_out(line):
    assert line("/identification/return?code=secret&state=secret") == "GET /identification/return"


def test_token_of_a_link_is_hidden(line):
    assert line(f"/fi/contact/{tokens.new()}/csr/") == "GET /fi/contact/***/csr/"
    assert line(f"/fi/contact/{tokens.new()}") == "GET /fi/contact/***"


def test_key_of_a_row_stays_readable(line):
    address = "/fi/orders/3f36bc25-502d-404d-b5eb-cf7c1dc9f208/"

    assert line(address) == f"GET {address}"
    assert line(address[:-1]) == f"GET {address[:-1]}"


def test_a_forged_header_frames_nobody_in_the_log(rf, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.5"]
    for peer, named in (("198.51.100.1", "198.51.100.1"), ("10.0.0.5", "203.0.113.9")):
        forged = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": "192.0.2.1, 203.0.113.9"}
        with structlog.contextvars.bound_contextvars():
            RequestLog.bind_ip(rf.get("/", **forged))
            assert structlog.contextvars.get_contextvars()["ip"] == named


def test_names_of_pages_stay_readable(line):
    assert line("/fi/account/organisation/found/9900001-8/").endswith("/found/9900001-8/")


SAY = """
import logging
import django
django.setup()
import structlog
structlog.contextvars.bind_contextvars(request_id="r-7")
structlog.get_logger("service").info("happened", words="one\\ntwo \x1b[2J")
logging.getLogger("django").warning("three\\nfour")
try:
    raise ValueError("five\\nsix")
except ValueError:
    logging.getLogger("django.request").exception("seven")
"""


def test_a_line_is_one_json_object_in_utc_with_its_request_and_steers_no_terminal():
    done = run(SAY)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one["event"] for one in lines] == ["happened", "three\nfour", "seven"]
    for one in lines:
        assert one["request_id"] == "r-7"
        assert datetime.fromisoformat(one["timestamp"]).utcoffset() == timedelta(0)
    assert lines[0]["words"] == "one\ntwo \x1b[2J"
    assert "five\nsix" in lines[2]["exception"]
    assert "\x1b" not in done.stderr


def test_a_fault_is_in_the_log_under_the_reference_that_the_reader_sees(monkeypatch, db):
    lines: list[str] = []
    handler = logging.Handler(level=logging.ERROR)
    handler.emit = lambda record: lines.append(record.getMessage())

    def broken(*_: object, **__: object) -> None:
        raise ValueError("what went wrong inside")

    monkeypatch.setattr("certportal.public.pages.FeedbackForm", broken)
    logging.getLogger().addHandler(handler)
    try:
        answer = Client(raise_request_exception=False).get("/en/feedback/")
    finally:
        logging.getLogger().removeHandler(handler)
    assert answer.status_code == 500
    assert "what went wrong" not in answer.text
    (reference,) = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", answer.text))
    assert any(reference in line for line in lines), lines


def test_a_form_sent_by_another_site_is_a_line_of_the_log(db):
    lines: list[str] = []
    handler = logging.Handler(level=logging.WARNING)
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    try:
        answer = Client().post("/en/feedback/", headers={"Sec-Fetch-Site": "cross-site"})
    finally:
        logging.getLogger().removeHandler(handler)
    assert answer.status_code == 403
    assert any("sent_from_elsewhere" in line for line in lines), lines
