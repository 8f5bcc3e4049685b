"""Many clients at once, `kill -9` in the middle: answers are those of one request after another, no money is lost.

BRUME_TEST_SEED repeats the choices of a run; what the threads do to each other it cannot repeat.
"""

import itertools
import os
import random
import threading
import time

import botocore.config
import botocore.exceptions
import pytest

from brume_server import SOON
from linearizability import Request, explain

SEED = int(os.environ.get("BRUME_TEST_SEED") or random.SystemRandom().getrandbits(32))
TABLE = "concurrent"
CELLS = 4
WRITERS = 12
ACCOUNTS = 10
BALANCE = 100
SECONDS_BEFORE_KILL = 1.5
SECONDS_AFTER = 1.0


def test_the_checker_tells_right_from_wrong():
    write = Request("write", 1, 4, argument=5, answer=None)
    assert explain([write, Request("read", 2, 3, answer=None)]) is None
    assert explain([write, Request("read", 2, 3, answer=5)]) is None
    assert explain([write, Request("read", 5, 6, answer=None)])
    assert explain([Request("add", 1, 4, 1, 1), Request("add", 2, 3, 1, 1)])
    lost = Request("write", 1, argument=5)
    assert explain([lost, Request("read", 2, 3, answer=None), Request("read", 4, 5, answer=5)]) is None
    assert explain([lost, Request("read", 2, 3, answer=5), Request("read", 4, 5, answer=None)])
    assert explain([Request("swap", 1, 2, (None, 5), (True, None)), Request("swap", 3, 4, (None, 6), (True, None))])


@pytest.fixture
def concurrent(fresh_server):
    """A server of its own with a table whose items are cells and accounts."""
    server = fresh_server()
    make_table(server.client("dynamodb"))
    return server


def make_table(client):
    client.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
        ],
    )
    client.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig=SOON)


def client_of(server):
    """Reads and writes that hang end with the test's patience, not with botocore's minute."""
    return server.client("dynamodb", config=botocore.config.Config(read_timeout=20))


def key(cell, partition="cell"):
    return {"pk": {"S": partition}, "sk": {"N": str(cell)}}


def number(item):
    return int(item["n"]["N"]) if item and "n" in item else None


def run_threads(threads):
    for thread in threads:
        thread.start()
    return threads


class Recorder:
    """Requests of many threads, with one clock for all.

    bears_failures: a server that fails inside gave no answer, as one that died; else that is a fault.
    """

    def __init__(self, bears_failures=False):
        self.bears_failures = bears_failures
        self.clock = itertools.count(1)
        self.cells = [[] for _ in range(CELLS)]
        self.refusals = []
        self.stopping = threading.Event()

    def run(self, server, writer):
        """Asks until told to stop, or until no answer comes."""
        choices = random.Random(f"{SEED}/{writer}")
        client = client_of(server)
        values = itertools.count(writer * 1_000_000)
        believed = {}
        while not self.stopping.is_set():
            cell = choices.randrange(CELLS)
            kind = choices.choice(["read", "read", "write", "add", "add", "delete", "swap", "swap"])
            argument = {
                "write": lambda: next(values), "add": lambda: choices.randint(1, 3),
                "swap": lambda: (believed.get(cell), next(values)),
            }.get(kind, lambda: None)()
            begin = next(self.clock)
            try:
                answer, seen = ask(client, kind, cell, argument, choices)
            except botocore.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                    if self.bears_failures:
                        self.cells[cell].append(Request(kind, begin, None, argument))
                        return
                    self.refusals.append(str(error))
                elif error.response["Error"]["Code"] != "TransactionConflictException":
                    self.refusals.append(str(error))
                continue
            except botocore.exceptions.BotoCoreError:
                self.cells[cell].append(Request(kind, begin, None, argument))
                return
            believed[cell] = seen
            self.cells[cell].append(Request(kind, begin, next(self.clock), argument, answer))


