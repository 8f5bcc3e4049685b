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

import botocore.config
import botocore.exceptions
import httpx
import pytest

from brume_server import Server
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
