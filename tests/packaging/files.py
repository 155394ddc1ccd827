"""The container files, read once."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
MEASURED = yaml.safe_load((ROOT / "docker-compose.metrics.yml").read_text())
STORE = yaml.safe_load((ROOT / "docker-compose.store.yml").read_text())
NODE = yaml.safe_load((ROOT / "docker-compose.node.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ALL = COMPOSE["services"]
SERVICES = {name: service for name, service in ALL.items() if "profiles" not in service}
OURS = ["web", "front", "worker", "mailer", "signer", "beat"]
ONCE = {"migrate": "10004", "ceremony": "10003", "backup": "10003", "restore": "10003"}


def made_for(place: str) -> tuple[str, ...]:
    """Return owner, group and mode with which the image makes the directory."""
    for command in re.findall(r"install -d [^&]+", DOCKERFILE.replace("\\\n", " ")):
        words = command.split()
        if place in words:
            return tuple(words[words.index(option) + 1] for option in ("-o", "-g", "-m"))
    raise AssertionError(place)