def ask(client, kind, cell, argument, choices):
    """One request; its answer, and what the cell holds as far as the answer says so."""
    place = {"TableName": TABLE, "Key": key(cell)}
    if kind == "read":
        if choices.random() < 0.5:
            found = number(client.get_item(**place, ConsistentRead=True).get("Item"))
        else:
            items = [{"Get": place}]
            found = number(client.transact_get_items(TransactItems=items)["Responses"][0].get("Item"))
        return found, found
    if kind == "write":
        item = key(cell) | {"n": {"N": str(argument)}}
        before = client.put_item(TableName=TABLE, Item=item, ReturnValues="ALL_OLD").get("Attributes")
        return number(before), argument
    if kind == "delete":
        return number(client.delete_item(**place, ReturnValues="ALL_OLD").get("Attributes")), None
    if kind == "add":
        values = {":d": {"N": str(argument)}}
        answer = client.update_item(
            **place, UpdateExpression="ADD n :d", ExpressionAttributeValues=values, ReturnValues="UPDATED_NEW"
        )
        return number(answer["Attributes"]), number(answer["Attributes"])
    wanted, new = argument
    condition = {"ConditionExpression": "attribute_not_exists(pk)"}
    if wanted is not None:
        condition = {"ConditionExpression": "n = :w", "ExpressionAttributeValues": {":w": {"N": str(wanted)}}}
    try:
        client.put_item(
            TableName=TABLE, Item=key(cell) | {"n": {"N": str(new)}}, **condition,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return (True, None), new
    except client.exceptions.ConditionalCheckFailedException as error:
        found = number(error.response.get("Item"))
        return (False, found), found


def test_items_are_linearizable_across_a_kill(concurrent):
    recorder = Recorder()
    for generation in range(2):
        recorder.stopping.clear()
        threads = run_threads([
            threading.Thread(target=recorder.run, args=(concurrent, generation * WRITERS + number + 1))
            for number in range(WRITERS)
        ])
        deadline = time.monotonic() + 30
        while sum(map(len, recorder.cells)) < (generation + 1) * 400 and time.monotonic() < deadline:
            time.sleep(0.02)
        if generation == 0:
            concurrent.kill()
        recorder.stopping.set()
        for thread in threads:
            thread.join()
        if generation == 0:
            concurrent.start()
    assert not recorder.refusals, (SEED, recorder.refusals[:3])
    assert sum(map(len, recorder.cells)) >= 800, "the server is too slow for this test to mean anything"
    for cell, history in enumerate(recorder.cells):
        assert explain(history) is None, f"BRUME_TEST_SEED={SEED}, cell {cell}: {explain(history)}"


def transfer(client, choices):
    """Moves money from one account to another, by one of the two interfaces."""
    source, target = choices.sample(range(ACCOUNTS), 2)
    amount = {"N": str(choices.randint(1, 60))}
    if choices.random() < 0.3:
        client.execute_transaction(TransactStatements=[
            {
                "Statement": f'UPDATE "{TABLE}" SET n = n - ? WHERE pk = \'bank\' AND sk = ? AND n >= ?',
                "Parameters": [amount, {"N": str(source)}, amount],
            },
            {
                "Statement": f'UPDATE "{TABLE}" SET n = n + ? WHERE pk = \'bank\' AND sk = ?',
                "Parameters": [amount, {"N": str(target)}],
            },
        ])
        return
    values = {"ExpressionAttributeValues": {":a": amount}}
    client.transact_write_items(TransactItems=[
        {"Update": {
            "TableName": TABLE, "Key": key(source, "bank"), "UpdateExpression": "SET n = n - :a",
            "ConditionExpression": "n >= :a",
        } | values},
        {"Update": {"TableName": TABLE, "Key": key(target, "bank"), "UpdateExpression": "ADD n :a"} | values},
    ])


def total(client, way):
    """What all accounts hold, as of one moment."""
    if way == 0:
        items = client.query(
            TableName=TABLE, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "bank"}},
            ConsistentRead=True,
        )["Items"]
    elif way == 1:
        gets = [{"Get": {"TableName": TABLE, "Key": key(account, "bank")}} for account in range(ACCOUNTS)]
        items = [answer["Item"] for answer in client.transact_get_items(TransactItems=gets)["Responses"]]
    else:
        items = [answer["Item"] for answer in client.execute_transaction(TransactStatements=[
            {"Statement": f'SELECT * FROM "{TABLE}" WHERE pk = \'bank\' AND sk = {account}'}
            for account in range(ACCOUNTS)
        ])["Responses"]]
    return sum(number(item) for item in items)


def test_a_bank_of_transfers_never_loses_money(concurrent):
    client = client_of(concurrent)
    for account in range(ACCOUNTS):
        client.put_item(TableName=TABLE, Item=key(account, "bank") | {"n": {"N": str(BALANCE)}})
    faults, counts = [], {"transfers": 0, "totals": 0}
    stopping = threading.Event()

    def work(name, kind):
        choices, own = random.Random(f"{SEED}/{name}"), client_of(concurrent)
        while not stopping.is_set():
            try:
                if kind == "transfers":
                    transfer(own, choices)
                elif (found := total(own, choices.randrange(3))) != ACCOUNTS * BALANCE:
                    faults.append(f"the accounts held {found}")
                counts[kind] += 1
            except own.exceptions.TransactionCanceledException:
                continue  # no money, or too many at once
            except botocore.exceptions.ClientError as error:
                faults.append(str(error))
            except botocore.exceptions.BotoCoreError:
                return

    for generation in range(2):
        stopping.clear()
        threads = run_threads([
            threading.Thread(target=work, args=(f"{generation}/{number}", kind))
            for number, kind in enumerate(["transfers"] * 8 + ["totals"] * 4)
        ])
        time.sleep(SECONDS_AFTER if generation else SECONDS_BEFORE_KILL)
        # On a machine that does much else the threads may have come to nothing yet.
        deadline = time.monotonic() + 60
        while min(counts.values()) <= 3 * (generation + 1) and any(thread.is_alive() for thread in threads):
            assert time.monotonic() < deadline, counts
            time.sleep(0.05)
        if generation == 0:
            concurrent.kill()
        stopping.set()
        for thread in threads:
            thread.join()
        if generation == 0:
            concurrent.start()
        found = [total(client, way) for way in range(3)]
        assert found == [ACCOUNTS * BALANCE] * 3, f"BRUME_TEST_SEED={SEED}"
    assert not faults, f"BRUME_TEST_SEED={SEED}: {faults[:3]}"
    assert counts["transfers"] > 3 and counts["totals"] > 3, counts
