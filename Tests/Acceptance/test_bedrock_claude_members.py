"""What Claude's bodies must and must not have, in Anthropic's own notation and in InvokeModel's."""

import json

import anthropic
import botocore.exceptions
import httpx
import pytest

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from echo_requests import ECHO, MESSAGES, post, token, typed

CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
NEWER = "us.anthropic.claude-opus-4-7"
NEWER_VERSION = "2026-10-21"
EMPTY = "all messages must have non-empty content except for the optional final assistant message"


def said(*contents):
    return {"messages": [
        {"role": ("user", "assistant")[place % 2], "content": content} for place, content in enumerate(contents)]}


@pytest.mark.parametrize("members, sentence", [
    ({"temperature": 1.5}, "temperature: range: 0..1"),
    ({"temperature": -1}, "temperature: range: 0..1"),
    ({"top_p": 1.1}, "top_p: range: -1 or 0..1"), ({"top_p": -0.5}, "top_p: range: -1 or 0..1"),
    ({"service_tier": "priority"}, "service_tier: Input should be 'auto' or 'standard_only'"),
    ({"mcp_servers": [{"type": "url", "url": "https://example.com/mcp", "name": "e"}]},
     "mcp_servers: Extra inputs are not permitted"),
    ({"stop_sequences": ["\n"]}, "stop_sequences: each stop sequence must contain non-whitespace"),
    ({"stop_sequences": [""]}, "stop_sequences: each stop sequence must be non-empty"),
    ({"output_config": {"effort": "x"}},
     "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"),
    ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
    ({"thinking": {"type": "enabled", "budget_tokens": 1023}},
     "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"),
    (said(""), "messages.0: user messages must have non-empty content"),
    (said([]), "messages.0: user messages must have non-empty content"),
    (said("Hi", "", "Ho"), f"messages.1: {EMPTY}"),
    (said([{"type": "text", "text": ""}]), "messages: text content blocks must be non-empty"),
    (said(" \n"), "messages: text content blocks must contain non-whitespace text"),
    (said([{"type": "text", "text": "\t"}]), "messages: text content blocks must contain non-whitespace text"),
    ({"system": [{"type": "text", "text": ""}]}, "system: text content blocks must be non-empty"),
    ({"system": [{"type": "text", "text": " "}]}, "system: text content blocks must contain non-whitespace text"),
    ({"system": [{"type": "image"}]}, "system.0.type: Input should be 'text'"),
    (said("Hi", "I am "), "messages: final assistant content cannot end with trailing whitespace"),
    (said("Hi", [{"type": "text", "text": "I am\n"}]),
     "messages: final assistant content cannot end with trailing whitespace"),
])
def test_claude_refuses_what_is_of_the_right_type_and_says_nothing(typed, token, members, sentence):
    body = {"max_tokens": 4096, "messages": MESSAGES} | members
    answer = post(typed, token, "/v1/messages", body)
    assert answer.status_code == 400
    assert answer.json()["error"] == {"type": "invalid_request_error", "message": sentence}
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        typed.client("bedrock-runtime").invoke_model(
            modelId=CLAUDE, body=json.dumps({"anthropic_version": "bedrock-2023-05-31"} | body))
    assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": sentence}


TURN = {"type": "object"}
USE = {"type": "tool_use", "id": "a", "name": "t", "input": {}}
USED = {"type": "tool_result", "tool_use_id": "a", "content": "x"}
CLOSED = "must be explicitly set to false"


