"""How long a gateway waits for its nodes, and how much it asks of them: the node here is a script that does not go on.

Nothing is measured: each node stops for good, so that only the bound under test can end the request.
"""

import binascii
import concurrent.futures
import http.client
import json
import re
import socket
import struct
import threading

import botocore.config
import botocore.exceptions
import pytest
import urllib3

from waiting import eventually

GOOD = b'{"TableNames": ["orders"]}'


def answer(body=GOOD):
    """A whole answer."""
    return [b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)]


# Nothing; a part of an answer whose length is known; the first piece of one whose length is not.
SILENCE = [None]
PART = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", None]
STREAM = [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
          b"9\r\ndata: {}\n\r\n"]
EVENT_END = [b"1\r\n\n\r\n"]
STREAM_END = [b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"]


class FakeNode:
    """Believes every gateway, is well, and answers what a test has laid out for its next requests."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.scripts = []
        self.asked = 0
        self.given_up = 0
        self.on = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as file:
            try:
                while (line := file.readline()):
                    length = 0
                    while (field := file.readline().strip()):
                        name, _, value = field.partition(b":")
                        length = int(value) if name.lower() == b"content-length" else length
                    file.read(length)
                    if line.startswith(b"GET /readyz"):
                        connection.sendall(answer(b"ready")[0])
                        continue
                    self.asked += 1
                    self.play(self.scripts.pop(0) if self.scripts else answer(), connection, file)
            except OSError:
                pass

    def play(self, script, connection, file):
        """Sends pieces; None waits until the gateway ends the connection, an event until it is set."""
        for step in script:
            if step is None:
                file.read(1)
                self.given_up += 1
            elif isinstance(step, threading.Event):
                step.wait()
            else:
                connection.sendall(step)


@pytest.fixture
def node():
    made = FakeNode()
    yield made
    made.on.set()
    made.listener.close()


@pytest.fixture
def start_gateway(fresh_server, node, tmp_path):
    def start(*options, places=None, **settings):
        key = tmp_path / "cluster.key"
        key.write_text("5a" * 32 + "\n")
        place = places or node.place
        return fresh_server(
            "--services", "none", "--cluster-key-file", str(key), "--upstream",
            f"dynamodb={place},bedrock={place}", *options, **settings)

    return start


def refusal(call, code):
    """What a client that does not retry gets."""
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call()
    response = failure.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, 503)
    assert response["ResponseMetadata"]["RequestId"]


def logged(gateway, message, count=1):
    """The reasons of a message in the gateway's log, which may be written a moment after the answer."""
    def reasons():
        text = (gateway.data_dir / "logs" / "access.log").read_text()
        return [line["reason"] for line in map(json.loads, text.splitlines()) if line["message"] == message]

    eventually(lambda: len(reasons()) >= count)
    return reasons()


def test_a_node_that_does_not_begin_its_answer_is_given_up_and_an_sdk_asks_again(start_gateway, node):
    gateway = start_gateway(environment={"BRUME_UPSTREAM_FIRST_BYTE_SECONDS": "0.3,bedrock=0.2"})
    node.scripts = [SILENCE]
    refusal(gateway.client("dynamodb").list_tables, "ServiceUnavailable")
    # Nobody knows what the node made of it, so the gateway asks no second time; the client may.
    assert node.asked == 1
    eventually(lambda: node.given_up == 1)
    assert logged(gateway, "no node answered") == ["nothing of an answer came within 0.3 seconds"]
    node.scripts = [SILENCE]
    config = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 5})
    said = gateway.client("dynamodb", config=config).list_tables()
    assert said["TableNames"] == ["orders"] and said["ResponseMetadata"]["RetryAttempts"] >= 1
    node.scripts = [SILENCE]
    bedrock = gateway.client("bedrock-runtime")
    refusal(lambda: bedrock.invoke_model(modelId="m", body=b"{}"), "ServiceUnavailableException")
    eventually(lambda: logged(gateway, "no node answered")[-1].endswith("0.2 seconds"))


def test_a_node_that_takes_no_connection_is_passed_over(start_gateway, node):
    # Nobody accepts here, and the system's queue is full: another connection is not refused, it only waits.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        place = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        gateway = start_gateway("--upstream-connect-seconds", "0.2", places=place)
        refusal(gateway.client("dynamodb").list_tables, "ServiceUnavailable")
        assert logged(gateway, "no node answered")[0] == (
            "no connection came about: no connection within 0.2 seconds")
        gateway.close()
        gateway = start_gateway("--upstream-connect-seconds", "0.2", places=f"{place},{node.place}")
        client = gateway.client("dynamodb")
        for _ in range(10):
            assert client.list_tables()["TableNames"] == ["orders"]
        for one in waiting:
            one.close()


