"""HTTP/1.1 as attackers and broken clients send it: refused with a 4xx, never a 500, a hang or an exit."""

import contextlib
import json
import random
import re
import socket
import threading
import time

import botocore.auth
import botocore.awsrequest
import pytest

from brume_server import ACCESS_KEY_ID, REGION
from raw_http import exchange, request, statuses
from waiting import eventually


@pytest.mark.parametrize("data", [
    request("POST", "/", ["Content-Length: 4", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    request("POST", "/", ["Content-Length: 4", "Content-Length: 5"], b"abcde"),
    request("POST", "/", ["Content-Length: 4, 5"], b"abcde"),
    request("POST", "/", ["Content-Length: +4"], b"abcd"),
    request("POST", "/", ["Content-Length: 0x4"], b"abcd"),
    request("POST", "/", ["Content-Length: -1"]),
    request("POST", "/", ["Content-Length: 99999999999999999999"]),
    request("POST", "/", ["Transfer-Encoding: xchunked"], b"0\r\n\r\n"),
    request("POST", "/", ["Transfer-Encoding: chunked, identity"], b"0\r\n\r\n"),
    request("POST", "/", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    request("POST", "/", ["Content-Length : 4"], b"abcd"),
    request("GET", "/healthz", ["X-Folded: a\r\n b"]),
    request("GET", "/healthz", ["X-Null: a\0b"]),
    request("GET", "/healthz", ["Host: other"]),
    request("GET", "/health z"),
    request("G\x01T", "/healthz"),
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    b"GET\r\n\r\n",
], ids=range(20))
def test_a_request_with_two_readings_is_refused_and_its_connection_closed(server, data):
    smuggled = request("GET", "/healthz")
    received = exchange(server.port, data + smuggled, half_close=False)
    assert len(statuses(received)) == 1, received
    assert 400 <= statuses(received)[0] < 500, received


@pytest.mark.parametrize("status, data", [
    (414, request(target="/" + "a" * 20_000)),
    (431, request(headers=["X-Long: " + "a" * 70_000])),
    (431, request(headers=[f"X-{number}: a" for number in range(200)])),
    (417, request("POST", "/", ["Expect: a-miracle", "Content-Length: 1"], b"a")),
    (413, request("POST", "/", ["Content-Length: 6000000000"])),
], ids=["target", "header", "headers", "expectation", "body"])
def test_what_is_over_a_limit_is_named_by_its_status(server, status, data):
    received = exchange(server.port, data, half_close=False)
    assert statuses(received) == [status]
    request_id = re.search(rb"x-amzn-requestid: (\S+)\r\n", received, re.IGNORECASE)[1].decode()
    deadline = time.monotonic() + 5
    while request_id not in (log := (server.data_dir / "logs" / "access.log").read_text()):
        assert time.monotonic() < deadline, log[-2000:]
        time.sleep(0.02)


TOO_LARGE = "The request body is too large."


@pytest.mark.parametrize("target, headers, expected", [
    ("/", ["X-Amz-Target: DynamoDB_20120810.ListTables", "Content-Type: application/x-amz-json-1.0"],
     {"__type": "RequestEntityTooLargeException", "message": TOO_LARGE}),
    ("/model/brume.echo/converse", ["Content-Type: application/json"], {"message": TOO_LARGE}),
    *((path, [], {"error": {"message": TOO_LARGE, "type": "invalid_request_error", "param": None, "code": None}})
      for path in ("/v1/responses", "/v1/chat/completions")),
    *((path, [], {"type": "error", "error": {"type": "request_too_large", "message": TOO_LARGE}})
      for path in ("/v1/messages", "/anthropic/v1/messages")),
])
def test_a_body_over_the_limit_is_told_in_the_protocol_of_its_service(server, target, headers, expected):
    chunks = b"2000000\r\n" + b" " * 0x2000000 + b"\r\n1\r\n \r\n0\r\n\r\n"
    for length, sent in (("Content-Length: 40000000", b""), ("Transfer-Encoding: chunked", chunks)):
        received = exchange(server.port, request("POST", target, [*headers, length], sent))
        assert statuses(received) == [413], received
        head, body = received.split(b"\r\n\r\n", 1)
        assert b"json" in re.search(rb"content-type: (\S+)", head, re.IGNORECASE)[1], head
        answer = json.loads(body)
        request_id = re.search(rb"x-amzn-requestid: (\S+)", head, re.IGNORECASE)[1].decode()
        assert answer.pop("request_id", request_id) == request_id
        # SDKs look behind the namespace, which no source of AWS's tells for this error.
        if "__type" in answer:
            answer["__type"] = answer["__type"].split("#")[-1]
        assert answer == expected
        if "converse" in target:
            error_type = re.search(rb"x-amzn-errortype: (\S+)", head, re.IGNORECASE)[1]
            assert error_type == b"RequestEntityTooLargeException"


def test_pipelined_requests_are_answered_in_order(server):
    received = exchange(server.port, request() * 3 + request(target="/readyz"))
    assert statuses(received) == [200] * 4
    assert received.rstrip().endswith(b"ready")


def test_a_body_in_chunks_is_one_body(server):
    chunked = request("POST", "/", ["Transfer-Encoding: chunked"], b"2\r\n{}\r\n0\r\n\r\n")
    received = exchange(server.port, chunked + request())
    assert len(statuses(received)) == 2
    assert statuses(received)[1] == 200


def test_continue_is_asked_for_before_the_body_is_sent(server):
    headers = ["Content-Length: 2", "Expect: 100-continue", "X-Amz-Target: DynamoDB_20120810.ListTables"]
    answers = statuses(exchange(server.port, request("POST", "/", headers) + b"{}"))
    assert answers in ([100, 400], [100, 403], [400], [403])


def test_a_slow_head_is_cut_off(server):
    begun = time.monotonic()
    received = exchange(server.port, b"GET /healthz HTTP/1.1\r\nHost: loc", half_close=False, seconds=30)
    assert statuses(received) in ([408], [])
    assert time.monotonic() - begun < 15


def test_a_request_that_names_no_service_is_refused_as_aws_does(server):
    answer = server.get("/")
    assert answer.status == 403
    assert b"Missing Authentication Token" in answer.read()
    assert answer.headers["x-amzn-RequestId"]


def test_random_bytes_are_never_answered_with_a_500(server):
    seed = random.randrange(1 << 32)
    generator = random.Random(seed)
    whole = request("POST", "/", ["Content-Length: 2", "X-Amz-Target: DynamoDB_20120810.ListTables"], b"{}")
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(generator.randrange(1, 12)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        received = exchange(server.port, bytes(data))
        assert all(status < 500 for status in statuses(received)), f"seed {seed}: {bytes(data)!r}: {received!r}"
    assert server.get("/healthz").status == 200


def test_connections_that_go_away_leave_the_server_well(server):
    for _ in range(200):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
        connection.close()
    assert server.get("/healthz").status == 200


@pytest.mark.alone
def test_large_bodies_of_whoever_has_no_key_take_no_memory(fresh_server):
    server = fresh_server()
    before, count, size = server.memory_bytes(), 20, 16 << 20
    with contextlib.ExitStack() as connections:
        opened = []
        for number in range(count):
            connection = connections.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            headers = ["X-Amz-Target: DynamoDB_20120810.ListTables", "Content-Type: application/x-amz-json-1.0"]
            length = f"Content-Length: {size}" if number % 2 else "Transfer-Encoding: chunked"
            connection.sendall(request("POST", "/", [*headers, length]))
            if not number % 2:
                connection.sendall(b"%x\r\n" % size)
            connection.sendall(b" " * (size - 1))
            opened.append(connection)
        assert server.memory_bytes() - before < count * size / 4
        for number, connection in enumerate(opened):
            connection.sendall(b" " if number % 2 else b" \r\n0\r\n\r\n")
            answer = connection.recv(65536)
            assert statuses(answer) == [400] and b"MissingAuthenticationTokenException" in answer


def signed(server, service, path, body, headers):
    """The bytes of a signed request, after which the server closes the connection."""
    message = botocore.awsrequest.AWSRequest("POST", server.url + path, data=body, headers=headers)
    botocore.auth.SigV4Auth(server.session().get_credentials(), service, REGION).add_auth(message)
    lines = [f"{name}: {value}" for name, value in message.headers.items() if name.lower() != "content-length"]
    lines += [f"Content-Length: {len(body)}", "Connection: close"]
    return request("POST", path, lines, body, host=f"127.0.0.1:{server.port}")


MANY_PARTS = {
    "structures": ("dynamodb", "/", b'{"TableName":"abc","GlobalSecondaryIndexes":[', b"{}", b"]}"),
    "objects": ("bedrock", "/model/brume.echo/invoke", b'{"messages":[{"role":"user","content":[', b"{}", b"]}]}"),
    "numbers": ("bedrock", "/model/brume.echo/invoke", b'{"messages":[{"role":"user","content":[', b"1", b"]}]}"),
}


@pytest.mark.alone
@pytest.mark.parametrize("parts", MANY_PARTS)
def test_a_body_of_many_small_values_takes_a_bounded_multiple_of_its_bytes(fresh_server, parts):
    service, path, begin, part, end = MANY_PARTS[parts]
    server, size = fresh_server(), 3_900_000
    body = begin + b",".join([part] * (size // (len(part) + 1))) + end
    headers = {
        "dynamodb": {"X-Amz-Target": "DynamoDB_20120810.CreateTable", "Content-Type": "application/x-amz-json-1.0"},
        "bedrock": {"Content-Type": "application/json"},
    }[service]
    data, before = signed(server, service, path, body, headers), server.memory_bytes()
    assert statuses(exchange(server.port, data, half_close=False, seconds=60)) == [400]
    # Structures took 65 times their bytes, objects 60 times, numbers 25 times.
    assert server.memory_bytes("VmHWM") - before < {"structures": 20, "objects": 40, "numbers": 40}[parts] * size


def gauge(server, name):
    return int(re.search(rf"^{name} (\d+)$".encode(), server.get("/metrics").read(), re.MULTILINE)[1])


@pytest.mark.alone
def test_what_is_made_of_large_bodies_shares_512_mib_and_comes_in_turn(fresh_server, tmp_path):
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"rules": [{"delayMilliseconds": 5000}]}))
    server, answers = fresh_server("--bedrock-rules", str(rules)), []
    # Each counts for the most that one may, 128 MiB.
    fields = b'{"a":[' + b",".join([b"1"] * 1_500_000) + b"]}"
    body = b'{"messages":[{"role":"user","content":[{"text":"a"}]}],"additionalModelRequestFields":' + fields + b"}"
    data = signed(server, "bedrock", "/model/brume.echo/converse", body, {"Content-Type": "application/json"})

    def send():
        answers.append(exchange(server.port, data, half_close=False, seconds=60))

    senders = [threading.Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    eventually(lambda: gauge(server, "brume_edge_large_input_bytes") == 512 << 20, 60, "four that are worked on")
    for sender in senders:
        sender.join()
    assert [statuses(answer) for answer in answers] == [[200]] * 6
    assert gauge(server, "brume_edge_large_input_bytes") == 0


@pytest.mark.alone
def test_large_bodies_share_256_mib_and_come_in_turn(fresh_server):
    server = fresh_server()
    before, count, size = server.memory_bytes(), 24, 20 << 20
    # A known key's id is all that the head shows.
    day = time.strftime("%Y%m%d", time.gmtime())
    head = request("POST", "/", [
        "X-Amz-Target: DynamoDB_20120810.ListTables", "Content-Type: application/x-amz-json-1.0",
        f"X-Amz-Date: {time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}",
        f"Authorization: AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/{day}/{REGION}/dynamodb/aws4_request, "
        f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={'0' * 64}", f"Content-Length: {size}",
    ])
    nearly_sent, answers, goes_on = [], [], threading.Event()

    def send():
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(head + b" " * (size - 1))
            nearly_sent.append(connection)
            goes_on.wait(60)
            connection.sendall(b" ")
            answers.append(connection.recv(65536))

    def large_body_bytes():
        return gauge(server, "brume_edge_large_body_bytes")

    senders = [threading.Thread(target=send) for _ in range(count)]
    for sender in senders:
        sender.start()
    try:
        room = (256 << 20) // size
        eventually(lambda: len(nearly_sent) == room, 20, "so many bodies as there is room for")
        assert large_body_bytes() == room * size
        assert server.memory_bytes() - before < 320 << 20
    finally:
        goes_on.set()
        for sender in senders:
            sender.join()
    assert [statuses(answer) for answer in answers] == [[400]] * count
    assert all(b"InvalidSignatureException" in answer for answer in answers)
    eventually(lambda: large_body_bytes() == 0, 10, "the room of all is free again")


def test_an_operation_ends_soon_after_its_client_has_gone(fresh_server, tmp_path):
    # The end of the input alone does not tell it from one that still waits, which has ten seconds.
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"rules": [{"model": "*", "reply": "late", "delayMilliseconds": 3000}]}))
    server = fresh_server("--bedrock-rules", str(rules))
    body = json.dumps({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}).encode()
    data = request("POST", "/model/brume.echo/converse", [
        f"Authorization: Bearer {server.bearer_token()}", "Content-Type: application/json",
        f"Content-Length: {len(body)}"], body)

    def in_flight():
        # The request for the metrics is one too.
        return int(re.search(rb"^brume_edge_requests_in_flight (\d+)$", server.get("/metrics").read(), re.MULTILINE)[1])

    waiting = exchange(server.port, data)
    assert statuses(waiting)[-1] == 200 and set(statuses(waiting)[:-1]) == {100}
    rules.write_text(json.dumps({"rules": [{"model": "*", "reply": "late", "delayMilliseconds": 60_000}]}))

    def asks():
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(data)
            connection.settimeout(1)
            with contextlib.suppress(TimeoutError):
                connection.recv(1)
                return False
            return in_flight() == 2

    eventually(asks, 20, "a request that takes long")
    eventually(lambda: in_flight() == 1, 6, "its operation is cancelled")
