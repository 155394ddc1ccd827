"""Identification by a certified OpenID provider of other people, set up as a Finnish broker.

The provider is the npm package `oidc-provider`. What Traficom's Recommendation 213/2023 S wants of
a client (private_key_jwt, signed requests, encrypted tokens) is required by it, not only offered.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import call_command

from accounts.identification.oidc import keys
from accounts.identification.testidp import persons, tokens
from accounts.models import Person
from tests.judging import node
from tests.stack import free_port

HERE = Path(__file__).parent / "broker"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="session")
def provider_package(tmp_path_factory):
    """The folder in which the provider is installed as its lock file says."""
    folder = tmp_path_factory.mktemp("broker")
    node.install(HERE, "broker.mjs", folder)
    return folder


@pytest.fixture
def keys_file(tmp_path):
    """Make our key set by the operator's command; return the function that does."""

    def make(signing: str, encryption: str) -> str:
        path = tmp_path / "oidc-keys.json"
        call_command("oidc_keys", path, signing=signing, encryption=encryption)
        return str(path)

    return make


@pytest.fixture
def broker(provider_package, live_server, settings):
    """Start a broker with these rules, and let the service trust it."""
    started = []

    def start(client: dict[str, Any], slash: str = "", pushed: bool = True, **options: Any) -> None:
        port = free_port()
        issuer = f"http://127.0.0.1:{port}{slash}"
        options = {
            "issuer": issuer,
            "client_id": "sote varmenteet",
            "client_secret": "",
            "levels": (tokens.LEVEL,),
            **options,
        }
        backend = "accounts.identification.oidc.client.OpenIdConnect"
        settings.IDENTIFICATION = {"BACKEND": backend, "OPTIONS": options}
        client |= {
            "client_id": options["client_id"],
            "redirect_uris": [f"{live_server.url}/identification/return"],
        }
        if "keys_file" in options:
            published = requests.get(f"{live_server.url}/identification/oidc/jwks", timeout=30)
            client |= {"token_endpoint_auth_method": "private_key_jwt", "jwks": published.json()}
        wanted = {
            "issuer": issuer,
            "port": port,
            "client": client,
            "person": persons.find("matti").claims(),
            "acr": tokens.LEVEL,
            "signed": "keys_file" in options,
            "pushed": pushed,
        }
        process = subprocess.Popen(
            ["node", "broker.mjs", json.dumps(wanted)],
            cwd=provider_package,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        node.await_ready(process)

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def visit(live_server):
    """Press "identify" and let the browser go where it is sent; return the last page's address."""
    opened = []

    def visit(query: str = "") -> str:
        browser = node.Session()
        opened.append(browser)
        return browser.get(f"{live_server.url}/fi/account/login/start/{query}").url

    yield visit
    for browser in opened:
        browser.close()


def arrived(address: str) -> bool:
    """Return whether the browser came back as Matti, and nobody else is known."""
    known = [str(person) for person in Person.objects.all()]
    return "/account/login/" not in address and known == ["Matti Meikäläinen"]


@pytest.mark.parametrize(
    ("signing", "encryption", "content", "signed_by"),
    [
        ("PS256", "RSA-OAEP", "A256GCM", "PS256"),
        ("ES256", "ECDH-ES", "A128CBC-HS256", "ES256"),
        ("RS256", "RSA-OAEP-256", "A128GCM", "RS512"),
        ("ES384", "ECDH-ES+A256KW", "A256CBC-HS512", "ES384"),
        ("PS512", "ECDH-ES+A128KW", "A256GCM", "PS384"),
        ("ES512", "RSA-OAEP", "A128GCM", "ES512"),
    ],
)
def test_matti_is_identified_by_a_broker_that_wants_all_of_the_profile(
    broker, keys_file, visit, signing, encryption, content, signed_by
):
    client = {
        "token_endpoint_auth_signing_alg": signing,
        "request_object_signing_alg": signing,
        "id_token_signed_response_alg": signed_by,
        "id_token_encrypted_response_alg": encryption,
        "id_token_encrypted_response_enc": content,
    }
    broker(client, keys_file=keys_file(signing, encryption))

    assert arrived(visit())


def test_matti_identifies_again(broker, keys_file, visit):
    client = {"request_object_signing_alg": "PS256"}
    broker(client, keys_file=keys_file("PS256", "none"))

    assert arrived(visit("?anew=1"))


def test_signed_request_in_the_address_without_pushing(broker, keys_file, visit):
    client = {"request_object_signing_alg": "ES256"}
    broker(client, pushed=False, keys_file=keys_file("ES256", "none"))

    assert arrived(visit())


@pytest.mark.parametrize("slash", ["", "/"])
def test_secret_with_odd_characters_and_issuer_with_a_slash(broker, visit, slash):
    secret = "s:a+l%a&i=n?e/n" + "x" * 32
    client = {"token_endpoint_auth_method": "client_secret_basic", "client_secret": secret}
    broker(client, slash=slash, pushed=False, client_secret=secret)

    assert arrived(visit())


def test_token_that_is_not_encrypted_is_refused_where_it_must_be(broker, keys_file, visit):
    broker({}, keys_file=keys_file("PS256", "RSA-OAEP"))

    assert visit().endswith("/fi/account/login/failed/")
    assert not Person.objects.exists()


def test_keys_of_another_client_identify_nobody(broker, keys_file, visit, tmp_path, settings):
    broker({}, keys_file=keys_file("PS256", "none"))
    (known,) = json.loads((tmp_path / "oidc-keys.json").read_text())["keys"]
    other = tmp_path / "other.json"
    keys.write(other, [{**keys.new_key("sig", "PS256"), "kid": known["kid"]}])
    chosen = settings.IDENTIFICATION["OPTIONS"] | {"keys_file": str(other)}
    settings.IDENTIFICATION = {**settings.IDENTIFICATION, "OPTIONS": chosen}

    assert not arrived(visit())
