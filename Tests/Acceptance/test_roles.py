"""Several processes as one: the cluster of role_cluster.py.

The gateway proves who sends a request and hands it to a node; what boto3 sees is what one process would say.
"""

import http.client
import http.server
import json
import socket
import ssl
import struct
import subprocess
import threading
import time

import botocore.config
import botocore.exceptions
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Server, free_port
from role_cluster import BODY, HEADERS, Cluster, post, statement_for
from waiting import eventually

ECHO = "brume.echo"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STALE_SECONDS = 5


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, pytestconfig):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        # Any order: nobody waits for anybody.
        for server in reversed(made.servers):
            server.start(wait=False)
        for server in made.servers:
            server.wait_until_ready()
        yield made
    finally:
        for server in made.servers:
            server.close()


@pytest.fixture(scope="module")
def dynamodb(cluster):
    return cluster.gateway.client("dynamodb")


@pytest.fixture(scope="module")
def bedrock(cluster):
    return cluster.gateway.client("bedrock-runtime")


def code_of(failure):
    return failure.value.response["Error"]["Code"]


def user(text):
    return [{"role": "user", "content": [{"text": text}]}]


def make_table(dynamodb, name):
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )


# What a client sees


def test_items_are_written_and_read_through_the_gateway(cluster, dynamodb):
    make_table(dynamodb, "items")
    dynamodb.put_item(TableName="items", Item={"k": {"S": "a"}, "n": {"N": "1"}})
    assert dynamodb.get_item(TableName="items", Key={"k": {"S": "a"}})["Item"]["n"] == {"N": "1"}
    updated = dynamodb.update_item(
        TableName="items", Key={"k": {"S": "a"}}, UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="ALL_NEW",
    )
    assert updated["Attributes"]["n"] == {"N": "2"}
    streams = cluster.gateway.client("dynamodbstreams")
    assert streams.list_streams(TableName="items")["Streams"] == []
    table = cluster.gateway.resource("dynamodb").Table("items")
    assert table.scan()["Count"] == 1


