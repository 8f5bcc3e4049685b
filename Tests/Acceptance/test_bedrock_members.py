"""Members of wrong types in the bodies of Bedrock's models are refused by name, in the form of each API."""

import json

import botocore.exceptions
import httpx
import pytest

from echo_requests import ECHO, MESSAGES, post, token, typed

CLAUDE = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": MESSAGES}
NOVA = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
FAMILIES = {
    "anthropic.claude-3-haiku-20240307-v1:0": {
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": MESSAGES},
    "meta.llama3-8b-instruct-v1:0": {"prompt": "Hi"},
    "amazon.titan-text-express-v1": {"inputText": "Hi"},
    "amazon.nova-lite-v1:0": {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    "mistral.mistral-7b-instruct-v0:2": {"prompt": "Hi"},
    "cohere.command-r-v1:0": {"message": "Hi"},
    "cohere.command-text-v14": {"prompt": "Hi"},
    "openai.gpt-oss-20b-1:0": {"messages": MESSAGES},
}


@pytest.mark.parametrize("path, body, param, sentence", [
    ("/v1/chat/completions", {"tools": 5}, "tools", "expected an array of objects, but got an integer instead."),
    ("/v1/chat/completions", {"temperature": "x"}, "temperature", "expected a decimal, but got a string instead."),
    ("/v1/chat/completions", {"max_tokens": 1.5}, "max_tokens",
     "expected an integer, but got a decimal number instead."),
    ("/v1/chat/completions", {"stream": "yes"}, "stream", "expected a boolean, but got a string instead."),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": 5}]}, "messages[0].content",
     "expected one of a string or array of objects, but got an integer instead."),
    ("/v1/responses", {"input": "Hi", "max_output_tokens": "x"}, "max_output_tokens",
     "expected an integer, but got a string instead."),
    ("/v1/responses", {"input": "Hi", "tools": {}}, "tools",
     "expected an array of objects, but got an object instead."),
])
def test_openai_names_the_member(typed, token, path, body, param, sentence):
    answer = post(typed, token, path, ({"messages": MESSAGES} if "chat" in path else {}) | body)
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "message": f"Invalid type for '{param}': {sentence}", "type": "invalid_request_error", "param": param,
        "code": "invalid_type"}


def test_openai_names_a_missing_member_and_a_wrong_word(typed, token):
    error = post(typed, token, "/v1/chat/completions", {}).json()["error"]
    assert error == {"message": "Missing required parameter: 'messages'.", "type": "invalid_request_error",
                     "param": "messages", "code": "missing_required_parameter"}
    body = {"messages": MESSAGES, "tools": [{"type": "function"}]}
    error = post(typed, token, "/v1/chat/completions", body).json()["error"]
    assert error["message"] == "Missing required parameter: 'tools[0].function'."
    assert (error["param"], error["code"]) == ("tools[0].function", "missing_required_parameter")
    error = post(typed, token, "/v1/chat/completions", {"messages": MESSAGES, "tool_choice": "may"}).json()["error"]
    assert error["code"] == "invalid_value" and error["param"] == "tool_choice"


@pytest.mark.parametrize("body, sentence", [
    ({"temperature": "x"}, "temperature: Input should be a valid number"),
    ({"tools": 5}, "tools: Input should be a valid list"),
    ({"tools": [{"name": 5}]}, "tools.0.custom.name: Input should be a valid string"),
    ({"tools": [{"input_schema": {"type": "object"}}]}, "tools.0.custom.name: Field required"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]},
     "messages.0.content.0.text.text: Input should be a valid string"),
    ({"messages": [*MESSAGES, {"role": "assistant", "content": [
        {"type": "tool_use", "id": "a", "name": "t", "input": "x"}]}]},
     "messages.1.content.0.tool_use.input: Input should be a valid dictionary"),
    ({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": 5}}]}]},
     "messages.0.content.0.image.source.base64.data: Input should be a valid string"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": True}]}]},
     "messages.0.content.0.text.cache_control: Input should be a valid dictionary"),
    ({"tools": [{"name": "t", "input_schema": {"type": "object"}, "cache_control": {}}]},
     "tools.0.custom.cache_control.type: Field required"),
    ({"tools": [{"name": "t", "input_schema": {"type": "object"}}], "tool_choice": {}},
     "tool_choice.type: Field required"),
    ({"metadata": {"user_id": 5}}, "metadata.user_id: Input should be a valid string"),
    ({"stop_sequences": "x"}, "stop_sequences: Input should be a valid list"),
    ({"tool_choice": "any"}, "tool_choice: Input should be a valid dictionary"),
    ({"system": 5}, "system: Input should be a valid list"),
    ({"context_management": 5}, "context_management: Input should be a valid dictionary"),
    ({"context_management": {"edits": {}}}, "context_management.edits: Input should be a valid list"),
    ({"mcp_servers": {}}, "mcp_servers: Input should be a valid list"),
])
def test_anthropic_names_the_member(typed, token, body, sentence):
    answer = post(typed, token, "/v1/messages", {"max_tokens": 9, "messages": MESSAGES} | body)
    assert answer.status_code == 400 and answer.json()["type"] == "error"
    assert answer.json()["error"] == {"type": "invalid_request_error", "message": sentence}


