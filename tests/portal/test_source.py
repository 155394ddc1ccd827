"""What the code of the service never does, read from its syntax trees."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("certportal", "accounts", "applications", "issuance")
FILES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))


# What people read; tables of data and what programs wrote are none of it.
READ = sorted(
    path
    for place in (*PACKAGES, "tests", "templates")
    for path in (ROOT / place).rglob("*")
    if path.suffix in {".py", ".sh", ".html", ".js"}
)
LONGEST = 400
"""Lines of a file."""


@cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax trees by file, in the one process that runs these tests."""
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in FILES}


@cache
def calls() -> list[tuple[str, ast.Call, str]]:
    """Return file, call and the called name as written, such as `re.compile`."""
    return [
        (file, node, ast.unparse(node.func))
        for file, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def imported() -> Iterator[tuple[str, str]]:
    """Return each file with each module it imports."""
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((file, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield file, node.module


def is_constant(node: ast.AST, file: str) -> bool:
    """Whether the expression is made of literals and upper-case constants of modules alone."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name | ast.Attribute):
        return ast.unparse(node).rsplit(".", 1)[-1].lstrip("_").isupper()
    if isinstance(node, ast.BinOp):
        return is_constant(node.left, file) and is_constant(node.right, file)
    if isinstance(node, ast.JoinedStr):
        return all(is_constant(part, file) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return is_constant(node.value, file)
    return False


def test_there_is_code_to_read() -> None:
    assert len(trees()) > 400
    assert len(calls()) > 5000


def test_no_file_is_too_long_to_be_read_in_one_go() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in (*READ, ROOT / "portal")}
    assert [str(path) for path, lines in lengths.items() if lines > LONGEST] == []


def test_no_expression_is_evaluated_and_nothing_is_unpickled() -> None:
    wrong = {"eval", "exec", "compile", "__import__", "yaml.load", "marshal.loads", "shelve.open"}
    assert [(file, name) for file, _call, name in calls() if name in wrong] == []
    modules = {"pickle", "marshal", "shelve", "dill", "yaml"}
    assert [one for one in imported() if one[1].split(".")[0] in modules] == []


def test_no_shell_is_called() -> None:
    wrong = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
    assert [(file, name) for file, _call, name in calls() if name in wrong] == []
    for file, call, name in calls():
        shell = [one for one in call.keywords if one.arg == "shell"]
        assert not shell, f"{file}: {name}"


def test_no_pattern_is_made_of_what_somebody_typed() -> None:
    """The pattern of `re` is written in the code; where it is made, see `MADE`."""
    found = re.compile(r"re\.(compile|match|fullmatch|search|sub|subn|split|findall|finditer)")
    patterns = [(file, call) for file, call, name in calls() if found.fullmatch(name)]
    assert len(patterns) > 40
    made = {
        file
        for file, call in patterns
        if not is_constant(call.args[0], file) and "re.escape(" not in ast.unparse(call.args[0])
    }
    assert made == MADE.keys()
    for file, source in MADE.items():
        assert source in (ROOT / file).read_text(), file


# From a table or class of the same module, and of a name whose every character is escaped.
MADE = {
    "accounts/forms.py": "re.fullmatch(self.pattern, digits)",
    "applications/rules/certificate_names.py": "else re.escape(char) for char in name)",
    "issuance/certificate/hosts.py": "for code, pattern in _FOREIGN:",
    "issuance/csr/kinds.py": "for pattern, kind in _TEXTS",
    "certportal/foundation/text/private_keys_in_text.py": "for hint, pattern in _SIGNS",
    "certportal/foundation/text/wording.py": "|{_NUMBERS.pattern}",
}


def test_no_template_is_made_at_run_time() -> None:
    wrong = re.compile(r"(.*\.)?(Template|from_string|Engine)")
    found = {file for file, _call, name in calls() if wrong.fullmatch(name)}
    assert found == set()


def test_no_sentence_to_translate_is_made_at_run_time() -> None:
    """The sentence is written in the code, so that no value can be a sentence or its pattern."""
    names = {"_", "gettext", "gettext_lazy", "pgettext", "pgettext_lazy", "ngettext"}
    marked = [(file, call) for file, call, name in calls() if name in names]
    assert len(marked) > 800
    made = {
        file for file, call in marked if call.args and not isinstance(call.args[0], ast.Constant)
    }
    assert made == {
        "issuance/wording/__init__.py",  # from its tables, by the id of the rule
        # Constants that are marked where they stand: the kinds of differences, and what was done.
        "certportal/foundation/event_log/verifying.py",
        "issuance/management/outcomes.py",
    }


def test_no_template_trusts_a_value_as_markup() -> None:
    """`safe` and `autoescape off` stand in no page; mails are plain text."""
    for path in TEMPLATES:
        if path.suffix == ".html":
            text = path.read_text()
            assert not re.search(r"\|\s*safe\b|autoescape off", text), path


def test_only_a_few_modules_call_other_machines() -> None:
    """Each calls the address of a setting, or its own (the probe); none one that a visitor gave."""
    outward = re.compile(
        r"requests|urllib\.request|urllib3|http\.client|httpx|smtplib|ftplib|socket|dns(\..*)?"
        r"|boto3|(botocore|storages)(\..*)?|pyhanko.*\.(fetchers|timestamps)\..*"
    )
    found = {file for file, module in imported() if outward.fullmatch(module)}
    assert found == CALLERS


# `deadline` and `database_limit` name the module to cut a socket that others have opened, and to
# ask the database's own address whether it answers; `serving` asks the kernel for its own address.
# `work` asks for the host's name; `forks` listens at a socket file of its own user.
# `domain_lookup` asks the resolvers of a setting about names of orders, and calls none of these.
# `time_stamps` has pyHanko's requests made by `outgoing`.
CALLERS = {
    "applications/checks/domain_lookup.py",
    "applications/documents/time_stamps.py",
    "certportal/foundation/database/database_limit.py",
    "certportal/foundation/deadline.py",
    "certportal/foundation/files/scanning/clamd.py",
    "certportal/foundation/files/shared_store.py",
    "certportal/foundation/mail/sending.py",
    "certportal/foundation/mail/smtp.py",
    "certportal/foundation/outgoing.py",
    "certportal/operations/metrics/serving.py",
    "certportal/operations/probe.py",
    "certportal/operations/work.py",
    "certportal/shell/forks.py",
}


def test_mail_addresses_are_compared_by_their_mailbox() -> None:
    """`mailbox` knows each spelling of an address; `known_by` finds people by it."""
    folded = re.compile(r"(email|address)\.(casefold|lower|upper)$")
    assert {
        file
        for file, call, name in calls()
        if folded.search(name) or any("email__iexact" in (one.arg or "") for one in call.keywords)
    } == set()


def test_no_verification_of_a_server_is_switched_off() -> None:
    wrong = re.compile(r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|_unverified_")
    assert [str(path) for path in FILES if wrong.search(path.read_text())] == []


def test_one_module_assigns_the_status_of_an_order() -> None:
    writers = set()
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and file.startswith("applications/"):
                writers |= {file for one in node.targets if ast.unparse(one).endswith(".status")}
    assert writers == set()
    given = {
        file
        for file, call, name in calls()
        if file.startswith("applications/") and name in {"save", "transition.save", "move"}
        if any(one.arg == "status" for one in call.keywords)
    }
    assert given == {"applications/services/transition.py"}


SCRIPTS = sorted((ROOT / "static" / "portal").glob("*.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_of_a_value(script: Path) -> None:
    text = script.read_text()
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment"
    assert re.findall(markup, text) == []
    assert re.findall(r"\beval\(|new Function|setTimeout\(\s*['\"`]|javascript:", text) == []


def test_a_process_has_no_debug_mode() -> None:
    assigned = [
        ast.unparse(node)
        for node in ast.walk(trees()["certportal/settings.py"])
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DEBUG"
    ]
    assert assigned == ["DEBUG = False"]


def test_each_system_check_has_an_id_of_its_own() -> None:
    given = [
        one.value.value
        for _file, call, _name in calls()
        for one in call.keywords
        if one.arg == "id" and isinstance(one.value, ast.Constant)
    ]
    ids = [each for each in given if re.fullmatch(r"\w+\.[CEIW]\d{3}", str(each))]
    assert {each.split(".")[0] for each in ids} == {"accounts", "foundation", "issuance"}
    assert sorted(ids) == sorted(set(ids))


def test_no_test_changes_the_value_of_a_setting_in_place() -> None:
    """What the fixture puts back is the same value: the change would outlive the test."""
    setting = re.compile(r"settings\.[A-Z_]+")
    changing = re.compile(r"(append|clear|extend|insert|pop|remove|setdefault|update)")

    def changed(node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.AugAssign):
            return node.target
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            return node.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.value if changing.fullmatch(node.func.attr) else None
        return None

    found = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (of := changed(node)) is not None and setting.fullmatch(ast.unparse(of))
    ]
    assert found == []
