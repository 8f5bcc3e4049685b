"""Guardrails, which there are none of: a request that asks for one is refused wherever it may ask."""

import json

import botocore.exceptions
import httpx
import pytest

from brume_server import Server

SENTENCE = "Guardrails are not supported by this version of Brume"
MESSAGES = [{"role": "user", "content": "Hi"}]
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
CONFIGURED = {"amazon-bedrock-guardrailConfig": {"tagSuffix": "xyz"}}
BODIES = {
    CLAUDE: {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": MESSAGES},
    "amazon.nova-lite-v1:0": {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    "amazon.titan-text-lite-v1": {"inputText": "Hi"},
    "meta.llama3-8b-instruct-v1:0": {"prompt": "Hi"},
    "openai.gpt-oss-20b-1:0": {"messages": MESSAGES},
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("guarded"), "--bedrock-aliases", "*=brume.echo") as server:
        yield server


@pytest.fixture(scope="module")
def bedrock(guarded):
    return guarded.client("bedrock-runtime")


def refused(call, **request):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call(**request)
    return failure.value.response["Error"] == {"Code": "ValidationException", "Message": SENTENCE}


@pytest.mark.parametrize("model", BODIES)
def test_invoke_model_refuses_them_by_header_and_in_the_body(bedrock, model):
    for call in (bedrock.invoke_model, bedrock.invoke_model_with_response_stream):
        assert refused(
            call, modelId=model, body=json.dumps(BODIES[model]), guardrailIdentifier="abc", guardrailVersion="1")
        # Which AWS refuses where no guardrail is named.
        assert refused(call, modelId=model, body=json.dumps(BODIES[model] | CONFIGURED))
    assert bedrock.invoke_model(modelId=model, body=json.dumps(BODIES[model]))["contentType"] == "application/json"


def test_converse_refuses_them(bedrock):
    asked = {"modelId": CLAUDE, "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
    for call in (bedrock.converse, bedrock.converse_stream):
        assert refused(call, **asked, guardrailConfig={"guardrailIdentifier": "abc", "guardrailVersion": "1"})


@pytest.mark.parametrize("path, body", [
    ("/openai/v1/chat/completions", {"messages": MESSAGES}), ("/v1/responses", {"input": "Hi"}),
    ("/anthropic/v1/messages", {"messages": MESSAGES, "max_tokens": 9}),
])
def test_the_compatible_endpoints_refuse_them(guarded, path, body):
    headers = {"Authorization": f"Bearer {guarded.bearer_token()}", "anthropic-version": "2023-06-01"}
    named = headers | {"X-Amzn-Bedrock-GuardrailIdentifier": "abc", "X-Amzn-Bedrock-GuardrailVersion": "1"}
    body = {"model": CLAUDE} | body
    for sent, more in ((named, {}), (named, CONFIGURED), (headers, CONFIGURED)):
        answer = httpx.post(guarded.url + path, headers=sent, json=body | more)
        error = answer.json()["error"]
        assert (answer.status_code, error["message"], error["type"]) == (400, SENTENCE, "invalid_request_error")
    assert httpx.post(guarded.url + path, headers=headers, json=body).status_code == 200
