"""Starts, kills and restarts the release binary for a test, and makes clients for it.

    with Server(tmp_path) as server:
        server.client("dynamodb").list_tables()
        server.kill()          # SIGKILL: nothing is flushed, nothing is said
        server.start()         # the same data directory, the same port

A server gets an environment of its own: no setting or key of the person who runs the tests reaches it, or its clients.
"""

import ctypes
import itertools
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.loaders
import botocore.session
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("BRUME_BINARY", ROOT / ".build" / "release" / "brume"))
# What runs models; another llama-server may be named.
ENGINE = os.environ.get("BRUME_TEST_ENGINE", str(ROOT / ".engine" / "bin" / "llama-server"))
REGION = "us-east-1"
# A running server looks for new keys each second.
TOKEN_SECONDS_MAX = 10
ACCESS_KEY_ID = "AKIAACCEPTANCETESTS0"
SECRET_ACCESS_KEY = "acceptance/tests+secret/of/forty/letters"
READY_SECONDS_MAX = 20
STOP_SECONDS_MAX = 20
# For boto3's waiters, whose 20 seconds between two looks are meant for AWS.
SOON = {"Delay": 0.05, "MaxAttempts": 600}
# Every session's: AWS's models are read and parsed once for the whole run, not for each client.
_MODELS = botocore.loaders.create_loader()
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if os.uname().sysname == "Linux" else None


def _die_with_parent():
    """Runs in the child before exec: a server must not outlive tests that were killed themselves."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


# `make test` installs it, so that nothing is skipped there.
needs_pdftotext = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="pdftotext is not installed (poppler-utils)")


def require_engine():
    """Says what is missing before a server without its engine fails in other words."""
    assert os.access(ENGINE, os.X_OK), f"{ENGINE} is not there; run Scripts/install-dependencies engine"


# Below those that Linux gives to connections, so that no client of another test takes one in the meantime.
_PORT_RANGE = range(15_000, 32_000)
_PORTS = itertools.cycle(random.sample(_PORT_RANGE, len(_PORT_RANGE)))


def free_port():
    """A TCP port that was free a moment ago; this process does not hand it out again soon."""
    for port in itertools.islice(_PORTS, len(_PORT_RANGE)):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError(f"no port in {_PORT_RANGE} is free")


def clean_environment(home):
    """This process's environment without anybody's settings for AWS or Brume."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "BRUME_", "BOTO_"))}
    return kept | {
        "HOME": str(home),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class ServerDied(Exception):
    """The server ended, or did not become ready; the message has the end of its log."""


class Server:
    """One server process over one data directory."""

    def __init__(self, folder, *options, environment=None, port=None, open_files=None, words=()):
        """folder: where the data directory and the log go. options: more words for `brume start`.

        open_files: (soft, hard) limit of the process's open files. words: what it is run under.
        """
        self.folder = pathlib.Path(folder)
        self.data_dir = self.folder / "data"
        self.log_path = self.folder / "server.log"
        self.port = port or free_port()
        self.options = options
        self.open_files = open_files
        self.words = words
        self.process = None
        self.environment = clean_environment(self.folder) | {
            "BRUME_DATA_DIR": str(self.data_dir),
            "BRUME_ROOT_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "BRUME_ROOT_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        } | (environment or {})

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    @property
    def url(self):
        """The endpoint over plain HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, wait=True):
        """Starts the process and waits until it says that it is ready."""
        assert self.process is None, "the server is running already"
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.words, BINARY, "start", "--port", str(self.port), *self.options],
                env=self.environment, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, preexec_fn=self._before_exec,
            )
        if wait:
            self.wait_until_ready()
        return self

    def _before_exec(self):
        _die_with_parent()
        if self.open_files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, self.open_files)

    def wait_until_ready(self):
        """Returns when /readyz answers 200; raises ServerDied when the process ends first or takes too long."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerDied(f"brume start ended with status {self.process.returncode}\n{self.log_tail()}")
            try:
                if self.get("/readyz").status == 200:
                    return
            except OSError:
                pass  # it does not listen yet
            time.sleep(0.02)
        raise ServerDied(f"brume start was not ready after {READY_SECONDS_MAX} s\n{self.log_tail()}")

    def kill(self):
        """SIGKILL, as a power cut of the process: no handler runs."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        """SIGTERM; returns the exit status of the drained process."""
        self.process.terminate()
        try:
            status = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ServerDied(f"SIGTERM did not end it within {STOP_SECONDS_MAX} s\n{self.log_tail()}") from error
        self.process = None
        return status

    def restart(self, *, hard=True):
        """Ends the process, by SIGKILL unless told otherwise, and starts it over the same data."""
        if hard:
            self.kill()
        else:
            self.stop()
        return self.start()

    def close(self):
        """Ends the process if there is one, whatever state it is in."""
        if self.process is not None:
            self.kill()

    def memory_bytes(self, line="VmRSS"):
        """The process's physical memory now; that of `VmHWM` is the most that it has had."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{line}:\s+(\d+) kB", status)[1]) * 1024

    def log_tail(self, lines=40):
        """The end of what the server printed."""
        text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def get(self, path, headers=None):
        """A plain GET; an HTTP error is an answer like any other."""
        request = urllib.request.Request(self.url + path, headers=headers or {})
        try:
            return urllib.request.urlopen(request, timeout=5)
        except urllib.error.HTTPError as error:
            return error

    def run(self, *words, **options):
        """Runs `brume` with these words in the server's environment and returns the finished process."""
        options = {"env": self.environment, "timeout": 60, "capture_output": True, "text": True} | options
        return subprocess.run([BINARY, *words], check=False, **options)

    def client_environment(self):
        """What `eval "$(brume env)"` gives a shell, with nothing else about AWS in it."""
        answer = self.run("env", "--output", "json")
        assert answer.returncode == 0, answer.stderr
        return clean_environment(self.folder) | json.loads(answer.stdout)

    def session(self, access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY, token=None, region=REGION):
        """A boto3 session with a key, the root key unless told otherwise."""
        own = botocore.session.Session()
        own.register_component("data_loader", _MODELS)
        return boto3.Session(access_key_id, secret_access_key, token, region, botocore_session=own)

    def client(self, service, *, session=None, config=None, **options):
        """A boto3 client that does not retry, so that a test sees each answer."""
        base = botocore.config.Config(
            retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60, inject_host_prefix=False,
        )
        session = session or self.session()
        return session.client(
            service, endpoint_url=self.url, config=base.merge(config) if config else base, **options
        )

    def bearer_token(self):
        """A new API key of Bedrock that the running server takes; it learns of one within a second."""
        made = self.run("keys", "create", "--bedrock", "--output", "json")
        assert made.returncode == 0, made.stderr
        token = json.loads(made.stdout)["bearerToken"]
        request = urllib.request.Request(f"{self.url}/v1/models", headers={"Authorization": f"Bearer {token}"})
        deadline = time.monotonic() + TOKEN_SECONDS_MAX
        while True:
            try:
                urllib.request.urlopen(request, timeout=5).close()
                return token
            except urllib.error.HTTPError as refusal:
                assert time.monotonic() < deadline, f"a new key is still refused: {refusal}"
                time.sleep(0.01)

    def resource(self, service, *, session=None):
        """A boto3 resource: the interface that most programs use for items."""
        return (session or self.session()).resource(service, endpoint_url=self.url)
