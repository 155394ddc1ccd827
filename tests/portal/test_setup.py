"""What the commands say when they cannot set up what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    words = "packages are missing; let an administrator run: apt-get install"
    assert said == f"portal: {words} --no-install-recommends no-such-a no-such-b\n"


@pytest.mark.parametrize("command", ["check", "format"])
def test_the_static_checks_install_no_browser_and_no_servers_of_the_tests(command):
    """The first check took a minute and a half and a gigabyte longer than it need."""
    told_packages = "install_packages() { say $*; exit; }"
    _status, said = told(f". ./portal help >/dev/null; {told_packages}; {command}")
    assert "shellcheck" in said and "gettext" in said
    assert "chromium" not in said and "unbound" not in said


def test_with_everything_installed_nobody_is_asked():
    assert told("install_packages bash coreutils") == (0, "")


def test_the_log_of_events_is_given_to_the_services_user_with_the_other_data(tmp_path):
    """After a restore as root the log remained root's, and nothing was signed."""
    for name in ("journal/events/lock", "journal/events/checkpoint", "test/lock", "test/kept"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "test" / "static").mkdir()  # as of another run, in its own data directory
    script = '. certportal/shell/user.sh; DATA=$0; in_data -type f -printf "%P\\n"'
    found = subprocess.check_output(["bash", "-c", script, tmp_path], cwd=ROOT, text=True)
    assert sorted(found.splitlines()) == ["journal/events/checkpoint", "journal/events/lock"]


