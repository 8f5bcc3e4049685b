"""A Docker engine for a test: started from Debian's packages, on a socket and over data of its own, always ended.

It leaves the host's firewall alone: no iptables, no forwarding, no default bridge, and ports are published by Docker's
own proxy. Where the machine does not allow that, `start` says why, and its tests are skipped.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import http.client

import pytest

from brume_server import BINARY, ROOT

# Another program that takes dockerd's words and runs in the foreground may be named, to test another engine.
DOCKERD = os.environ.get("BRUME_TEST_DOCKERD", "/usr/sbin/dockerd")
DOCKER = "/usr/bin/docker"
COMPOSE = "/usr/bin/docker-compose"
COMPOSE_2 = ROOT / ".compose" / "docker-compose"
BUSYBOX = "/bin/busybox"
READY_SECONDS_MAX = 20
STATIC_BINARY = ROOT / ".build" / "static" / "brume"


class Unavailable(Exception):
    """This machine runs no engine; the sentence says why."""


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over the engine's Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


class Engine:
    """One engine. Its folder is short, since paths of sockets are."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="brume-docker-", dir="/tmp"))
        self.socket = self.folder / "docker.sock"
        self.process = None
        others = ("DOCKER_", "COMPOSE_", "BRUME_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(others)}
        self.environment = kept | {
            "DOCKER_HOST": f"unix://{self.socket}", "DOCKER_BUILDKIT": "1",
            "DOCKER_CONFIG": str(self.folder / "config"), "HOME": str(self.folder),
        }

    def start(self):
        """Starts it, and waits until it answers; raises Unavailable where it cannot run."""
        for path in (DOCKERD, DOCKER, COMPOSE, BUSYBOX):
            if not os.access(path, os.X_OK):
                raise Unavailable(f"{path} is not there; 'Scripts/install-dependencies docker' installs it")
        if os.geteuid() != 0:
            raise Unavailable("an engine of one's own needs root")
        log = self.folder / "dockerd.log"
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [
                    DOCKERD, "--data-root", self.folder / "data", "--exec-root", self.folder / "exec",
                    "--pidfile", self.folder / "pid", "-H", f"unix://{self.socket}",
                    "--exec-opt", "native.cgroupdriver=cgroupfs", "--iptables=false", "--ip6tables=false",
                    "--ip-forward=false", "--ip-masq=false", "--bridge=none",
                ],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=self.environment,
            )
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.get("/_ping", raw=True)
                return self
            except OSError:
                time.sleep(0.05)
        raise Unavailable("dockerd does not run here: " + " | ".join(log.read_text(errors="replace").splitlines()[-3:]))

    def close(self):
        """Ends containers and the engine, and removes what it made."""
        if self.process is not None and self.process.poll() is None:
            try:
                for container in self.get("/containers/json?all=true"):
                    self.docker("rm", "--force", "--volumes", container["Id"])
                self.docker("network", "prune", "--force")
            except (OSError, AssertionError, subprocess.SubprocessError):
                pass  # what is left ends with the engine
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for place in (self.folder / "exec" / "netns").glob("*"):
            subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def get(self, path, raw=False):
        """An answer of the engine's API."""
        connection = _SocketConnection(str(self.socket))
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, f"GET {path}: {answer.status} {body[:300]}"
            return body if raw else json.loads(body)
        finally:
            connection.close()

    def run(self, *words, environment=None, seconds_max=60, cwd=ROOT, check=True):
        """Runs a program that speaks to this engine, and returns what it printed."""
        answer = subprocess.run(
            [str(word) for word in words], check=False, cwd=cwd, env=self.environment | (environment or {}),
            timeout=seconds_max, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )
        said = f"{words} ended with {answer.returncode}: {answer.stdout}{answer.stderr}"
        assert not check or answer.returncode == 0, said
        return answer.stdout if check else answer

    def docker(self, *words, **options):
        return self.run(DOCKER, *words, **options)

    @property
    def has_limits(self):
        """Whether it holds containers to limits; a rootless one on control groups of version 1 does not."""
        return self.get("/info")["CgroupDriver"] != "none"

    def needs_limits(self):
        if not self.has_limits:
            pytest.skip("this engine holds containers to no limits")

    @property
    def owner(self):
        """The number of the user that runs it: another than 0 runs a rootless one."""
        return self.socket.stat().st_uid

    @property
    def socket_group(self):
        """The group of its socket, as a container sees it: its user is root in there, of a rootless one."""
        return 0 if self.owner else self.socket.stat().st_gid

    def lend(self, path):
        """Gives the engine's user what a container mounts."""
        owner = self.owner
        for place in (path, *(path.rglob("*") if path.is_dir() else ())):
            os.chown(place, owner, -1)

    @property
    def compose_version(self):
        """The oldest Compose that works with it: since Docker 25 (API 1.44), 1.29 can start a container once only."""
        major, minor = self.get("/version")["ApiVersion"].split(".")
        return 1 if (int(major), int(minor)) < (1, 44) else 2

    def compose_2(self):
        """Settings of Docker's client by which `docker compose` is Compose v2; none where that is not installed."""
        if not os.access(COMPOSE_2, os.X_OK):
            return None
        folder = self.folder / "config-compose-2"
        (folder / "cli-plugins").mkdir(parents=True, exist_ok=True)
        plugin = folder / "cli-plugins" / "docker-compose"
        if not plugin.exists():
            plugin.symlink_to(COMPOSE_2)
        return {"DOCKER_CONFIG": str(folder)}

    def build(self, tag):
        """Builds the `runtime` target of the Dockerfile, with a binary that is here already.

        The stage that compiles is not run: it takes a quarter of an hour and Swift's image. The binary is the static
        one where `make static` has made it, else the one under test with its shared libraries around it.
        """
        context = self.folder / "context"
        (context / ".build").mkdir(parents=True)
        for name in ("Dockerfile", ".dockerignore"):
            shutil.copy(ROOT / name, context / name)
        self.run(ROOT / "Scripts" / "image-root", self.binary(), context / ".build" / "image-root")
        self.docker("build", "--target", "runtime", "--build-arg", "ROOTFS=prebuilt", "--tag", tag, ".", cwd=context)

    @staticmethod
    def binary():
        """The static binary, unless it is older than the one under test."""
        if STATIC_BINARY.exists() and STATIC_BINARY.stat().st_mtime >= BINARY.stat().st_mtime:
            return STATIC_BINARY
        return BINARY

    def import_busybox(self, tag):
        """An image with a shell, for looking around from inside."""
        root = self.folder / "busybox"
        (root / "bin").mkdir(parents=True)
        shutil.copy(BUSYBOX, root / "bin" / "busybox")
        for name in ("sh", "wget", "dd", "sleep", "nc"):
            (root / "bin" / name).symlink_to("busybox")
        archive = self.folder / "busybox.tar"
        self.run("tar", "-C", root, "-cf", archive, ".")
        self.docker("import", archive, tag)
