"""`brume model import --copy`: what it copies no longer changes with the original."""

import signal
import struct
import subprocess

import pytest

from brume_server import BINARY
from gguf_writer import F32, INT32, UINT16, UINT32, GGUFWriter
from model_hub import gguf
from test_model_registry import Models


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path)


@pytest.mark.parametrize("words", [
    ("--name", "mine", "--replace", "--copy"),
    ("--name", "mine", "--copy"),
    ("--name", "other", "--copy"),
])
def test_a_copy_takes_the_place_of_a_hard_link(models, tmp_path, words):
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf())
    record = models.json("import", path, "--name", "mine")
    blob = models.data_dir / "models/blobs" / record["digest"]
    assert blob.stat().st_nlink == 2
    assert "copied" in models("import", path, *words)
    assert blob.stat().st_nlink == 1 and path.stat().st_nlink == 1
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    models("show", words[1], "--verify")


def test_an_import_that_is_stopped_says_what_is_left(models, tmp_path):
    # Four GiB of nothing: checking them takes longer than the signal.
    rows = 1 << 25
    path = tmp_path / "mine.gguf"
    content = gguf(700)
    shape = struct.pack("<IQQ", 2, 32, (700 - 600) // 128 or 1)
    head = content[:-128].replace(shape, struct.pack("<IQQ", 2, 32, rows), 1)
    path.write_bytes(head)
    with path.open("r+b") as file:
        file.truncate(len(head) + 128 * rows)
    with subprocess.Popen(
        [BINARY, "model", "import", path], env=models.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
        # Whoever runs this in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert any("checking mine.gguf" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().splitlines()
    assert (process.returncode, said[-1]) == (
        -signal.SIGINT, "stopped; nothing was imported; run the same command again, which starts over")
    assert models.names() == []
    path.write_bytes(content)
    models("import", path)
    assert [name for name in (models.data_dir / "models/partial").iterdir()] == []


def test_a_link_leaves_a_copy_where_it_is(models, tmp_path):
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf())
    record = models.json("import", path, "--copy")
    blob = models.data_dir / "models/blobs" / record["digest"]
    models("import", path, "--name", "other")
    assert blob.stat().st_nlink == 1


def test_the_parts_of_a_model_are_copied_as_well(models, tmp_path):
    parts = [tmp_path / f"m-0000{number}-of-00002.gguf" for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        with GGUFWriter(part) as writer:
            if number == 1:
                for key, value in {"general.architecture": "llama", "general.name": "parts"}.items():
                    writer.key(key, value)
                for key, value in {"block_count": 1, "context_length": 64, "embedding_length": 32,
                                   "attention.head_count": 2, "feed_forward_length": 64}.items():
                    writer.key(f"llama.{key}", UINT32, value)
            writer.key("split.no", UINT16, number - 1)
            writer.key("split.count", UINT16, 2)
            writer.key("split.tensors.count", INT32, 2)
            writer.tensor(f"blk.0.part{number}.weight", (32, 32), F32, bytes([number]))
    models("import", parts[0], "--name", "mine")
    models("import", parts[0], "--name", "mine", "--replace", "--copy")
    assert [part.stat().st_nlink for part in parts] == [1, 1]
    for part in parts:
        part.write_bytes(b"something else")
    models("show", "mine", "--verify")
