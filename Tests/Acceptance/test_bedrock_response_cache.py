"""Answers to deterministic requests that are kept (`response-cache-megabytes`), over the real engine."""

import json

import pytest

from brume_server import ENGINE, Server, require_engine
from gguf_models import TEXT, write_model

HEADER = "x-brume-response-cache"


@pytest.fixture(scope="module")
def cached(tmp_path_factory):
    require_engine()
    folder = tmp_path_factory.mktemp("cached")
    write_model(folder / "tiny.gguf")
    with Server(folder, "--engine", ENGINE, "--bedrock-models", f"tiny={folder}/tiny.gguf",
                "--response-cache-megabytes", "8", "--model-context-tokens", "2048") as it:
        yield it


def ask(server, text, **sampling):
    answer = server.client("bedrock-runtime").converse(
        modelId="tiny", messages=[{"role": "user", "content": [{"text": text}]}],
        inferenceConfig={"maxTokens": 200} | sampling)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return answer["output"]["message"]["content"][0]["text"], answer["usage"], headers.get(HEADER)


def test_the_same_request_is_answered_from_the_store_whole_streamed_and_after_a_restart(cached):
    first, usage, state = ask(cached, "one", temperature=0.0)
    assert (first, state) == (TEXT, "miss")
    assert ask(cached, "one", temperature=0.0) == (first, usage, "hit")
    stream = cached.client("bedrock-runtime").converse_stream(
        modelId="tiny", messages=[{"role": "user", "content": [{"text": "one"}]}],
        inferenceConfig={"maxTokens": 200, "temperature": 0.0})
    assert stream["ResponseMetadata"]["HTTPHeaders"][HEADER] == "hit"
    events = list(stream["stream"])
    pieces = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert "".join(pieces) == first and len(pieces) > 40 and events[-1]["metadata"]["usage"] == usage
    cached.kill()
    cached.start()
    assert ask(cached, "one", temperature=0.0) == (first, usage, "hit")


def test_what_is_left_to_chance_or_differs_is_computed(cached):
    assert ask(cached, "two")[2] is None and ask(cached, "two", temperature=0.7)[2] is None
    assert ask(cached, "two", temperature=0.0)[2] == "miss"
    assert ask(cached, "two", temperature=0.0, maxTokens=3)[2] == "miss"
    assert ask(cached, "two", temperature=0.0)[2] == "hit"
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 200, "temperature": 0,
            "messages": [{"role": "user", "content": "two"}]}
    answer = cached.client("bedrock-runtime").invoke_model(modelId="tiny", body=json.dumps(body))
    # The same request in another notation is the same request.
    assert answer["ResponseMetadata"]["HTTPHeaders"][HEADER] == "hit"


def test_hits_are_counted(cached):
    ask(cached, "three", temperature=0.0)
    ask(cached, "three", temperature=0.0)
    rows = json.loads(cached.run("usage", "--output", "json").stdout)
    assert [row["keptResponses"] for row in rows if row["model"] == "tiny"] == [6]


def test_nothing_is_kept_unless_it_is_asked_for(server):
    answer = server.client("bedrock-runtime").converse(
        modelId="brume.echo", messages=[{"role": "user", "content": [{"text": "hi"}]}],
        inferenceConfig={"temperature": 0.0})
    assert HEADER not in answer["ResponseMetadata"]["HTTPHeaders"]
