"""TLS, HTTP/2 and plain HTTP on one port, with the certificate that `brume env` names."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import h2.connection
import h2.settings
import httpx
import pytest

from brume_server import REGION, Server
from waiting import eventually


@pytest.fixture(scope="module")
def trusted(server):
    """A TLS context that trusts only the authority of `brume env`."""
    return ssl.create_default_context(cafile=server.client_environment()["AWS_CA_BUNDLE"])


def test_http2_is_chosen_by_a_client_that_offers_it(server, trusted):
    with httpx.Client(http2=True, verify=trusted) as client:
        answer = client.get(f"https://localhost:{server.port}/healthz")
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")


def test_a_head_over_the_limit_is_refused_with_431_over_http2_too(server, trusted):
    with httpx.Client(http2=True, verify=trusted) as client:
        health = f"https://localhost:{server.port}/healthz"
        for letters, status in ((0, 200), (50_000, 200), (70_000, 431), (100_000, 431), (0, 200)):
            answer = client.get(health, headers={"X-Long": "a" * letters})
            assert (answer.status_code, answer.http_version) == (status, "HTTP/2"), letters
        # What is not even read ends the connection.
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(health, headers={"X-Long": "a" * 200_000})


def test_a_long_head_may_be_the_first_of_an_http2_connection(server, trusted):
    with httpx.Client(http2=True, verify=trusted) as client:
        health = f"https://localhost:{server.port}/healthz"
        for letters, status in ((50_000, 200), (0, 200)):
            answer = client.get(health, headers={"X-Long": "a" * letters})
            assert (answer.status_code, answer.http_version) == (status, "HTTP/2"), letters


def test_http1_over_tls_serves_a_client_without_http2(server, trusted):
    with httpx.Client(http2=False, verify=trusted) as client:
        answer = client.get(f"https://localhost:{server.port}/healthz")
    assert (answer.status_code, answer.http_version) == (200, "HTTP/1.1")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "dynamodb.localhost"])
def test_the_certificate_holds_for_the_names_of_this_machine(server, trusted, host):
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        with trusted.wrap_socket(plain, server_hostname=host) as connection:
            assert connection.version() == "TLSv1.3"


def test_a_client_that_does_not_know_the_authority_refuses(server):
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(f"https://localhost:{server.port}/healthz", verify=ssl.create_default_context())


def test_the_authority_outlives_a_restart(fresh_server):
    server = fresh_server()
    bundle = server.client_environment()["AWS_CA_BUNDLE"]
    before = open(bundle, encoding="ascii").read()
    server.restart()
    assert open(bundle, encoding="ascii").read() == before
    context = ssl.create_default_context(cadata=before)
    assert httpx.get(f"https://localhost:{server.port}/healthz", verify=context).status_code == 200


def test_old_tls_is_refused(server, trusted):
    context = ssl.create_default_context(cafile=server.client_environment()["AWS_CA_BUNDLE"])
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", server.port)) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize("certificate, key, sentence", [
    ("server.pem", "ca.key", "{folder}/ca.key is not the key of {folder}/server.pem"),
    ("server.key", "server.key", "{folder}/server.key is not usable: it holds no whole certificate in PEM"),
    ("server.pem", "server.pem", "{folder}/server.pem is not usable: it holds no private key in PEM"),
    ("server.pem", "locked.key", "{folder}/locked.key is not usable: it is locked with a password"),
    ("server.pem", "absent.key", "Cannot read {folder}/absent.key: No such file or directory"),
])
def test_a_certificate_that_cannot_be_used_is_told_by_its_file(server, tmp_path, certificate, key, sentence):
    folder = tmp_path / "tls"
    shutil.copytree(server.data_dir / "tls", folder)
    locking = ["openssl", "pkey", "-in", "server.key", "-aes128", "-passout", "pass:locked", "-out", "locked.key"]
    subprocess.run(locking, cwd=folder, check=True, capture_output=True, timeout=60)
    words = ["--port", "0", "--tls-cert", str(folder / certificate), "--tls-key", str(folder / key)]
    answer = Server(tmp_path).run("start", *words, timeout=20)
    assert answer.returncode == 78 and sentence.format(folder=folder) in answer.stderr, answer


def test_a_certificate_that_is_replaced_by_half_is_kept_and_told(fresh_server, server, tmp_path):
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    for path in (certificate, key):
        shutil.copy(server.data_dir / "tls" / path.name, path)
    own = fresh_server("--tls-cert", certificate, "--tls-key", key)

    def reread():
        said = own.log_path.stat().st_size
        own.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while "certificate " not in (lines := own.log_path.read_text()[said:]):
            assert time.monotonic() < deadline, own.log_tail()
            time.sleep(0.01)
        return lines

    other = (server.data_dir / "tls" / "ca.key").read_text()
    key.write_text(other)
    assert f"certificate kept: TLS refuses the certificate and its key: {key} is not the key of" in reread()
    shutil.copy(server.data_dir / "tls" / "server.key", key)
    assert "certificate read again\n" in reread()


def test_a_pipe_in_a_certificates_place_holds_up_neither_the_next_reading_nor_a_stop(fresh_server):
    own = fresh_server()
    certificate = own.data_dir / "tls" / "server.pem"
    text = certificate.read_text()

    def reread(sentence):
        own.process.send_signal(signal.SIGHUP)
        eventually(lambda: sentence in own.log_path.read_text(), seconds=20)

    certificate.unlink()
    os.mkfifo(certificate)
    reread(f"certificate kept: Cannot read {certificate}: it had no end within 5 seconds")
    certificate.unlink()
    certificate.write_text(text)
    reread("certificate read again\n")
    assert own.stop() == 0


def test_bytes_that_are_neither_tls_nor_http_do_not_hang(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as connection:
        connection.sendall(b"\x16\x03\x01\x00\x05hello and no handshake")
        while connection.recv(4096):
            pass
    assert server.get("/healthz").status == 200


@pytest.mark.parametrize("http2", [False, True])
def test_a_client_that_keeps_its_connection_does_not_hold_up_a_stop(fresh_server, http2):
    server = fresh_server()
    trusted = ssl.create_default_context(cafile=server.client_environment()["AWS_CA_BUNDLE"])
    with httpx.Client(http2=http2, verify=trusted) as client:
        assert client.get(f"https://localhost:{server.port}/healthz").status_code == 200
        begun = time.monotonic()
        assert server.stop() == 0
        # HTTP/2 waits for an answer to its GOAWAY.
        assert time.monotonic() - begun < (5 if http2 else 2)
    assert "ERROR" not in server.log_tail()


def test_what_is_cut_at_the_end_of_a_drain_ends_at_once(fresh_server, tmp_path):
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"rules": [{"name": "held", "delayMilliseconds": 60_000, "reply": "late"}]}))
    server = fresh_server("--bedrock-rules", rules, "--drain-seconds", "1")
    client = server.session().client(
        "bedrock-runtime", endpoint_url=f"https://localhost:{server.port}",
        verify=server.client_environment()["AWS_CA_BUNDLE"],
        config=botocore.config.Config(retries={"total_max_attempts": 1}))
    errors = []

    def ask():
        try:
            client.converse(modelId="brume.echo", messages=[{"role": "user", "content": [{"text": "Hello"}]}])
        except botocore.exceptions.HTTPClientError as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    deadline = time.monotonic() + 10
    while b"brume_edge_requests_in_flight 2\n" not in server.get("/metrics").read():
        assert time.monotonic() < deadline, "the request and that for the metrics are under way"
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 3
    asking.join()
    assert len(errors) == 1
    assert "ERROR" not in server.log_tail(), "nothing goes on when the server's threads have ended"


def converse(server, text):
    """Header fields and body of a signed Converse request."""
    session = server.session()
    host = f"localhost:{server.port}"
    path = "/model/brume.echo/converse"
    body = json.dumps({
        "messages": [{"role": "user", "content": [{"text": text}]}], "inferenceConfig": {"maxTokens": 60_000},
    }).encode()
    request = botocore.awsrequest.AWSRequest(
        "POST", f"https://{host}{path}", data=body, headers={"Content-Type": "application/json", "Host": host})
    botocore.auth.SigV4Auth(session.get_credentials(), "bedrock", REGION).add_auth(request)
    fields = {name.lower(): value for name, value in request.headers.items() if name.lower() != "host"}
    return [(":method", "POST"), (":scheme", "https"), (":authority", host), (":path", path),
            ("content-length", str(len(body))), *fields.items()], body


def slow_answer(connection):
    """The answer on stream 1, whose client rests after its first bytes; h2 takes no frame after a GOAWAY."""
    waiting, body = b"", b""
    while True:
        piece = connection.recv(8192)
        assert piece, f"cut after {len(body)} bytes"
        waiting += piece
        while len(waiting) >= 9 and len(waiting) >= 9 + (length := int.from_bytes(waiting[:3], "big")):
            kind, flags, content = waiting[3], waiting[4], waiting[9:9 + length]
            waiting = waiting[9 + length:]
            if kind == 6 and not flags & 1:
                connection.sendall(b"\0\0\x08\x06\x01\0\0\0\0" + content)
            if kind != 0:
                continue
            if not body:
                time.sleep(1)
            body += content
            if flags & 1:
                return body
            connection.sendall(b"\0\0\x04\x08\0\0\0\0\0" + max(length, 1).to_bytes(4, "big"))


@pytest.mark.parametrize("secure", [True, False])
def test_a_slow_client_gets_the_end_of_an_answer_that_was_under_way_at_a_stop(fresh_server, tmp_path, secure):
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"rules": [{"name": "held", "delayMilliseconds": 1000}]}))
    server = fresh_server("--bedrock-rules", rules)
    text = " ".join(["word" * 1000] * 200)
    fields, body = converse(server, text)
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    plain.settimeout(20)
    plain.connect(("localhost", server.port))
    context = ssl.create_default_context(cafile=server.client_environment()["AWS_CA_BUNDLE"])
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(plain, server_hostname="localhost") if secure else plain as connection:
        client = h2.connection.H2Connection()
        client.initiate_connection()
        # Room for the whole answer, so that it ends for the server before the client has read it.
        client.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 4 << 20})
        client.increment_flow_control_window(4 << 20)
        client.send_headers(1, fields)
        connection.sendall(client.data_to_send())
        for start in range(0, len(body), client.max_outbound_frame_size):
            while client.local_flow_control_window(1) < client.max_outbound_frame_size:
                connection.sendall(client.data_to_send())
                client.receive_data(connection.recv(8192))
            piece = body[start:start + client.max_outbound_frame_size]
            client.send_data(1, piece, end_stream=start + len(piece) == len(body))
        connection.sendall(client.data_to_send())
        status = []
        stopping = threading.Thread(target=lambda: status.append(server.stop()))
        stopping.start()
        answer = json.loads(slow_answer(connection))
    # Compared first, because pytest would look for the difference for minutes.
    is_whole = answer["output"]["message"]["content"][0]["text"].endswith(text)
    assert is_whole
    stopping.join()
    assert status == [0]
