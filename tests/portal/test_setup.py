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
