"""A PostgreSQL that tests start, kill and start again."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

from brume_server import ROOT


class Database:
    """A PostgreSQL in a folder of its own, run by Scripts/postgres."""

    def __init__(self, folder, words=(), address=None):
        """words: what it is run under, such as a command that enters a network. address: where it listens too."""
        self.folder = pathlib.Path(folder)
        self.command = [*words, ROOT / "Scripts" / "postgres", self.folder, *([address] if address else [])]
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            status = self.process.wait(30)
            if status == 3:
                pytest.skip("PostgreSQL is not installed: Scripts/install-dependencies postgres")
            raise AssertionError(f"PostgreSQL did not start: {status}")

    def kill(self):
        """SIGKILL to the server, whose own processes end when they see it."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        self.close()

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)

    @property
    def url(self):
        return self.url_of("postgres")

    def url_of(self, name):
        return f"postgres://brume:not-needed@/{name}?host={str(self.folder).replace('/', '%2F')}"

    def make(self, name):
        """Another database of this server, empty; its URL."""
        self.query(f"CREATE DATABASE {name}")
        return self.url_of(name)

    def query(self, sql, database="postgres"):
        words = ["psql", "-h", self.folder, "-U", "brume", "-d", database, "-qAt", "-c", sql]
        return subprocess.run(words, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


@contextlib.contextmanager
def running_database(**options):
    """One in a folder that goes afterwards; `options` are those of `Database`."""
    # Short: a socket's path has at most 107 bytes.
    folder = tempfile.mkdtemp(prefix="brume-pg-", dir="/tmp")
    database = Database(folder, **options)
    try:
        yield database
    finally:
        database.close()
        shutil.rmtree(folder, ignore_errors=True)
