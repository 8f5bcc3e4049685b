"""Nodes that come, go and die behind a gateway: how they are found, left out and taken back.

boto3 clients that do not retry ask while nodes are killed; what only reads, or asks a model, fails never.
"""

import json
import re
import socket
import struct
import threading

import botocore.exceptions
import pytest

from brume_server import Server, free_port
from postgres_database import running_database
from waiting import eventually

ECHO = "brume.echo"


class Fleet:
    """A gateway, and nodes of one service."""

    def __init__(self, folder, service, *options):
        self.folder = folder
        self.service = service
        self.options = options
        self.key_file = folder / "cluster.key"
        made = Server(folder / "maker").run("keys", "cluster", "--file", str(self.key_file))
        assert made.returncode == 0, made.stderr
        self.gateway_port = free_port()
        self.nodes = []
        self.gateway = None

    def start_node(self):
        port = free_port()
        node = Server(
            self.folder / f"node-{len(self.nodes)}", "--services", self.service, "--cluster-key-file",
            str(self.key_file), "--internal-listen", f"127.0.0.1:{port}", "--identity-url",
            f"http://127.0.0.1:{self.gateway_port}", *self.options)
        node.inner = port
        node.place = f"http://127.0.0.1:{port}"
        self.nodes.append(node)
        return node.start()

    def start_gateway(self, place, *options):
        self.gateway = Server(
            self.folder / "gateway", "--services", "none", "--cluster-key-file", str(self.key_file),
            "--internal-listen", f"127.0.0.1:{self.gateway_port}", "--upstream", f"{self.service}={place}", *options)
        self.gateway.start()

    def close(self):
        for server in [self.gateway, *self.nodes]:
            if server:
                server.close()

    def metrics(self, name):
        """Each node's value of a metric, by its place."""
        text = self.gateway.get("/metrics").read().decode()
        pattern = rf'^brume_{name}\{{service="{self.service}",node="([^"]+)"\}} (\d+)$'
        return {place: int(value) for place, value in re.findall(pattern, text, re.MULTILINE)}

    def answered(self, node):
        """Requests that a node has answered."""
        lines = [json.loads(line) for line in self.log().splitlines()]
        return len([line for line in lines if line.get("node") == node.place and "operation" in line])

    def log(self):
        return (self.gateway.data_dir / "logs" / "access.log").read_text()


@pytest.fixture
def fleet(tmp_path):
    made = []

    def start(service, *options):
        made.append(Fleet(tmp_path / service, service, *options))
        return made[-1]

    yield start
    for one in made:
        one.close()


class Clients:
    """Threads that ask again and again; what failed is kept."""

    def __init__(self, ask, count=4):
        self.ask = ask
        self.failures = []
        self.done = 0
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]

    def run(self):
        while not self.stop.is_set():
            try:
                self.ask()
                self.done += 1
            except botocore.exceptions.BotoCoreError as error:
                self.failures.append(error)
            except botocore.exceptions.ClientError as error:
                self.failures.append(error)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def go_on(self, count=30):
        """Returns when so many more were answered, or one failed."""
        before = self.done
        eventually(lambda: self.done > before + count or self.failures, seconds=30)
        assert self.failures == []


def converse(client, text="hello"):
    answer = client.converse(modelId=ECHO, messages=[{"role": "user", "content": [{"text": text}]}])
    return answer["output"]["message"]["content"][0]["text"]


def kill_and_take_back(fleet, ask, large=lambda: None):
    """A node dies by SIGKILL while clients ask, is left out, comes again and is taken back: twice."""
    victim, other = fleet.nodes
    with Clients(ask) as clients:
        for times in (1, 2):
            clients.go_on()
            victim.kill()
            large()
            clients.go_on()
            eventually(lambda: fleet.metrics("node_usable") == {victim.place: 0, other.place: 1}, seconds=20)
            assert fleet.metrics("node_left_out_total")[victim.place] >= times
            victim.start()
            eventually(lambda: fleet.metrics("node_usable") == {victim.place: 1, other.place: 1}, seconds=20)
            answered = fleet.answered(victim)
            eventually(lambda: fleet.answered(victim) > answered + 10, seconds=20)
            clients.go_on()
    assert clients.failures == []
    log = fleet.log()
    assert '"node left out"' in log and '"node taken back"' in log


