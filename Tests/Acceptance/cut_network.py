"""Networks between nodes and their database that tests cut: network namespaces, or proxies where those are forbidden.

    with network(3) as found:
        found.database          words to run the database under, and the address where it listens
        found.words(node)       words to run a node under
        found.address(node)     host and port of the database, as this node has it
        found.inside(node)      a context in which this thread reaches what listens on the node's loopback
        found.cut(node)         nothing passes any more, and nobody is told
        found.cut_answers(node) what the node says arrives, and no answer comes back
        found.heal(node)
        found.is_cut(node, 2)   whether the database says nothing to the node within two seconds
"""

import contextlib
import ctypes
import errno
import os
import pathlib
import socket
import subprocess
import threading
import time

# The first message of PostgreSQL's protocol, whether it speaks TLS; it answers with one letter.
_SSL_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


class Forbidden(Exception):
    """This machine does not let the tests make networks; the message says why."""


class _Network:
    def is_cut(self, node, seconds):
        deadline = time.monotonic() + seconds
        with self.inside(node):
            try:
                with socket.create_connection(self.address(node), timeout=seconds) as connection:
                    connection.settimeout(max(0.1, deadline - time.monotonic()))
                    connection.sendall(_SSL_REQUEST)
                    return not connection.recv(1)
            except OSError as error:
                # It is said after some attempts that nobody is there.
                assert error.errno == errno.EHOSTUNREACH or isinstance(error, TimeoutError), error
        return True


class Namespaces(_Network):
    """One network namespace for the database, with a switch, and one for each node, on a wire to it.

    Addresses are of 198.18.0.0/15, which is kept for such tests, and are seen inside the namespaces only.
    """

    kind = "network namespaces"

    def __init__(self, count):
        self._prefix = f"brume{os.getpid()}"
        self._count = count
        self._made = []
        try:
            self._make()
        except (OSError, subprocess.CalledProcessError) as error:
            self.close()
            raise Forbidden((getattr(error, "stderr", None) or str(error)).strip()) from error

    def _make(self):
        switch = self._namespace("db")
        self._ip("-n", switch, "link", "add", "switch", "type", "bridge")
        self._ip("-n", switch, "address", "add", "198.18.0.1/24", "dev", "switch")
        self._ip("-n", switch, "link", "set", "switch", "up")
        for node in range(self._count):
            own = self._namespace(str(node))
            self._ip("-n", own, "link", "add", "wire", "type", "veth", "peer", "name", f"port{node}", "netns", switch)
            self._ip("-n", own, "address", "add", f"{self._own_address(node)}/24", "dev", "wire")
            self._ip("-n", own, "link", "set", "wire", "up")
            self._ip("-n", switch, "link", "set", f"port{node}", "master", "switch", "up")

    def _namespace(self, name):
        name = f"{self._prefix}-{name}"
        self._ip("netns", "add", name)
        self._made.append(name)
        self._ip("-n", name, "link", "set", "lo", "up")
        return name

    @staticmethod
    def _own_address(node):
        return f"198.18.0.{10 + node}"

    @staticmethod
    def _ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True, text=True)

    @property
    def database(self):
        return {"words": ["ip", "netns", "exec", f"{self._prefix}-db"], "address": "198.18.0.1"}

    def serve(self, database):
        """Nothing to do: the database listens on the switch."""

    def words(self, node):
        return ["ip", "netns", "exec", f"{self._prefix}-{node}"]

    @staticmethod
    def address(_):
        return "198.18.0.1", 5432

    @contextlib.contextmanager
    def inside(self, node):
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self._prefix}-{node}") as own:
            self._enter(own)
            try:
                yield
            finally:
                self._enter(home)

    @staticmethod
    def _enter(namespace):
        if _LIBC.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def cut(self, node):
        self._ip("-n", f"{self._prefix}-db", "link", "set", f"port{node}", "down")

    def cut_answers(self, node):
        self._ip("-n", f"{self._prefix}-db", "route", "add", "blackhole", f"{self._own_address(node)}/32")

    def heal(self, node):
        self._ip("-n", f"{self._prefix}-db", "link", "set", f"port{node}", "up")
        with contextlib.suppress(subprocess.CalledProcessError):
            self._ip("-n", f"{self._prefix}-db", "route", "del", "blackhole", f"{self._own_address(node)}/32")

    def close(self):
        while self._made:
            self._ip("netns", "del", self._made.pop())


class Proxies(_Network):
    """A port for each node whose connections are carried on to the database's socket, or held."""

    kind = "proxies"
    database = {}

    def __init__(self, count):
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        # For each node: what it says passes, and so do answers.
        self._gates = [(threading.Event(), threading.Event()) for _ in range(count)]
        for node in range(count):
            self.heal(node)

    def serve(self, database):
        """Begins to carry connections to this database."""
        path = str(pathlib.Path(database.folder) / ".s.PGSQL.5432")
        for listener, gates in zip(self._listeners, self._gates):
            threading.Thread(target=self._accept, args=(listener, gates, path), daemon=True).start()

    @staticmethod
    def _accept(listener, gates, path):
        while True:
            try:
                node, _ = listener.accept()
            except OSError:
                return
            database = socket.socket(socket.AF_UNIX)
            database.connect(path)
            for source, target, gate in [(node, database, gates[0]), (database, node, gates[1])]:
                threading.Thread(target=Proxies._carry, args=(source, target, gate), daemon=True).start()

    @staticmethod
    def _carry(source, target, gate):
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                gate.wait()
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def words(_):
        return []

    def address(self, node):
        return self._listeners[node].getsockname()

    @staticmethod
    def inside(_):
        return contextlib.nullcontext()

    def cut(self, node):
        for gate in self._gates[node]:
            gate.clear()

    def cut_answers(self, node):
        self._gates[node][1].clear()

    def heal(self, node):
        for gate in self._gates[node]:
            gate.set()

    def close(self):
        for listener in self._listeners:
            listener.close()


@contextlib.contextmanager
def network(count, reasons):
    """The best that this machine lets tests have; `reasons` takes what forbids the better one."""
    try:
        found = Namespaces(count)
    except Forbidden as error:
        reasons.append(str(error))
        found = Proxies(count)
    try:
        yield found
    finally:
        found.close()
