"""Imported models, whose ARN does not tell the notation: the body does."""

import json

import botocore.exceptions
import pytest

from brume_server import Server

IMPORTED = "arn:aws:bedrock:us-east-1:000000000000:imported-model/abcdefghijkl"
ANSWER = "[brume.echo] Hi"
METRICS = "amazon-bedrock-invocationMetrics"


@pytest.fixture(scope="module")
def bedrock(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("imported"), "--bedrock-aliases", "abcdefghijkl=brume.echo") as server:
        yield server.client("bedrock-runtime")


def invoke(bedrock, **body):
    return json.loads(bedrock.invoke_model(modelId=IMPORTED, body=json.dumps(body))["body"].read())


def chunks(bedrock, **body):
    answer = bedrock.invoke_model_with_response_stream(modelId=IMPORTED, body=json.dumps(body))
    return [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]


def test_a_prompt_is_generated_on_as_llama_does(bedrock):
    answer = invoke(bedrock, prompt="Hi", max_gen_len=20, temperature=0.5)
    assert (answer["generation"], answer["stop_reason"]) == (ANSWER, "stop")
    assert invoke(bedrock, prompt="Hi")["generation"] == ANSWER
    streamed = chunks(bedrock, prompt="Hi", max_gen_len=20)
    assert "".join(chunk["generation"] for chunk in streamed) == ANSWER and METRICS in streamed[-1]


def test_a_prompt_is_completed_as_openai_does(bedrock):
    answer = invoke(bedrock, prompt="Hi", max_tokens=20, stop="zzz", seed=1)
    assert answer["id"].startswith("cmpl-") and (answer["object"], answer["model"]) == ("text_completion", IMPORTED)
    assert answer["choices"] == [{"index": 0, "text": ANSWER, "logprobs": None, "finish_reason": "stop"}]
    assert answer["usage"]["total_tokens"] == (
        answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"]) > 0
    assert invoke(bedrock, prompt="Hi", max_tokens=1)["choices"][0]["finish_reason"] == "length"
    assert invoke(bedrock, prompt="Hi", max_tokens=20, stop=["echo"])["choices"][0]["text"] == "[brume."
    streamed = chunks(bedrock, prompt="Hi", max_tokens=20)
    assert "".join(chunk["choices"][0]["text"] for chunk in streamed) == ANSWER
    assert [chunk["choices"][0]["finish_reason"] for chunk in streamed] == [None] * (len(streamed) - 1) + ["stop"]
    assert "usage" not in streamed[0] and streamed[-1]["usage"] == answer["usage"] and METRICS in streamed[-1]
    with pytest.raises(botocore.exceptions.ClientError, match="Only n = 1 is supported, and n was 2."):
        invoke(bedrock, prompt="Hi", max_tokens=20, n=2)


def test_messages_are_answered_as_openai_does(bedrock):
    messages = [{"role": "user", "content": "Hi"}]
    answer = invoke(bedrock, messages=messages)
    assert (answer["object"], answer["choices"][0]["message"]["content"]) == ("chat.completion", ANSWER)
    streamed = chunks(bedrock, messages=messages, max_tokens=20)
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in streamed) == ANSWER
    claude = invoke(bedrock, anthropic_version="bedrock-2023-05-31", messages=messages, max_tokens=20)
    assert claude["content"] == [{"type": "text", "text": ANSWER}]


def test_it_converses_and_counts_too(bedrock):
    answer = bedrock.converse(modelId=IMPORTED, messages=[{"role": "user", "content": [{"text": "Hi"}]}])
    assert answer["output"]["message"]["content"] == [{"text": ANSWER}]
    asked = {"invokeModel": {"body": json.dumps({"prompt": "Hi", "max_tokens": 9})}}
    assert bedrock.count_tokens(modelId=IMPORTED, input=asked)["inputTokens"] == answer["usage"]["inputTokens"]
