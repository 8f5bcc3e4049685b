"""Tool calls over the real engine: ids in each notation, several calls at once, and strict schemas."""

import json
import re

import anthropic
import botocore.exceptions
import httpx
import openai
import pytest

from brume_server import ENGINE, Server, require_engine
from gguf_models import STRING_VALUE, TEXT, write_model

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    require_engine()
    folder = tmp_path_factory.mktemp("tools")
    write_model(folder / "tiny.gguf")
    write_model(folder / "twice.gguf", calls_twice=True)
    with Server(
        folder, "--engine", ENGINE, "--bedrock-models", f"tiny={folder / 'tiny.gguf'},twice={folder / 'twice.gguf'}",
        "--model-context-tokens", "2048", "--bedrock-aliases", "anthropic.*=twice,amazon.*=tiny,openai.*=tiny",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def key(server):
    return server.bearer_token()


def tool(name, schema=SCHEMA, **members):
    return {"toolSpec": {"name": name, "description": "x", "inputSchema": {"json": schema}} | members}


def user(*content):
    return {"role": "user", "content": list(content)}


def calls(answer):
    return [block["toolUse"] for block in answer["output"]["message"]["content"] if "toolUse" in block]


def streamed_calls(events):
    """The calls of a stream, by the events of their blocks."""
    found = []
    for event in events:
        if "contentBlockStart" in event:
            found.append(event["contentBlockStart"]["start"]["toolUse"] | {"input": ""})
        elif "toolUse" in event.get("contentBlockDelta", {}).get("delta", {}):
            found[-1]["input"] += event["contentBlockDelta"]["delta"]["toolUse"]["input"]
    return [call | {"input": json.loads(call["input"])} for call in found]


@pytest.mark.parametrize("choice", [{"auto": {}}, {"any": {}}, {"tool": {"name": "get_weather"}}])
def test_ids_of_converse_are_of_one_form_and_never_the_same(bedrock, choice):
    request = {"modelId": "tiny", "messages": [user({"text": "weather"})],
               "toolConfig": {"tools": [tool("get_weather")], "toolChoice": choice}}
    ids = [call["toolUseId"] for _ in range(2) for call in calls(bedrock.converse(**request))]
    ids += [call["toolUseId"] for call in streamed_calls(bedrock.converse_stream(**request)["stream"])]
    assert len(set(ids)) == len(ids) == 3
    assert all(re.fullmatch(r"tooluse_[A-Za-z0-9]{22}", found) for found in ids)


def test_novas_bodies_have_converses_ids(bedrock):
    body = {"messages": [user({"text": "weather"})], "toolConfig": {"tools": [tool("get_weather")]}}
    answer = bedrock.invoke_model(modelId="amazon.nova-lite-v1:0", body=json.dumps(body))
    [call] = calls(json.loads(answer["body"].read()))
    assert re.fullmatch(r"tooluse_[A-Za-z0-9]{22}", call["toolUseId"])


def test_ids_of_openais_notation(server, bedrock, key):
    function = {"name": "get_weather", "parameters": SCHEMA}
    body = {"messages": [{"role": "user", "content": "weather"}], "tools": [{"type": "function", "function": function}]}
    native = json.loads(bedrock.invoke_model(
        modelId="openai.gpt-oss-20b-1:0", body=json.dumps(body | {"max_tokens": 100}))["body"].read())
    client = openai.OpenAI(api_key=key, base_url=f"{server.url}/openai/v1", max_retries=0)
    chat = client.chat.completions.create(model="tiny", **body)
    response = client.responses.create(model="tiny", input="weather", tools=[{"type": "function"} | function])
    ids = [native["choices"][0]["message"]["tool_calls"][0]["id"], chat.choices[0].message.tool_calls[0].id,
           response.output[-1].call_id]
    assert all(re.fullmatch(r"call_[A-Za-z0-9]{22}", found) for found in ids) and len(set(ids)) == 3


def test_ids_of_claudes_notation(server, bedrock, key):
    body = {"messages": [{"role": "user", "content": "weather"}], "max_tokens": 300,
            "tools": [{"name": "get_weather", "input_schema": SCHEMA}]}
    native = json.loads(bedrock.invoke_model(
        modelId=CLAUDE, body=json.dumps(body | {"anthropic_version": "bedrock-2023-05-31"}))["body"].read())
    assert all(re.fullmatch(r"toolu_bdrk_01[A-Za-z0-9]{22}", block["id"]) for block in native["content"])
    client = anthropic.Anthropic(api_key=key, base_url=f"{server.url}/anthropic", max_retries=0)
    whole = client.messages.create(model="twice", **body)
    with client.messages.stream(model="twice", **body) as stream:
        streamed = stream.get_final_message()
    ids = [block.id for block in whole.content + streamed.content]
    assert len(set(ids)) == 4 and all(re.fullmatch(r"toolu_01[A-Za-z0-9]{22}", found) for found in ids)


def test_several_calls_at_once_and_their_results(bedrock):
    request = {"modelId": "twice", "messages": [user({"text": "weather"})],
               "toolConfig": {"tools": [tool("get_weather"), tool("get_rain")]}}
    answer = bedrock.converse(**request)
    assert answer["stopReason"] == "tool_use" and len(calls(answer)) == 2
    assert all(call["input"] == {"city": STRING_VALUE} for call in calls(answer))
    events = list(bedrock.converse_stream(**request)["stream"])
    streamed = streamed_calls(events)
    assert [call | {"toolUseId": ""} for call in streamed] == [call | {"toolUseId": ""} for call in calls(answer)]
    blocks = [event["contentBlockStart"]["contentBlockIndex"] for event in events if "contentBlockStart" in event]
    assert len(set(blocks)) == 2
    assert [event["messageStop"]["stopReason"] for event in events if "messageStop" in event] == ["tool_use"]
    # The results come in another order than the calls.
    request["messages"] += [answer["output"]["message"], user(*(
        {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": "3 degrees"}]}}
        for call in reversed(calls(answer))))]
    assert bedrock.converse(**request)["output"]["message"]["content"] == [{"text": TEXT}]


STRICT = {
    "type": "object", "additionalProperties": False, "required": ["city", "unit", "at"],
    "properties": {
        "city": {"type": "string"}, "unit": {"enum": ["celsius", "kelvin"]},
        "at": {"type": "object", "additionalProperties": False, "required": ["hour"],
               "properties": {"hour": {"type": "integer"}}},
    },
}


@pytest.mark.parametrize("choice", [{"auto": {}}, {"any": {}}])
def test_a_strict_tools_schema_is_obeyed(bedrock, choice):
    answer = bedrock.converse(
        modelId="tiny", messages=[user({"text": "weather"})],
        toolConfig={"tools": [tool("get_weather", STRICT, strict=True)], "toolChoice": choice})
    [call] = calls(answer)
    assert set(call["input"]) == {"city", "unit", "at"} and call["input"]["unit"] in ("celsius", "kelvin")
    assert set(call["input"]["at"]) == {"hour"} and isinstance(call["input"]["at"]["hour"], int)


OPEN = "For 'object' type, 'additionalProperties' must be explicitly set to false"


@pytest.mark.parametrize("schema, sentence", [
    (SCHEMA, OPEN),
    (STRICT | {"additionalProperties": True}, OPEN),
    (STRICT | {"properties": STRICT["properties"] | {"at": {"type": "object", "properties": {}}}}, OPEN),
    (STRICT | {"properties": STRICT["properties"] | {"city": {"type": "string", "minLength": 2}}},
     "For 'string' type, property 'minLength' is not supported"),
    (STRICT | {"properties": STRICT["properties"] | {"city": {"type": "integer", "minimum": 2, "maximum": 3}}},
     "For 'integer' type, properties maximum, minimum are not supported"),
    (STRICT | {"properties": STRICT["properties"] | {"city": {"type": "array", "items": {}, "maxItems": 1}}},
     "For 'array' type, property 'maxItems' is not supported"),
    (STRICT | {"properties": STRICT["properties"] | {"city": {"type": "array", "items": {}, "minItems": 2}}},
     "For 'array' type, 'minItems' values other than 0 or 1 are not supported"),
])
def test_a_strict_schema_that_aws_refuses_is_refused(bedrock, schema, sentence):
    request = {"modelId": "tiny", "messages": [user({"text": "weather"})]}
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.converse(**request, toolConfig={"tools": [tool("other"), tool("get_weather", schema, strict=True)]})
    assert failure.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"The model returned the following errors: tools.1.custom: {sentence}"}
    answer = bedrock.converse(**request, toolConfig={"tools": [tool("get_weather", schema)]})
    assert answer["stopReason"] == "tool_use"
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 300,
            "messages": [{"role": "user", "content": "x"}],
            "tools": [{"name": "get_weather", "input_schema": schema, "strict": True}]}
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.invoke_model(modelId=CLAUDE, body=json.dumps(body))
    assert failure.value.response["Error"]["Message"] == f"tools.0.custom: {sentence}"


