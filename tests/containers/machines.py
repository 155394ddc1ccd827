"""Several machines, as docs/operations.md tells: one that signs, others that serve, a store.

Each machine is a project of docker compose on the one engine, with networks and volumes of its own.
"""

import shutil
from pathlib import Path

from tests.containers.service import HERE, IDENTITY_HOST, PROJECT, ROOT, STORE_HOST, Service, run

STORE = f"https://{STORE_HOST}:8443/varmenteet?cafile=/etc/portal/store-ca.pem"
SHARED = ["docker-compose.machines.yml", "docker-compose.store.yml"]
NODE = "docker-compose.node.yml"
DATABASE = [
    "database_url",
    *[f"database_url_{kind}" for kind in ("web", "worker", "ca", "metrics")],
]
# What web, workers and `store` of a further machine use; the signer's are brought by a take-over.
THEIRS = [
    *("secret_key", "secret_key_fallbacks", "identity_keys", "oidc_client_secret", "smtp_url"),
    *("mandates_api_key", "mandates_oauth_secret", *DATABASE, "redis_url"),
    *("store_key", "store_keeper_key"),
]
SIGNERS = ["ca_password", "ca-keys"]


def prepare_sharing(first: Service) -> None:
    """Let the first machine know the store: keys, settings and the files of docker compose."""
    for name in ("store_key", "store_keeper_key"):
        (first.place / "secrets" / name).write_text(f"AKIA{name.upper()}:only-in-these-tests")
    shutil.copy(first.place / "ca.pem", first.place / "config" / "store-ca.pem")
    for name in (*SHARED, NODE):
        shutil.copy(ROOT / name, first.place)
    shutil.copy(HERE / "servers.yml", first.place)
    first.set(STORE_URL=STORE, SIGNER_HOST="tuike1")
    run(str(first.place / "deploy" / "prepare"))
    first.files[1:1] = [*SHARED, "servers.yml"]


class Node(Service):
    """A further machine, in a folder with what its operator copies from the first one's."""

    def __init__(self, place: Path, first: Service) -> None:
        super().__init__(place)
        self.first = first
        self.project = f"{PROJECT}-node"
        self.identity, self.mails, self.apps = first.identity, first.mails, first.apps
        self.files = ["docker-compose.yml", *SHARED, NODE, str(HERE / "node.yml")]

    def prepare(self) -> None:
        """Copy settings and secrets, whose owners are lost; then the addresses of the servers."""
        for name in ("docker-compose.yml", *SHARED, NODE, "ca.pem"):
            shutil.copy(self.first.place / name, self.place)
        for name in ("config", "deploy"):
            shutil.copytree(self.first.place / name, self.place / name)
        (self.place / "secrets").mkdir()
        self._bring(*THEIRS, "tls", "identification")
        for name, server in (*((name, "postgres") for name in DATABASE), ("redis_url", "redis")):
            file = self.place / "secrets" / name
            file.write_text(file.read_text().replace(f"@{server}", f"@{server}.example.fi"))
        settings = (self.first.place / ".env").read_text().replace("tuike1", "tuike2")
        own = {
            "HTTPS_PORT": f"127.0.0.1:{self.https}",
            "HTTP_PORT": f"127.0.0.1:{self.http}",
            "INSIDE_SUBNET": "172.16.242.0/24",
        }
        settings += "".join(f"{name}={value}\n" for name, value in own.items())
        (self.place / ".env").write_text(settings)
        run(str(self.place / "deploy" / "prepare"))

    def bring_keys(self) -> None:
        """Copy what a signer needs, for a machine that may take over."""
        self._bring(*SIGNERS)
        run(str(self.place / "deploy" / "prepare"))
        self.files.remove(NODE)

    def _bring(self, *names: str) -> None:
        """Copy secrets, which come with the owner who copied them."""
        for name in names:
            source, target = self.first.place / "secrets" / name, self.place / "secrets" / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copyfile(source, target)

    def bring_journal(self) -> None:
        """Copy the folder `journal` of the first machine."""
        both = [f"{PROJECT}_journal:/from:ro", f"{self.project}_journal:/to"]
        mounted = [part for one in both for part in ("-v", one)]
        copied = ["sote-certificates", "cp", "-a", "/from/.", "/to/"]
        run("docker", "run", "--rm", "--network", "none", "-u", "10003:10000", *mounted, *copied)

    def reach(self) -> None:
        """Make the machine's networks, and let them lead to what is elsewhere."""
        self.compose("create", "--no-build")
        for network, services in {
            "back": {"postgres": "postgres.example.fi", "redis": "redis.example.fi"},
            "out": {
                "s3": STORE_HOST,
                "identity": IDENTITY_HOST,
                "relay": "relay.example.fi",
            },
        }.items():
            for service, name in services.items():
                (one,) = self.first.containers(service)
                command = ["docker", "network", "connect", "--alias", name]
                run(*command, f"{self.project}_{network}", one["Id"])

    def remove(self) -> None:
        """Take everything of this machine away; the servers leave its networks first."""
        for service in ("postgres", "redis", "s3", "identity", "relay"):
            for one in self.first.containers(service):
                for network in one["NetworkSettings"]["Networks"]:
                    if network.startswith(self.project):
                        run("docker", "network", "disconnect", "--force", network, one["Id"])
        super().remove()
