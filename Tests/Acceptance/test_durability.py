"""SIGKILL at any moment: what was acknowledged is there afterwards, and nothing is torn."""

import json
import random
import resource
import threading
import time

import botocore.exceptions
import pytest

from brume_server import SOON, Server, ServerDied
from waiting import eventually

WRITERS = 8
PAYLOAD_BYTES = 2000


@pytest.fixture
def table(fresh_server):
    """A server of its own with a table; the name of the table."""
    server = fresh_server()
    client = server.client("dynamodb")
    client.create_table(
        TableName="kept", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    client.get_waiter("table_exists").wait(TableName="kept", WaiterConfig=SOON)
    return server


def item(key, version):
    """An item whose two halves tell whether it was written whole."""
    body = f"{key}/{version}/".ljust(PAYLOAD_BYTES, "x")
    return {"id": {"S": key}, "version": {"N": str(version)}, "first": {"S": body}, "second": {"S": body}}


def write_until_refused(server, writer, acknowledged, keys=50):
    """Writes items and a counter until the server is gone; notes what was confirmed, after it was."""
    client = server.client("dynamodb")
    version = 0
    try:
        while True:
            version += 1
            key = f"{writer}-{version % keys}"
            client.put_item(TableName="kept", Item=item(key, version))
            acknowledged["items"][key] = version
            client.update_item(
                TableName="kept", Key={"id": {"S": f"counter-{writer}"}}, UpdateExpression="ADD amount :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
            acknowledged["counters"][writer] = acknowledged["counters"].get(writer, 0) + 1
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        acknowledged["ends"].append(type(error).__name__)


@pytest.mark.parametrize("round_number", range(3))
def test_acknowledged_writes_survive_sigkill(table, round_number):
    server, acknowledged = table, {"items": {}, "counters": {}, "ends": []}
    threads = [
        threading.Thread(target=write_until_refused, args=(server, writer, acknowledged)) for writer in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    # Eight clients are made first, which takes a slow machine longer than the time until the kill.
    deadline = time.monotonic() + 30
    while len(acknowledged["items"]) <= 2 * WRITERS and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(random.uniform(0, 1.5))
    server.kill()
    for thread in threads:
        thread.join()
    assert len(acknowledged["items"]) > WRITERS, acknowledged["ends"]
    server.start()

    client = server.client("dynamodb")
    for key, version in acknowledged["items"].items():
        found = client.get_item(TableName="kept", Key={"id": {"S": key}}, ConsistentRead=True).get("Item")
        assert found, f"{key} was acknowledged and is gone"
        # A later write of the same key may have been on its way, and may have been kept.
        kept = int(found["version"]["N"])
        assert kept >= version, f"{key} went back from version {version} to {kept}"
        assert found == item(key, kept), f"{key} is torn"
    for writer, amount in acknowledged["counters"].items():
        key = {"id": {"S": f"counter-{writer}"}}
        found = client.get_item(TableName="kept", Key=key, ConsistentRead=True)["Item"]
        assert int(found["amount"]["N"]) in (amount, amount + 1)


def test_a_table_acknowledged_just_before_sigkill_is_there(fresh_server):
    server = fresh_server()
    for number in range(5):
        name = f"table-{number}"
        server.client("dynamodb").create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        server.restart()
        names = server.client("dynamodb").list_tables()["TableNames"]
        assert names == [f"table-{known}" for known in range(number + 1)]


@pytest.mark.parametrize("bytes_left", [0, 40])
def test_a_log_that_was_cut_is_damage_and_no_new_store(table, bytes_left):
    server, client = table, table.client("dynamodb")
    for version in range(3):
        client.put_item(TableName="kept", Item=item("a", version))
    server.kill()
    logs = list((server.data_dir / "store" / "rocksdb").glob("*.log"))
    whole = {log: log.read_bytes() for log in logs}
    for log in logs:
        log.write_bytes(whole[log][:bytes_left])
    refused = server.run("start", "--port", str(server.port))
    assert refused.returncode == 74, refused.stderr
    assert f"has {bytes_left} bytes left of the" in refused.stderr
    # Nothing was changed: with the log put back, everything is there.
    for log in logs:
        log.write_bytes(whole[log])
    server.start()
    assert client.get_item(TableName="kept", Key={"id": {"S": "a"}})["Item"]["version"] == {"N": "2"}
    for damage, reason in (
            (lambda log: log.unlink(), "is gone"), (lambda log: (log.unlink(), log.mkdir()), "is gone"),
            (lambda log: log.write_bytes(bytes(len(whole[log]))), "is damaged at byte 0"),
            (lambda log: log.write_bytes(b"\xa5" * len(whole[log])), "is damaged at byte 0")):
        server.kill()
        whole = {log: log.read_bytes() for log in (server.data_dir / "store" / "rocksdb").glob("*.log")}
        for log in whole:
            damage(log)
        refused = server.run("start", "--port", str(server.port))
        assert refused.returncode == 74 and reason in refused.stderr, refused.stderr
        for log, content in whole.items():
            if log.is_dir():
                log.rmdir()
            log.write_bytes(content)
        server.start()
        client.put_item(TableName="kept", Item=item("a", 2))
    # What is written out leaves no log to miss.
    assert server.stop() == 0
    server.start().kill()
    server.start()
    assert client.get_item(TableName="kept", Key={"id": {"S": "a"}})["Item"]["version"] == {"N": "2"}


def test_damage_that_a_read_meets_is_told_and_costs_what_stands_elsewhere_nothing(table):
    server, client = table, table.client("dynamodb")
    for number in range(40):
        client.put_item(TableName="kept", Item=item(f"{number:02}", 1) | {"more": {"B": random.randbytes(20_000)}})
    assert server.stop() == 0
    files = (server.data_dir / "store" / "rocksdb").glob("*.sst")
    largest = max(files, key=lambda file: file.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 16
    largest.write_bytes(content)
    server.start()
    told = []
    for number in range(40):
        try:
            found = client.get_item(TableName="kept", Key={"id": {"S": f"{number:02}"}})["Item"]
            assert found["first"] == item(f"{number:02}", 1)["first"]
        except botocore.exceptions.ClientError as error:
            told.append(error.response["Error"])
    assert 1 <= len(told) <= 2, told
    for error in told:
        assert error["Code"] == "ServiceUnavailable"
        assert error["Message"] == "The stored data is damaged; /readyz of the server names the reason."
    assert "damaged data was found" in server.get("/readyz").read().decode()


def test_reads_go_on_while_a_limit_that_the_free_space_does_not_show_keeps_writes_away(table):
    server, client = table, table.client("dynamodb")
    for number in range(40):
        client.put_item(TableName="kept", Item=item(f"{number:02}", 1) | {"more": {"B": random.randbytes(8_000)}})
    server.kill()
    # To take writes, the store first writes out its log, which is longer than such a file may be.
    server.words = ("sh", "-c", "trap '' XFSZ; ulimit -S -f 200; exec \"$@\"", "sh")
    server.start(wait=False)

    def state():
        try:
            return server.get("/readyz").read().decode()
        except OSError:
            return ""

    eventually(lambda: "cannot be opened again" in state())
    for number in range(40):
        found = client.get_item(TableName="kept", Key={"id": {"S": f"{number:02}"}})["Item"]
        assert found["first"] == item(f"{number:02}", 1)["first"]
    assert "File too large" in state()
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    server.wait_until_ready()
    client.put_item(TableName="kept", Item=item("00", 2))


def test_a_log_that_the_disk_does_not_take_whole_has_whole_lines(fresh_server):
    server = fresh_server()
    log = server.data_dir / "logs" / "access.log"
    client = server.client("dynamodb")

    def lines():
        return [json.loads(line) for line in log.read_bytes().splitlines()]

    # The longest file of this server, so that the limit is the log's alone.
    for _ in range(300):
        client.list_tables()
    server.words = ("sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh")
    server.restart(hard=False)
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (log.stat().st_size + 100, hard))
    client.list_tables()
    server.stop()
    # A line has some 500 bytes: of that request's, there was room for a part.
    assert len([line for line in lines() if line.get("operation") == "ListTables"]) == 300
    server.start()
    client.list_tables()
    server.stop()
    assert len([line for line in lines() if line.get("operation") == "ListTables"]) == 301


def test_a_limit_of_address_space_that_is_too_small_is_told(tmp_path):
    limited = Server(tmp_path, words=("sh", "-c", 'ulimit -v 700000; exec "$@"', "sh"))
    with pytest.raises(ServerDied, match=r"status 78[^$]*ulimit -v\) is 683 MiB, and a server needs 1024"):
        limited.start()
