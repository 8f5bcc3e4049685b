"""Several servers on one PostgreSQL that the tests start themselves; any of them, and the database, may be killed."""

import pathlib
import signal
import subprocess
import threading
import time
import os

import botocore.config
import botocore.exceptions
import pytest

from brume_server import ROOT, Server, ServerDied

KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class Database:
    """A PostgreSQL in a folder of its own, run by Scripts/postgres."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [ROOT / "Scripts" / "postgres", self.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
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
        return f"postgres://brume:not-needed@/postgres?host={str(self.folder).replace('/', '%2F')}"

    def query(self, sql):
        words = ["psql", "-h", self.folder, "-U", "brume", "-d", "postgres", "-qAt", "-c", sql]
        return subprocess.run(words, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


@pytest.fixture(scope="module")
def database():
    # Short: a socket's path has at most 107 bytes.
    folder = subprocess.run(["mktemp", "-d", "/tmp/brume-pg-XXXXXX"], check=True, capture_output=True, text=True)
    running = Database(folder.stdout.strip())
    yield running
    running.close()
    subprocess.run(["rm", "-rf", running.folder], check=True)


@pytest.fixture(scope="module")
def nodes(database, tmp_path_factory):
    """Two servers with data directories of their own."""
    with Server(tmp_path_factory.mktemp("one"), "--store", database.url) as one:
        with Server(tmp_path_factory.mktemp("two"), "--store", database.url) as two:
            yield [one, two]


def patient(server, attempts=10):
    """A client that repeats what was not answered, as programs do."""
    return server.client("dynamodb", config=botocore.config.Config(
        retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=40))


@pytest.fixture
def table(unique_name):
    return unique_name("shared")


def make_table(client, table, **options):
    client.create_table(TableName=table, **(KEYS | options))
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})


def put(client, table, name, **attributes):
    client.put_item(TableName=table, Item={"pk": {"S": name}} | attributes)


def get(client, table, name):
    return client.get_item(TableName=table, Key={"pk": {"S": name}}, ConsistentRead=True).get("Item")


def eventually(what, seconds=30):
    """Waits until it is so."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it never came to be so"
        time.sleep(0.1)
    return found


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
    time.sleep(1)
    nodes[0].kill()
    time.sleep(0.5)
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