@pytest.mark.parametrize("path", ["/v1/messages", "/anthropic/v1/messages/count_tokens", "/v1/models"])
@pytest.mark.parametrize("version, sentence", [
    ({}, "anthropic-version: header is required"),
    ({"anthropic-version": "2023-13-01"}, 'anthropic-version: "2023-13-01" is not a valid version'),
    ({"anthropic-version": "bedrock-2023-05-31"},
     'anthropic-version: "bedrock-2023-05-31" is not a valid version'),
    ({"anthropic-version": "2023-06-01, 2023-06-01"},
     'anthropic-version: "2023-06-01, 2023-06-01" is not a valid version'),
])
def test_anthropic_asks_for_its_version(typed, token, path, version, sentence):
    body = None if path.endswith("models") else {"model": ECHO, "max_tokens": 9, "messages": MESSAGES}
    answer = httpx.request(
        "POST" if body else "GET", typed.url + path, headers={"x-api-key": token} | version, json=body)
    assert (answer.status_code, answer.json()["error"]) == (
        400, {"type": "invalid_request_error", "message": sentence})


@pytest.mark.parametrize("body, sentence", [
    ({"messages": MESSAGES}, "max_tokens: Field required"), ({"max_tokens": 9}, "messages: Field required"),
])
def test_anthropic_names_what_is_missing(typed, token, body, sentence):
    answer = post(typed, token, "/v1/messages", body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, sentence)


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_anthropic_refuses_a_member_that_it_does_not_know(typed, token, path):
    body = {"messages": MESSAGES, "output_config": {"effort": "low"}}
    if path.endswith("messages"):
        body |= {"max_tokens": 9, "metadata": {"user_id": "me"}, "service_tier": "auto"}
    assert post(typed, token, path, body).status_code == 200
    answer = post(typed, token, path, body | {"max_tokens_to_sample": 9})
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400, "max_tokens_to_sample: Extra inputs are not permitted")


