"""`brume model pull` of addresses."""

import hashlib

import pytest

from model_hub import Hub, gguf
from test_model_registry import Models


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path)


@pytest.fixture
def hub():
    with Hub() as running:
        yield running


def test_the_size_of_an_address_is_asked_before_anything_is_fetched(models, hub):
    class Vast(bytes):
        def __len__(self):
            return 1 << 47

    content = gguf()
    hub.add("x/y", "file.gguf", content)
    plan = models.json("pull", f"{hub.network}/x/y/file.gguf", "--dry-run")
    assert plan["bytes"] == plan["files"][0]["bytes"] == len(content)
    hub.add("x/y", "vast.gguf", Vast(content))
    assert "141 TB are needed" in models("pull", f"{hub.network}/x/y/vast.gguf", status=73)
    assert hub.downloads() == []


def test_contents_that_are_here_are_not_asked_of_their_address(models, hub):
    content = gguf()
    hub.add("x/y", "file.gguf", content)
    digest = hashlib.sha256(content).hexdigest()
    models("pull", f"{hub.network}/x/y/file.gguf", "--sha256", digest)
    hub.requests.clear()
    models("pull", f"{hub.network}/x/y/file.gguf", "--sha256", digest, "--name", "other")
    assert models.names() == ["file", "other"] and hub.requests == []
