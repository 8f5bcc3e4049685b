"""Bedrock's runtime through boto3, answered by the built-in model brume.echo."""

import json
import socket
import time

import botocore.exceptions
import pytest

ECHO = "brume.echo"
WEATHER = {
    "toolSpec": {
        "name": "get_weather",
        "description": "The weather of a city",
        "inputSchema": {"json": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
            "required": ["city"],
        }},
    }
}


@pytest.fixture
def aliased(fresh_server):
    """A client of a server on which every id of Bedrock is answered by brume.echo."""
    return fresh_server("--bedrock-aliases", "*=brume.echo").client("bedrock-runtime")


def user(text):
    return {"role": "user", "content": [{"text": text}]}


def refusal(call, **request):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call(**request)
    return failure.value.response["Error"]


def test_a_conversation_is_answered(bedrock):
    answer = bedrock.converse(modelId=ECHO, messages=[user("Hello there")], system=[{"text": "Be brief."}])
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "[brume.echo] Hello there"}]}
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    counted = bedrock.count_tokens(modelId=ECHO, input={"converse": {
        "messages": [user("Hello there")], "system": [{"text": "Be brief."}],
    }})
    assert counted["inputTokens"] == usage["inputTokens"]


def test_a_streamed_answer_is_the_same_answer(bedrock):
    request = {"modelId": ECHO, "messages": [user("One two three, four!")]}
    events = list(bedrock.converse_stream(**request)["stream"])
    names = [name for event in events for name in event]
    assert names[0] == "messageStart" and names[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    deltas = [event["contentBlockDelta"] for event in events if "contentBlockDelta" in event]
    assert len(deltas) > 4 and {delta["contentBlockIndex"] for delta in deltas} == {0}
    whole = bedrock.converse(**request)
    assert "".join(delta["delta"]["text"] for delta in deltas) == whole["output"]["message"]["content"][0]["text"]
    assert events[-1]["metadata"]["usage"] == whole["usage"]


@pytest.mark.parametrize("configuration, text, reason", [
    ({"maxTokens": 3}, "[brume.", "max_tokens"),
    ({"stopSequences": [" three"]}, "[brume.echo] one two", "stop_sequence"),
])
def test_an_answer_stops_where_it_is_told_to(bedrock, configuration, text, reason):
    answer = bedrock.converse(modelId=ECHO, messages=[user("one two three")], inferenceConfig=configuration)
    content = answer["output"]["message"]["content"][0]["text"]
    assert content.startswith("[brume") if reason == "max_tokens" else content == text
    assert answer["stopReason"] == reason


def test_an_agent_calls_a_tool_and_hears_its_result(bedrock):
    messages = [user("What is it like in Oslo? Use get_weather.")]
    tools = {"tools": [WEATHER]}
    answer = bedrock.converse(modelId=ECHO, messages=messages, toolConfig=tools)
    assert answer["stopReason"] == "tool_use"
    call = answer["output"]["message"]["content"][0]["toolUse"]
    assert call["name"] == "get_weather" and call["input"] == {"city": "echo", "unit": "celsius"}
    messages += [answer["output"]["message"], {"role": "user", "content": [
        {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"json": {"degrees": 3}}]}},
    ]}]
    answer = bedrock.converse(modelId=ECHO, messages=messages, toolConfig=tools)
    assert answer["output"]["message"]["content"] == [{"text": '[brume.echo] The tool returned: {"degrees":3}'}]
    events = list(bedrock.converse_stream(
        modelId=ECHO, messages=[user("anything")], toolConfig=tools | {"toolChoice": {"any": {}}})["stream"])
    start = next(event["contentBlockStart"] for event in events if "contentBlockStart" in event)
    assert start["start"]["toolUse"]["name"] == "get_weather"
    text = "".join(
        event["contentBlockDelta"]["delta"]["toolUse"]["input"] for event in events if "contentBlockDelta" in event)
    assert json.loads(text) == {"city": "echo", "unit": "celsius"}