@pytest.mark.parametrize("path, body, error", [
    ("/v1/messages", {"model": None}, {"type": "invalid_request_error", "message": "model: Field required"}),
    ("/v1/messages", {"model": 5}, {
        "type": "invalid_request_error", "message": "model: Input should be a valid string"}),
    ("/v1/chat/completions", {"model": None}, {
        "message": "you must provide a model parameter", "type": "invalid_request_error", "param": None, "code": None}),
    ("/v1/responses", {"model": 5}, {
        "message": "Invalid type for 'model': expected a string, but got an integer instead.",
        "type": "invalid_request_error", "param": "model", "code": "invalid_type"}),
])
def test_a_model_that_is_not_named_is_asked_for_in_each_notation(typed, token, path, body, error):
    answer = post(typed, token, path, {"max_tokens": 9, "messages": MESSAGES, "input": "Hi"} | body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("operation", ["invoke_model", "invoke_model_with_response_stream", "count_tokens"])
@pytest.mark.parametrize("missing", ["anthropic_version", "messages"])
def test_claudes_native_body_names_what_is_missing(typed, operation, missing):
    model = "anthropic.claude-3-haiku-20240307-v1:0"
    body = json.dumps({name: value for name, value in FAMILIES[model].items() if name != missing})
    request = {"input": {"invokeModel": {"body": body}}} if operation == "count_tokens" else {"body": body}
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        getattr(typed.client("bedrock-runtime"), operation)(modelId=model, **request)
    error = failure.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationException", f"{missing}: Field required")


@pytest.mark.parametrize("operation", ["invoke_model", "invoke_model_with_response_stream"])
def test_a_native_body_is_json_and_called_so(typed, operation):
    model = "anthropic.claude-3-haiku-20240307-v1:0"
    invoke = getattr(typed.client("bedrock-runtime"), operation)
    body = json.dumps(FAMILIES[model])
    for lawful in ("application/json", "application/json; charset=utf-8"):
        invoke(modelId=model, body=body, contentType=lawful)
    for other in ("text/plain", "application/octet-stream"):
        with pytest.raises(botocore.exceptions.ClientError) as failure:
            invoke(modelId=model, body=body, contentType=other)
        assert failure.value.response["Error"] == {
            "Code": "ValidationException",
            "Message": "The provided Content Type is invalid or not supported for this model"}


@pytest.mark.parametrize("model", FAMILIES)
def test_native_bodies_pass_and_their_members_are_checked(typed, model):
    bedrock = typed.client("bedrock-runtime")
    body = FAMILIES[model]
    bedrock.invoke_model(modelId=model, body=json.dumps(body))
    wrong = {
        "amazon.titan-text-express-v1": ({"textGenerationConfig": {"topP": "x"}}, "#/textGenerationConfig/topP"),
        "amazon.nova-lite-v1:0": ({"inferenceConfig": {"topP": "x"}}, "#/inferenceConfig/topP"),
        "cohere.command-r-v1:0": ({"p": "x"}, "#/p"),
        "cohere.command-text-v14": ({"p": "x"}, "#/p"),
    }
    change, place = wrong.get(model, ({"top_p": "x"}, "#/top_p"))
    for call in (bedrock.invoke_model, bedrock.invoke_model_with_response_stream):
        with pytest.raises(botocore.exceptions.ClientError) as failure:
            call(modelId=model, body=json.dumps(body | change))
        error = failure.value.response["Error"]
        assert error["Code"] == "ValidationException"
        assert error["Message"] == {
            "anthropic": "top_p: Input should be a valid number",
            "openai": "Invalid type for 'top_p': expected a decimal, but got a string instead.",
        }.get(model.split(".")[0], f"Malformed input request: {place}: expected type: Number, found: String, please "
              "reformat your input and try again.")


@pytest.mark.parametrize("model, body, finding", [
    ("meta.llama3-8b-instruct-v1:0", {"messages": []},
     "#: required key [prompt] not found#: extraneous key [messages] is not permitted"),
    ("meta.llama3-8b-instruct-v1:0", {"prompt": "Hi", "max_tokens": 5},
     "#: extraneous key [max_tokens] is not permitted"),
    ("meta.llama3-8b-instruct-v1:0", {"prompt": "Hi", "temperature": 1.5},
     "#/temperature: 1.5 is not less or equal to 1"),
    ("meta.llama3-8b-instruct-v1:0", {"prompt": "Hi", "max_gen_len": 0},
     "#/max_gen_len: 0 is not greater or equal to 1"),
    ("amazon.titan-text-express-v1", {"prompt": "Hi"},
     "#: required key [inputText] not found#: extraneous key [prompt] is not permitted"),
    ("amazon.titan-text-express-v1", {"inputText": "Hi", "textGenerationConfig": {"maxTokens": 5}},
     "#/textGenerationConfig: extraneous key [maxTokens] is not permitted"),
    ("amazon.titan-text-express-v1", {"inputText": "Hi", "textGenerationConfig": {"topP": -1}},
     "#/textGenerationConfig/topP: -1 is not greater or equal to 0"),
    ("amazon.nova-lite-v1:0", {"messages": [{"role": "user", "content": [{"text": "Hi"}]}], "max_tokens": 5},
     "#: extraneous key [max_tokens] is not permitted"),
    ("amazon.nova-lite-v1:0", {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
     "#/messages/0/content/0: extraneous key [type] is not permitted"),
    ("amazon.nova-lite-v1:0", {"messages": [{"role": "user", "content": "Hi"}]},
     "#/messages/0/content: expected type: JSONArray, found: String"),
    ("amazon.nova-lite-v1:0", {"messages": [{"role": "system", "content": [{"text": "Hi"}]}]},
     "#/messages/0/role: system is not a valid enum value"),
    ("amazon.nova-lite-v1:0", {"messages": [{"role": "user"}]}, "#/messages/0: required key [content] not found"),
    ("amazon.nova-lite-v1:0", {"messages": [{"role": "user", "content": []}]},
     "#/messages/0/content: expected minimum item count: 1, found: 0"),
    ("amazon.nova-lite-v1:0", NOVA | {"system": [{"type": "text", "text": "s"}]},
     "#/system/0: extraneous key [type] is not permitted"),
    ("amazon.nova-lite-v1:0", NOVA | {"inferenceConfig": {"max_tokens": 5}},
     "#/inferenceConfig: extraneous key [max_tokens] is not permitted"),
    ("amazon.nova-lite-v1:0", NOVA | {"inferenceConfig": {"maxTokens": 0}},
     "#/inferenceConfig/maxTokens: 0 is not greater or equal to 1"),
    ("amazon.nova-lite-v1:0", {"messages": [{"role": "user", "content": [
        {"image": {"format": "bmp", "source": {"bytes": "aGk="}}}]}]},
     "#/messages/0/content/0/image/format: bmp is not a valid enum value"),
    ("cohere.command-r-v1:0", {"message": "Hi", "chat_history": [{"role": "user", "message": "a"}]},
     "#/chat_history/0/role: user is not a valid enum value"),
    ("mistral.mistral-7b-instruct-v0:2", {"prompt": "Hi", "top_p": 2}, "#/top_p: 2 is not less or equal to 1"),
    *((model, {"max_tokens": 9}, "#: required key [prompt] not found") for model in (
        "mistral.mistral-7b-instruct-v0:2", "mistral.mixtral-8x7b-instruct-v0:1", "us.deepseek.r1-v1:0")),
    ("amazon.nova-lite-v1:0", {"messages": []}, "#/messages: expected minimum item count: 1, found: 0"),
    ("cohere.command-r-v1:0", {"prompt": "Hi"},
     "#: required key [message] not found#: extraneous key [prompt] is not permitted"),
    ("cohere.command-text-v14", {"message": "Hi"},
     "#: required key [prompt] not found#: extraneous key [message] is not permitted"),
    ("anthropic.claude-3-haiku-20240307-v1:0",
     {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": MESSAGES, "top_n": 1, "stream": True},
     '#: subject must not be valid against schema {"required":["messages"]}#: extraneous key [top_n] is not permitted'
     "#: extraneous key [stream] is not permitted"),
    # Several findings as users report them: in the order of Java's hash maps; Nova names the first.
    ("anthropic.claude-3-haiku-20240307-v1:0", CLAUDE | {"model": "x", "stream": True},
     '#: subject must not be valid against schema {"required":["messages"]}#: extraneous key [stream] is not permitted'
     "#: extraneous key [model] is not permitted"),
    ("meta.llama3-8b-instruct-v1:0", CLAUDE | {"system": "s", "temperature": 1, "top_p": 1},
     "#: required key [prompt] not found#: extraneous key [system] is not permitted#: extraneous key [max_tokens] is "
     "not permitted#: extraneous key [messages] is not permitted#: extraneous key [anthropic_version] is not "
     "permitted"),
    ("amazon.nova-micro-v1:0", CLAUDE | {"temperature": 1, "top_p": 1}, "#: extraneous key [top_p] is not permitted"),
    ("amazon.nova-pro-v1:0", CLAUDE | {"temperature": 1}, "#: extraneous key [max_tokens] is not permitted"),
    ("amazon.nova-lite-v1:0", {"prompt": "Hi", "max_tokens": 5}, "#: required key [messages] not found"),
    ("cohere.command-r-plus-v1:0",
     {"prompt": "Hi", "temperature": 0, "p": 1, "k": 0, "max_tokens": 9, "return_likelihoods": "NONE",
      "stop_sequences": [], "stream": False, "num_generations": 1, "logit_bias": {}, "truncate": "NONE"},
     "#: required key [message] not found#: extraneous key [logit_bias] is not permitted#: extraneous key [truncate] "
     "is not permitted#: extraneous key [stream] is not permitted#: extraneous key [num_generations] is not permitted"
     "#: extraneous key [return_likelihoods] is not permitted#: extraneous key [prompt] is not permitted#/p: 1 is not "
     "less or equal to 0.99"),
    ("cohere.command-r-plus-v1:0", {"message": "Hi", "p": 1}, "#/p: 1 is not less or equal to 0.99"),
    ("cohere.command-r-plus-v1:0", {"message": "Hi", "p": 0}, "#/p: 0 is not greater or equal to 0.01"),
    ("cohere.command-text-v14", {"prompt": "Hi", "num_generations": 6},
     "#/num_generations: 6 is not less or equal to 5"),
    ("cohere.command-text-v14", {"prompt": "Hi", "truncate": "LEFT"}, "#/truncate: LEFT is not a valid enum value"),
])
def test_native_bodies_name_what_is_missing_too_much_and_out_of_bounds(typed, model, body, finding):
    bedrock = typed.client("bedrock-runtime")
    for call in (bedrock.invoke_model, bedrock.invoke_model_with_response_stream):
        with pytest.raises(botocore.exceptions.ClientError) as failure:
            call(modelId=model, body=json.dumps(body))
        assert failure.value.response["Error"] == {
            "Code": "ValidationException",
            "Message": f"Malformed input request: {finding}, please reformat your input and try again."}


@pytest.mark.parametrize("model, body, finding", [
    ("amazon.titan-embed-text-v2:0", {"inputText": "a", "dimensions": None},
     "#/dimensions: expected type: Integer, found: Null"),
    ("amazon.titan-embed-image-v1", {"inputText": "a", "embeddingConfig": "x"},
     "#/embeddingConfig: expected type: JSONObject, found: String"),
    ("cohere.embed-english-v3", {"texts": ["a"], "input_type": None},
     "#/input_type: expected type: String, found: Null"),
    ("cohere.rerank-v3-5:0", {"query": "a", "documents": ["b", 5], "api_version": 2},
     "#/documents/1: expected type: String, found: Integer"),
    ("cohere.rerank-v3-5:0", {"query": "a", "documents": None, "api_version": 2},
     "#/documents: expected type: JSONArray, found: Null"),
    ("cohere.rerank-v3-5:0", {"query": "a", "documents": ["b"], "api_version": "2"},
     "#/api_version: expected type: Integer, found: String"),
])
def test_bodies_for_vectors_and_ranks_have_no_nulls_and_no_other_types(typed, model, body, finding):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        typed.client("bedrock-runtime").invoke_model(modelId=model, body=json.dumps(body))
    assert failure.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"Malformed input request: {finding}, please reformat your input and try again."}


ASKED = {"role": "user", "content": "Weather?"}
CALL = {"role": "assistant", "content": None, "tool_calls": [
    {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "3 degrees"}
UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
    "The following tool_call_ids did not have response messages: call_1")


@pytest.mark.parametrize("messages, param, sentence", [
    ([RESULT], "messages.[0].role",
     "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."),
    ([ASKED, CALL, RESULT | {"tool_call_id": "call_2"}], "messages.[2].tool_call_id",
     "Invalid parameter: 'tool_call_id' of 'call_2' not found in 'tool_calls' of previous message."),
    ([ASKED, CALL, ASKED], "messages.[2].role", UNANSWERED),
    ([ASKED, CALL], "messages.[2].role", UNANSWERED),
])
def test_openai_calls_and_results_stand_together(typed, token, messages, param, sentence):
    answer = post(typed, token, "/v1/chat/completions", {"messages": messages})
    assert (answer.status_code, answer.json()["error"]) == (400, {
        "message": sentence, "type": "invalid_request_error", "param": param, "code": None})
    whole = post(typed, token, "/v1/chat/completions", {"messages": [ASKED, CALL, RESULT, ASKED]})
    assert whole.status_code == 200


OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "3 degrees"}
FUNCTION_CALL = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}


@pytest.mark.parametrize("items, sentence", [
    ([ASKED, OUTPUT], "No tool call found for function call output with call_id call_1."),
    ([ASKED, FUNCTION_CALL], "No tool output found for function call call_1."),
    ([ASKED, FUNCTION_CALL, ASKED], "No tool output found for function call call_1."),
])
def test_calls_and_outputs_of_responses_stand_together(typed, token, items, sentence):
    answer = post(typed, token, "/v1/responses", {"input": items})
    assert (answer.status_code, answer.json()["error"]) == (400, {
        "message": sentence, "type": "invalid_request_error", "param": "input", "code": None})
    assert post(typed, token, "/v1/responses", {"input": [ASKED, FUNCTION_CALL, OUTPUT]}).status_code == 200


@pytest.mark.parametrize("path, member, value, sentence, code", [
    ("chat/completions", "temperature", 2.1, "decimal above maximum value. Expected a value <= 2, but got 2.1 instead.",
     "decimal_above_max_value"),
    ("chat/completions", "temperature", -1, "decimal below minimum value. Expected a value >= 0, but got -1 instead.",
     "decimal_below_min_value"),
    ("responses", "top_p", 5, "decimal above maximum value. Expected a value <= 1, but got 5 instead.",
     "decimal_above_max_value"),
    ("chat/completions", "presence_penalty", -3,
     "decimal below minimum value. Expected a value >= -2, but got -3 instead.", "decimal_below_min_value"),
    ("chat/completions", "max_tokens", 0, "integer below minimum value. Expected a value >= 1, but got 0 instead.",
     "integer_below_min_value"),
    ("responses", "max_output_tokens", 15, "integer below minimum value. Expected a value >= 16, but got 15 instead.",
     "integer_below_min_value"),
    ("chat/completions", "tools", [{"type": "function", "function": {"name": f"t{n}"}} for n in range(129)],
     "array too long. Expected an array with maximum length 128, but got an array with length 129 instead.",
     "array_above_max_length"),
    ("responses", "tools", [{"type": "function", "name": f"t{n}"} for n in range(129)],
     "array too long. Expected an array with maximum length 128, but got an array with length 129 instead.",
     "array_above_max_length"),
    ("chat/completions", "stop", list("abcde"),
     "array too long. Expected an array with maximum length 4, but got an array with length 5 instead.",
     "array_above_max_length"),
    ("chat/completions", "messages", [],
     "empty array. Expected an array with minimum length 1, but got an empty array instead.", "empty_array"),
])
def test_openai_names_what_is_out_of_bounds(typed, token, path, member, value, sentence, code):
    said = {"messages": MESSAGES} if path.startswith("chat") else {"input": "Hi"}
    answer = post(typed, token, f"/v1/{path}", said | {member: value})
    assert (answer.status_code, answer.json()["error"]) == (400, {
        "message": f"Invalid '{member}': {sentence}", "type": "invalid_request_error", "param": member, "code": code})


@pytest.mark.parametrize("member, value", [
    ("tools", [{"type": "function", "function": {"name": f"{n:064}"}} for n in range(128)]),
    ("temperature", 2), ("top_p", 1.0), ("frequency_penalty", -2), ("max_tokens", 1), ("stop", list("abcd")),
    ("response_format", {"type": "text"}),
])
def test_openai_takes_what_is_within_bounds(typed, token, member, value):
    assert post(typed, token, "/v1/chat/completions", {"messages": MESSAGES, member: value}).status_code == 200


@pytest.mark.parametrize("path, place, wrap", [
    ("chat/completions", "tools[0].function.name", lambda function: {"type": "function", "function": function}),
    ("responses", "tools[0].name", lambda function: {"type": "function", **function}),
])
@pytest.mark.parametrize("name, sentence, code", [
    ("", "empty string. Expected a string with minimum length 1, but got an empty string instead.", "empty_string"),
    ("my.tool", "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
     "invalid_value"),
    ("t" * 65, "string too long. Expected a string with maximum length 64, but got a string with length 65 instead.",
     "string_above_max_length"),
])
def test_openai_names_of_tools_are_checked(typed, token, path, place, wrap, name, sentence, code):
    said = {"messages": MESSAGES} if path.startswith("chat") else {"input": "Hi"}
    answer = post(typed, token, f"/v1/{path}", said | {"tools": [wrap({"name": name, "parameters": {}})]})
    assert (answer.status_code, answer.json()["error"]) == (400, {
        "message": f"Invalid '{place}': {sentence}", "type": "invalid_request_error", "param": place, "code": code})


@pytest.mark.parametrize("body, param, sentence", [
    ({"messages": [{"role": "ai", "content": "Hi"}]}, "messages[0].role",
     "Invalid value: 'ai'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."),
    ({"messages": MESSAGES, "response_format": {"type": "xml"}}, "response_format.type",
     "Invalid value: 'xml'. Supported values are: 'json_object', 'json_schema', and 'text'."),
])
def test_openai_names_the_words_that_it_takes(typed, token, body, param, sentence):
    answer = post(typed, token, "/v1/chat/completions", body)
    assert (answer.status_code, answer.json()["error"]) == (400, {
        "message": sentence, "type": "invalid_request_error", "param": param, "code": "invalid_value"})
