"""A PostgreSQL that tests start, kill and start again."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

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


class SilentDoor:
    """A port that carries connections to a database; after `hold`, a new one hears nothing once it has logged in."""

    # The server is ready for the first statement.
    _LOGGED_IN = b"Z\0\0\0\5I"

    def __init__(self, database):
        self._path = str(pathlib.Path(database.folder) / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends = []
        self._is_held = False
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, name="postgres"):
        port = self._listener.getsockname()[1]
        return f"postgres://brume@127.0.0.1:{port}/{name}?sslmode=disable&gssencmode=disable"

    def hold(self):
        """Cuts every connection; those that follow are held."""
        self._is_held = True
        self._cut()

    def release(self):
        """Carries new connections again; those that were held stay as they are."""
        self._is_held = False

    def _cut(self):
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                self._ends += [client, server]
                over = threading.Event() if self._is_held else None
                for source, target in [(client, server), (server, client)]:
                    threading.Thread(target=self._carry, args=(source, target, over), daemon=True).start()

    def _carry(self, source, target, over):
        """over: set once the connection has logged in, and is held from then on; None for one that is not."""
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                if over and over.is_set():
                    continue
                if over and piece.endswith(self._LOGGED_IN):
                    over.set()
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()
        self._cut()
