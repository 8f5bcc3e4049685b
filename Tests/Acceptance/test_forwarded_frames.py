"""What a node makes of a large body that is changed on its way from the gateway.

Between the two stands a proxy that takes the frames of such a body apart, and does to them what a test says.
"""

import contextlib
import hashlib
import hmac
import socket
import threading

import botocore.exceptions
import pytest

from brume_server import ACCESS_KEY_ID, REGION, Server, free_port
from role_cluster import Cluster, netstring
from waiting import eventually

HEAD_BYTES, CODE_BYTES, PART_BYTES_MAX = 4, 32, 64 << 10
SECONDS_MAX = 20
# Some frames of it, however the gateway reads it.
VALUE = "v" * 390_000


class Tamperer:
    """A TCP proxy in front of a node. Requests whose body comes in chunks have their frames changed."""

    def __init__(self, node):
        self._node = node
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.heads, self.frames = [], []
        self.answered = threading.Event()
        self.change = iter
        threading.Thread(target=self._accept, daemon=True).start()

    def use(self, change):
        self.heads, self.frames = [], []
        self.answered.clear()
        self.change = change

    def close(self):
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                gateway, _ = self._listener.accept()
                node = socket.create_connection(("127.0.0.1", self._node), timeout=SECONDS_MAX)
                for work in (self._requests, self._answers):
                    threading.Thread(target=work, args=(gateway, node), daemon=True).start()

    def _answers(self, gateway, node):
        with contextlib.suppress(OSError), gateway, node:
            while piece := node.recv(1 << 16):
                self.answered.set()
                gateway.sendall(piece)

    def _requests(self, gateway, node):
        with contextlib.suppress(OSError, EOFError), gateway.makefile("rb") as said:
            while head := self._head(said):
                node.sendall(head)
                lower = head.lower()
                if b"\r\ntransfer-encoding: chunked\r\n" in lower:
                    self.heads.append(head)
                    frames = self._frames(said)
                    for frame in self.change(frames):
                        node.sendall(b"%x\r\n%s\r\n" % (len(frame), frame))
                    node.sendall(b"0\r\n\r\n")
                    for _ in frames:
                        pass
                elif b"\r\ncontent-length: " in lower:
                    length = lower.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0]
                    node.sendall(said.read(int(length)))
        with contextlib.suppress(OSError):
            node.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _head(said):
        lines = []
        while line := said.readline():
            lines.append(line)
            if line == b"\r\n":
                break
        return b"".join(lines)

    def _frames(self, said):
        """The frames of a body, whatever chunks they come in."""
        rest = b""

        def take(count):
            nonlocal rest
            while len(rest) < count:
                # Nothing where the gateway has gone, zero at the end of the body.
                size = int(said.readline() or b"0", 16)
                chunk = said.read(size)
                said.readline()
                if size == 0 or len(chunk) < size:
                    raise EOFError
                rest += chunk
            taken, rest = rest[:count], rest[count:]
            return taken

        with contextlib.suppress(EOFError):
            while True:
                head = take(HEAD_BYTES)
                frame = head + take(int.from_bytes(head[1:], "big") + CODE_BYTES)
                self.frames.append(frame)
                yield frame


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A gateway, a node, and what stands between them."""
    folder = tmp_path_factory.mktemp("pair")
    key_file = folder / "cluster.key"
    assert Server(folder / "maker").run("keys", "cluster", "--file", str(key_file)).returncode == 0
    inner = free_port()
    options = ["--cluster-key-file", str(key_file)]
    with Server(
        folder / "node", "--services", "dynamodb", "--internal-listen", f"127.0.0.1:{inner}", *options,
    ) as node:
        between = Tamperer(inner)
        with Server(
            folder / "gateway", "--services", "sts", "--upstream", f"dynamodb=http://127.0.0.1:{between.port}",
            *options,
        ) as gateway:
            client = gateway.client("dynamodb")
            client.create_table(
                TableName="frames", BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            )
            yield between, client, gateway, node, bytes.fromhex(key_file.read_text().strip())
        between.close()


def put(client, key):
    client.put_item(TableName="frames", Item={"k": {"S": key}, "v": {"S": VALUE}})


def found(client, key):
    return client.get_item(TableName="frames", Key={"k": {"S": key}}).get("Item")


def flipped(frame, place):
    return frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1:]


def altered(frames):
    for number, frame in enumerate(frames, 1):
        yield flipped(frame, HEAD_BYTES) if number == 3 else frame


def with_another_code(frames):
    for number, frame in enumerate(frames, 1):
        yield flipped(frame, -1 + len(frame)) if number == 3 else frame


def left_out(frames):
    for number, frame in enumerate(frames, 1):
        if number != 3:
            yield frame


def repeated(frames):
    for number, frame in enumerate(frames, 1):
        yield frame
        if number == 2:
            yield frame


def moved(frames):
    kept = None
    for number, frame in enumerate(frames, 1):
        if number == 3:
            kept = frame
            continue
        yield frame
        if kept:
            yield kept
            kept = None


def cut_off(frames):
    for number, frame in enumerate(frames, 1):
        if number <= 2:
            yield frame


def without_the_last(frames):
    return (frame for frame in frames if frame[0] == 0)


def of_somebody_else(frames):
    for frame in frames:
        if frame[0] == 1:
            frame = frame.replace(b"12:000000000000", b"12:111122223333", 1)
        yield frame


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (altered, "Frame 3 of the body"), (with_another_code, "Frame 3 of the body"),
        (left_out, "Frame 3 of the body"), (repeated, "Frame 3 of the body"), (moved, "Frame 3 of the body"),
        (cut_off, "The body ends after 2 frames"), (without_the_last, "none of them was its last"),
        (of_somebody_else, "of the body is not as the gateway sent it"),
    ],
    ids=lambda value: getattr(value, "__name__", "refused"),
)
def test_a_body_that_is_changed_on_its_way_is_refused_and_nothing_is_written(pair, change, reason):
    between, client, gateway, node, _ = pair
    said = [(gateway, "no node answered"), (node, "forwarded request refused")]
    before = [len(Cluster.lines(server, message=message)) for server, message in said]
    between.use(change)
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        put(client, change.__name__)
    assert failure.value.response["Error"]["Code"] == "ServiceUnavailable"
    between.use(iter)
    assert found(client, change.__name__) is None
    for (server, message), count in zip(said, before):
        lines = eventually(lambda: Cluster.lines(server, message=message)[count:])
        assert len(lines) == 1 and reason in lines[0]["reason"]


def test_a_frame_is_refused_before_the_next_one_is_there(pair):
    between, client, _, _, _ = pair
    answered = []

    def held_back(frames):
        yield next(frames)
        yield flipped(next(frames), HEAD_BYTES + 7)
        # Nothing more, until the node has said what it thinks of it.
        answered.append(between.answered.wait(SECONDS_MAX))

    between.use(held_back)
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        put(client, "held back")
    assert failure.value.response["Error"]["Code"] == "ServiceUnavailable"
    assert eventually(lambda: answered) == [True]
    between.use(iter)
    assert found(client, "held back") is None


def test_frames_are_as_the_documentation_says(pair):
    between, client, _, _, key = pair
    between.use(iter)
    put(client, "kept")
    frames, head = between.frames, between.heads[-1].decode()
    assert len(frames) > 4 and found(client, "kept")["v"] == {"S": VALUE}
    statement = next(line for line in head.split("\r\n") if line.lower().startswith("x-brume-forwarded: "))
    version, _, code = statement.split(": ")[1].split(".")
    assert version == "v2"
    frame_key = hmac.new(key, b"brume-frame-1", hashlib.sha256).digest()
    previous, body, texts = bytes.fromhex(code), b"", b""
    for number, frame in enumerate(frames, 1):
        payload = frame[HEAD_BYTES:-CODE_BYTES]
        assert frame[0] == (1 if number == len(frames) else 0) and len(payload) <= PART_BYTES_MAX
        if frame[0] == 0:
            body += payload
        else:
            texts = payload
        text = previous + number.to_bytes(8, "big") + frame[:HEAD_BYTES] + hashlib.sha256(body).digest() + texts
        previous = hmac.new(frame_key, text, hashlib.sha256).digest()
        assert frame[-CODE_BYTES:] == previous
    assert body.endswith(VALUE.encode() + b'"}}}')
    assert texts == netstring(
        "root", "000000000000", "arn:aws:iam::000000000000:root", "000000000000", ACCESS_KEY_ID, REGION)
