"""Bedrock's runtime where it is asked for too much: hostile requests get AWS's errors, crowds leave nothing behind.

The engine is llama.cpp's server with a tiny model that the test writes.
"""

import concurrent.futures
import gc
import json
import os
import pathlib
import re
import threading

import anthropic
import botocore.config
import botocore.exceptions
import openai
import pytest

from brume_server import ENGINE, require_engine
from gguf_models import TEXT, write_model
from waiting import eventually

PNG = b"\x89PNG\r\n\x1a\n"
STREAMS, ABANDONED, SLOTS = 200, 50, 4


@pytest.fixture
def crowded(fresh_server, tmp_path):
    """A server with one tiny model of four slots."""
    require_engine()
    write_model(tmp_path / "tiny.gguf")
    return fresh_server(
        "--engine", ENGINE, "--bedrock-models", f"tiny={tmp_path / 'tiny.gguf'}", "--model-slots", str(SLOTS),
        "--model-context-tokens", "2048", "--model-hold-seconds", "300", "--bedrock-aliases", "anthropic.*=tiny")


def client_of(server, connections=10):
    return server.client("bedrock-runtime", config=botocore.config.Config(
        retries={"total_max_attempts": 1}, max_pool_connections=connections, read_timeout=300))


def user(*content):
    return {"role": "user", "content": list(content)}


def refusal(call, **request):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call(**request)
    error = failure.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


def descriptors(process_id):
    return len(os.listdir(f"/proc/{process_id}/fd"))


def children(process_id):
    """Ids of the processes below one."""
    parents = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found, grown = {process_id}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return found - {process_id}


def endless(client):
    """A stream that goes on until the context is full: tools that the model may not call."""
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100_000, "tool_choice": {"type": "none"},
            "messages": [{"role": "user", "content": "go on"}],
            "tools": [{"name": "t", "description": "", "input_schema": {"type": "object", "properties": {}}}]}
    return client.invoke_model_with_response_stream(modelId="anthropic.claude-v2", body=json.dumps(body))["body"]


def test_two_hundred_streams_and_fifty_that_are_left_leave_nothing(crowded):
    client = client_of(crowded, STREAMS + ABANDONED)
    client.converse(modelId="tiny", messages=[user({"text": "hi"})])
    process = crowded.process.pid
    before, family = descriptors(process), children(process)
    assert len(family) == 2, "the engine and its guard"

    def whole(number):
        events = client.converse_stream(modelId="tiny", messages=[user({"text": f"stream {number}"})])["stream"]
        return "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)

    def abandoned(_):
        stream = endless(client)
        next(iter(stream))
        stream.close()
        return TEXT

    with concurrent.futures.ThreadPoolExecutor(STREAMS + ABANDONED) as pool:
        asked = [pool.submit(whole, number) for number in range(STREAMS)]
        asked += [pool.submit(abandoned, number) for number in range(ABANDONED)]
        assert [answer.result(300) for answer in asked] == [TEXT] * (STREAMS + ABANDONED)
    client.close()
    # The streams of botocore keep their connections until they are collected.
    del asked
    gc.collect()
    eventually(lambda: descriptors(process) <= before)
    assert children(process) == family
    # Every slot is free again: as many at once as there are, each held until all have begun.
    last = client_of(crowded, 2 * SLOTS)
    begun = threading.Barrier(SLOTS, timeout=60)

    def held(_):
        stream = endless(last)
        next(iter(stream))
        begun.wait()
        stream.close()

    with concurrent.futures.ThreadPoolExecutor(SLOTS) as pool:
        list(pool.map(held, range(SLOTS)))


