"""Three nodes on one PostgreSQL, one killed, one cut off, one that hears no answers: what clients are told is what one
server would say that does one request after another, and no money is lost.

BRUME_TEST_SEED repeats the choices of a run; what the threads do to each other it cannot repeat.
"""

import random
import threading
import time

import botocore.exceptions
import pytest

import test_dynamodb_concurrency as one_server
from brume_server import Server
from cut_network import network
from linearizability import explain
from postgres_database import running_database
from test_dynamodb_concurrency import ACCOUNTS, BALANCE, SEED, TABLE, Recorder, client_of, key, run_threads

NODES = 3
# For each node: threads that ask for single items, that move money, and that add it up.
RECORDERS, TRANSFERS, TOTALS = 2, 1, 1
# Answers that must come before a fault, and from the other nodes during it.
ANSWERS = 60
# Longer than a node waits for a server that says nothing, as the address below has it, so that its connections go.
PARTITION_SECONDS = 2.0
LINK = "tcp_user_timeout=1000&connect_timeout=2"
PATIENCE_SECONDS = 60


class Bank:
    """What the accounts are seen to hold while money moves."""

    def __init__(self):
        self.faults, self.totals, self.transfers = [], 0, 0

    def run(self, client, choices, moves, stopping):
        """Asks until told to stop, or until no answer comes."""
        while not stopping.is_set():
            try:
                if moves:
                    one_server.transfer(client, choices)
                    self.transfers += 1
                elif (found := one_server.total(client, choices.randrange(3))) != ACCOUNTS * BALANCE:
                    self.faults.append(f"the accounts held {found}")
                else:
                    self.totals += 1
            except client.exceptions.TransactionCanceledException:
                continue  # no money, or too many at once
            except botocore.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    self.faults.append(str(error))
                return
            except botocore.exceptions.BotoCoreError:
                return


class Cluster:
    """Three nodes and their database, each in a network of its own."""

    def __init__(self, net, database, folders):
        self.net = net
        self.nodes = []
        for node, folder in enumerate(folders):
            host, port = net.address(node)
            address = f"postgres://brume:not-needed@{host}:{port}/postgres?{LINK}"
            self.nodes.append(Server(folder, "--store", address, words=net.words(node)))
        self.database = database
        self.recorder, self.bank = Recorder(bears_failures=True), Bank()
        self.numbers = iter(range(1, 1_000_000))
        self.recovered, self.were_cut = [], []

    def start(self):
        for node in self.nodes:
            node.start(wait=False)
        for index in range(NODES):
            self.on(index, lambda node: node.wait_until_ready())
        self.on(0, lambda node: one_server.make_table(node.client("dynamodb")))
        for account in range(ACCOUNTS):
            item = key(account, "bank") | {"n": {"N": str(BALANCE)}}
            self.on(0, lambda node: client_of(node).put_item(TableName=TABLE, Item=item))

    def on(self, index, work):
        with self.net.inside(index):
            return work(self.nodes[index])

    def answers(self):
        return sum(map(len, self.recorder.cells))

    def wait_for(self, answers):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.answers() < answers and time.monotonic() < deadline:
            time.sleep(0.02)

    def threads(self):
        def record(index, number):
            self.on(index, lambda node: self.recorder.run(node, number))

        def bank(index, number, moves):
            choices = random.Random(f"{SEED}/{number}")
            self.on(index, lambda node: self.bank.run(client_of(node), choices, moves, self.recorder.stopping))

        made = []
        for index in range(NODES):
            made += [threading.Thread(target=record, args=(index, next(self.numbers))) for _ in range(RECORDERS)]
            for count, moves in [(TRANSFERS, True), (TOTALS, False)]:
                made += [threading.Thread(target=bank, args=(index, next(self.numbers), moves)) for _ in range(count)]
        return run_threads(made)

    def survive_partition(self, victim, cut):
        def fault():
            cut(victim)
            self.were_cut.append(self.net.is_cut(victim, PARTITION_SECONDS))

        self.survive(victim, fault, lambda: self.net.heal(victim))

    def survive(self, victim, fault, cure):
        """All nodes work, one has a fault while the others go on, and works again after the cure."""
        self.recorder.stopping.clear()
        threads = self.threads()
        self.wait_for(self.answers() + ANSWERS)
        fault()
        self.wait_for(self.answers() + ANSWERS)
        cure()
        self.recorder.stopping.set()
        for thread in threads:
            thread.join()
        self.on(victim, lambda node: node.wait_until_ready())
        self.recovered.append(self.on(victim, lambda node: one_server.total(client_of(node), 0)))


@pytest.fixture(scope="module")
def forbidden():
    """What keeps the tests from making network namespaces; empty where nothing does."""
    return []


@pytest.fixture(scope="module")
def cluster(forbidden, tmp_path_factory):
    """One that has been through all faults; the tests look at what was answered."""
    with network(NODES, forbidden) as net, running_database(**net.database) as database:
        net.serve(database)
        found = Cluster(net, database, [tmp_path_factory.mktemp(f"node{node}") for node in range(NODES)])
        try:
            found.start()
            nodes = found.nodes
            found.survive(0, nodes[0].kill, lambda: nodes[0].start(wait=False))
            found.survive_partition(1, net.cut)
            found.survive_partition(2, net.cut_answers)
            yield found
        finally:
            for node in found.nodes:
                node.close()


def test_items_are_linearizable_while_nodes_are_killed_and_partitioned(cluster):
    recorder = cluster.recorder
    assert not recorder.refusals, (SEED, recorder.refusals[:3])
    assert cluster.answers() >= 6 * ANSWERS, "the nodes are too slow for this test to mean anything"
    for cell, history in enumerate(recorder.cells):
        assert explain(history) is None, f"BRUME_TEST_SEED={SEED}, cell {cell}: {explain(history)}"


def test_a_bank_never_loses_money_while_nodes_are_killed_and_partitioned(cluster):
    assert not cluster.bank.faults, f"BRUME_TEST_SEED={SEED}: {cluster.bank.faults[:3]}"
    assert cluster.bank.transfers > 10 and cluster.bank.totals > 10, (cluster.bank.transfers, cluster.bank.totals)
    assert cluster.recovered == [ACCOUNTS * BALANCE] * NODES
    found = [
        cluster.on(index, lambda node: one_server.total(client_of(node), way))
        for index in range(NODES) for way in range(3)
    ]
    assert found == [ACCOUNTS * BALANCE] * len(found), f"BRUME_TEST_SEED={SEED}"


def test_the_network_was_cut_between_network_namespaces(cluster, forbidden):
    if forbidden:
        pytest.skip(f"this machine forbids network namespaces ({forbidden[0]}): {cluster.net.kind} were cut instead")
    assert cluster.net.kind == "network namespaces"
    assert cluster.were_cut == [True, True]
