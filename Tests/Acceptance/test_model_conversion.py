"""`brume model import --from safetensors`: embedding models as Hugging Face's libraries keep them."""

import json
import math
import os
import struct
import subprocess
import sys

import pytest

from brume_server import BINARY
from test_model_registry import Models

# Runs a command and prints the most KiB that it took. Not from the tests' process itself, of which a child is a copy
# until it begins, so that its maximum would be at least theirs.
MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path)


def tiny_bert(folder, layers=2, width=32):
    """Writes a small model as Hugging Face's libraries keep it."""
    words = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "##s", "world")
    shapes = {
        "embeddings.word_embeddings.weight": (len(words), width), "embeddings.position_embeddings.weight": (64, width),
        "embeddings.token_type_embeddings.weight": (2, width), "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    for layer in range(layers):
        for name, rows, columns in (
            ("attention.self.query", width, width), ("attention.self.key", width, width),
            ("attention.self.value", width, width), ("attention.output.dense", width, width),
            ("intermediate.dense", 2 * width, width), ("output.dense", width, 2 * width),
        ):
            shapes[f"encoder.layer.{layer}.{name}.weight"] = (rows, columns)
            shapes[f"encoder.layer.{layer}.{name}.bias"] = (rows,)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"encoder.layer.{layer}.{name}.weight"] = shapes[f"encoder.layer.{layer}.{name}.bias"] = (width,)
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, shape in shapes.items():
        count = math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *(math.sin(number) for number in range(count)))
    text = json.dumps(header).encode()
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "num_hidden_layers": layers, "hidden_size": width, "intermediate_size": 2 * width,
        "num_attention_heads": 4, "max_position_embeddings": 64, "vocab_size": len(words), "layer_norm_eps": 1e-12,
        "type_vocab_size": 2,
    }))
    return folder


def test_an_embedding_model_is_converted(models, tmp_path):
    folder = tiny_bert(tmp_path / "bert")
    record = models.json("import", "--from", "safetensors", folder, "--name", "tiny")
    assert (record["kind"], record["architecture"], record["contextTokens"]) == ("embedding", "bert", 64)
    assert record["quantisation"] == "F16"
    assert models("show", "tiny", "--verify")
    assert os.listdir(models.data_dir / "models/partial") == []


def with_header(folder, header):
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)


@pytest.mark.parametrize("spoil, sentence", [
    (lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 8), "longer than the file"),
    (lambda folder: with_header(folder, b" " * ((4 << 20) + 1)), "or than 4194304 bytes"),
    (lambda folder: with_header(folder, b'{"a":[' + b"1," * ((2 << 20) - 5) + b"1]}"), "no JSON object of tensors"),
    (lambda folder: (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-4]),
     "is not in it as the header says"),
    (lambda folder: (folder / "config.json").write_text("{"), "is not JSON"),
    (lambda folder: (folder / "config.json").write_text('{"model_type": "t5"}'), "only bert can be converted"),
    (lambda folder: (folder / "config.json").write_text((folder / "config.json").read_text().replace(
        '"type_vocab_size": 2', '"type_vocab_size": -1')), "has no valid type_vocab_size"),
    (lambda folder: (folder / "vocab.txt").write_text("a\n"), "has no [UNK]"),
    (lambda folder: (folder / "vocab.txt").unlink(), "there is no"),
], ids=["length", "long", "values", "cut", "config", "kind", "types", "vocabulary", "missing"])
def test_what_cannot_be_converted(models, tmp_path, spoil, sentence):
    folder = tiny_bert(tmp_path / "bert")
    spoil(folder)
    command = [BINARY, "model", "import", "--from", "safetensors", folder, "--name", "tiny"]
    importing = subprocess.run(
        [sys.executable, "-c", MEASURED, *command], env=models.environment, capture_output=True, text=True, check=False)
    assert importing.returncode in (64, 65, 66) and sentence in importing.stderr
    # However many values a header or a configuration has.
    assert (int(importing.stdout.split()[-1]) << 10) < 300e6
    assert models.names() == []
