"""A directory of another machine that hangs holds nobody for ever."""

from pathlib import Path

import pytest

from certportal.foundation.files.other_disks import within_limit
from tests.hanging_disk import hanging


def test_a_directory_that_hangs_is_given_up_and_not_asked_again_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with hanging(file):
        with pytest.raises(TimeoutError, match=f"{tmp_path} does not answer"):
            within_limit(tmp_path, file.read_bytes)
        with pytest.raises(TimeoutError, match=f"{tmp_path} hangs"):
            within_limit(str(tmp_path), lambda: pytest.fail("it was asked again"))
        assert within_limit(tmp_path / "another", lambda: 5) == 5
    assert within_limit(tmp_path, lambda: 6) == 6


def test_an_error_is_that_of_the_work(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        within_limit(tmp_path, (tmp_path / "nothing").read_bytes)