@pytest.mark.parametrize("members, sentence", [
    ({"messages": [{"content": "Hi"}]}, "messages.0.role: Field required"),
    ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
    ({"messages": [{"role": "bot", "content": "Hi"}]}, "messages.0.role: Input should be 'user' or 'assistant'"),
    ({"messages": [*MESSAGES, {"role": "system", "content": "Be brief."}]},
     'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an '
     "input message role."),
    (said([{"type": "text"}]), "messages.0.content.0.text.text: Field required"),
    (said([{"type": "image"}]), "messages.0.content.0.image.source: Field required"),
    (said("Hi", [{"type": "tool_use", "name": "t", "input": {}}]), "messages.1.content.0.tool_use.id: Field required"),
    (said("Hi", [{"type": "tool_use", "id": "a", "name": "t"}]), "messages.1.content.0.tool_use.input: Field required"),
    (said([{"type": "tool_result"}]), "messages.0.content.0.tool_result.tool_use_id: Field required"),
    (said("Hi", [{"type": "thinking", "thinking": "so"}]), "messages.1.content.0.thinking.signature: Field required"),
    (said("Hi", [{"type": "thinking", "thinking": "so", "signature": "s", "cache_control": {"type": "ephemeral"}}]),
     "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted"),
    ({"messages": [{"role": "user", "content": "Hi", "name": "me"}]},
     "messages.0.name: Extra inputs are not permitted"),
    ({"system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "time": "5m"}}]},
     "system.0.cache_control.ephemeral.time: Extra inputs are not permitted"),
    (said([{"type": "text", "text": "t", "cache_control": {"type": "ephemeral", "ttl": "2h"}}]),
     "messages.0.content.0.text.cache_control.ephemeral.ttl: Input should be '5m' or '1h'"),
    *(({name: value}, f"{place}: Extra inputs are not permitted") for name, value, place in (
        ("metadata", {"user_id": "u", "team": "t"}, "metadata.team"),
        ("output_config", {"effort": "low", "length": 9}, "output_config.length"),
        ("thinking", {"type": "disabled", "budget_tokens": 2000}, "thinking.disabled.budget_tokens"),
        ("thinking", {"type": "adaptive", "budget_tokens": 2000}, "thinking.adaptive.budget_tokens"),
        ("tool_choice", {"type": "auto", "name": "t"}, "tool_choice.auto.name"))),
    ({"tools": [{"name": "t", "input_schema": TURN}], "tool_choice": {"type": "tool"}},
     "tool_choice.tool.name: Field required"),
    (said([{"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]}]),
     "messages.0.content.0: Input tag 'search_result' found using 'type' does not match any of the expected tags: "
     "'document', 'image', 'redacted_thinking', 'text', 'thinking', 'tool_result', 'tool_use'"),
    ({"tools": [{"name": "t", "input_schema": TURN, "parameters": {}}]},
     "tools.0.custom.parameters: Extra inputs are not permitted"),
    (said("Hi", [{"type": "tool_use", "id": "functions.t:0", "name": "t", "input": {}}]),
     "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
    (said("Hi", [{"type": "tool_use", "id": "a", "name": "", "input": {}}]),
     "messages.1.content.0.tool_use.name: String should have at least 1 character"),
    (said("Hi", [{"type": "tool_use", "id": "a", "name": "t" * 201, "input": {}}]),
     "messages.1.content.0.tool_use.name: String should have at most 200 characters"),
    ({"metadata": {"user_id": "u" * 257}}, "metadata.user_id: String should have at most 256 characters"),
    (said([{"type": "tool_result", "tool_use_id": ""}]),
     "messages.0.content.0.tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
    (said("Hi", [USE, USE]), "messages.1.content.1: `tool_use` ids must be unique"),
    (said("Hi", [USE], [USED], [USE], [USED]), "messages.3.content.0: `tool_use` ids must be unique"),
    (said("Hi", [USE], [USED, USED]), "messages.2.content.1: each tool_use must have a single result. Found "
     "multiple `tool_result` blocks with id: a"),
    ({"tools": [{"name": "t"}]}, "tools.0.custom.input_schema: Field required"),
    ({"tools": [{"name": "t", "input_schema": {}}]}, "tools.0.custom.input_schema.type: Field required"),
    ({"tools": [{"name": "t", "input_schema": {"type": "array"}}]},
     "tools.0.custom.input_schema.type: Input should be 'object'"),
    *(({"tools": [{"name": "t", "input_schema": TURN | schema}]},
       "tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 "
       "(https://json-schema.org/draft/2020-12). Learn more about tool use at "
       "https://docs.claude.com/en/docs/tool-use.") for schema in (
        {"properties": None}, {"properties": {"a": {"type": "str"}}}, {"required": ["a", "a"]},
        {"properties": {"a": {"type": "number", "minimum": 0, "exclusiveMinimum": True}}},
        {"properties": {"a": {"type": "array", "items": [{"type": "string"}]}}}, {"$defs": {"a": {"anyOf": []}}})),
    ({"tools": [{"name": "t", "input_schema": TURN | {"anyOf": [{"required": ["a"]}]}}]},
     "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"),
    ({"tools": [{"name": "t", "input_schema": TURN | {"properties": {"a b": {}}}}]},
     "tools.0.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'"),
    ({"tools": [{"name": "t", "input_schema": TURN}] * 2}, "tools: Tool names must be unique."),
    ({"tools": [{"name": "t", "input_schema": TURN}, {"type": "web_search_20250305", "name": "web_search"}]},
     "tools.1: Input tag 'web_search_20250305' found using 'type' does not match any of the expected tags: 'custom'"),
    ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type: Input should be 'json_schema'"),
    ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema: Field required"),
    ({"output_config": {"format": {"type": "json_schema", "schema": TURN}}},
     f"output_config.format.schema: For 'object' type, 'additionalProperties' {CLOSED}"),
    ({"output_format": {"type": "json_schema", "schema": TURN}},
     f"output_format.schema: For 'object' type, 'additionalProperties' {CLOSED}"),
])
def test_claude_names_what_messages_tools_and_formats_must_have(typed, token, members, sentence):
    body = {"max_tokens": 9, "messages": MESSAGES} | members
    answer = post(typed, token, "/v1/messages", body)
    assert (answer.status_code, answer.json()["error"]) == (
        400, {"type": "invalid_request_error", "message": sentence})
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        typed.client("bedrock-runtime").invoke_model(
            modelId=CLAUDE, body=json.dumps({"anthropic_version": "bedrock-2023-05-31"} | body))
    assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": sentence}


def test_claude_has_one_version_on_bedrock(typed):
    bedrock = typed.client("bedrock-runtime")
    body = {"anthropic_version": "2023-06-01", "max_tokens": 9, "messages": MESSAGES}
    for call, request in (
        (bedrock.invoke_model, {"body": json.dumps(body)}),
        (bedrock.count_tokens, {"input": {"invokeModel": {"body": json.dumps(body)}}}),
    ):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            call(modelId=CLAUDE, **request)
        assert refused.value.response["Error"] == {
            "Code": "ValidationException", "Message": "Invalid API version: 2023-06-01"}


def test_newer_models_of_claude_know_the_newer_version(typed, token):
    messages = [{"role": "user", "content": "Hi"}]
    for signed in (
        anthropic.AnthropicBedrock(
            aws_access_key=ACCESS_KEY_ID, aws_secret_key=SECRET_ACCESS_KEY, aws_region=REGION, base_url=typed.url,
            max_retries=0),
        anthropic.AnthropicBedrock(api_key=token, aws_region=REGION, base_url=typed.url, max_retries=0),
    ):
        asked = {"max_tokens": 9, "messages": messages, "extra_body": {"anthropic_version": NEWER_VERSION}}
        assert signed.messages.create(model=NEWER, **asked).content[0].text == "[brume.echo] Hi"
        with signed.messages.stream(model=NEWER, **asked) as stream:
            assert stream.get_final_text() == "[brume.echo] Hi"
        with pytest.raises(anthropic.BadRequestError, match=f"Invalid API version: {NEWER_VERSION}"):
            signed.messages.create(model=CLAUDE, **asked)
    for member in ("temperature", "top_p", "top_k"):
        body = {"max_tokens": 9, "messages": messages, member: 1}
        sentence = f"{member}: Extra inputs are not permitted"
        native = {"modelId": NEWER, "body": json.dumps(body | {"anthropic_version": NEWER_VERSION})}
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            typed.client("bedrock-runtime").invoke_model(**native)
        assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": sentence}
        headers = {"x-api-key": token, "anthropic-version": NEWER_VERSION}
        answer = httpx.post(f"{typed.url}/v1/messages", json=body | {"model": NEWER}, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (
            400, {"type": "invalid_request_error", "message": sentence})
        # Models of this machine sample as they are told.
        assert httpx.post(f"{typed.url}/v1/messages", json=body | {"model": ECHO}, headers=headers).status_code == 200


@pytest.mark.parametrize("model", [CLAUDE, "global.anthropic.claude-sonnet-4-5-20250929-v1:0"])
def test_older_models_of_claude_do_not_cache_by_themselves(typed, token, model):
    bedrock = typed.client("bedrock-runtime")
    control = {"cache_control": {"type": "ephemeral"}}
    sentence = "cache_control: Extra inputs are not permitted"
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": MESSAGES} | control
    for call in (bedrock.invoke_model, bedrock.invoke_model_with_response_stream):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            call(modelId=model, body=json.dumps(body))
        assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": sentence}
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        bedrock.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "Hi"}]}],
                         additionalModelRequestFields=control)
    assert refused.value.response["Error"]["Message"] == f"The model returned the following errors: {sentence}"
    bedrock.invoke_model(modelId=NEWER, body=json.dumps(body))
    # The Messages API caches for all.
    assert post(typed, token, "/v1/messages", {"max_tokens": 9, "messages": MESSAGES} | control).status_code == 200


@pytest.mark.parametrize("control, sentence", [
    ({"type": "ephemeral", "ttl": "2h"}, "cache_control.ephemeral.ttl: Input should be '5m' or '1h'"),
    ({"type": "ephemeral", "time": "5m"}, "cache_control.ephemeral.time: Extra inputs are not permitted"),
    ({"ttl": "5m"}, "cache_control.type: Field required"),
])
def test_cache_control_of_a_whole_body_is_checked(typed, token, control, sentence):
    body = {"max_tokens": 9, "messages": MESSAGES, "cache_control": control}
    answer = post(typed, token, "/v1/messages", body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, sentence)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        typed.client("bedrock-runtime").invoke_model(
            modelId=NEWER, body=json.dumps(body | {"anthropic_version": "bedrock-2023-05-31"}))
    assert refused.value.response["Error"]["Message"] == sentence


def test_a_whole_body_s_cache_control_is_one_of_four(typed, token):
    control = {"cache_control": {"type": "ephemeral"}}
    blocks = [{"type": "text", "text": "a"} | control] * 4
    body = {"max_tokens": 9, "messages": [{"role": "user", "content": [*blocks, {"type": "text", "text": "b"}]}]}
    assert post(typed, token, "/v1/messages", body).status_code == 200
    answer = post(typed, token, "/v1/messages", body | control)
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400, "A maximum of 4 blocks with cache_control may be provided. Found 5.")


def test_claude_takes_any_token_where_top_p_says_so(typed, token):
    body = {"max_tokens": 9, "messages": MESSAGES, "top_p": -1}
    assert post(typed, token, "/v1/messages", body).status_code == 200


@pytest.mark.parametrize("member, value", [("max_tokens", 9), ("stream", True), ("temperature", 1), ("metadata", {})])
def test_what_is_counted_has_no_answer_that_it_could_speak_of(typed, token, member, value):
    body = {"messages": MESSAGES, "system": "Be brief.", "thinking": {"type": "disabled"}}
    assert post(typed, token, "/v1/messages/count_tokens", body).status_code == 200
    answer = post(typed, token, "/v1/messages/count_tokens", body | {member: value})
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400, f"{member}: Extra inputs are not permitted")