def test_an_answer_that_stands_still_is_a_503_or_breaks_off(start_gateway, node):
    gateway = start_gateway("--upstream-idle-seconds", "0.3")
    token = gateway.bearer_token()
    node.scripts = [PART]
    refusal(gateway.client("dynamodb").list_tables, "ServiceUnavailable")
    assert logged(gateway, "a node broke off") == ["nothing came for 0.3 seconds"]
    # A part of it is at the client: there is no other way to say that the rest will not come.
    node.scripts = [STREAM + [None]]
    reply = chat(gateway, token)
    assert reply.status == 200
    with pytest.raises(http.client.IncompleteRead):
        reply.read()
    assert logged(gateway, "a node broke off", 2)[1] == "nothing came for 0.3 seconds"
    eventually(lambda: node.given_up == 2)


def message(name, payload):
    """A message of AWS's event streams."""
    fields = {b":message-type": b"event", b":event-type": name, b":content-type": b"application/json"}
    headers = b"".join(
        bytes([len(key)]) + key + b"\x07" + struct.pack(">H", len(value)) + value for key, value in fields.items())
    start = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    start += struct.pack(">I", binascii.crc32(start))
    return start + headers + payload + struct.pack(">I", binascii.crc32(start + headers + payload))


def events(*pieces):
    """The head of a stream of messages, and these bytes of it, each as they are."""
    head = (b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")
    return [head, *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)]


def test_a_stream_of_events_that_stands_still_ends_with_the_service_s_error(start_gateway, node):
    gateway = start_gateway("--upstream-idle-seconds", "0.3")
    bedrock = gateway.client("bedrock-runtime")
    start = message(b"messageStart", b'{"role":"assistant"}')

    def said():
        seen = []
        try:
            for event in bedrock.converse_stream(modelId="m")["stream"]:
                seen.append(event)
        except botocore.exceptions.EventStreamError as error:
            seen.append(error.response["Error"]["Code"])
        return seen

    node.scripts = [[*events(start[:7], start[7:]), None]]
    assert said() == [{"messageStart": {"role": "assistant"}}, "serviceUnavailableException"]
    # In the middle of an event nothing can be said.
    node.scripts = [[*events(start, start[:20]), None]]
    with pytest.raises(urllib3.exceptions.ProtocolError):
        said()
    # The notations of OpenAI and Anthropic.
    token = gateway.bearer_token()
    node.scripts = [[*STREAM, *EVENT_END, None]]
    lines = chat(gateway, token).read().decode().splitlines()
    assert lines[0] == "data: {}" and json.loads(lines[2].removeprefix("data: "))["error"]["type"] == "server_error"
    assert logged(gateway, "a node broke off", 3) == ["nothing came for 0.3 seconds"] * 3


def test_a_limit_in_all_ends_what_nothing_else_ends_and_cuts_no_stream_of_a_model(start_gateway, node, tmp_path):
    file = tmp_path / "brume.yaml"
    file.write_text("upstream-idle-seconds: 0\nupstream-total-seconds: 0.3\n")
    gateway = start_gateway("--config", str(file))
    token = gateway.bearer_token()
    node.scripts = [STREAM + [node.on] + STREAM_END]
    reply = chat(gateway, token)
    assert reply.read1() == b"data: {}\n"
    # The stream began before, and is longer than this request's limit.
    node.scripts = [PART]
    refusal(gateway.client("dynamodb").list_tables, "ServiceUnavailable")
    assert logged(gateway, "a node broke off") == ["it took longer than 0.3 seconds"]
    node.on.set()
    assert reply.read() == b"data: [DONE]\n\n"
    # Unless the operator says so by name.
    node.on.clear()
    gateway.close()
    gateway = start_gateway("--config", str(file), "--upstream-total-seconds", "bedrock=0.3")
    token = gateway.bearer_token()
    node.scripts = [STREAM + [None]]
    with pytest.raises(http.client.IncompleteRead):
        chat(gateway, token).read()


def test_a_node_is_asked_no_more_at_a_time_than_it_may_be_and_the_rest_waits(start_gateway, node):
    gateway = start_gateway("--upstream-requests-max", "1")
    client = gateway.client("dynamodb")
    node.scripts = [[node.on, *answer()], answer()]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        calls = [pool.submit(client.list_tables) for _ in range(2)]

        def metric(name):
            text = gateway.get("/metrics").read().decode()
            return int(re.search(rf"^brume_{name}.* (\d+)$", text, re.MULTILINE).group(1))

        # Both are at the gateway, beside the one that asks for this number.
        eventually(lambda: metric("edge_requests_in_flight") == 3)
        eventually(lambda: node.asked == 1)
        assert metric('node_requests{service="dynamodb"') == 1
        node.on.set()
        assert [call.result()["TableNames"] for call in calls] == [["orders"]] * 2
    assert node.asked == 2


def chat(gateway, token):
    """An answer in OpenAI's notation, piece by piece."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hello"}]})
    connection.request(
        "POST", "/v1/chat/completions", body,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    return connection.getresponse()
