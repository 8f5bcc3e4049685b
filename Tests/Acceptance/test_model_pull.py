"""`brume model pull`: addresses, and Ctrl-C."""

import contextlib
import hashlib
import os
import signal
import subprocess
import threading

import pytest

from brume_server import BINARY
from model_hub import Hub, gguf
from test_model_registry import Models


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path)


@pytest.fixture
def hub():
    with Hub() as running:
        yield running


class Vast(bytes):
    """A few bytes that say that they are many."""

    count = 1 << 47

    def __len__(self):
        return self.count


def test_the_size_of_an_address_is_asked_before_anything_is_fetched(models, hub):
    content = gguf()
    hub.add("x/y", "file.gguf", content)
    plan = models.json("pull", f"{hub.network}/x/y/file.gguf", "--dry-run")
    assert plan["bytes"] == plan["files"][0]["bytes"] == len(content)
    hub.add("x/y", "vast.gguf", Vast(content))
    vast = f"{hub.network}/x/y/vast.gguf"
    assert "141 TB are needed" in models("pull", vast, status=73)
    # What an interrupted pull has left is replaced, so its room counts.
    name = f"address-{hashlib.sha256(vast.encode()).hexdigest()}"
    with open(models.data_dir / "models" / "partial" / name, "wb") as left:
        left.truncate(1 << 43)
    assert "132 TB are needed" in models("pull", vast, status=73)
    assert hub.downloads() == []


def test_of_what_is_no_model_little_is_looked_at(models, hub):
    looks = lambda: [seen[3]["Range"] for seen in hub.requests if seen[3].get("Range", "").startswith("bytes=0-")]
    hub.add("x/y", "file.gguf", b"<html>" + bytes(5 << 20))
    models.json("pull", f"{hub.network}/x/y/file.gguf", "--dry-run")
    assert [look for look in looks() if look != "bytes=0-0"] == [f"bytes=0-{(4 << 20) - 1}"]


@pytest.mark.parametrize("count", [1 << 62, (1 << 63) - 1])
def test_a_size_that_no_file_has_is_not_believed(models, hub, count):
    class Absurd(Vast):
        pass

    Absurd.count = count
    hub.add("x/y", "file.gguf", Absurd(gguf()))
    plan = models.json("pull", f"{hub.network}/x/y/file.gguf", "--dry-run")
    assert plan["bytes"] is None


def test_contents_that_are_here_are_not_asked_of_their_address(models, hub):
    content = gguf()
    hub.add("x/y", "file.gguf", content)
    digest = hashlib.sha256(content).hexdigest()
    models("pull", f"{hub.network}/x/y/file.gguf", "--sha256", digest)
    hub.requests.clear()
    models("pull", f"{hub.network}/x/y/file.gguf", "--sha256", digest, "--name", "other")
    assert models.names() == ["file", "other"] and hub.requests == []


@contextlib.contextmanager
def stalled_pull(models, hub, stderr):
    """A pull whose host has fallen silent in the middle of the file."""
    begun, ended = threading.Event(), threading.Event()

    def stall(handler, content):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:100_000])
        begun.set()
        ended.wait(30)

    hub.add("org/repo", "m-Q4_K_M.gguf", gguf(), faults=[stall])
    words = [BINARY, "model", "pull", "hf.co/org/repo", "--endpoint", hub.url]
    with subprocess.Popen(
        words, env=models.environment, stdout=subprocess.DEVNULL, stderr=stderr, text=True,
        # Whoever runs this in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            assert begun.wait(30)
            yield process
        finally:
            ended.set()
            process.kill()


def test_a_pull_that_is_stopped_says_how_to_continue(models, hub):
    with stalled_pull(models, hub, subprocess.PIPE) as process:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1].splitlines()
    # By the signal itself, so that a script that runs the command ends too; a shell's status is 130.
    assert (process.returncode, said[-1]) == (-signal.SIGINT, "stopped; run the same command again to continue")
    assert models.names() == []
    models("pull", "hf.co/org/repo", "--endpoint", hub.url)


def test_a_pull_is_stopped_also_where_nobody_reads_what_it_says(models, hub):
    reader, writer = os.pipe()
    try:
        with stalled_pull(models, hub, writer) as process:
            os.set_blocking(writer, False)
            for count in (4096, 1):
                with contextlib.suppress(BlockingIOError):
                    while True:
                        os.write(writer, b"x" * count)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == -signal.SIGINT
    finally:
        os.close(reader)
        os.close(writer)
