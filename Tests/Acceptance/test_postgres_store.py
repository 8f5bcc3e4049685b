"""Several servers on one PostgreSQL that the tests start themselves; any of them, and the database, may be killed."""

import contextlib
import signal
import subprocess
import threading
import time

import botocore.config
import botocore.exceptions
import pytest

from brume_server import BINARY, SOON, Server, ServerDied
from postgres_database import SilentDoor, running_database
from waiting import eventually

KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="module")
def database():
    with running_database() as running:
        yield running


@pytest.fixture(scope="module")
def nodes(database, tmp_path_factory):
    """Two servers with data directories of their own."""
    with Server(tmp_path_factory.mktemp("one"), "--store", database.url) as one:
        with Server(tmp_path_factory.mktemp("two"), "--store", database.url) as two:
            yield [one, two]


def leader(database, name):
    """Who holds the lease, by its random number; empty for nobody. Its record is that of storage-format.md."""
    return database.query(
        """SELECT encode(substr(v, 1, 8), 'hex') FROM brume.item WHERE k = '\\x00000000000000000000' || 'lease'::bytea""",
        name).replace("0" * 16, "")


@pytest.fixture(scope="module", autouse=True)
def succession(database, tmp_path_factory):
    """Of two nodes the one that works beside requests was killed; the other tests run while the other one waits for its
    time to take over. A node, a table with an item that nobody deleted yet, and who worked first."""
    # A database of their own: nodes of other tests would lead, and look for expired items once a minute.
    options = ["--store", database.make("takeover"), "--ttl-sweep-seconds", "0.2"]
    with Server(tmp_path_factory.mktemp("three"), *options) as three:
        first = eventually(lambda: leader(database, "takeover"))
        with Server(tmp_path_factory.mktemp("four"), *options) as four:
            client, table = four.client("dynamodb"), "expiring"
            make_table(client, table)
            client.update_time_to_live(
                TableName=table, TimeToLiveSpecification={"AttributeName": "end", "Enabled": True})
            over = {"N": str(int(time.time()) - 60)}
            put(client, table, "first", end=over)
            eventually(lambda: get(client, table, "first") is None)
            assert leader(database, "takeover") == first
            three.kill()
            put(client, table, "second", end=over)
            assert get(client, table, "second")
            yield four, table, first


def patient(server, attempts=10):
    """A client that repeats what was not answered, as programs do."""
    return server.client("dynamodb", config=botocore.config.Config(
        retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=40))


@pytest.fixture
def table(unique_name):
    return unique_name("shared")


def make_table(client, table, **options):
    client.create_table(TableName=table, **(KEYS | options))
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig=SOON)


def put(client, table, name, **attributes):
    client.put_item(TableName=table, Item={"pk": {"S": name}} | attributes)


@contextlib.contextmanager
def batched(client, table):
    """Gives a `put` for many items, which go in batches."""
    items = []
    yield lambda name, **attributes: items.append({"PutRequest": {"Item": {"pk": {"S": name}} | attributes}})
    for start in range(0, len(items), 25):
        answer = client.batch_write_item(RequestItems={table: items[start:start + 25]})
        assert not answer["UnprocessedItems"]


def get(client, table, name):
    return client.get_item(TableName=table, Key={"pk": {"S": name}}, ConsistentRead=True).get("Item")


def test_what_one_node_writes_the_other_reads_at_once(nodes, table):
    first, second = (node.client("dynamodb") for node in nodes)
    make_table(first, table)
    for number in range(20):
        writer, reader = (first, second) if number % 2 else (second, first)
        put(writer, table, "item", n={"N": str(number)})
        assert get(reader, table, "item")["n"]["N"] == str(number)
    items = {f"i{number}" for number in range(30)}
    for name in items:
        put(first, table, name)
    assert {item["pk"]["S"] for item in second.scan(TableName=table)["Items"]} == items | {"item"}
    assert table in second.list_tables()["TableNames"]


def test_a_table_that_one_node_deletes_is_gone_on_the_other(nodes, table):
    first, second = (node.client("dynamodb") for node in nodes)
    make_table(first, table)
    put(second, table, "old")
    first.delete_table(TableName=table)
    with pytest.raises(second.exceptions.ResourceNotFoundException):
        put(second, table, "new")
    make_table(second, table)
    assert get(first, table, "old") is None
    put(first, table, "new")
    assert get(second, table, "new")