def test_claude_takes_lawful_schemas(typed, token):
    schema = TURN | {
        "$schema": "http://json-schema.org/draft-07/schema#", "$defs": {"n": {"type": ["integer", "null"]}},
        "properties": {
            "type": {"type": "string", "enum": ["a"], "default": None}, "b.c-d": {"$ref": "#/$defs/n"}, "e": True,
            "f": {"anyOf": [{"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}}, {"type": "null"}]}},
        "required": ["type"], "additionalProperties": False, "nullable": True}
    body = {"max_tokens": 99, "messages": MESSAGES, "tools": [{"name": "t", "input_schema": schema}]}
    answer = post(typed, token, "/v1/messages", body)
    assert answer.status_code == 200, answer.text


def test_claude_s_answer_meets_a_closed_schema(typed, token):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
              "additionalProperties": False}
    for member in ({"output_config": {"format": {"type": "json_schema", "schema": schema}}},
                   {"output_format": {"type": "json_schema", "schema": schema}}):
        answer = post(typed, token, "/v1/messages", {"max_tokens": 99, "messages": MESSAGES} | member)
        assert set(json.loads(answer.json()["content"][0]["text"])) == {"n"}


def test_claude_takes_an_answer_that_is_begun(typed, token):
    for contents in (("Hi", ""), ("Hi", "I am")):
        answer = post(typed, token, "/v1/messages", {"max_tokens": 99} | said(*contents))
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("messages", [
    [("assistant", "How may I help?"), ("user", "Hi")],
    [("user", "Hi"), ("user", "Ho"), ("assistant", "Yes"), ("assistant", "No"), ("user", "So?")],
    [("user", "Hi"), ("assistant", [USE]), ("assistant", [USE | {"id": "b"}]), ("user", [USED]),
     ("user", [USED | {"tool_use_id": "b"}]), ("user", "So?")],
])
def test_turns_of_one_role_are_one_to_claude(typed, token, messages):
    body = {"max_tokens": 99, "tools": [{"name": "t", "input_schema": {"type": "object"}}],
            "messages": [{"role": role, "content": content} for role, content in messages]}
    answer = post(typed, token, "/v1/messages", body)
    assert answer.status_code == 200 and answer.json()["stop_reason"] == "end_turn", answer.text