def test_errors_are_the_service_s_own(dynamodb, bedrock):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        dynamodb.get_item(TableName="absent", Key={"k": {"S": "a"}})
    assert code_of(failure) == "ResourceNotFoundException"
    make_table(dynamodb, "errors")
    dynamodb.put_item(TableName="errors", Item={"k": {"S": "a"}})
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        dynamodb.put_item(
            TableName="errors", Item={"k": {"S": "a"}}, ConditionExpression="attribute_not_exists(k)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert code_of(failure) == "ConditionalCheckFailedException" and failure.value.response["Item"]["k"] == {"S": "a"}
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.converse(modelId="anthropic.nothing", messages=user("x"))
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_wrong_signature_is_refused_at_the_gateway(cluster):
    wrong = cluster.gateway.session(secret_access_key="wrong")
    for body in ("a", "a" * 100_000):
        with pytest.raises(botocore.exceptions.ClientError) as failure:
            cluster.gateway.client("dynamodb", session=wrong).delete_item(TableName="t", Key={"k": {"S": body}})
        assert code_of(failure) == "InvalidSignatureException"
    marker = cluster.gateway.client("dynamodb").list_tables()["ResponseMetadata"]["RequestId"]
    assert cluster.line(cluster.tables, requestId=marker)
    assert cluster.lines(cluster.tables, operation="DeleteItem") == []


def test_large_bodies_pass_both_ways(cluster, dynamodb):
    make_table(dynamodb, "large")
    values = {str(number): chr(97 + number) * 390_000 for number in range(25)}
    dynamodb.batch_write_item(RequestItems={"large": [
        {"PutRequest": {"Item": {"k": {"S": key}, "v": {"S": value}}}} for key, value in values.items()
    ]})
    assert cluster.line(cluster.gateway, operation="BatchWriteItem", status=200)["bytesIn"] > 9_000_000
    keys = [{"k": {"S": key}} for key in values]
    answer = dynamodb.batch_get_item(RequestItems={"large": {"Keys": keys}})
    found = {item["k"]["S"]: item["v"]["S"] for item in answer["Responses"]["large"]}
    assert found == values


def test_a_body_over_the_service_s_bound_is_refused(cluster):
    connection = http.client.HTTPConnection("127.0.0.1", cluster.gateway.port, timeout=10)
    connection.putrequest("POST", "/")
    connection.putheader("X-Amz-Target", "DynamoDB_20120810.PutItem")
    connection.putheader("Content-Length", str(100 << 20))
    connection.endheaders()
    assert connection.getresponse().status == 413


def test_events_come_as_they_are_made(bedrock):
    events = list(bedrock.converse_stream(modelId=ECHO, messages=user("one two three"))["stream"])
    assert "messageStart" in events[0] and "metadata" in events[-1]
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert "".join(deltas) == "[brume.echo] one two three" and len(deltas) > 1
    # A request of some megabytes, and its answer a stream.
    long = "word " * 40_000
    stream = bedrock.converse_stream(modelId=ECHO, messages=user(long))["stream"]
    text = "".join(event["contentBlockDelta"]["delta"]["text"] for event in stream if "contentBlockDelta" in event)
    assert text.startswith("[brume.echo] word word")


def test_bearer_keys_and_openai_s_notation_pass_too(cluster):
    made = cluster.gateway.run("keys", "create", "--bedrock", "--output", "json")
    token = json.loads(made.stdout)["bearerToken"]
    connection = http.client.HTTPConnection("127.0.0.1", cluster.gateway.port, timeout=10)

    def ask(token, stream):
        body = {"model": ECHO, "stream": stream, "messages": [{"role": "user", "content": "hello there"}]}
        connection.request(
            "POST", "/v1/chat/completions", json.dumps(body),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    # Each of the two nodes lets a user pass once it has the gateway's keys and policies, and chance decides which is
    # asked: the log tells which have answered.
    def each_has_answered():
        ask(token, False)
        return all(
            cluster.lines(node, operation="ChatCompletions", status=200)
            for node in (cluster.models, cluster.more_models))

    eventually(each_has_answered)
    status, text = ask(token, False)
    assert status == 200 and "hello there" in text
    status, text = ask(token, True)
    assert status == 200 and text.rstrip().endswith("data: [DONE]")
    status, text = ask(token[:-6] + "AAAAAA", False)
    assert status == 401


def test_sessions_hold_through_the_gateway(cluster):
    credentials = cluster.gateway.client("sts").get_session_token()["Credentials"]
    session = cluster.gateway.session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
    assert "TableNames" in cluster.gateway.client("dynamodb", session=session).list_tables()


# What the logs say


def test_one_id_and_one_trace_in_both_logs(cluster, dynamodb):
    def trace(request, **_):
        request.headers["traceparent"] = TRACE

    client = cluster.gateway.client("dynamodb")
    client.meta.events.register("before-send.dynamodb.DescribeLimits", trace)
    answer = client.describe_limits()
    request_id = answer["ResponseMetadata"]["RequestId"]
    gateway = cluster.line(cluster.gateway, requestId=request_id)
    node = cluster.line(cluster.tables, requestId=request_id)
    assert gateway["node"] == cluster.url("tables") and "node" not in node
    assert node["gateway"] == "127.0.0.1" and "gateway" not in gateway
    assert gateway["traceId"] == node["traceId"] == TRACE.split("-")[1]
    for name in ("service", "operation", "status", "account", "region", "accessKeyId", "client", "userAgent"):
        assert gateway[name] == node[name], name


# Who leaves, and who dies


def in_flight(server):
    text = server.get("/metrics").read().decode()
    lines = [line for line in text.splitlines() if line.startswith("brume_edge_requests_in_flight ")]
    return int(lines[0].split()[1])


def signed(cluster, path, body):
    """A request of Bedrock's runtime as bytes."""
    request = AWSRequest("POST", cluster.gateway.url + path, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "bedrock", REGION).add_auth(request)
    headers = {"Host": f"127.0.0.1:{cluster.gateway.port}", "Content-Length": str(len(body)), **request.headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_a_client_that_leaves_ends_the_work_at_the_node(cluster):
    body = json.dumps({"messages": user("take your time")}).encode()
    nodes = (cluster.models, cluster.more_models)
    with socket.create_connection(("127.0.0.1", cluster.gateway.port), timeout=10) as connection:
        # Closing resets the connection: who only ends his side may be waiting for the answer.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(signed(cluster, f"/model/{ECHO}/converse", body))
        # What asks for the number is a request itself.
        eventually(lambda: sum(in_flight(node) for node in nodes) == 3)
    eventually(lambda: sum(in_flight(node) for node in nodes) == 2, seconds=5)


def test_a_node_that_dies_is_not_noticed_where_another_one_runs(cluster):
    client = cluster.gateway.client("bedrock-runtime")
    failures, done, stop = [], [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                client.converse(modelId=ECHO, messages=user("hello"))
                done.append(1)
            except botocore.exceptions.ClientError as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            count = len(done)
            eventually(lambda: len(done) > count + 20)
            cluster.more_models.kill()
            count = len(done)
            eventually(lambda: len(done) > count + 20)
            cluster.more_models.start()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == [] and len(done) > 80


def test_without_a_node_the_answer_is_the_service_s_503_at_once(cluster, dynamodb):
    make_table(dynamodb, "survives")
    dynamodb.put_item(TableName="survives", Item={"k": {"S": "a"}})
    cluster.tables.kill()
    try:
        for body in ("a", "a" * 200_000):
            started = time.monotonic()
            with pytest.raises(botocore.exceptions.ClientError) as failure:
                dynamodb.put_item(TableName="survives", Item={"k": {"S": "b"}, "v": {"S": body}})
            assert time.monotonic() - started < 3
            assert code_of(failure) == "ServiceUnavailable"
            assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        warning = cluster.line(cluster.gateway, message="no node answered", service="dynamodb")
        assert warning["node"] == cluster.url("tables") and "connection" in warning["reason"]
    finally:
        cluster.tables.start()
    assert dynamodb.get_item(TableName="survives", Key={"k": {"S": "a"}})["Item"] == {"k": {"S": "a"}}


# Attacks: a node believes nobody but a gateway with the key


def test_a_statement_is_as_the_documentation_says(cluster):
    statement = statement_for(cluster.key, "POST", "/", HEADERS, BODY)
    status, text = post(cluster.inner["tables"], HEADERS, statement=statement)
    assert status == 200 and "TableNames" in text
    assert cluster.line(cluster.tables, requestId="REQUEST")["client"] == "192.0.2.1"


def test_a_node_refuses_what_no_gateway_said(cluster):
    port = cluster.inner["tables"]

    def said(**changes):
        return statement_for(cluster.key, "POST", "/", HEADERS, BODY, **changes)

    good = said()
    other_target = [HEADERS[0], ("X-Amz-Target", "DynamoDB_20120810.DeleteTable"), HEADERS[2]]
    cases = {
        "stripped": post(port, HEADERS),
        "forged": post(port, HEADERS, statement=statement_for(b"k" * 32, "POST", "/", HEADERS, BODY)),
        "another path": post(port, HEADERS, path="/other", statement=good),
        "another operation": post(port, other_target, statement=good),
        "another body": post(port, HEADERS, body=b'{"Limit": 1}', statement=good),
        "the same again": post(port, HEADERS, statement=good),
        "too old": post(port, HEADERS, statement=said(age=61)),
        "from the future": post(port, HEADERS, statement=said(age=-40)),
        "read otherwise": post(port, HEADERS, statement=said(operation="PutItem")),
        "of another version": post(port, HEADERS, statement="v1" + said()[2:]),
        "nonsense": post(port, HEADERS, statement="v2.AAAA.0000"),
    }
    assert {name: status for name, (status, _) in cases.items()} == dict.fromkeys(cases, 403)
    # A client with good keys is none either: the internal port looks at no signature.
    direct = botocore.config.Config(retries={"total_max_attempts": 1})
    client = cluster.gateway.session().client(
        "dynamodb", endpoint_url=f"http://127.0.0.1:{port}", config=direct)
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        client.list_tables()
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_public_port_hears_no_statement(cluster):
    for server in (cluster.gateway, cluster.tables):
        statement = statement_for(cluster.key, "POST", "/", HEADERS, BODY)
        status, text = post(server.port, HEADERS, statement=statement)
        assert status == 400 and "MissingAuthenticationToken" in text


def test_health_is_told_to_anybody_inside_and_nothing_else(cluster):
    for path, expected in {"/healthz": 200, "/readyz": 200, "/_brume/keys": 403, "/": 403}.items():
        connection = http.client.HTTPConnection("127.0.0.1", cluster.inner["gateway"], timeout=10)
        connection.request("GET", path)
        assert connection.getresponse().status == expected, path


# Access keys of the gateway


def test_a_node_knows_the_gateway_s_keys_within_five_seconds_and_forgets_them_without_it(cluster):
    made = json.loads(cluster.gateway.run("keys", "create", "--output", "json").stdout)
    session = cluster.tables.session(made["accessKeyId"], made["secretAccessKey"])
    client = cluster.tables.client("dynamodb", session=session)

    def answer():
        try:
            client.list_tables()
            return "known"
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    eventually(lambda: answer() == "known", seconds=STALE_SECONDS)
    cluster.gateway.run("keys", "delete", made["accessKeyId"])
    eventually(lambda: answer() == "UnrecognizedClientException", seconds=STALE_SECONDS)
    cluster.gateway.kill()
    try:
        eventually(lambda: answer() == "ServiceUnavailable", seconds=STALE_SECONDS + 2)
    finally:
        cluster.gateway.start()
    root = cluster.tables.client("dynamodb")
    eventually(lambda: "TableNames" in quietly(root.list_tables), seconds=STALE_SECONDS)


def quietly(call):
    try:
        return call()
    except botocore.exceptions.ClientError:
        return {}


# TLS with certificates on both sides


def certificates(folder):
    """An authority, and a certificate of it for the processes of a cluster."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder, timeout=60)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=cluster", "-days", "2")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "node.key",
            "-out", "node.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    openssl("x509", "-req", "-in", "node.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "node.pem", "-days", "2", "-extfile", "names")
    return [
        "--internal-tls-cert", str(folder / "node.pem"), "--internal-tls-key", str(folder / "node.key"),
        "--internal-tls-ca", str(folder / "ca.pem"),
    ]


def test_processes_prove_themselves_to_each_other_by_certificates(cluster, fresh_server, tmp_path):
    options = certificates(tmp_path) + ["--cluster-key-file", str(cluster.key_file)]
    port = free_port()
    fresh_server("--services", "bedrock", "--internal-listen", f"127.0.0.1:{port}", *options)
    gateway = fresh_server("--services", "none", "--upstream", f"bedrock=https://localhost:{port}", *options)
    answer = gateway.client("bedrock-runtime").converse(modelId=ECHO, messages=user("hello"))
    assert answer["output"]["message"]["content"][0]["text"] == "[brume.echo] hello"
    trusting = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=trusting)
        connection.request("GET", "/healthz")
        connection.getresponse()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_node_without_keys_of_its_own_says_where_they_are(cluster):
    refused = cluster.tables.run("env")
    assert refused.returncode == 78 and "run `brume env` there (see identity-url)" in refused.stderr
    looked = cluster.tables.run("doctor")
    assert looked.returncode == 0 and "\nok       access keys: taken from another process" in looked.stdout
    # Nor does its log name its own directory for a key that is to be made.
    with pytest.raises(botocore.exceptions.ClientError, match="UnrecognizedClientException"):
        cluster.tables.client("dynamodb", session=cluster.tables.session("stranger", "any")).list_tables()
    reason = cluster.line(cluster.tables, accessKeyId="stranger")["reason"]
    assert "`brume keys create --access-key-id stranger " in reason and "--data-dir" not in reason


# The settings


def test_what_another_program_in_the_gateways_place_says_fills_no_log(fresh_server, tmp_path):
    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503)
            self.end_headers()
            self.wfile.write(str(time.monotonic()).encode() + b" busy" * 200_000)

        def log_message(self, *_):
            pass

    key = tmp_path / "cluster.key"
    assert Server(tmp_path / "maker").run("keys", "cluster", "--file", str(key)).returncode == 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        node = fresh_server(
            "--services", "dynamodb", "--cluster-key-file", str(key), "--internal-listen", f"127.0.0.1:{free_port()}",
            "--identity-url", f"http://127.0.0.1:{stranger.server_port}", ready=False)
        log = node.data_dir / "logs" / "access.log"
        text = eventually(lambda: log.exists() and " busy" in (text := log.read_text()) and text, seconds=20)
        stranger.shutdown()
    assert len(text) < 10_000


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--services", "dynamo"], "takes names of services: dynamodb, bedrock, sts; dynamo is none of them"),
        (["--upstream", "dynamodb=node:4567", "--cluster-key-file", "/x"], "takes an address for dynamodb"),
        (["--upstream", "sts=http://node:4567"], "need cluster-key-file; `brume keys cluster` creates one"),
        (["--services", "sts", "--upstream", "sts=http://node:4567", "--cluster-key-file", "/x"], "here or there"),
        (["--upstream", "sts=http://node:4567", "--cluster-key-file", "/absent"], "there is no such file"),
        (["--internal-tls-ca", "/x"], "go together"),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path, options, sentence):
    server = Server(tmp_path)
    answer = server.run("start", "--port", "0", *options, timeout=20)
    assert answer.returncode == 78 and sentence in answer.stderr


def test_a_cluster_key_is_private_and_not_replaced(tmp_path):
    server = Server(tmp_path)
    path = server.run("keys", "cluster").stdout.strip()
    assert path == f"{server.data_dir}/identity/cluster.key"
    text = (server.data_dir / "identity" / "cluster.key").read_text()
    assert (server.data_dir / "identity" / "cluster.key").stat().st_mode & 0o777 == 0o600 and len(text) == 65
    assert server.run("keys", "cluster").returncode == 78
    assert (server.data_dir / "identity" / "cluster.key").read_text() == text
