"""How Bedrock's answers say that they were served: tiers, cache details, thoughts of Nova, and errors in mid-stream."""

import json
import os

import botocore.exceptions
import openai
import pytest

from brume_server import ROOT, Server
from gguf_models import TEXT, THOUGHT, text_tokens, write_model

ECHO = "brume.echo"
ENGINE = os.environ.get("BRUME_TEST_ENGINE", str(ROOT / ".engine" / "bin" / "llama-server"))
NOVA = "us.amazon.nova-2-lite-v1:0"
HELLO = [{"role": "user", "content": [{"text": "hello"}]}]
LONG = "weather in the village " * 40


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    assert os.access(ENGINE, os.X_OK), f"{ENGINE} is not there; run Scripts/install-dependencies engine"
    folder = tmp_path_factory.mktemp("served")
    write_model(folder / "tiny.gguf")
    write_model(folder / "thinker.gguf", thinks=True)
    names = f"tiny={folder / 'tiny.gguf'},thinker={folder / 'thinker.gguf'}"
    with Server(
        folder, "--engine", ENGINE, "--bedrock-models", names, "--model-context-tokens", "2048",
        "--bedrock-aliases", "amazon.nova-*=thinker,*=brume.echo",
    ) as server:
        yield server


@pytest.fixture(scope="module")
def bedrock(served):
    return served.client("bedrock-runtime")


def metadata(stream):
    [found] = [event["metadata"] for event in stream["stream"] if "metadata" in event]
    return found


@pytest.mark.parametrize("latency", ["standard", "optimized"])
@pytest.mark.parametrize("tier", ["default", "priority", "flex"])
def test_an_answer_says_how_it_was_served(bedrock, latency, tier):
    asked = {"performanceConfig": {"latency": latency}, "serviceTier": {"type": tier}}
    served = {"performanceConfig": {"latency": "standard"}, "serviceTier": {"type": "default"}}
    whole = bedrock.converse(modelId=ECHO, messages=HELLO, **asked)
    streamed = metadata(bedrock.converse_stream(modelId=ECHO, messages=HELLO, **asked))
    assert {name: whole[name] for name in served} == {name: streamed[name] for name in served} == served
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hello"}]})
    for call in (bedrock.invoke_model, bedrock.invoke_model_with_response_stream):
        answer = call(modelId=ECHO, body=body, performanceConfigLatency=latency, serviceTier=tier)
        assert (answer["performanceConfigLatency"], answer["serviceTier"]) == ("standard", "default")


def refusal(call, **members):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(modelId=ECHO, **members)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    return refused.value.response["Error"]["Message"]


def test_nothing_is_reserved(bedrock):
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hello"}]})
    for call in (bedrock.converse, bedrock.converse_stream):
        assert refusal(call, messages=HELLO, serviceTier={"type": "reserved"}) == "Reservation not found."
    for call in (bedrock.invoke_model, bedrock.invoke_model_with_response_stream):
        assert refusal(call, body=body, serviceTier="reserved") == "Reservation not found."


def test_what_is_not_among_the_values_is_refused_in_bedrock_s_words(bedrock):
    sentence = "1 validation error detected: Value{} at '{}' failed to satisfy constraint: Member must satisfy enum " \
        "value set: [{}]"
    assert refusal(bedrock.converse, messages=HELLO, performanceConfig={"latency": "turbo"}) == sentence.format(
        " 'turbo'", "performanceConfig.latency", "optimized, standard")
    # The formats of attachments are not shown.
    for kind, formats in (
        ("document", "pdf, csv, doc, docx, xls, xlsx, html, txt, md"), ("image", "png, jpeg, gif, webp"),
    ):
        block = {"format": "jpg", "source": {"bytes": b"a"}} | ({"name": "a"} if kind == "document" else {})
        assert refusal(bedrock.converse, messages=[{"role": "user", "content": [{"text": "a"}, {kind: block}]}]) == (
            sentence.format("", f"messages.1.member.content.2.member.{kind}.format", formats))


def test_who_does_not_ask_is_told_nothing(bedrock):
    answer = bedrock.converse(modelId=ECHO, messages=HELLO)
    assert not {"performanceConfig", "serviceTier"} & set(answer) and "cacheDetails" not in answer["usage"]