def test_a_killed_node_is_left_out_and_taken_back_and_no_client_of_a_model_sees_it(fleet):
    bedrock = fleet("bedrock")
    nodes = [bedrock.start_node() for _ in range(2)]
    bedrock.start_gateway(",".join(node.place for node in nodes))
    client = bedrock.gateway.client("bedrock-runtime")

    def large():
        # Passed on as it comes, and not begun where there is no connection.
        for _ in range(4):
            assert converse(client, "word " * 30_000).startswith("[brume.echo] word word")

    kill_and_take_back(bedrock, lambda: converse(client), large)


def test_a_killed_node_of_a_shared_database_fails_no_read(fleet):
    with running_database() as database:
        dynamodb = fleet("dynamodb", "--store", database.url)
        nodes = [dynamodb.start_node() for _ in range(2)]
        dynamodb.start_gateway(",".join(node.place for node in nodes))
        client = dynamodb.gateway.client("dynamodb")
        client.create_table(
            TableName="shared", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}])
        item = {"k": {"S": "a"}, "n": {"N": "1"}}
        client.put_item(TableName="shared", Item=item)

        def read():
            key = {"k": {"S": "a"}}
            assert client.get_item(TableName="shared", Key=key, ConsistentRead=True)["Item"] == item

        kill_and_take_back(dynamodb, read)
        dynamodb.close()


def test_the_name_of_a_node_cannot_end_the_label_of_its_metrics(fleet, tmp_path):
    places = tmp_path / "nodes"
    places.write_text('unix:/run/a"b.sock\n')
    bedrock = fleet("bedrock")
    bedrock.start_gateway(f"file:{places}")
    eventually(lambda: "brume_node_requests{" in bedrock.gateway.get("/metrics").read().decode())
    text = bedrock.gateway.get("/metrics").read().decode()
    assert '\nbrume_node_requests{service="bedrock",node="unix:/run/a\\"b.sock"} 0\n' in text
    assert '\nbrume_node_retries_total{service="bedrock"} 0\n' in text


def test_a_file_of_nodes_is_read_again_and_a_wrong_one_changes_nothing(fleet, tmp_path):
    bedrock = fleet("bedrock")
    one, two = bedrock.start_node(), bedrock.start_node()
    places = tmp_path / "nodes"
    places.write_text(f"# the first node\n{one.place}\n")
    bedrock.start_gateway(f"file:{places}")
    client = bedrock.gateway.client("bedrock-runtime")
    eventually(lambda: bedrock.metrics("node_usable") == {one.place: 1})
    assert converse(client) == "[brume.echo] hello"
    places.write_text(f"{one.place}\nhttp://no port:x\n")
    eventually(lambda: f"{places}, line 2" in bedrock.log())
    assert converse(client) == "[brume.echo] hello"
    places.write_text(f"{two.place} weight=2\n")
    eventually(lambda: bedrock.metrics("node_usable") == {two.place: 1})
    one.kill()
    assert converse(client) == "[brume.echo] hello"
    # Lines are written a moment after the answers.
    eventually(lambda: bedrock.answered(one) == 2 and bedrock.answered(two) == 1)