def test_without_its_tools_the_model_says_its_text(bedrock):
    answer = bedrock.converse(modelId="twice", messages=[user({"text": "weather"})])
    assert answer["output"]["message"]["content"] == [{"text": TEXT}]


# One call at a time


def test_calls_come_one_at_a_time_where_that_is_asked_for(server, bedrock, key):
    one = {"type": "auto", "disable_parallel_tool_use": True}
    answer = bedrock.converse(
        modelId="twice", messages=[user({"text": "weather"})], toolConfig={"tools": [tool("get_weather")]},
        additionalModelRequestFields={"tool_choice": one})
    assert len(calls(answer)) == 1 and answer["stopReason"] == "tool_use"
    body = {"messages": [{"role": "user", "content": "weather"}], "max_tokens": 300,
            "tools": [{"name": "get_weather", "input_schema": SCHEMA}], "tool_choice": one}
    native = json.loads(bedrock.invoke_model(
        modelId=CLAUDE, body=json.dumps(body | {"anthropic_version": "bedrock-2023-05-31"}))["body"].read())
    assert len(native["content"]) == 1
    client = openai.OpenAI(api_key=key, base_url=f"{server.url}/v1", max_retries=0)
    function = {"name": "get_weather", "parameters": SCHEMA}
    for parallel, count in ((True, 2), (False, 1)):
        chat = client.chat.completions.create(
            model="twice", messages=body["messages"], tools=[{"type": "function", "function": function}],
            parallel_tool_calls=parallel)
        assert len(chat.choices[0].message.tool_calls) == count
        response = client.responses.create(
            model="twice", input="weather", tools=[{"type": "function"} | function], parallel_tool_calls=parallel)
        assert len(response.output) == count