@pytest.mark.parametrize("ttl", [None, "5m", "1h"])
def test_what_is_written_to_the_cache_is_told_by_its_time(bedrock, ttl):
    point = {"cachePoint": {"type": "default"} | ({"ttl": ttl} if ttl else {})}
    system = [{"text": f"{ttl} {LONG}"}, point]
    for send, usage in (
        (bedrock.converse, lambda answer: answer["usage"]), (bedrock.converse_stream, lambda a: metadata(a)["usage"]),
    ):
        found = usage(send(modelId="tiny", system=system, messages=HELLO))
        if found["cacheWriteInputTokens"]:
            assert found["cacheDetails"] == [{"ttl": ttl or "5m", "inputTokens": found["cacheWriteInputTokens"]}]
        else:
            assert "cacheDetails" not in found
        if send == bedrock.converse:
            assert found["cacheWriteInputTokens"] > 40


@pytest.mark.parametrize("members", [
    {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
    {"inferenceConfig": {"maxTokens": 200, "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}},
])
def test_what_nova_thinks_is_told(bedrock, members):
    body = {"messages": HELLO} | members
    answer = json.loads(bedrock.invoke_model(modelId=NOVA, body=json.dumps(body))["body"].read())
    thought, text = answer["output"]["message"]["content"]
    assert thought["reasoningContent"]["reasoningText"]["text"].strip() == THOUGHT and text == {"text": TEXT}
    chunks = [json.loads(event["chunk"]["bytes"]) for event in bedrock.invoke_model_with_response_stream(
        modelId=NOVA, body=json.dumps(body))["body"]]
    deltas = [chunk["contentBlockDelta"] for chunk in chunks if "contentBlockDelta" in chunk]
    thoughts = [d["delta"]["reasoningContent"]["text"] for d in deltas if "text" not in d["delta"]]
    assert "".join(thoughts) == thought["reasoningContent"]["reasoningText"]["text"]
    assert {d["contentBlockIndex"] for d in deltas} == {0, 1}
    assert [c["contentBlockStop"]["contentBlockIndex"] for c in chunks if "contentBlockStop" in c] == [0, 1]
    assert "amazon-bedrock-invocationMetrics" in chunks[-1]
    again = bedrock.invoke_model(modelId=NOVA, body=json.dumps(body | {"messages": [
        *HELLO, answer["output"]["message"], *HELLO]}))
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 200
    converse = bedrock.converse(modelId=NOVA, messages=HELLO, additionalModelRequestFields=members)
    assert converse["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]["text"].strip() == THOUGHT


def test_novas_reasoning_is_one_of_its_words(bedrock):
    with pytest.raises(botocore.exceptions.ClientError, match="is not a valid enum value"):
        bedrock.invoke_model(modelId=NOVA, body=json.dumps({"messages": HELLO, "reasoningConfig": {"type": "some"}}))


def test_the_tokens_of_thoughts_are_counted(served):
    client = openai.OpenAI(api_key=served.bearer_token(), base_url=f"{served.url}/v1", max_retries=0)
    for model, count in (("thinker", len(text_tokens(THOUGHT))), ("tiny", 0)):
        usage = client.responses.create(model=model, input="hello").usage
        assert usage.output_tokens_details.reasoning_tokens == count < usage.output_tokens
        *_, last = client.responses.create(model=model, input="hello", stream=True)
        assert last.response.usage.output_tokens_details.reasoning_tokens == count


@pytest.mark.parametrize("model", ["tiny", ECHO])
@pytest.mark.parametrize("members", [
    {}, {"stop_sequences": ["old"]},
    {"system": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]},
    {"tools": [{"name": "look", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}},
])
def test_the_first_event_of_claudes_stream_tells_of_the_prompt(bedrock, model, members):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 200,
            "messages": [{"role": "user", "content": "hello"}]} | members
    chunks = [json.loads(event["chunk"]["bytes"]) for event in bedrock.invoke_model_with_response_stream(
        modelId=model, body=json.dumps(body))["body"]]
    assert chunks[0]["type"] == "message_start" and chunks[-2]["type"] == "message_delta"
    begun, ended = chunks[0]["message"]["usage"], chunks[-2]["usage"]
    # For how long it is kept is told at the beginning alone.
    assert sum(begun.pop("cache_creation").values()) == begun["cache_creation_input_tokens"]
    assert {k: v for k, v in begun.items() if k != "output_tokens"} == {
        k: v for k, v in ended.items() if k != "output_tokens"}
    assert begun["output_tokens"] == 0 < ended["output_tokens"] and ended["input_tokens"] > 0