def test_a_file_that_the_running_service_removes_meanwhile_makes_no_command_fail(tmp_path):
    """The journal replaces its head by a file with another name, many times in a minute."""
    for number in range(9):
        (tmp_path / f"{number}.part").touch()
    removes_all = '-user "$(id -un)" -type f -exec sh -c "rm -f $0/*" ";"'
    script = f". certportal/shell/user.sh; DATA=$0; in_data {removes_all}"
    done = subprocess.run(
        ["bash", "-c", script, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(tmp_path.iterdir())


CACHE = """
. ./portal help >/dev/null
DATA=$0 RUN=$0/run
mkdir -p "$RUN/proxy"
for twice in 1 2; do place_cache; done
stat -c '%A %m' "$RUN/proxy/cache/" && realpath "$RUN/proxy/cache"
echo x >"$RUN/proxy/cache/answer"
stop_services
ls "$RUN/proxy/cache/" 2>/dev/null || echo gone
"""


def test_the_cache_of_revocation_status_has_room_when_the_disk_of_the_data_is_full(tmp_path):
    """nginx closes the connection where it cannot write an answer there."""
    told = subprocess.check_output(["bash", "-c", CACHE, tmp_path], cwd=ROOT, text=True)
    mode, place, gone = told.splitlines()
    assert (mode, gone) == ("drwx------ /dev/shm", "gone")
    assert place.startswith("/dev/shm/portal-") and not Path(place).exists()


COMMAND = """
. ./portal help >/dev/null
set_up() { :; }
set_environment() { :; }
reach_services() { :; }
give_back() { :; }
manage() { echo "$1 has ${CA_KEYS_DIR:-nothing}"; }
manage_command "$0"
"""


@pytest.mark.parametrize(
    ("command", "place"),
    [("publish_crl", "ca/keys"), ("list_approvers", "ca/keys"), ("migrate", "")],
)
def test_a_command_that_signs_is_told_where_the_keys_are(command, place, tmp_path):
    told_here = {name: value for name, value in os.environ.items() if name != "CA_KEYS_DIR"}
    done = subprocess.run(
        ["bash", "-c", COMMAND, command],
        cwd=ROOT,
        env={**told_here, "PORTAL_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    known = tmp_path / place if place else "nothing"
    assert (done.stdout, done.stderr) == (f"{command} has {known}\n", "")


@pytest.mark.parametrize("port", ["abc", "0", "65536", "80a", "-1", "8e3", "٣"])
def test_what_is_no_port_is_refused_before_anything_is_made(port, tmp_path):
    data = tmp_path / "data"
    done = subprocess.run(
        ["./portal", "run", "--data", str(data), "--port", port],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"portal: the port must be a number from 1 to 65535, not '{port}'\n"
    assert not any(data.iterdir())


def test_a_wrong_setting_is_told_by_run_in_a_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "certportal.operations.prepare"],
        cwd=ROOT,
        env={**os.environ, "PORTAL_BASE_URL": "ftp://here", "PORTAL_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("PORTAL_BASE_URL must be an address such as")
    assert "Traceback" not in done.stderr


AT_ADDRESS = """
. ./portal help >/dev/null
for name in set_up make_secrets reach_services give_back; do eval "$name() { :; }"; done
manage() { echo "$PORTAL_BASE_URL"; }
manage_command migrate
"""


def test_a_command_takes_the_address_at_which_the_service_was_run(tmp_path):
    """Certificates that it prepares name it, such as those of `reissue plan`."""

    def taken(**settings):
        known = {name: value for name, value in os.environ.items() if "PORTAL_" not in name}
        command = ["bash", "-c", AT_ADDRESS]
        env = {**known, "PORTAL_DATA": str(tmp_path), **settings}
        return subprocess.check_output(command, cwd=ROOT, env=env, text=True).strip()

    assert taken() == "http://localhost:8000"
    (tmp_path / "address").write_text("http://localhost:8210\n")
    assert taken() == "http://localhost:8210"
    assert taken(PORTAL_BASE_URL="http://here.example") == "http://here.example"


WHOLE_TEST = """
. ./portal help >/dev/null
mkdir -p "$DATA/log"
prepare_tests() { :; }
work_in_memory() { :; }
heading() { echo "== $*"; }
in_background() { echo "Matti's order: $JOURNEYS"; bash -c "exit $JOURNEYS" & PIDS[$1]=$!; }
in_foreground() { echo "$*"; [[ $* != *"$FAILING"* ]]; }
run_tests
"""


@pytest.mark.parametrize(
    ("failing", "journeys", "last"),
    [
        ("portal check", 1, "./portal check"),
        ("not browser", 0, "-m not browser"),
        ("not browser", 1, "-m not browser"),
        ("nothing", 1, "-m not browser"),
        ("nothing", 0, "-m not browser"),
    ],
)
def test_the_journeys_are_shown_whatever_fails_before_them(failing, journeys, last, tmp_path):
    given = {"PORTAL_DATA": str(tmp_path), "FAILING": failing, "JOURNEYS": str(journeys)}
    script, environment = ["bash", "-c", WHOLE_TEST], os.environ | given
    done = subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, text=True)
    before, shown, after = done.stdout.partition(f"Matti's order: {journeys}\n")
    is_well = failing == "nothing" and not journeys
    assert shown and last in before.splitlines()[-2], done.stderr
    assert (done.returncode == 0, "== everything passed" in after) == (is_well, is_well)


IN_A_BROWSER = """
. ./portal help >/dev/null
mkdir -p "$DATA/log"
prepare_tests() { :; }
work_in_memory() { :; }
setpriv() { echo "$*" >>"$PORTAL_DATA/run"; [[ " $* " != *" $FAILING "* ]]; }
export -f setpriv
in_background() { local name=$1; shift; "$@" & PIDS[$name]=$!; }
in_foreground() { :; }
run_tests
"""


@pytest.mark.parametrize("failing", ["tests/journeys", "--every-page", "nothing"])
def test_the_pages_are_looked_at_after_the_journeys_whether_these_pass_or_not(failing, tmp_path):
    given = {"PORTAL_DATA": str(tmp_path), "FAILING": failing}
    script, environment = ["bash", "-c", IN_A_BROWSER], os.environ | given
    done = subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, text=True)
    journeys, pages = (tmp_path / "run").read_text().splitlines()
    assert journeys.endswith("--dist loadfile --no-loadscope-reorder tests/journeys")
    assert "-m browser --every-page --nu" in pages and "--ignore tests/journeys" in pages
    assert (done.returncode == 0) == (failing == "nothing"), done.stderr


ENGINE = ORDINARY + ". certportal/shell/engine.sh; . certportal/shell/containers.sh\n"
# `forbidden` on a machine where the kernel permits everything, but for what is then said.
PERMITTED = """
sed() { echo ffffffffffffffff; }
unshare() { return 0; }
awk() { echo rw,relatime; }
overlays() { return 0; }
"""


def of_engine(command, **environment):
    """Return the exit status of the command and what it says, with nothing else in `$CI`."""
    known = {name: value for name, value in os.environ.items() if name != "CI"}
    script = ["bash", "-c", ENGINE + command]
    done = subprocess.run(script, cwd=ROOT, env=known | environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_without_root_the_containers_are_not_tried_and_a_build_machine_fails():
    status, said = of_engine("containers")
    assert (status, "WARNING: the containers were not tried" in said) == (0, True)
    assert "run it as root" in said
    status, said = of_engine("containers", CI="true")
    assert (status, "CI is set, and the containers were not tried" in said) == (1, True)


def test_without_an_engine_it_is_said_and_only_a_build_machine_fails():
    away = "docker() { return 1; }; clear_leftovers() { :; }; install_packages() { exit 99; }\n"
    tried = away + PERMITTED + "unshare() { return 1; }; start_engine || echo none"
    status, said = of_engine(tried)
    assert (status, "none" in said.splitlines()) == (0, True)
    assert "this machine cannot run containers (namespaces cannot be made)" in said
    status, said = of_engine(tried, CI="1")
    assert (status, "CI is set, and the containers were not tried" in said) == (1, True)


# `containers` as root on a machine with an engine, up to what it needs besides.
WITH_ENGINE = """
id() { echo 0; }
for one in set_up choose_data set_environment lock_data stop_at_the_end lock_engine start_engine \\
    stop_all stop_engine make_images heading in_foreground; do eval "$one() { :; }"; done
install_packages() { :; }
base_image() { :; }
"""


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ('install_packages() { die "no mirror"; }', "debootstrap curl could not be installed"),
        ('base_image() { die "no mirror"; }', "debian:trixie-slim could be neither pulled nor"),
    ],
)
def test_without_a_mirror_it_is_said_and_only_a_build_machine_fails(lacks, said):
    tried = WITH_ENGINE + lacks + "\nDATA=/nonexistent\ncontainers"
    status, told_ = of_engine(tried)
    assert (status, f"the containers were not tried: {said}" in told_) == (0, True)
    status, told_ = of_engine(tried, CI="true")
    assert (status, f"CI is set, and the containers were not tried: {said}" in told_) == (1, True)


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ("sed() { echo 000001ffffdfffff; }", "the capability SYS_ADMIN is missing"),
        ("sed() { echo 000001ffffffefff; }", "the capability NET_ADMIN is missing"),
        ("awk() { :; }", "no control groups are mounted"),
        ("awk() { echo ro,nosuid; echo nosuid,ro; }", "the control groups are read-only"),
        ("overlays() { return 1; }", "no overlay file system can be mounted on"),
        ("awk() { echo ro,nosuid; echo rw,rootcontext; }", ""),
    ],
)
def test_what_the_kernel_forbids_is_said_in_words(lacks, said):
    status, told = of_engine(f"{PERMITTED}\n{lacks}\nforbidden")
    assert (status, told.startswith(said), bool(told)) == (0, True, bool(said)), told


def test_a_mirror_that_is_away_for_a_moment_is_asked_again(tmp_path):
    file = tmp_path / "tries"
    count = f"fetch() {{ echo x >>{file}; [ $(wc -l <{file}) = $1 ]; }}; sleep() {{ :; }}"
    assert told(f"{count}; patiently apt fetch 3")[0] == 0
    file.unlink()
    status, said = told(f"{count}; patiently apt fetch 9 || die 'no packages'")
    assert (status, said.count("apt failed; trying again")) == (1, 2)
    assert said.endswith("portal: no packages\n")
