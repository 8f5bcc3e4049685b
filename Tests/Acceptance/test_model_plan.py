"""`brume model plan`: what a model needs, by its file alone. The files are written by the tests."""

import json
import subprocess

import pytest

from brume_server import BINARY, clean_environment
from gguf_models import write_model
from gguf_shapes import FULL_SIZE, write_shape

GIB = 1 << 30


@pytest.fixture
def plan(tmp_path):
    """Runs the command: `plan(path, "--gpu", "rtx3090")` gives its answer, parsed."""

    def run(path, *words, status=0):
        command = [str(BINARY), "model", "plan", str(path), *words, "--output", "json"]
        answer = subprocess.run(command, env=clean_environment(tmp_path), capture_output=True, text=True, timeout=60)
        assert answer.returncode == status, answer.stderr
        return json.loads(answer.stdout) if answer.stdout else answer.stderr

    return run


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """Files of well-known models' shapes, without weights: they take no room on the disk."""
    folder = tmp_path_factory.mktemp("shapes")
    for name, (architecture, shape) in FULL_SIZE.items():
        write_shape(folder / f"{name}.gguf", architecture, **shape)
    return folder


def test_a_model_that_fits_starts_as_it_is_wished(plan, shapes):
    answer = plan(shapes / "llama-3.1-8b.gguf", "--gpu", "rtx3090", "--context", "16384", "--slots", "2")
    assert answer["decision"] == "start"
    assert (answer["slots"], answer["contextPerSlot"], answer["cacheType"]) == (2, 16384, "f16")
    assert (answer["architecture"], answer["layers"], answer["deviceLayers"]) == ("llama", 32, 33)
    assert answer["steps"] == []
    # 32 layers, 32,768 tokens, 8 heads of 128 numbers of two bytes, keys and values.
    assert answer["deviceCacheBytes"] == 32 * 32768 * 8 * 128 * 2 * 2
    assert answer["deviceBytes"] <= answer["usableBytes"] == 23 * GIB
    assert 100 < answer["tokensPerSecondMaxFull"] < answer["tokensPerSecondMaxEmpty"] < 300


def test_the_default_context_is_said(plan, shapes):
    answer = plan(shapes / "gpt-oss-20b.gguf", "--gpu", "rtx3090")
    assert answer["contextPerSlot"] == 8192
    assert answer["steps"] == ["The context is 8192 tokens per slot, the default."]


def test_experts_go_to_the_host_first(plan, shapes):
    answer = plan(shapes / "qwen3-30b-a3b.gguf", "--gpu", "rtx3060", "--slots", "1")
    assert 0 < answer["hostExpertLayers"] < 48
    assert answer["deviceLayers"] == 49
    assert answer["deviceBytes"] <= answer["usableBytes"]


def test_windows_make_caches_small(plan, shapes):
    answer = plan(shapes / "gemma-3-12b.gguf", "--gpu", "rtx4090", "--context", "32768", "--slots", "1")
    # 8 layers see everything, 40 the last 1,024 tokens and a batch.
    assert answer["deviceCacheBytes"] == (8 * 32768 + 40 * 1536) * 8 * 256 * 2 * 2


def test_a_profile_file_stands_in_for_a_card(plan, shapes, tmp_path):
    profile = tmp_path / "card.json"
    profile.write_text('{"name": "My card", "memoryGiB": 6, "bandwidthGBs": 300}')
    answer = plan(shapes / "llama-3.1-8b.gguf", "--gpu", str(profile))
    assert answer["device"] == "My card"
    assert answer["deviceBytes"] <= 5 * GIB
    assert any("instead of 4: fewer answers" in step for step in answer["steps"])


def test_the_tiny_models_of_the_tests_are_models(plan, tmp_path):
    write_model(tmp_path / "tiny.gguf")
    answer = plan(tmp_path / "tiny.gguf", "--gpu", "none")
    assert (answer["architecture"], answer["quantisation"], answer["layers"]) == ("llama", "F32", 1)
    assert answer["deviceBytes"] == 0
    assert answer["decision"] == "start"


def test_the_same_arguments_write_the_same_model(tmp_path):
    write_model(tmp_path / "one.gguf", width=128, layers=2, thinks=True)
    write_model(tmp_path / "two.gguf", width=128, layers=2, thinks=True)
    assert (tmp_path / "one.gguf").read_bytes() == (tmp_path / "two.gguf").read_bytes()


def test_what_cannot_be_planned_is_said(plan, shapes, tmp_path):
    cut = tmp_path / "cut.gguf"
    with open(shapes / "llama-3.2-1b.gguf", "rb") as whole:
        cut.write_bytes(whole.read(100_000))
    sentence = plan(cut, "--gpu", "rtx3090", status=65)
    assert "the file is incomplete" in sentence
    assert plan(tmp_path / "gone.gguf", status=66) == f"brume: there is no file {tmp_path / 'gone.gguf'}\n"
    sentence = plan(shapes / "llama-3.2-1b.gguf", "--gpu", "rtx1", status=64)
    assert sentence.startswith("brume: rtx1 is neither a known device (rtx3060, ")
    assert sentence.endswith("nor a readable file: the file is not there\n")
    sentence = plan(shapes / "llama-3.2-1b.gguf", "--gpu", shapes / "llama-3.2-1b.gguf", status=64)
    assert "is larger than the 65536 bytes that such a file has" in sentence
    answer = plan(shapes / "llama-3.1-8b.gguf", "--gpu", "none", "--host-memory", "2", status=1)
    assert answer["decision"] == "refuse"
