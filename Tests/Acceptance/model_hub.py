"""A hub for tests: Hugging Face's protocol on a port of this machine, with faults on demand.

    with Hub() as hub:
        hub.add("org/repo", "model-Q4_K_M.gguf", gguf(), faults=[cut_after(1000)])
        ...brume model pull hf.co/org/repo --endpoint hub.url
        hub.requests       # every request: (server, method, path, headers)

Two servers listen: the hub itself, and the content network that it sends downloads to. A fault is a function that is
given the handler of a download and the bytes that were asked for; it answers in place of the content network, once.
"""

import hashlib
import http.server
import json
import socket
import struct
import threading
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def gguf(size=200_000, seed=1):
    """Bytes that begin as a model in GGUF does: metadata of a small llama and one tensor that fills the rest."""
    def text(value):
        raw = value.encode()
        return struct.pack("<Q", len(raw)) + raw

    def entry(key, kind, packed):
        return text(key) + struct.pack("<I", kind) + packed

    count = max(1, (size - 600) // 128) * 32
    entries = [
        entry("general.architecture", 8, text("llama")),
        entry("general.name", 8, text(f"test {seed}")),
        entry("general.file_type", 4, struct.pack("<I", 0)),
        entry("llama.context_length", 4, struct.pack("<I", 4096)),
        entry("llama.embedding_length", 4, struct.pack("<I", 32)),
        entry("llama.block_count", 4, struct.pack("<I", 1)),
        entry("llama.attention.head_count", 4, struct.pack("<I", 2)),
        entry("llama.feed_forward_length", 4, struct.pack("<I", 64)),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(entries)) + b"".join(entries)
    head += text("token_embd.weight") + struct.pack("<IQQIQ", 2, 32, count // 32, 0, 0)
    head += bytes(-len(head) % 32)
    pattern = hashlib.sha256(str(seed).encode()).digest()
    data = (pattern * (count * 4 // 32 + 1))[: count * 4]
    return head + data


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.hub.requests.append((self.server.role, self.command, self.path, dict(self.headers)))
        self.close_connection = True
        try:
            self.server.answer(self)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def reply(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def range_start(self):
        asked = self.headers.get("Range")
        return int(asked.removeprefix("bytes=").split("-")[0]) if asked else None

    @property
    def is_look(self):
        """Whether only the beginning of a file is asked for, to see what it is."""
        return self.headers.get("Range", "").startswith("bytes=0-")

    def give(self, content):
        """The content, or the piece of it that was asked for."""
        start = self.range_start()
        if start is None:
            self.reply(200, content)
        elif start >= len(content):
            self.reply(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        else:
            end = self.headers["Range"].split("-")[1]
            piece = content[start:int(end) + 1] if end else content[start:]
            last = start + len(piece) - 1
            self.reply(206, piece, {"Content-Range": f"bytes {start}-{last}/{len(content)}"})

    def cut(self):
        """Ends the connection at once, in the middle of whatever it is in."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def cut_after(count):
    """Announces everything and gives so many bytes."""
    def fault(handler, content):
        start = handler.range_start() or 0
        piece = content[start:]
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(piece)))
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.end_headers()
        handler.wfile.write(piece[:count])
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)
    return fault


def answers(status, headers=None):
    """Answers with a status and nothing else."""
    return lambda handler, content: handler.reply(status, b"", headers)


def gives(other):
    """Gives other bytes than the hub announced."""
    return lambda handler, content: handler.give(other)


def ignores_range(handler, content):
    """Gives everything, whatever piece was asked for."""
    handler.reply(200, content)


def says_length(count):
    """Says that the file has another length, in a piece or whole."""
    def fault(handler, content):
        start = handler.range_start()
        if start is None:
            handler.reply(200, content, {"Content-Length": str(count)})
        else:
            handler.reply(206, content[start:], {"Content-Range": f"bytes {start}-{count - 1}/{count}"})
    return fault


def too_much(handler, content):
    """Gives more than there is, without a length."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for piece in (content, b"x" * 4096):
        handler.wfile.write(b"%x\r\n" % len(piece) + piece + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


class Hub:
    """Repositories, and the two servers that give them out."""

    def __init__(self, token=None):
        self.token = token
        self.files = {}
        self.faults = {}
        self.requests = []
        self.hub_faults = []
        self.license = "apache-2.0"
        self._servers = []

    def __enter__(self):
        self.url = self._serve("hub", self._answer_hub)
        self.network = self._serve("network", self._answer_network)
        return self

    def __exit__(self, *_):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def add(self, repository, path, content, faults=(), sha256=None, size=None):
        """Puts a file into a repository; sha256 and size are what the hub says of it, the truth unless told."""
        digest = sha256 or hashlib.sha256(content).hexdigest()
        self.files.setdefault(repository, {})[path] = (content, digest, size or len(content))
        self.faults[path] = list(faults)

    def downloads(self, role="network"):
        """The requests for contents that a server saw, but for looks at a beginning."""
        return [
            request for request in self.requests
            if request[0] == role and "/api/" not in request[2]
            and not request[3].get("Range", "").startswith("bytes=0-")
        ]

    def _serve(self, role, answer):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        server.daemon_threads = True
        server.hub, server.role, server.answer = self, role, answer
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._servers.append(server)
        # Another name for another host: a token for one must not reach the other.
        return f"http://{'127.0.0.1' if role == 'hub' else 'localhost'}:{server.server_port}"

    def _answer_hub(self, handler):
        if self.hub_faults:
            return self.hub_faults.pop(0)(handler, b"")
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            return handler.reply(401, b"", {"X-Error-Code": "GatedRepo"})
        path = urllib.parse.unquote(urllib.parse.urlsplit(handler.path).path)
        parts = path.strip("/").split("/")
        if parts[0] == "api":
            return self._answer_api(handler, "/".join(parts[2:4]))
        repository, name = "/".join(parts[:2]), "/".join(parts[4:])
        if name not in self.files.get(repository, {}):
            return handler.reply(404, b"", {"X-Error-Code": "EntryNotFound"})
        _, digest, size = self.files[repository][name]
        return handler.reply(302, b"", {
            "Location": f"{self.network}/{repository}/{name}?signature=secret", "X-Linked-Etag": f'"{digest}"',
            "X-Linked-Size": str(size), "X-Repo-Commit": COMMIT,
        })

    def _answer_api(self, handler, repository):
        if repository not in self.files:
            return handler.reply(404, b'{"error":"Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        siblings = [
            {"rfilename": path, "size": size, "blobId": "0" * 40,
             "lfs": {"sha256": digest, "size": size, "pointerSize": 135}}
            for path, (_, digest, size) in self.files[repository].items()
        ]
        answer = {"id": repository, "sha": COMMIT, "cardData": {"license": self.license}, "siblings": siblings}
        return handler.reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _answer_network(self, handler):
        parts = urllib.parse.unquote(urllib.parse.urlsplit(handler.path).path).strip("/").split("/")
        repository, name = "/".join(parts[:2]), "/".join(parts[2:])
        content = self.files[repository][name][0]
        faults = [] if handler.is_look else self.faults.get(name, [])
        return faults.pop(0)(handler, content) if faults else handler.give(content)
