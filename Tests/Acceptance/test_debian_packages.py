"""The example program over this machine's real Debian package index, once through a kill and once to its end."""

import importlib.util
import subprocess
import sys
import time

import boto3.dynamodb.types
import pytest

from brume_server import ROOT

PROGRAM = ROOT / "examples" / "debian-packages" / "packages.py"
KILL_AFTER_KEYS = 5000
LOAD_SECONDS_MAX = 300


@pytest.fixture(scope="module")
def packages():
    """The example program as a module, for what it would write."""
    spec = importlib.util.spec_from_file_location("packages", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def expected(packages):
    """Every item that the program writes, by section and name."""
    items = (packages.to_item(record) for record in packages.read_packages())
    found = {(item["section"], item["name"]): item for item in items}
    assert len(found) > 10_000, "apt knows few packages; run 'apt-get update'"
    return found


def scan(server, table):
    """Every item of a table, by section and name, with Python's own types."""
    deserializer = boto3.dynamodb.types.TypeDeserializer()
    found = {}
    for page in server.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for raw in page["Items"]:
            item = {name: deserializer.deserialize(value) for name, value in raw.items()}
            found[item["section"], item["name"]] = item
    return found


@pytest.mark.timeout(LOAD_SECONDS_MAX + 300)
def test_acknowledged_packages_survive_a_kill_and_the_program_ends_its_work(fresh_server, expected, tmp_path):
    server = fresh_server()
    command = [sys.executable, PROGRAM, "--table", "packages"]
    confirmed = tmp_path / "acknowledged"
    loading = subprocess.Popen(
        [*command, "--acknowledged", confirmed], env=server.client_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    deadline = time.monotonic() + LOAD_SECONDS_MAX
    while not confirmed.exists() or confirmed.read_bytes().count(b"\n") < KILL_AFTER_KEYS:
        assert loading.poll() is None, loading.stdout.read()
        assert time.monotonic() < deadline, "the program writes too slowly"
        time.sleep(0.05)
    server.kill()
    output = loading.communicate(timeout=120)[0]
    assert loading.returncode != 0, f"the program ended before the kill: {output}"

    server.start()
    keys = {tuple(line.split("\t")) for line in confirmed.read_text().split("\n")[:-1]}
    assert len(keys) >= KILL_AFTER_KEYS
    found = scan(server, "packages")
    assert not keys - found.keys(), "acknowledged items are gone"
    for key, item in found.items():
        assert item == expected[key], f"{key} is torn"

    # The rest: the program checks its own counts and ends with an error where one is wrong.
    finished = subprocess.run(
        command, env=server.client_environment(), capture_output=True, text=True, timeout=LOAD_SECONDS_MAX, check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert f"{len(expected)} packages" in finished.stdout
    print(finished.stdout)