def test_an_answer_meets_its_schema(bedrock):
    schema = {"type": "object", "properties": {"names": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
              "additionalProperties": False}
    answer = bedrock.converse(
        modelId=ECHO, messages=[user("names, please")],
        outputConfig={"textFormat": {
            "type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(schema)}},
        }},
    )
    assert json.loads(answer["output"]["message"]["content"][0]["text"]) == {"names": ["echo"]}


@pytest.mark.parametrize("messages, sentence", [
    ([{"role": "assistant", "content": [{"text": "hi"}]}], "A conversation must start with a user message."),
    ([], "A conversation must start with a user message."),
    ([user(" ")], "The text field in the ContentBlock object at messages.0.content.0 is blank."),
    ([{"role": "user", "content": []}], "The content field in the Message object at messages.0 is empty."),
    ([{"role": "user", "content": [{"toolResult": {"toolUseId": "x", "content": [{"text": "y"}]}}]}],
     "The toolConfig field must be defined when using toolUse and toolResult content blocks."),
])
def test_a_conversation_out_of_order_is_refused(bedrock, messages, sentence):
    error = refusal(bedrock.converse, modelId=ECHO, messages=messages)
    assert error["Code"] == "ValidationException" and error["Message"].startswith(sentence)
    assert refusal(bedrock.converse_stream, modelId=ECHO, messages=messages) == error


def test_a_model_that_is_not_here_names_the_remedy(bedrock):
    error = refusal(bedrock.converse, modelId="anthropic.claude-3-haiku-20240307-v1:0", messages=[user("hi")])
    assert error["Code"] == "ResourceNotFoundException" and "brume model alias" in error["Message"]


@pytest.mark.parametrize("model_id", [
    "anthropic.claude-3-haiku-20240307-v1:0", "us.anthropic.claude-3-haiku-20240307-v1:0",
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
])
def test_an_alias_answers_for_an_id_a_profile_and_an_arn(aliased, model_id):
    answer = aliased.converse(modelId=model_id, messages=[user("hi")])
    assert answer["output"]["message"]["content"] == [{"text": "[brume.echo] hi"}]


FAMILIES = {
    "anthropic.claude-3-haiku-20240307-v1:0": (
        {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]},
        lambda body: body["content"][0]["text"],
        lambda chunks: "".join(c["delta"]["text"] for c in chunks if c.get("delta", {}).get("type") == "text_delta"),
    ),
    "meta.llama3-8b-instruct-v1:0": (
        {"prompt": "hi"}, lambda body: body["generation"], lambda chunks: "".join(c["generation"] for c in chunks),
    ),
    "amazon.titan-text-express-v1": (
        {"inputText": "hi"}, lambda body: body["results"][0]["outputText"],
        lambda chunks: "".join(c["outputText"] for c in chunks),
    ),
    "amazon.nova-lite-v1:0": (
        {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
        lambda body: body["output"]["message"]["content"][0]["text"],
        lambda chunks: "".join(
            c["contentBlockDelta"]["delta"]["text"] for c in chunks if "contentBlockDelta" in c),
    ),
    "mistral.mistral-7b-instruct-v0:2": (
        {"prompt": "<s>[INST] hi [/INST]", "max_tokens": 50}, lambda body: body["outputs"][0]["text"],
        lambda chunks: "".join(c["outputs"][0]["text"] for c in chunks),
    ),
    "us.deepseek.r1-v1:0": (
        {"prompt": "hi", "max_tokens": 50}, lambda body: body["choices"][0]["text"],
        lambda chunks: "".join(c["choices"][0]["text"] for c in chunks),
    ),
    "cohere.command-r-v1:0": (
        {"message": "hi", "chat_history": [{"role": "USER", "message": "a"}, {"role": "CHATBOT", "message": "b"}]},
        lambda body: body["text"],
        lambda chunks: "".join(c["text"] for c in chunks if c["event_type"] == "text-generation"),
    ),
    "anthropic.claude-v2:1": (
        {"prompt": "\n\nHuman: hi\n\nAssistant:", "max_tokens_to_sample": 50}, lambda body: body["completion"],
        lambda chunks: "".join(c["completion"] for c in chunks),
    ),
    "cohere.command-text-v14": (
        {"prompt": "hi", "max_tokens": 50, "stream": True}, lambda body: body["generations"][0]["text"],
        lambda chunks: "".join(c["text"] for c in chunks if not c["is_finished"]),
    ),
} | {
    model_id: (
        {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 50},
        lambda body: body["choices"][0]["message"]["content"],
        lambda chunks: "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks),
    ) for model_id in [
        "openai.gpt-oss-20b-1:0", "mistral.mistral-large-2407-v1:0", "us.mistral.pixtral-large-2502-v1:0",
        "ai21.jamba-1-5-mini-v1:0", "qwen.qwen3-32b-v1:0", "deepseek.v3-v1:0", "moonshot.kimi-k2-thinking",
        "us.writer.palmyra-x5-v1:0",
    ]
}


def test_each_family_is_answered_in_its_own_notation(aliased):
    for model_id, (body, text, joined) in FAMILIES.items():
        request = {"modelId": model_id, "body": json.dumps(body)}
        said = "[brume.echo] " + ("hi" if "claude" in model_id else body.get("prompt", "hi"))
        assert text(json.loads(aliased.invoke_model(**request)["body"].read())) == said, model_id
        events = list(aliased.invoke_model_with_response_stream(**request)["body"])
        chunks = [json.loads(event["chunk"]["bytes"]) for event in events]
        assert joined(chunks) == said, model_id
        metrics = chunks[-1]["amazon-bedrock-invocationMetrics"]
        assert metrics["inputTokenCount"] > 0 and metrics["outputTokenCount"] > 0


def test_cohere_s_tools_are_called_and_their_results_told(aliased):
    tools = [{"name": "get_weather", "description": "", "parameter_definitions": {
        "city": {"type": "str", "required": True}, "days": {"type": "int"}}}]

    def invoke(body, stream=False):
        request = {"modelId": "cohere.command-r-plus-v1:0", "body": json.dumps(body)}
        if not stream:
            return json.loads(aliased.invoke_model(**request)["body"].read())
        return [json.loads(e["chunk"]["bytes"])
                for e in aliased.invoke_model_with_response_stream(**request)["body"]]

    call = {"name": "get_weather", "parameters": {"city": "echo", "days": 1}}
    body = {"message": "Use get_weather", "tools": tools}
    answer = invoke(body)
    assert answer["tool_calls"] == [call] and answer["finish_reason"] == "COMPLETE"
    events = invoke(body, stream=True)
    assert [e["event_type"] for e in events] == ["tool-calls-generation", "stream-end"]
    assert events[0]["tool_calls"] == [call] and events[1]["response"]["tool_calls"] == [call]
    told = invoke(body | {"tool_results": [{"call": call, "outputs": [{"degrees": 3}]}]})
    assert told["text"] == '[brume.echo] The tool returned: [{"degrees":3}]'


def test_cohere_s_older_models_generate(aliased):
    def invoke(body, stream=False):
        request = {"modelId": "cohere.command-light-text-v14", "body": json.dumps({"prompt": "one two three"} | body)}
        if not stream:
            return json.loads(aliased.invoke_model(**request)["body"].read())
        return [json.loads(e["chunk"]["bytes"])
                for e in aliased.invoke_model_with_response_stream(**request)["body"]]

    answer = invoke({"stop_sequences": [" three"], "p": 0.5, "k": 10, "temperature": 5, "return_likelihoods": "NONE"})
    assert set(answer) == {"generations", "id", "prompt"} and answer["prompt"] == "one two three"
    generation = answer["generations"][0]
    assert set(generation) == {"finish_reason", "id", "text"} and generation["id"] != answer["id"]
    assert (generation["text"], generation["finish_reason"]) == ("[brume.echo] one two", "COMPLETE")
    assert invoke({"max_tokens": 2})["generations"][0]["finish_reason"] == "MAX_TOKENS"
    # Twenty tokens, unless the body says how many.
    cut = invoke({"prompt": "word " * 50})["generations"][0]
    assert cut["finish_reason"] == "MAX_TOKENS" and 0 < cut["text"].count("word") < 20

    # Without `stream` in the body a stream is one chunk; with it the pieces come, and the whole at the end.
    whole = invoke({}, stream=True)
    assert len(whole) == 1 and whole[0]["generations"][0]["text"] == "[brume.echo] one two three"
    pieces = invoke({"stream": True}, stream=True)
    assert set(pieces[0]) == {"text", "is_finished"} and pieces[0]["is_finished"] is False
    assert pieces[-1]["is_finished"] is True and pieces[-1]["finish_reason"] == "COMPLETE"
    said = pieces[-1]["response"]["generations"][0]["text"]
    assert said == "".join(piece["text"] for piece in pieces[:-1]) == "[brume.echo] one two three"

    for body, sentence in (
        ({"num_generations": 2}, "Only num_generations = 1 is supported, and num_generations was 2."),
        ({"return_likelihoods": "ALL"}, "return_likelihoods is not supported by this version of Brume."),
        ({"logit_bias": {"11": -10}}, "logit_bias is not supported by this version of Brume."),
        ({"stop_sequences": list("abcde")}, "Malformed input request: #/stop_sequences: expected maximum item count: "
         "4, found: 5, please reformat your input and try again."),
    ):
        request = {"modelId": "cohere.command-text-v14", "body": json.dumps({"prompt": "hi"} | body)}
        assert refusal(aliased.invoke_model, **request) == {"Code": "ValidationException", "Message": sentence}


@pytest.mark.parametrize("member", ["search_queries_only", "return_prompt"])
def test_command_r_is_not_asked_for_what_it_does_not_say(aliased, member):
    for value in (True, False):
        request = {"modelId": "cohere.command-r-v1:0", "body": json.dumps({"message": "hi", member: value})}
        if value:
            assert refusal(aliased.invoke_model, **request) == {
                "Code": "ValidationException", "Message": f"{member} is not supported by this version of Brume."}
        else:
            assert aliased.invoke_model(**request)["contentType"] == "application/json"


def test_claude_s_older_models_complete(aliased):
    def invoke(prompt, **more):
        body = {"prompt": prompt, "max_tokens_to_sample": 50} | more
        request = {"modelId": "anthropic.claude-instant-v1", "body": json.dumps(body)}
        return json.loads(aliased.invoke_model(**request)["body"].read())

    turns = "Be brief.\n\nHuman: one\n\nAssistant: two\n\nHuman: three four\n\nAssistant:"
    assert invoke(turns) == {
        "type": "completion", "completion": "[brume.echo] three four", "stop_reason": "stop_sequence",
        "stop": "\n\nHuman:"}
    assert invoke(turns, stop_sequences=[" four"])["stop"] == " four"
    # A mark ends where its colon does, whatever sign joins the colon to what follows.
    assert invoke("\n\nHuman:\u200done\n\nAssistant:")["completion"] == "[brume.echo] \u200done"
    cut = invoke(turns, max_tokens_to_sample=1)
    assert (cut["stop_reason"], cut["stop"]) == ("max_tokens", None)
    for model, body, sentence in (
        ("claude-v2", {"prompt": "hi", "max_tokens_to_sample": 5},
         'prompt must start with "\n\nHuman:" turn after an optional system prompt'),
        ("claude-v2", {"prompt": "\n\nHuman: hi", "max_tokens_to_sample": 5},
         'prompt must end with "\n\nAssistant:" turn'),
        ("claude-v2", {"prompt": "\n\nHuman: hi\n\nAssistant:"}, "max_tokens_to_sample: Field required"),
        ("claude-3-sonnet-20240229-v1:0", {"prompt": "\n\nHuman: hi\n\nAssistant:", "max_tokens_to_sample": 5},
         '"claude-3-sonnet-20240229" is not supported on this API. Please use the Messages API instead.'),
    ):
        request = {"modelId": f"anthropic.{model}", "body": json.dumps(body)}
        assert refusal(aliased.invoke_model, **request) == {"Code": "ValidationException", "Message": sentence}


def test_llama_s_chunks_count_the_prompt_first_and_what_came_each_time(aliased):
    request = {"modelId": "meta.llama3-8b-instruct-v1:0", "body": json.dumps({"prompt": "one two three"})}
    chunks = [json.loads(event["chunk"]["bytes"])
              for event in aliased.invoke_model_with_response_stream(**request)["body"]]
    whole = json.loads(aliased.invoke_model(**request)["body"].read())
    assert [chunk["prompt_token_count"] for chunk in chunks] == [whole["prompt_token_count"]] + [None] * (
        len(chunks) - 1)
    counts = [chunk["generation_token_count"] for chunk in chunks]
    assert counts == sorted(counts) and counts[0] == 1 and counts[-1] == whole["generation_token_count"]
    assert {chunk["stop_reason"] for chunk in chunks[:-1]} == {None} and chunks[-1]["stop_reason"] == "stop"


@pytest.mark.parametrize("model, body, ended", [
    ("meta.llama3-8b-instruct-v1:0", {"prompt": "word " * 600},
     lambda body: (body["generation_token_count"], body["stop_reason"]) == (512, "length")),
    ("amazon.titan-text-lite-v1", {"inputText": "word " * 600},
     lambda body: (body["results"][0]["tokenCount"], body["results"][0]["completionReason"]) == (512, "LENGTH")),
])
def test_what_names_no_bound_has_its_makers(aliased, model, body, ended):
    assert ended(json.loads(aliased.invoke_model(modelId=model, body=json.dumps(body))["body"].read()))


def test_what_an_answer_took_stands_in_headers(aliased):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    answer = aliased.invoke_model(modelId="anthropic.claude-3-haiku-20240307-v1:0", body=json.dumps(body))
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    usage = json.loads(answer["body"].read())["usage"]
    assert int(headers["x-amzn-bedrock-input-token-count"]) == usage["input_tokens"] > 0
    assert int(headers["x-amzn-bedrock-output-token-count"]) == usage["output_tokens"] > 0
    assert headers["x-amzn-bedrock-cache-read-input-token-count"] == "0"
    assert headers["x-amzn-bedrock-cache-write-input-token-count"] == "0"
    assert int(headers["x-amzn-bedrock-invocation-latency"]) >= 0


def test_each_message_has_an_id_of_its_own(aliased):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    request = {"modelId": "anthropic.claude-3-haiku-20240307-v1:0", "body": json.dumps(body)}
    ids = {json.loads(aliased.invoke_model(**request)["body"].read())["id"] for _ in range(5)}
    first = next(iter(aliased.invoke_model_with_response_stream(**request)["body"]))
    ids.add(json.loads(first["chunk"]["bytes"])["message"]["id"])
    assert len(ids) == 6 and all(text.startswith("msg_bdrk_") for text in ids)


@pytest.mark.alone
def test_an_input_that_is_too_long_is_refused_soon(bedrock):
    started = time.monotonic()
    error = refusal(bedrock.converse, modelId=ECHO, messages=[user("word " * 4_000_000)])
    assert error == {"Code": "ValidationException", "Message": "Input is too long for requested model."}
    assert time.monotonic() - started < 3


def test_a_body_that_is_no_json_is_refused(aliased):
    error = refusal(aliased.invoke_model, modelId="meta.llama3-8b-instruct-v1:0", body=b"{")
    assert error == {
        "Code": "ValidationException",
        "Message": "Malformed input request, please reformat your input and try again.",
    }


def test_an_operation_that_is_not_served_says_so(bedrock):
    error = refusal(bedrock.list_async_invokes)
    assert error["Code"] == "UnknownOperationException"
    assert error["Message"].startswith("GET /async-invoke is no operation of bedrock-runtime")


def test_who_sends_events_is_told_before_the_last_one(server):
    head = "\r\n".join((
        "POST /model/amazon.nova-2-sonic-v1:0/invoke-with-bidirectional-stream HTTP/1.1", "Host: localhost",
        f"Authorization: Bearer {server.bearer_token()}", "Content-Type: application/vnd.amazon.eventstream",
        "Transfer-Encoding: chunked"))
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(f"{head}\r\n\r\n5\r\nhello\r\n".encode())
        answer = connection.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 404 ") and "UnknownOperationException" in answer


def test_a_profile_of_another_account_is_refused(bedrock):
    profile = "arn:aws:bedrock:us-east-1:999999999999:inference-profile/us.brume.echo"
    assert refusal(bedrock.converse, modelId=profile, messages=[user("hi")])["Code"] == "AccessDeniedException"