# Where calls and results may stand


USE = {"toolUse": {"toolUseId": "tooluse_a", "name": "get_weather", "input": {}}}
RESULT = {"toolResult": {"toolUseId": "tooluse_a", "content": [{"text": "x"}]}}
IMAGE = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}
MODEL = "The model returned the following errors: "


def assistant(*content):
    return {"role": "assistant", "content": list(content)}


@pytest.mark.parametrize("messages, sentence", [
    ([user({"text": "a"}), assistant(USE), user({"text": "b"})],
     "Expected toolResult blocks at messages.2.content for the following Ids: tooluse_a"),
    ([user({"text": "a"}), assistant(USE, {"toolUse": USE["toolUse"] | {"toolUseId": "tooluse_b"}}), user(RESULT)],
     "Expected toolResult blocks at messages.2.content for the following Ids: tooluse_b"),
    ([user({"text": "a"}), assistant(USE, USE), user(RESULT)],
     "The toolUse blocks at messages.1.content contain duplicate Ids: tooluse_a"),
    ([user({"text": "a"}), assistant(USE), user(RESULT, RESULT)],
     "The toolResult blocks at messages.2.content contain duplicate Ids: tooluse_a"),
    ([user({"text": "a"}), assistant({"toolUse": USE["toolUse"] | {"input": "x"}}), user(RESULT)],
     "The format of the value at messages.1.content.0.toolUse.input is invalid. Provide a json object for the field "
     "and try again."),
    ([user({"text": "a"}), assistant(USE),
      user({"toolResult": {"toolUseId": "tooluse_a", "content": [{"text": "x"}, {"json": [1]}]}})],
     "The format of the value at messages.2.content.0.toolResult.content.1.json is invalid. Provide a json object for "
     "the field and try again."),
    ([user({"text": "a"}, USE)], MODEL + "messages.0: `tool_use` blocks can only be in `assistant` messages"),
    ([user({"text": "a"}), assistant(RESULT)],
     MODEL + "messages.1: `tool_result` blocks can only be in `user` messages"),
    ([user({"text": "a"}), assistant(IMAGE)], MODEL + "messages.1: `image` blocks can only be in `user` messages"),
])
def test_calls_and_results_of_converse_stand_where_they_belong(bedrock, messages, sentence):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.converse(modelId="tiny", messages=messages, toolConfig={"tools": [tool("get_weather")]})
    assert failure.value.response["Error"] == {"Code": "ValidationException", "Message": sentence}


DOCUMENT = {"document": {"format": "txt", "name": "notes", "source": {"text": "x"}}}


@pytest.mark.parametrize("blocks, is_late", [
    ((RESULT, {"text": "b"}), False), (({"text": "b"}, RESULT), True), ((RESULT, {"text": "b"}, DOCUMENT), True),
    ((RESULT, {"cachePoint": {"type": "default"}}, {"text": "b"}, DOCUMENT), False),
])
def test_results_come_first_to_claude(bedrock, blocks, is_late):
    request = {"messages": [user({"text": "a"}), assistant(USE), user(*blocks)],
               "toolConfig": {"tools": [tool("get_weather")]}}
    assert bedrock.converse(modelId="tiny", **request)["stopReason"]
    if not is_late:
        assert bedrock.converse(modelId=CLAUDE, **request)["stopReason"]
        return
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.converse(modelId=CLAUDE, **request)
    assert failure.value.response["Error"]["Message"] == (
        f"{MODEL}messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: tooluse_a. Each "
        "`tool_use` block must have a corresponding `tool_result` block in the next message.")


