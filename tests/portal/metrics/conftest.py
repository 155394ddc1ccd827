"""The state of the service as Prometheus reads it."""

from collections.abc import Callable, Mapping

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from certportal.operations.metrics.state import State

type Read = Callable[[], Mapping[tuple[str, ...], float]]


@pytest.fixture
def scraped(db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Return a function that reads the state; the test's own connection is left open."""
    monkeypatch.setattr("certportal.operations.metrics.state.connections.close_all", lambda: None)
    registry = CollectorRegistry()
    registry.register(State())
    return lambda: generate_latest(registry).decode()


@pytest.fixture
def state(scraped: Callable[[], str]) -> Read:
    """Return a function that gives the state's values by name and the labels' values.

    These stand in the order of the labels' names, as the exporter writes them.
    """

    def read() -> Mapping[tuple[str, ...], float]:
        return {
            (sample.name.removeprefix("certportal_"), *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(scraped())
            for sample in family.samples
        }

    return read
