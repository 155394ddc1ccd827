"""The operator's command `publish_crl`: what it publishes, and what it says when it cannot."""

import shutil
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from certportal.dev.builders import memory
from certportal.dev.builders.hierarchy import issuing
from issuance import signers
from issuance.authority.places import Place
from issuance.models import IssuingCA
from issuance.publication import repository

EC = Place("production", "ec")


def run(*stems: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("publish_crl", *stems, stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
    return out.getvalue(), err.getvalue()


def test_every_list_is_published_and_named_with_its_address(cas: dict[str, IssuingCA]) -> None:
    out, err = run()
    assert err == ""
    assert [line.partition(":")[0] for line in out.splitlines()] == list(cas)
    assert all(f"/crl/{stem}.crl" in out for stem in cas)
    assert repository.served_crl(EC.stem)


def test_one_list_is_published_by_name(cas: dict[str, IssuingCA]) -> None:
    out, _ = run(EC.stem)
    assert len(out.splitlines()) == 1
    assert f"number {repository.crl_number(EC.stem)}, until " in out


def test_a_key_out_of_reach_is_said_and_the_other_lists_come(cas: dict[str, IssuingCA]) -> None:
    signers.forget()
    signer = issuing(EC)
    memory.drop(EC.stem)
    out, err = run()
    memory.put(EC.stem, signer)
    assert len(out.splitlines()) == len(cas) - 1
    assert f"{EC.stem}: its key cannot be used" in err
    assert "in the container signer" in err
    assert f"not published: {EC.stem}; their old lists stay" in err


def test_a_place_where_no_list_can_be_written_is_said(cas: dict[str, IssuingCA]) -> None:
    folder = repository.kept_crls(EC.stem)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.touch()  # a file where a folder has to be
    out, err = run(EC.stem)
    assert out == ""
    assert f"{EC.stem}: the list cannot be written" in err
    assert "make room, or fix the permissions" in err


@pytest.mark.django_db
def test_without_a_ca_it_says_what_makes_one() -> None:
    assert "create_ca makes them" in run()[1]


def test_a_wrong_name_is_told_with_the_right_ones(cas: dict[str, IssuingCA]) -> None:
    assert f"there is no CA sote-ex-1, only {', '.join(cas)}" in run("sote-ex-1")[1]