class Names:
    """A server of names over UDP: A records of 127.0.0.x for one name, and SRV records of services."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.records = {}
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                question, sender = self.socket.recvfrom(2000)
            except OSError:
                return
            end = question.index(0, 12) + 5
            name, (kind,) = self.name(question[12:]), struct.unpack(">H", question[end - 4:end - 2])
            records = self.records.get((name, kind), [])
            status = 0x8180 if any(known == name for known, _ in self.records) else 0x8183
            answer = question[:2] + struct.pack(">HHHHH", status, 1, len(records), 0, 0) + question[12:end]
            for data in records:
                answer += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(data)) + data
            self.socket.sendto(answer, sender)

    @staticmethod
    def name(data):
        labels, at = [], 0
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += data[at] + 1
        return ".".join(labels)

    def addresses(self, name, *hosts):
        self.records[(name, 1)] = [socket.inet_aton(host) for host in hosts]

    def services(self, name, *services):
        self.records[(name, 33)] = [
            struct.pack(">HHH", priority, 1, port) + b"".join(
                bytes([len(label)]) + label.encode() for label in target.split(".")) + b"\0"
            for priority, port, target in services
        ]


def test_nodes_are_found_by_name(fleet):
    names = Names()
    bedrock = fleet("bedrock")
    node = bedrock.start_node()
    names.addresses("models.test", "127.0.0.1")
    bedrock.start_gateway(f"dns:models.test:{node.inner}@127.0.0.1:{names.port}")
    client = bedrock.gateway.client("bedrock-runtime")
    eventually(lambda: bedrock.metrics("node_usable") == {node.place: 1})
    assert converse(client) == "[brume.echo] hello"
    # Nobody listens there: the second address is found within its lifetime, and left out.
    absent = node.place.replace("127.0.0.1", "127.0.0.9")
    names.addresses("models.test", "127.0.0.1", "127.0.0.9")
    eventually(lambda: bedrock.metrics("node_usable") == {node.place: 1, absent: 0}, seconds=20)
    for _ in range(5):
        assert converse(client) == "[brume.echo] hello"
    names.records = {}
    eventually(lambda: "there is no name models.test" in bedrock.log())
    assert converse(client) == "[brume.echo] hello"
    names.socket.close()


def test_containers_with_a_label_are_nodes_and_a_killed_one_fails_no_request(
        fleet, container_engine, run_container, tmp_path):
    if container_engine.owner:
        pytest.skip("containers of a rootless engine have addresses in a network of its own")
    bedrock = fleet("bedrock")
    key = tmp_path / "key"
    key.write_text(bedrock.key_file.read_text())
    key.chmod(0o644)  # The image's user is nobody here.
    container_engine.docker("network", "create", "nodes")

    def start(name, *options):
        run_container(
            name, "--network", "nodes", "-v", f"{key}:/key:ro", *options, "brume", "start",
            "--services", "bedrock", "--cluster-key-file", "/key", "--internal-listen", "0.0.0.0:4567")
        networks = container_engine.get(f"/containers/{name}/json")["NetworkSettings"]["Networks"]
        return f"http://{networks['nodes']['IPAddress']}:4567"

    start("stranger")
    one, two = start("one", "--label", "role=models"), start("two", "--label", "role=models")
    bedrock.start_gateway("docker:role=models:4567@nodes", "--docker-socket", str(container_engine.socket))
    client = bedrock.gateway.client("bedrock-runtime")
    eventually(lambda: bedrock.metrics("node_usable") == {one: 1, two: 1}, seconds=20)
    with Clients(lambda: converse(client)) as clients:
        clients.go_on()
        container_engine.docker("kill", "two")
        clients.go_on()
        eventually(lambda: bedrock.metrics("node_usable") == {one: 1}, seconds=20)
        container_engine.docker("start", "two")
        # It may have another address now.
        eventually(lambda: list(bedrock.metrics("node_usable").values()) == [1, 1], seconds=20)
        clients.go_on()
    assert clients.failures == []
    assert '"node gone"' in bedrock.log()


def test_services_are_found_with_their_ports_and_the_first_are_asked_first(fleet):
    names = Names()
    bedrock = fleet("bedrock")
    first, second = bedrock.start_node(), bedrock.start_node()
    names.addresses("host.test", "127.0.0.1")
    names.services("_brume._tcp.test", (0, first.inner, "host.test"), (1, second.inner, "host.test"))
    bedrock.start_gateway(f"srv:_brume._tcp.test@127.0.0.1:{names.port}")
    client = bedrock.gateway.client("bedrock-runtime")
    eventually(lambda: bedrock.metrics("node_usable") == {first.place: 1, second.place: 1})
    for _ in range(10):
        assert converse(client) == "[brume.echo] hello"
    eventually(lambda: bedrock.answered(first) == 10)
    assert bedrock.answered(second) == 0
    first.kill()
    assert converse(client) == "[brume.echo] hello"
    eventually(lambda: bedrock.answered(second) == 1)
    names.socket.close()