@pytest.mark.parametrize("model", ["brume.echo", "tiny"])
def test_what_is_too_large_is_refused_in_aws_s_words(crowded, model):
    client = client_of(crowded)
    image = {"image": {"format": "png", "source": {"bytes": PNG + bytes(10_000_000)}}}
    assert refusal(client.converse, modelId=model, messages=[user({"text": "What is it?"}, image)]) == (
        400, "ValidationException", "The model returned the following errors: messages.0.content.1.image.source.bytes: "
        "image exceeds 5 MB maximum: 13333344 bytes > 5242880 bytes")
    million = "the river " * 500_000
    too_long = (400, "ValidationException", "Input is too long for requested model.")
    assert refusal(client.converse, modelId=model, messages=[user({"text": million})]) == too_long
    if model == "tiny":  # shorter than what is certain to be too long: the engine says so
        assert refusal(client.converse, modelId=model, messages=[user({"text": "a b " * 2_000})]) == too_long


def test_a_prompt_that_is_certain_to_be_too_long_is_so_in_native_bodies_too(crowded):
    client = client_of(crowded)
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9,
                       "messages": [{"role": "user", "content": "the river " * 500_000}]})
    too_long = (400, "ValidationException", "Input is too long for requested model.")
    assert refusal(client.invoke_model, modelId="anthropic.claude-v2", body=body) == too_long
    assert refusal(client.invoke_model_with_response_stream, modelId="anthropic.claude-v2", body=body) == too_long


@pytest.mark.parametrize("model", ["brume.echo", "tiny"])
def test_what_keeps_a_model_from_its_first_word_is_no_stream(crowded, model):
    client = client_of(crowded)
    words = "the river " * 100_000
    too_long = (400, "ValidationException", "Input is too long for requested model.")
    assert refusal(client.converse_stream, modelId=model, messages=[user({"text": words})]) == too_long
    key = json.loads(crowded.run("keys", "create", "--bedrock", "--user", "ana", "--output", "json").stdout)
    openai_client = openai.OpenAI(base_url=f"{crowded.url}/v1", api_key=key["bearerToken"], max_retries=0)
    with pytest.raises(openai.BadRequestError, match="Input is too long for requested model.") as failure:
        openai_client.responses.create(model=model, input=words, stream=True)
    assert (failure.value.code, failure.value.param) == ("context_length_exceeded", None)
    claude = anthropic.Anthropic(base_url=crowded.url, api_key=key["bearerToken"], max_retries=0)
    # Clients look for the first words, and shorten the conversation.
    for streamed in (False, True):
        with pytest.raises(anthropic.BadRequestError) as failure:
            claude.messages.create(
                model=model, max_tokens=9, messages=[{"role": "user", "content": words}], stream=streamed)
        told = failure.value.body["error"]
        numbers = re.fullmatch(r"prompt is too long: (\d+) tokens > (\d+) maximum", told["message"])
        assert told["type"] == "invalid_request_error" and int(numbers[1]) > int(numbers[2]) > 0


@pytest.mark.parametrize("model_id", [
    "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "brume.echo/../../keys", "..",
    "arn:aws:bedrock:us-east-1::foundation-model/../../etc/passwd",
])
def test_a_path_in_a_model_id_is_no_model_id(server, model_id):
    client = client_of(server)
    for call, more in (
        (client.converse, {"messages": [user({"text": "a"})]}), (client.invoke_model, {"body": "{}"}),
        (client.count_tokens, {"input": {"converse": {"messages": [user({"text": "a"})]}}}),
    ):
        status, code, message = refusal(call, modelId=model_id, **more)
        assert (status, code) == (400, "ValidationException")
        assert message == "The provided model identifier is invalid." or message.startswith(
            f"1 validation error detected: Value '{model_id}' at 'modelId' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ")


def test_a_model_that_nobody_has_is_not_found(server):
    status, code, message = refusal(
        client_of(server).converse, modelId="nobody.knows-v1", messages=[user({"text": "a"})])
    assert (status, code) == (404, "ResourceNotFoundException") and "brume model pull" in message


def test_a_name_that_is_no_model_s_by_its_length_is_not_kept_with_the_metrics(server):
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.bearer_token(), max_retries=0)
    with pytest.raises(openai.BadRequestError, match="The provided model identifier is invalid."):
        client.chat.completions.create(model="a" * 2049, messages=[{"role": "user", "content": "a"}])
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="a" * 2048, messages=[{"role": "user", "content": "a"}])
