"""What CloudWatch would have of models (AWS/Bedrock), as /metrics tells it where it may."""

import concurrent.futures
import json
import re

import botocore.exceptions
import pytest

from brume_server import ENGINE, require_engine
from gguf_models import write_model

CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
RULES = [
    {"name": "busy", "prompt": "busy", "error": {"code": "ThrottlingException"}},
    {"name": "fails", "prompt": "fails", "error": {"code": "ModelErrorException"}},
    {"name": "cut", "prompt": "cut", "error": {"code": "ModelStreamErrorException", "afterPieces": 1}},
]


def measured(server, model):
    """(sum, number of samples) of each metric of a model."""
    text = server.get("/metrics").read().decode()
    found = {}
    for name, part, labels, value in re.findall(r"^aws_bedrock_(\w+)_(sum|count)\{(.*)\} (\S+)$", text, re.MULTILINE):
        given = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if model in given.values():
            found.setdefault(name, {})[part] = float(value)
    return {name: (parts["sum"], parts["count"]) for name, parts in found.items()}


def user(text):
    return [{"role": "user", "content": [{"text": text}]}]


@pytest.fixture
def server(fresh_server, tmp_path):
    require_engine()
    write_model(tmp_path / "tiny.gguf")
    (tmp_path / "rules.json").write_text(json.dumps({"rules": RULES}))
    return fresh_server(
        "--table-metrics", "true", "--engine", ENGINE, "--bedrock-models", f"tiny={tmp_path / 'tiny.gguf'}",
        "--bedrock-aliases", "anthropic.*=tiny", "--bedrock-rules", str(tmp_path / "rules.json"), "--model-slots", "1",
        "--model-context-tokens", "2048")


def test_models_are_not_named_unless_asked_for(fresh_server):
    server = fresh_server()
    server.client("bedrock-runtime").converse(modelId="brume.echo", messages=user("hi"))
    assert "aws_bedrock" not in server.get("/metrics").read().decode()


def test_what_a_model_is_asked_and_answers_is_counted(server):
    bedrock = server.client("bedrock-runtime")
    system = [{"text": "weather in the village " * 40}, {"cachePoint": {"type": "default"}}]
    usages = [bedrock.converse(modelId=CLAUDE, system=system, messages=user("hello"))["usage"] for _ in range(2)]
    events = list(bedrock.converse_stream(modelId=CLAUDE, messages=user("hello"))["stream"])
    usages.append(events[-1]["metadata"]["usage"])
    found = measured(server, CLAUDE)
    assert found["invocations"] == (3, 3)
    for name, member in (("input_token_count", "inputTokens"), ("output_token_count", "outputTokens")):
        assert found[name] == (sum(usage[member] for usage in usages), 3)
    for name, member in (
        ("cache_read_input_tokens", "cacheReadInputTokens"), ("cache_write_input_tokens", "cacheWriteInputTokens"),
    ):
        assert found[name] == (sum(usage[member] for usage in usages[:2]), 2)
    latency, first = found["invocation_latency"], found["time_to_first_token"]
    assert latency[1] == first[1] == found["output_tokens_per_second"][1] == 3
    assert 0 < first[0] < latency[0] and found["output_tokens_per_second"][0] > 0
    assert found["queue_time"][0] > 0, "the first one waited for the model to load"
    assert not [name for name in found if name.endswith(("errors", "throttles"))]


def test_who_waits_for_a_turn_has_queued(server):
    bedrock = server.client("bedrock-runtime")
    bedrock.converse(modelId="tiny", messages=user("hello"))
    before = measured(server, "tiny")["queue_time"][0]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: bedrock.converse(modelId="tiny", messages=user(f"hello {n}")), range(4)))
    assert measured(server, "tiny")["queue_time"][0] > before


def test_how_a_request_fails_is_counted(server):
    bedrock = server.client("bedrock-runtime")
    for text in ("busy", "fails", "hello"):
        request = {"modelId": CLAUDE, "messages": user(text)}
        if text == "hello":
            request["toolConfig"] = {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {}}}}]}
        with pytest.raises(botocore.exceptions.ClientError):
            bedrock.converse(**request)
    with pytest.raises(botocore.exceptions.EventStreamError):
        list(bedrock.converse_stream(modelId=CLAUDE, messages=user("cut"))["stream"])
    found = measured(server, CLAUDE)
    assert found["invocation_throttles"] == (1, 1) and found["invocation_client_errors"] == (1, 1)
    assert found["invocation_server_errors"] == (2, 2) and "invocations" not in found