CLAUDE_USE = {"type": "tool_use", "id": "toolu_a", "name": "get_weather", "input": {}}
CLAUDE_RESULT = {"type": "tool_result", "tool_use_id": "toolu_a", "content": "x"}
TEXT_BLOCK = {"type": "text", "text": "a"}


@pytest.mark.parametrize("members, sentence", [
    ({"messages": [user(TEXT_BLOCK), assistant(CLAUDE_USE), user(TEXT_BLOCK)]},
     "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_a. Each `tool_use` "
     "block must have a corresponding `tool_result` block in the next message."),
    *(({"messages": [user(TEXT_BLOCK), assistant(CLAUDE_USE, CLAUDE_USE | {"id": "toolu_b"}), user(*blocks)]},
       f"messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: {late}. Each `tool_use` "
       "block must have a corresponding `tool_result` block in the next message.") for late, blocks in (
        ("toolu_a, toolu_b", (TEXT_BLOCK, CLAUDE_RESULT, CLAUDE_RESULT | {"tool_use_id": "toolu_b"})),
        ("toolu_b", (CLAUDE_RESULT, TEXT_BLOCK, CLAUDE_RESULT | {"tool_use_id": "toolu_b"})))),
    ({"messages": [user(TEXT_BLOCK, CLAUDE_RESULT)]},
     "messages.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_a. Each `tool_result` block must have a "
     "corresponding `tool_use` block in the previous message."),
    ({"messages": [user(CLAUDE_USE)]}, "messages.0: `tool_use` blocks can only be in `assistant` messages"),
    ({"tools": [{"name": "n" * 129, "input_schema": SCHEMA}]},
     "tools.0.custom.name: String should have at most 128 characters"),
    ({"tools": [{"name": "get.weather", "input_schema": SCHEMA}]},
     "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
    ({"tool_choice": {"type": "any"}, "tools": []},
     "tool_choice: tool_choice may only be specified while providing tools"),
    ({"tool_choice": {"type": "tool", "name": "other"}}, "tool_choice: Tool 'other' not found in provided tools"),
])
def test_calls_and_results_of_claude_stand_where_they_belong(bedrock, members, sentence):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [user(TEXT_BLOCK)],
            "tools": [{"name": "get_weather", "input_schema": SCHEMA}]} | members
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.invoke_model(modelId=CLAUDE, body=json.dumps(body))
    assert failure.value.response["Error"] == {"Code": "ValidationException", "Message": sentence}


@pytest.mark.parametrize("members, sentence", [
    ({"tool_choice": "required"},
     "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."),
    ({"tools": [{"type": "function", "function": {"name": "a"}}],
      "tool_choice": {"type": "function", "function": {"name": "b"}}},
     "Tool choice 'b' not found in 'tools' parameter."),
    ({"max_tokens": 0}, "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead."),
    ({"logprobs": True}, "This model does not support the 'logprobs' parameter."),
    ({"logit_bias": {"50256": -100}}, "Unsupported parameter: 'logit_bias' is not supported with this model."),
])
def test_what_openais_bodies_may_not_have(server, bedrock, key, members, sentence):
    body = {"messages": [{"role": "user", "content": "a"}], "max_tokens": 9} | members
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.invoke_model(modelId="openai.gpt-oss-20b-1:0", body=json.dumps(body))
    assert failure.value.response["Error"]["Message"] == sentence
    answer = httpx.post(
        f"{server.url}/v1/chat/completions", headers={"Authorization": f"Bearer {key}"}, json=body | {"model": "tiny"})
    assert answer.status_code == 400 and answer.json()["error"]["message"] == sentence


def test_several_answers_are_made_by_chat_completions_alone(server, bedrock, key):
    body = {"messages": [{"role": "user", "content": "a"}], "max_tokens": 9, "n": 5, "seed": 7}
    with pytest.raises(botocore.exceptions.ClientError, match="Only n = 1 is supported, and n was 5."):
        bedrock.invoke_model(modelId="openai.gpt-oss-20b-1:0", body=json.dumps(body))
    answer = httpx.post(
        f"{server.url}/v1/chat/completions", headers={"Authorization": f"Bearer {key}"}, json=body | {"model": "tiny"})
    assert answer.status_code == 200, answer.text
    assert [choice["index"] for choice in answer.json()["choices"]] == [0, 1, 2, 3, 4]
    assert all(choice["message"]["content"] for choice in answer.json()["choices"])
