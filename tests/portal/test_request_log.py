"""What a log line says of an address, and what it keeps to itself."""

import pytest
import structlog

from certportal.foundation import tokens
from certportal.request_log import RequestLog


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