def test_conditions_of_both_nodes_decide_one_after_the_other(nodes, table):
    clients = [node.client("dynamodb") for node in nodes]
    make_table(clients[0], table)
    won = []

    def claim(client, name):
        for number in range(40):
            try:
                client.put_item(
                    TableName=table, Item={"pk": {"S": f"seat {number}"}, "by": {"S": name}},
                    ConditionExpression="attribute_not_exists(pk)")
                won.append((number, name))
            except client.exceptions.ConditionalCheckFailedException:
                pass

    threads = [threading.Thread(target=claim, args=(client, str(index))) for index, client in enumerate(clients * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for number, _ in won) == list(range(40))
    assert all(get(clients[1], table, f"seat {number}")["by"]["S"] == name for number, name in won)


def test_nothing_that_was_acknowledged_is_lost_when_a_node_and_the_database_are_killed(database, nodes, table):
    clients = [patient(node) for node in nodes]
    make_table(clients[0], table)
    acknowledged, stopping = [[] for _ in range(4)], threading.Event()

    def write(index):
        client, number = patient(nodes[index % 2]), 0
        while not stopping.is_set():
            name = f"{index}/{number}"
            number += 1
            try:
                put(client, table, name)
                acknowledged[index].append(name)
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                time.sleep(0.05)

    threads = [threading.Thread(target=write, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: all(len(names) > 20 for names in acknowledged))
    nodes[0].kill()
    before = len(acknowledged[1])
    eventually(lambda: len(acknowledged[1]) > before + 20)
    nodes[0].start()
    database.kill()
    database.start()
    before = len(acknowledged[1])
    eventually(lambda: len(acknowledged[1]) > before + 20 and len(acknowledged[0]) > 20)
    stopping.set()
    for thread in threads:
        thread.join()
    names = set()
    for page in clients[1].get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        names |= {item["pk"]["S"] for item in page["Items"]}
    assert not {name for names_of_one in acknowledged for name in names_of_one} - names


def test_a_node_says_on_readyz_that_the_database_is_away(database, nodes, table):
    make_table(nodes[0].client("dynamodb"), table)
    database.kill()
    answer = eventually(lambda: (found := nodes[0].get("/readyz")).status == 503 and found.read().decode())
    assert "PostgreSQL does not answer" in answer
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        put(nodes[0].client("dynamodb"), table, "late")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    database.start()
    nodes[0].wait_until_ready()
    put(patient(nodes[0]), table, "later")


def test_a_database_that_is_silent_after_the_login_is_told_and_returned_to(database, fresh_server):
    """As behind a proxy that hangs: nothing of the network says that nobody is there."""
    with contextlib.closing(SilentDoor(database)) as door:
        database.make("silent")
        server = fresh_server("--store", door.url("silent"))
        client = server.client("dynamodb")
        make_table(client, "kept")
        put(client, "kept", "before")
        door.hold()
        answer = eventually(lambda: (found := server.get("/readyz")).status == 503 and found.read().decode(), 60)
        assert "PostgreSQL does not answer: no answer came within 5000 ms" in answer
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            get(client, "kept", "before")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        # A start is told in the same time.
        with pytest.raises(ServerDied, match="status 69[^$]*no answer came within 5000 ms"):
            fresh_server("--store", door.url("silent"))
        door.release()
        eventually(lambda: server.get("/readyz").status == 200, 60)
        put(patient(server), "kept", "after")
        assert get(client, "kept", "before") and get(client, "kept", "after")
        door.hold()
        assert server.stop() == 0


def test_the_password_of_the_database_is_shown_nowhere(database, nodes):
    shown = nodes[0].run("config", "show", env=nodes[0].environment | {"BRUME_STORE": database.url})
    assert "postgres://brume:***@/postgres" in shown.stdout
    log = (nodes[0].data_dir / "logs" / "access.log").read_text()
    assert "not-needed" not in shown.stdout + nodes[0].log_tail() + log
    assert "store        postgres://brume:***@" in nodes[0].log_tail()


@pytest.mark.parametrize("address, status, sentence", [
    ("postgres://brume@127.0.0.1:1/x", 69, "Start it, or correct host and port in the URL"),
    ("mysql://brume:secret@db/x", 78, "takes postgres://user@host:5432/database"),
    ("postgres://brume:sec%ret@db/x", 78, "special characters of a name or password as %XX"),
])
def test_a_store_that_cannot_be_opened_says_what_to_do(fresh_server, address, status, sentence):
    with pytest.raises(ServerDied) as died:
        fresh_server("--store", address)
    assert f"status {status}" in str(died.value) and sentence in str(died.value)
    assert "secret" not in str(died.value)


def test_what_a_node_begins_the_leader_ends(nodes, table):
    for client in [node.client("dynamodb") for node in nodes]:
        name = f"{table}-{client.meta.endpoint_url.rpartition(':')[2]}"
        make_table(client, name)
        for number in range(50):
            put(client, name, str(number), colour={"S": "red"})
        client.update_table(
            TableName=name, AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "colour", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexUpdates=[{"Create": {
                "IndexName": "by-colour", "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }}])
        eventually(lambda: client.describe_table(
            TableName=name)["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE")
        found = client.query(
            TableName=name, IndexName="by-colour", KeyConditionExpression="colour = :c",
            ExpressionAttributeValues={":c": {"S": "red"}})
        assert found["Count"] == 50


def test_writes_of_every_node_reach_replicas_in_other_regions(nodes, table):
    clients = [node.client("dynamodb") for node in nodes]
    make_table(clients[0], table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    clients[1].update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    eventually(lambda: {
        replica["ReplicaStatus"] for replica in clients[0].describe_table(TableName=table)["Table"].get("Replicas", [])
    } == {"ACTIVE"})
    for index, client in enumerate(clients):
        put(client, table, str(index))
    elsewhere = nodes[0].client("dynamodb", session=nodes[0].session(region="eu-west-1"))
    for index in range(2):
        eventually(lambda: get(elsewhere, table, str(index)))


def copy(server, source, target):
    return server.run("store", "copy", "--from", source, "--to", target)


def test_a_store_is_copied_to_a_database_and_back(database, fresh_server, tmp_path):
    address, back = database.make("copied"), tmp_path / "back"
    server = fresh_server()
    client = server.client("dynamodb")
    make_table(client, "moved", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    with batched(client, "moved") as write:
        for number in range(300):
            write(str(number), n={"N": str(number)})
    refused = copy(server, server.data_dir, address)
    assert refused.returncode == 75 and "in use by process" in refused.stderr
    assert server.stop() == 0

    # What an interrupted copy leaves is no store, and the next copy takes its place.
    database.query("CREATE SCHEMA brume_copying CREATE TABLE item (k bytea)", "copied")
    (back / "store.copying" / "rocksdb").mkdir(parents=True)
    (back / "store.copying" / "rocksdb" / "000001.sst").write_bytes(b"half")
    first = copy(server, server.data_dir, address)
    assert first.returncode == 0 and "300 entries of change logs" in first.stdout, first.stderr
    again = copy(server, server.data_dir, address)
    assert again.returncode == 78 and "has a store already" in again.stderr
    returned = copy(server, address, back)
    assert returned.stdout == first.stdout, returned.stderr
    assert not (back / "store.copying").exists()

    moved = fresh_server("--store", address)
    for other in [copy(server, address, tmp_path / "other"), copy(server, server.data_dir, address)]:
        assert other.returncode == 75 and "in use by a server: stop every server" in other.stderr
    for node in [moved, fresh_server("--data-dir", back)]:
        client = node.client("dynamodb")
        items = client.scan(TableName="moved", ConsistentRead=True)["Items"]
        assert sorted(int(item["n"]["N"]) for item in items) == list(range(300))
        put(client, "moved", "later")
        assert get(client, "moved", "later")
        assert node.stop() == 0


def copy_that_stands_still(database, name, server, address, attempts=5):
    """A copy into the database that is stopped in its middle; one that was too quick is made again."""
    for _ in range(attempts):
        words = [BINARY, "store", "copy", "--from", server.data_dir, "--to", address]
        running = subprocess.Popen(words, env=server.environment, stdout=subprocess.DEVNULL)
        eventually(lambda: database.query("SELECT to_regclass('brume_copying.item')", name) or running.poll() == 0)
        running.send_signal(signal.SIGSTOP)
        if running.poll() is None and not database.query("SELECT to_regclass('brume.item')", name):
            return running
        running.kill()
        running.wait()
        database.query("DROP SCHEMA IF EXISTS brume CASCADE", name)
    raise AssertionError("the copies were done before they could be stopped")


def test_a_copy_that_is_killed_leaves_no_store_and_is_begun_again(database, fresh_server, tmp_path):
    address = database.make("killed")
    server = fresh_server()
    client = server.client("dynamodb")
    make_table(client, "moved")
    with batched(client, "moved") as write:
        for number in range(100):
            write(str(number), text={"S": "x" * 100_000})
    assert server.stop() == 0
    running = copy_that_stands_still(database, "killed", server, address)
    with pytest.raises(ServerDied, match="it is being copied"):
        fresh_server("--store", address)
    running.kill()
    running.wait()
    assert database.query("SELECT to_regclass('brume.item')", "killed") == ""
    # The lock goes with the connection, which PostgreSQL sees end a moment later.
    done = eventually(lambda: (found := copy(server, server.data_dir, address)).returncode != 75 and found)
    assert done.returncode == 0, done.stderr
    assert database.query("SELECT to_regclass('brume_copying.item')", "killed") == ""


def test_a_copy_of_what_is_no_store_or_a_newer_one_is_refused(database, fresh_server, tmp_path):
    address, server = database.make("newer"), fresh_server()
    assert server.stop() == 0
    assert copy(server, server.data_dir, address).returncode == 0
    database.query("UPDATE brume.schema_version SET version = 99", "newer")
    (server.data_dir / "store" / "format").write_text("brume-store 99\n")
    for source in [address, server.data_dir]:
        refused = copy(server, source, tmp_path / "other")
        assert refused.returncode == 76 and "99" in refused.stderr, refused.stderr
        assert not (tmp_path / "other" / "store").exists()
    for source in [database.make("nothing"), tmp_path]:
        refused = copy(server, source, tmp_path / "other")
        assert refused.returncode == 66 and "there is no store in" in refused.stderr


def test_another_node_takes_over_from_one_that_was_killed(database, succession):
    node, table, first = succession
    client = patient(node)
    eventually(lambda: get(client, table, "second") is None)
    assert leader(database, "takeover") not in ("", first)
