"""Models are fetched through a proxy that the environment names."""

import base64
import http.server
import socket
import ssl
import subprocess
import threading

import pytest

from brume_server import BINARY, clean_environment
from gguf_models import write_model


class Origin(http.server.BaseHTTPRequestHandler):
    """Serves one file; speaks as a proxy too: whole addresses, and ways through by CONNECT."""
    protocol_version = "HTTP/1.1"
    file = b""
    tls_port = None
    seen = []
    wants = None

    def do_GET(self):
        self.seen.append(("GET", self.path, self.headers.get("Proxy-Authorization")))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.file)))
        self.end_headers()
        self.wfile.write(self.file)

    def do_CONNECT(self):
        self.seen.append(("CONNECT", self.path, self.headers.get("Proxy-Authorization")))
        if self.wants is not None and self.headers.get("Proxy-Authorization") != self.wants:
            self.send_response(407)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(("127.0.0.1", self.tls_port)) as far:
            back = threading.Thread(target=self._copy, args=(far, self.connection), daemon=True)
            back.start()
            self._copy(self.connection, far)
            back.join(5)
        self.close_connection = True

    @staticmethod
    def _copy(source, target):
        try:
            while piece := source.recv(1 << 16):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A proxy, a host with TLS behind it, and the authority that the host's certificate is from."""
    folder = tmp_path_factory.mktemp("proxy")
    write_model(folder / "tiny.gguf")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
         folder / "cert.pem", "-days", "2", "-subj", "/CN=hub.example", "-addext", "subjectAltName=DNS:hub.example"],
        check=True, capture_output=True)
    handler = type("Handler", (Origin,), {"file": (folder / "tiny.gguf").read_bytes(), "seen": []})
    tls = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    tls.socket = context.wrap_socket(tls.socket, server_side=True)
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.tls_port = tls.server_port
    for server in (tls, proxy):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield handler, f"127.0.0.1:{proxy.server_port}", folder / "cert.pem"
    tls.shutdown()
    proxy.shutdown()


@pytest.fixture
def pull(network, tmp_path):
    handler, _, certificate = network
    handler.seen.clear()
    handler.wants = None

    def run(address, **environment):
        return subprocess.run(
            [BINARY, "model", "pull", address, "--name", "tiny", "--data-dir", str(tmp_path / "data"), "--tries", "1"],
            env=clean_environment(tmp_path) | {"SSL_CERT_FILE": str(certificate)} | environment, capture_output=True,
            text=True, timeout=60)
    return run


def test_an_address_without_tls_is_asked_of_the_proxy(network, pull):
    handler, proxy, _ = network
    answer = pull("http://hub.example/tiny.gguf", http_proxy=f"http://{proxy}")
    assert answer.returncode == 0, answer.stderr
    assert {seen[:2] for seen in handler.seen} == {("GET", "http://hub.example/tiny.gguf")}


def test_tls_goes_through_the_proxy_to_the_host(network, pull):
    handler, proxy, _ = network
    handler.wants = "Basic " + base64.b64encode(b"me:a:b").decode()
    answer = pull("https://hub.example/tiny.gguf", HTTPS_PROXY=f"http://me:a%3Ab@{proxy}")
    assert answer.returncode == 0, answer.stderr
    assert ("CONNECT", "hub.example:443", handler.wants) in handler.seen
    assert ("GET", "/tiny.gguf", None) in handler.seen  # the host never sees who the proxy's user is


def test_a_proxy_that_refuses_is_named(network, pull):
    handler, proxy, _ = network
    handler.wants = "Basic other"
    answer = pull("https://hub.example/tiny.gguf", HTTPS_PROXY=f"http://me:secret@{proxy}")
    assert answer.returncode == 68 and f"http://{proxy}" in answer.stderr and "407" in answer.stderr
    assert "secret" not in answer.stderr


@pytest.mark.parametrize("exception", ["*", "hub.example", ".example", "x.org, example", "hub.example:443"])
def test_exceptions_are_reached_directly(network, pull, exception):
    handler, proxy, _ = network
    answer = pull("https://hub.example/tiny.gguf", HTTPS_PROXY=proxy, NO_PROXY=exception)
    assert answer.returncode == 68 and not handler.seen  # the name leads nowhere without the proxy


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "http://pass word"])
def test_other_proxies_are_refused(pull, proxy):
    answer = pull("https://hub.example/tiny.gguf", HTTPS_PROXY=proxy)
    assert answer.returncode == 64 and "https_proxy" in answer.stderr.lower() and "pass word" not in answer.stderr
