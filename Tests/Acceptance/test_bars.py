"""What the binary may cost: size, time to start, memory, and connections that wait."""

import pathlib
import resource
import socket
import subprocess
import time

import pytest

from brume_server import BINARY

pytestmark = pytest.mark.alone

STRIPPED_BYTES_MAX = 40_000_000
START_SECONDS_MAX = 0.1
# The same on a machine that is too slow for that: a start in runs of `brume version`; usually it takes 3.5, and 5
# beside other work.
VERSIONS_PER_START_MAX = 6
# The best of these counts: this machine does other things too, for seconds at a time.
STARTS_MAX = 40
IDLE_BYTES_MAX = 40 << 20
IDLE_CONNECTIONS = 10_000
CONNECTION_BYTES_MAX = 16 << 10


def resident_bytes(server):
    """Physical memory of the server process."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) << 10


def test_the_stripped_binary_is_small(tmp_path):
    subprocess.run(["strip", "--strip-all", "-o", tmp_path / "brume", BINARY], check=True)
    assert (tmp_path / "brume").stat().st_size <= STRIPPED_BYTES_MAX


def test_an_empty_directory_is_served_within_a_tenth_of_a_second(fresh_server):
    seconds, allowed = [], []
    for _ in range(STARTS_MAX):
        begun = time.perf_counter()
        subprocess.run([BINARY, "version"], check=True, stdout=subprocess.DEVNULL)
        allowed.append(max(START_SECONDS_MAX, VERSIONS_PER_START_MAX * (time.perf_counter() - begun)))
        begun = time.perf_counter()
        server = fresh_server(ready=False)
        while True:
            try:
                socket.create_connection(("127.0.0.1", server.port)).close()
                break
            except ConnectionRefusedError:
                assert server.process.poll() is None, server.log_tail()
                time.sleep(0.001)
        seconds.append(time.perf_counter() - begun)
        server.close()
        if min(seconds) <= min(allowed):
            return
    raise AssertionError(f"no start of {STARTS_MAX} took {min(allowed)} s or less: {seconds}")


def test_an_idle_server_is_small(fresh_server):
    server = fresh_server()
    server.client("sts").get_caller_identity()
    assert resident_bytes(server) <= IDLE_BYTES_MAX


@pytest.mark.timeout(180)
def test_ten_thousand_waiting_connections_cost_little(fresh_server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE_CONNECTIONS + 200:
        pytest.skip(f"this machine allows {hard} open files, {IDLE_CONNECTIONS} connections need more")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = fresh_server()
    server.get("/healthz")
    before = resident_bytes(server)
    connections = []
    try:
        for _ in range(IDLE_CONNECTIONS):
            connections.append(socket.create_connection(("127.0.0.1", server.port)))
        # Each has spoken once, so nothing that is made at the first request is left out of the count.
        for connection in connections:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for connection in connections:
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        grown = resident_bytes(server) - before
        assert server.get("/healthz").status == 200
    finally:
        for connection in connections:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert grown / IDLE_CONNECTIONS <= CONNECTION_BYTES_MAX, f"{grown / IDLE_CONNECTIONS:.0f} bytes each"
