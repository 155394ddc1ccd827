"""Alert rules, the dashboard and the page that tells what to do, held against what is measured."""

import json
import re
import subprocess

import pytest
import yaml

from certportal.operations import health
from certportal.operations.metrics import answers
from tests.stack import ROOT

RULES = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/certificate-orders.json"
GROUPS = yaml.safe_load(RULES.read_text())["groups"]
ALERTS = [rule["alert"] for group in GROUPS for rule in group["rules"]]
SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}


def promtool(*arguments):
    done = subprocess.run(["promtool", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def names_in(text):
    return set(re.findall(r"certportal_\w+", text))


def measured(scraped):
    """Return the names of all series that the service's two ports may have."""
    told = re.findall(r"^# TYPE (\w+) (\w+)$", scraped(), re.MULTILINE)
    found = {name + suffix for name, kind in told for suffix in SUFFIXES[kind]}
    for metric in (answers.ANSWERS, answers.SECONDS):
        for family in metric.collect():
            found |= {family.name + suffix for suffix in SUFFIXES[family.type]}
    return found


def test_the_rules_do_what_their_tests_say():
    promtool("test", "rules", "deploy/prometheus/alerts.test.yml")


def test_prometheus_takes_the_configuration():
    promtool("check", "config", "--lint-fatal", "deploy/prometheus/prometheus.yml")


def test_every_rule_is_tried_firing_and_the_page_tells_what_to_do():
    tests = yaml.safe_load((ROOT / "deploy/prometheus/alerts.test.yml").read_text())["tests"]
    tried = [each for one in tests for each in one["alert_rule_test"] if each["exp_alerts"]]
    assert {each["alertname"] for each in tried} == set(ALERTS)
    page = (ROOT / "docs/operations.md").read_text()
    assert re.findall(r"^\| `([A-Z][A-Za-z]+)` \|", page, re.MULTILINE) == ALERTS
    assert [name for name in health.UNWELL if f"`{name}`" not in page] == []


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=lambda file: file.name)
def test_only_what_is_measured_is_asked_for(file, scraped, cas):
    asked = names_in(file.read_text())
    assert len(asked) > 8
    assert sorted(asked - measured(scraped)) == []


def test_everything_that_is_measured_is_on_the_dashboard(scraped, cas):
    shown = names_in(DASHBOARD.read_text())
    told = {name for name in measured(scraped) if not name.endswith(("_sum", "_count"))}
    assert told - shown == {"certportal_part_read"}


def test_each_panel_asks_the_chosen_source():
    board = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)) > 10
    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {"${source}"}
    assert [one["name"] for one in board["templating"]["list"]] == ["source"]
