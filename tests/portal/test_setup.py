"""What the commands say when they cannot set up what is missing."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
# An ordinary user whom sudo refuses; the words are those of ./portal.
ORDINARY = """
set -euo pipefail
say() { printf '%s\\n' "$*" >&2; }
die() { say "portal: $*"; exit 1; }
. certportal/shell/setup.sh
id() { echo 1000; }
sudo() { return 1; }
"""


def told(command):
    """Return the exit status of the command as an ordinary user, and what it says."""
    script = ["bash", "-c", ORDINARY + command]
    nothing = subprocess.DEVNULL
    done = subprocess.run(script, cwd=ROOT, stdin=nothing, capture_output=True, text=True)
    return done.returncode, done.stderr


def test_without_sudo_one_line_names_the_packages():
    status, said = told("install_packages bash no-such-a no-such-b")
    assert status == 1
    words = "packages are missing; let an administrator run: apt-get install no-such-a no-such-b"
    assert said == f"portal: {words}\n"


def test_with_everything_installed_nobody_is_asked():
    assert told("install_packages bash coreutils") == (0, "")


def test_without_root_the_containers_are_not_tried_and_a_build_machine_fails():
    command = ". certportal/shell/containers.sh; {} containers"
    status, said = told(command.format("unset CI;"))
    assert (status, "WARNING: the containers were not tried" in said) == (0, True)
    assert "run it as root" in said
    status, said = told(command.format("export CI=true;"))
    assert (status, "CI is set, and the containers were not tried" in said) == (1, True)


def test_a_machine_that_lets_nobody_run_containers_is_no_failure_even_in_ci():
    script = "docker() { return 1; }; unshare() { return 1; }; install_packages() { exit 99; }"
    sourced = ". certportal/shell/containers.sh; export CI=true"
    status, said = told(f"{sourced}; {script}; start_engine")
    assert status == 1
    assert "this machine lets nobody run them" in said
    assert "CI is set" not in said
