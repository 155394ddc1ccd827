"""Pages are compressed, but not for requests that another site can have a browser send."""

import gzip

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from certportal.dev.builders import people

ACCEPTS = {"Accept-Encoding": "gzip"}


@pytest.fixture
def clerk(riitta: Person) -> Client:
    return people.log_in(Client(), riitta)


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_reader_gets_a_compressed_page(clerk: Client, site: str) -> None:
    page = clerk.get(reverse("console:queue"), headers=ACCEPTS | {"Sec-Fetch-Site": site})
    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    assert "</html>" in gzip.decompress(page.content).decode()
    assert int(page["Content-Length"]) == len(page.content)


@pytest.mark.parametrize(
    "asked",
    [
        ACCEPTS | {"Sec-Fetch-Site": "cross-site"},
        ACCEPTS | {"Sec-Fetch-Site": "same-site"},  # another host of the same domain
        ACCEPTS,  # a browser that does not say where the request comes from
        {"Sec-Fetch-Site": "none"},  # a program that cannot decompress
    ],
)
def test_page_asked_for_by_others_is_as_large_as_its_text(
    clerk: Client, asked: dict[str, str]
) -> None:
    page = clerk.get(reverse("console:queue"), {"q": "Riitta"}, headers=asked)
    assert not page.has_header("Content-Encoding")
    assert page.content.endswith(b"</html>\n")


def test_sizes_of_one_page_differ_at_random(clerk: Client) -> None:
    asked = ACCEPTS | {"Sec-Fetch-Site": "none"}
    pages = [clerk.get(reverse("console:queue"), headers=asked) for _ in range(20)]
    assert len({len(page.content) for page in pages}) > 1


def test_data_is_not_compressed(client: Client, db: None) -> None:
    asked = ACCEPTS | {"Sec-Fetch-Site": "none"}
    assert not client.get(reverse("numbers_json"), headers=asked).has_header("Content-Encoding")
