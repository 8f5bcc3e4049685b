"""`brume containers` before an engine whose answers no engine should give."""

import http.server
import json
import socketserver
import threading

import pytest

from brume_server import Server

CONTAINER = {
    "Id": "c1", "Names": ["/node"], "Image": "brume\x1b[31m\nred", "State": "running", "Status": "Up",
    "Labels": {"dev.brume.managed": "true", "dev.brume.services": "sts\x1b[2J"},
}
# Figures beyond all machines, and below zero.
STATISTICS = {
    "memory_stats": {"usage": 5, "limit": -1}, "networks": {"eth0": {"rx_bytes": -7, "tx_bytes": 7}},
    "cpu_stats": {"cpu_usage": {"total_usage": 9_000_000_000_000_000_000}, "system_cpu_usage": 2, "online_cpus": 64},
    "precpu_stats": {"cpu_usage": {"total_usage": 0}, "system_cpu_usage": 1},
}


class Engine(http.server.BaseHTTPRequestHandler):
    """Answers from `answers`, by the end of the path."""

    protocol_version = "HTTP/1.1"
    answers = {"/_ping": "OK", "/info": '{"CgroupDriver":"systemd"}'}

    def address_string(self):
        return "engine"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.split("?")[0]
        body = next((text for end, text in self.answers.items() if path.endswith(end)), "{}").encode()
        self.send_response(200)
        self.send_header("Api-Version", "1.47")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def containers(tmp_path):
    """Runs `brume containers` on an engine that gives these answers: `containers({"/stats": "…"}, "stats")`."""
    servers = []

    def run(answers, *words):
        handler = type("Handler", (Engine,), {"answers": Engine.answers | answers})
        path = str(tmp_path / f"{len(servers)}.sock")
        servers.append(UnixServer(path, handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return Server(tmp_path).run("containers", *words, "--docker-socket", path)

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def test_figures_that_no_engine_should_tell_are_shown_as_far_as_they_go(containers):
    answers = {"/containers/json": json.dumps([CONTAINER]), "/stats": json.dumps(STATISTICS)}
    shown = containers(answers, "stats")
    assert shown.returncode == 0 and "\nnode " in shown.stdout, shown
    told = json.loads(containers(answers, "stats", "--output", "json").stdout)["containers"]
    assert [(one["memoryLimitBytes"], one["networkReceivedBytes"]) for one in told] == [(0, 0)]


def test_what_an_engine_tells_does_not_reach_the_terminal_as_commands(containers):
    shown = containers({"/containers/json": json.dumps([CONTAINER])}, "list")
    assert shown.returncode == 0 and "\x1b" not in shown.stdout
    assert "brume\ufffd[31m red" in shown.stdout and "sts\ufffd[2J" in shown.stdout


def test_an_answer_that_is_no_list_is_told(containers):
    answer = containers({"/containers/json": "{}"}, "list")
    assert answer.returncode == 70 and answer.stderr.endswith("it is no list of containers\n"), answer
