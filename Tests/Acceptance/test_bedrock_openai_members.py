"""What OpenAI's API refuses of bodies for its two notations, by member and code, and what its tool choices do."""

import json

import httpx
import pytest

from brume_server import Server

ECHO = "brume.echo"
CHAT = "chat/completions"
HI = {"role": "user", "content": "Hi"}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
MISSING = "missing_required_parameter"
PIXEL = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAAB"
         "JRU5ErkJggg==")
DOCUMENTATION = "https://platform.openai.com/docs/api-reference/responses/create."
EFFORTS = "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'"


# Objects that are open, or lack a property, and what OpenAI says of them.
LOOSE = [
    ({"type": "object", "properties": {}},
     "In context=(), 'additionalProperties' is required to be supplied and to be false."),
    (SCHEMA | {"required": []},
     "In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing "
     "'n'."),
    (SCHEMA | {"properties": {"n": {"type": "array", "items": {"anyOf": [{"type": "null"}, {"type": "object"}]}}}},
     "In context=('properties', 'n', 'items', 'anyOf', '1'), 'additionalProperties' is required to be supplied and to be "
     "false."),
]
NO_JSON = "must contain the word 'json' in some form"


@pytest.fixture(scope="module")
def post(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("openai"), "--bedrock-aliases", f"*={ECHO}") as server:
        token = server.bearer_token()

        def send(path, **body):
            said = {"messages": [HI]} if path == CHAT else {"input": "Hi"}
            body = {name: value for name, value in ({"model": ECHO} | said | body).items() if value is not ...}
            return httpx.post(f"{server.url}/v1/{path}", headers={"Authorization": f"Bearer {token}"}, json=body)

        yield send


def part(kind, **members):
    return {"role": "user", "content": [{"type": kind, **members}]}


def json_format(**members):
    return {"type": "json_schema", "json_schema": members}


@pytest.mark.parametrize("path, body, param, sentence, code", [
    (CHAT, {"messages": [{"role": "user", "content": None}]}, "messages.[0].content",
     "Invalid value for 'content': expected a string, got null.", None),
    (CHAT, {"messages": [HI, {"role": "assistant"}, HI]}, "messages.[1].content",
     "Invalid value for 'content': expected a string, got null.", None),
    (CHAT, {"messages": [part("input_text", text="Hi")]}, "messages[0].content[0].type",
     "Invalid value: 'input_text'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal', 'audio', and "
     "'file'.", "invalid_value"),
    (CHAT, {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}, "messages[0].content[0].type",
     "Missing required parameter: 'messages[0].content[0].type'.", MISSING),
    (CHAT, {"messages": [part("image_url", image_url={"url": "data:image/svg+xml;base64,PHN2Zz4="})]}, None,
     "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', "
     "'gif', 'webp'].", "invalid_image_format"),
    *((CHAT, {"messages": [HI, {"role": "assistant", "content": None, "tool_calls": [CALL]},
                           {"role": "tool", "tool_call_id": "call_1", "content": "3"}]
              + [{"role": role, "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]}]}, "messages[3]",
       "Invalid 'messages[3]'. Image URLs are only allowed for messages with role 'user', but this message with role "
       f"'{role}' contains an image URL.", "invalid_value") for role in ("assistant", "system", "developer")),
    (CHAT, {"stream_options": {"include_usage": True}}, "stream_options",
     "The 'stream_options' parameter is only allowed when 'stream' is enabled.", None),
    (CHAT, {"functions": [{"name": "f"}]}, "functions",
     "functions is not supported by this version of Brume: use tools.", None),
    (CHAT, {"tools": [{"function": {"name": "f"}}]}, "tools[0].type", "Missing required parameter: 'tools[0].type'.",
     MISSING),
    (CHAT, {"tools": [{"type": "x", "function": {"name": "f"}}]}, "tools[0].type",
     "Invalid value: 'x'. Supported values are: 'function' and 'custom'.", "invalid_value"),
    (CHAT, {"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type",
     "Custom tools are not supported by this version of Brume.", None),
    (CHAT, {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}}]},
     "tools[0].function.parameters",
     "Invalid schema for function 'f': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"string\"'.",
     "invalid_function_parameters"),
    ("responses", {"tools": [{"type": "function", "name": "f", "parameters": {"properties": {}}}]},
     "tools[0].parameters",
     "Invalid schema for function 'f': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'.",
     "invalid_function_parameters"),
    (CHAT, {"messages": [HI, {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "3"}]},
     "messages.[2].tool_call_id",
     "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.", None),
    (CHAT, {"tool_choice": "auto"}, "tool_choice",
     "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", None),
    (CHAT, {"response_format": {}}, "response_format.type", "Missing required parameter: 'response_format.type'.",
     MISSING),
    (CHAT, {"response_format": {"type": "json_schema"}}, "response_format.json_schema",
     "Missing required parameter: 'response_format.json_schema'.", MISSING),
    (CHAT, {"response_format": json_format(schema=SCHEMA)}, "response_format.json_schema.name",
     "Missing required parameter: 'response_format.json_schema.name'.", MISSING),
    (CHAT, {"response_format": json_format(name="a b", schema=SCHEMA)}, "response_format.json_schema.name",
     "Invalid 'response_format.json_schema.name': string does not match pattern. Expected a string that matches the "
     "pattern '^[a-zA-Z0-9_-]+$'.", "invalid_value"),
    ("responses", {"input": []}, "input", "The input must have at least one message.", None),
    ("embeddings", {"input": ...}, "input", "Missing required parameter: 'input'.", MISSING),
    ("embeddings", {"encoding_format": "hex"}, "encoding_format",
     "Invalid value: 'hex'. Supported values are: 'float' and 'base64'.", "invalid_value"),
    ("responses", {"input": ...}, "input", "Missing required parameter: 'input'.", MISSING),
    ("responses", {"input": [part("text", text="Hi")]}, "input[0].content[0].type",
     "Invalid value: 'text'. Supported values are: 'input_text', 'input_image', 'input_audio', 'output_text', 'refusal', "
     "'input_file', 'computer_screenshot', 'summary_text', and 'encrypted_content'.", "invalid_value"),
    ("responses", {"input": [{"role": "tool", "content": "Hi"}]}, "input[0].role",
     "Invalid value: 'tool'. Supported values are: 'assistant', 'system', 'developer', and 'user'.", "invalid_value"),
    ("responses", {"input": [HI, {"type": "function_call", "call_id": "c", "name": "f"}]}, "input[1].arguments",
     "Missing required parameter: 'input[1].arguments'.", MISSING),
    ("responses", {"input": [HI, {"type": "function_call_output", "call_id": "c"}]}, "input[1].output",
     "Missing required parameter: 'input[1].output'.", MISSING),
    ("responses", {"input": [{"role": "user"}]}, "input[0].content", "Missing required parameter: 'input[0].content'.",
     MISSING),
    ("responses", {"tools": [{"name": "f"}]}, "tools[0].type", "Missing required parameter: 'tools[0].type'.", MISSING),
    ("responses", {"text": {"format": {"type": "json_schema", "schema": SCHEMA}}}, "text.format.name",
     "Missing required parameter: 'text.format.name'.", MISSING),
    ("responses", {"text": {"format": {"type": "xml"}}}, "text.format.type",
     "Invalid value: 'xml'. Supported values are: 'json_object', 'json_schema', and 'text'.", "invalid_value"),
    *(("responses", {name: value}, name, f"{name} is not supported by this version of Brume.", None)
      for name, value in (("background", True), ("conversation", "conv_1"), ("prompt", {"id": "pmpt_1"}))),
    (CHAT, {"messages": [part("image_url", image_url={"url": "https://a.b/c.png"})]}, "messages[0].content[0]",
     "The image at 'messages[0].content[0]' must be a data URL with base64: other URLs are not fetched.", None),
    ("embeddings", {"dimensions": 0}, "dimensions",
     "Invalid 'dimensions': integer below minimum value. Expected a value >= 1, but got 0 instead.",
     "integer_below_min_value"),
    ("embeddings", {"dimensions": 4097}, "dimensions",
     "Invalid 'dimensions': integer above maximum value. Expected a value <= 4096, but got 4097 instead.",
     "integer_above_max_value"),
    ("embeddings", {"dimensions": "16"}, "dimensions",
     "Invalid type for 'dimensions': expected an integer, but got a string instead.", "invalid_type"),
    ("embeddings", {"user": 5}, "user", "Invalid type for 'user': expected a string, but got an integer instead.",
     "invalid_type"),
    ("embeddings", {"input": []}, "input",
     "'$.input' is invalid. Please check the API reference: an input must not be empty.", None),
    *((path, body, param, f"Invalid value: 'x'. Supported values are: {words}.", "invalid_value")
      for path, body, param, words in (
          (CHAT, {"reasoning_effort": "x"}, "reasoning_effort", EFFORTS),
          (CHAT, {"verbosity": "x"}, "verbosity", "'low', 'medium', and 'high'"),
          ("responses", {"reasoning": {"effort": "x"}}, "reasoning.effort", EFFORTS),
          ("responses", {"reasoning": {"summary": "x"}}, "reasoning.summary", "'auto', 'concise', and 'detailed'"),
          ("responses", {"text": {"verbosity": "x"}}, "text.verbosity", "'low', 'medium', and 'high'"),
          ("responses", {"truncation": "x"}, "truncation", "'auto' and 'disabled'"))),
    *(row for schema, sentence in LOOSE for row in (
        (CHAT, {"response_format": json_format(name="answer", strict=True, schema=schema)}, "response_format",
         f"Invalid schema for response_format 'answer': {sentence}", None),
        ("responses",
         {"text": {"format": {"type": "json_schema", "name": "answer", "strict": True, "schema": schema}}},
         "text.format.schema", f"Invalid schema for response_format 'answer': {sentence}", "invalid_json_schema"),
        (CHAT, {"tools": [{"type": "function", "function": {"name": "f", "strict": True, "parameters": schema}}]},
         "tools[0].function.parameters", f"Invalid schema for function 'f': {sentence}", "invalid_function_parameters"),
        ("responses", {"tools": [{"type": "function", "name": "f", "strict": True, "parameters": schema}]},
         "tools[0].parameters", f"Invalid schema for function 'f': {sentence}", "invalid_function_parameters"))),
    (CHAT, {"response_format": json_format(name="answer", strict=True, schema={"type": "array"})}, "response_format",
     "Invalid schema for response_format 'answer': schema must be a JSON Schema of 'type: \"object\"', got 'type: "
     "\"array\"'.", None),
    (CHAT, {"response_format": {"type": "json_object"}}, "messages",
     f"'messages' {NO_JSON}, to use 'response_format' of type 'json_object'.", None),
    ("responses", {"text": {"format": {"type": "json_object"}}, "instructions": "Answer in JSON."}, "input",
     f"Response input messages {NO_JSON} to use 'text.format' of type 'json_object'.", None),
    (CHAT, {"parallel_tool_calls": True}, "parallel_tool_calls",
     "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.",
     None),
    (CHAT, {"top_logprobs": 2}, "top_logprobs",
     "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", None),
    *(row for path in (CHAT, "responses") for row in (
        (path, {"metadata": {str(number): "x" for number in range(17)}}, "metadata",
         "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object "
         "with 17 properties instead.", "object_above_max_properties"),
        (path, {"metadata": {"a": "x" * 513}}, "metadata.a",
         "Invalid 'metadata.a': string too long. Expected a string with maximum length 512, but got a string with "
         "length 513 instead.", "string_above_max_length"))),
    ("responses", {"previous_response_id": "resp_1"}, "previous_response_id",
     "Previous response with id 'resp_1' not found.", "previous_response_not_found"),
    *(("responses", {name: value}, None,
       f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{place}'. Try again with "
       f"the new parameter. See the API documentation for more information: {DOCUMENTATION}", "unsupported_parameter")
      for name, value, place in (("messages", [HI], "input"), ("response_format", {"type": "text"}, "text.format"),
                                 ("max_tokens", 50, "max_output_tokens"))),
    ("responses", {"stop": ["x"]}, "stop", "Unknown parameter: 'stop'. Did you mean 'store'?", "unknown_parameter"),
    *(("responses", {name: 1}, name, f"Unknown parameter: '{name}'.", "unknown_parameter")
      for name in ("seed", "n", "presence_penalty", "frequency_penalty")),
    *((path, {"metadata": {"a": "b", "c": 1}}, "metadata.c",
       "Invalid type for 'metadata.c': expected a string, but got an integer instead.", "invalid_type")
      for path in (CHAT, "responses")),
    *((path, {said: [part(kind)]}, f"{said}[0].content[0].{name}",
       f"Missing required parameter: '{said}[0].content[0].{name}'.", MISSING)
      for path, said, kind, name in (
          (CHAT, "messages", "text", "text"), (CHAT, "messages", "image_url", "image_url"),
          ("responses", "input", "input_text", "text"))),
    *((CHAT, {"messages": [HI, {"role": "assistant", "tool_calls": [CALL, call]}]}, f"messages[1].tool_calls[1].{name}",
       f"Missing required parameter: 'messages[1].tool_calls[1].{name}'.", MISSING)
      for name, call in (
          ("id", CALL | {"id": None}), ("type", {"id": "b", "function": CALL["function"]}),
          ("function", {"id": "b", "type": "function"}), ("function.name", CALL | {"function": {"arguments": "{}"}}),
          ("function.arguments", CALL | {"function": {"name": "f"}}))),
    (CHAT, {"messages": [HI, {"role": "assistant", "tool_calls": [
        CALL | {"function": {"name": "a.b", "arguments": "{}"}}]}]}, "messages[1].tool_calls[0].function.name",
     "Invalid 'messages[1].tool_calls[0].function.name': string does not match pattern. Expected a string that matches "
     "the pattern '^[a-zA-Z0-9_-]+$'.", "invalid_value"),
    ("responses", {"input": [HI, {"role": "assistant", "content": [{"type": "input_text", "text": "Hi"}]}, HI]},
     "input[1].content[0]", "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
     "invalid_value"),
])
def test_openai_names_what_is_wrong(post, path, body, param, sentence, code):
    answer = post(path, **body)
    assert (answer.status_code, answer.json()["error"]) == (
        400, {"message": sentence, "type": "invalid_request_error", "param": param, "code": code})


def test_what_openai_takes_is_taken(post):
    told = {"role": "tool", "tool_call_id": "call_1", "content": "3"}
    for path, body in (
        (CHAT, {"messages": [HI, {"role": "assistant", "content": None, "tool_calls": [CALL]}, told]}),
        (CHAT, {"messages": [{"role": "system", "content": "Greet me."}]}),
        ("responses", {"input": [{"role": "developer", "content": "Greet me."}]}),
        (CHAT, {"response_format": json_format(name="answer", schema=SCHEMA)}),
        (CHAT, {"stream_options": None, "functions": [], "tools": [], "tool_choice": "none"}),
        ("responses", {"input": [{"role": "user", "content": []}], "max_tokens": None}),
        ("responses", {"text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}}}),
        (CHAT, {"response_format": json_format(name="answer", strict=True, schema=SCHEMA)}),
        (CHAT, {"response_format": json_format(name="answer", schema=LOOSE[0][0])}),
        (CHAT, {"response_format": {"type": "json_object"},
                "messages": [{"role": "system", "content": "In Json."}, HI]}),
        ("responses", {"text": {"format": {"type": "json_object"}}, "input": "JSON, please"}),
        *(("responses", {"text": {"format": {"type": "json_object"}}, "instructions": "Be brief.",
                         "input": [{"role": role, "content": "Answer in JSON."}, HI]})
          for role in ("system", "developer")),
        ("responses", {"parallel_tool_calls": True, "metadata": {"a": "x" * 512}}),
        ("responses", {"stop": None, "input": [
            HI, {"role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}, HI]}),
    ):
        assert post(path, **body).status_code == 200, body


def test_a_function_of_a_response_returns_texts_and_images(post):
    output = [{"type": "input_text", "text": "seen"}, {"type": "input_image", "image_url": PIXEL}]
    items = [HI, {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
             {"type": "function_call_output", "call_id": "call_1", "output": output}]
    answer = post("responses", input=items)
    assert answer.status_code == 200, answer.text
    [message] = answer.json()["output"]
    assert message["content"][0]["text"] == "[brume.echo] The tool returned: seen\n[image 3.1]"
    output[1]["type"] = "input_file"
    assert post("responses", input=items).json()["error"]["param"] == "input[2].output[1].type"


def named(path, name):
    return {"type": "function", "function": {"name": name}} if path == CHAT else {"type": "function", "name": name}


@pytest.mark.parametrize("path", [CHAT, "responses"])
def test_only_the_tools_that_are_allowed_are_called(post, path):
    tools = [named(path, "f"), named(path, "g")]

    def calls(mode, *names):
        allowed = {"mode": mode, "tools": [named(path, name) for name in names]}
        choice = {"type": "allowed_tools"} | ({"allowed_tools": allowed} if path == CHAT else allowed)
        return post(path, tools=tools, tool_choice=choice)

    for name in "fg":
        answer = calls("required", name).json()
        found = answer["choices"][0]["message"]["tool_calls"] if path == CHAT else answer["output"]
        assert [call["function"]["name"] if path == CHAT else call["name"] for call in found] == [name]
    assert calls("auto", "f").status_code == 200
    assert calls("auto", "h").json()["error"] == {
        "message": "Tool choice 'h' not found in 'tools' parameter.", "type": "invalid_request_error",
        "param": "tool_choice", "code": None}
    other = post(path, tools=tools, tool_choice={"type": "file_search"}).json()["error"]
    assert (other["param"], other["message"]) == (
        "tool_choice", "The tool choice 'file_search' is not supported: only functions are.")


def test_an_answer_that_is_cut_off_has_an_item_that_is(post):
    answer = post("responses", input="word " * 30, max_output_tokens=16).json()
    assert (answer["status"], answer["output"][-1]["status"]) == ("incomplete", "incomplete")
    whole = post("responses").json()
    assert (whole["status"], whole["output"][-1]["status"]) == ("completed", "completed")


@pytest.mark.parametrize("told", [{}, {"parameters": {}}, {"parameters": None}])
def test_a_function_without_parameters_is_called_with_an_empty_object(post, told):
    chat = post(CHAT, tools=[{"type": "function", "function": {"name": "f"} | told}], tool_choice="required").json()
    [call] = chat["choices"][0]["message"]["tool_calls"]
    response = post("responses", tools=[{"type": "function", "name": "f"} | told], tool_choice="required").json()
    [item] = response["output"]
    assert call["function"]["arguments"] == item["arguments"] == "{}"


def test_what_was_refused_is_part_of_what_was_said(post):
    refused = {"refusal": "I will not."}
    counts = {
        post(CHAT, messages=[HI, {"role": "assistant"} | said, HI]).json()["usage"]["prompt_tokens"]
        for said in ({"content": "I will not."}, {"content": None} | refused,
                     {"content": [{"type": "refusal"} | refused]})}
    assert len(counts) == 1


def test_a_message_says_that_nothing_was_refused(post):
    assert post(CHAT).json()["choices"][0]["message"] == {
        "role": "assistant", "content": "[brume.echo] Hi", "refusal": None}


def test_a_bound_holds_beside_one_that_is_null(post):
    answer = post(CHAT, max_completion_tokens=None, max_tokens=2).json()
    assert (answer["choices"][0]["finish_reason"], answer["usage"]["completion_tokens"]) == ("length", 2)


def test_a_response_tells_what_stands_for_members_that_are_null(post):
    names = ("metadata", "parallel_tool_calls", "reasoning", "text", "tool_choice", "tools")
    plain = post("responses").json()
    assert plain["text"] == {"format": {"type": "text"}} and plain["tools"] == []
    nulled = post("responses", **dict.fromkeys(names)).json()
    assert {name: nulled[name] for name in names} == {name: plain[name] for name in names}
    assert post("responses", text={"verbosity": "low"}).json()["text"] == plain["text"] | {"verbosity": "low"}


LABELS = {"max_tool_calls": 3, "prompt_cache_key": "chat-1", "safety_identifier": "a1b2", "user": "ada"}


def test_a_response_repeats_the_names_that_its_request_has(post):
    answer = post("responses", **LABELS).json()
    assert {name: answer.get(name) for name in LABELS} == LABELS
    for plain in (post("responses").json(), post("responses", **dict.fromkeys(LABELS)).json()):
        assert not LABELS.keys() & plain.keys()
    streamed = post("responses", stream=True, **LABELS).text
    events = [json.loads(line[len("data: "):]) for line in streamed.splitlines() if line.startswith("data: {")]
    whole = [event["response"] for event in events if "response" in event]
    assert len(whole) == 3 and all({name: response.get(name) for name in LABELS} == LABELS for response in whole)


@pytest.mark.parametrize("path, name", [
    *((path, name) for path in (CHAT, "responses") for name in ("prompt_cache_key", "safety_identifier")),
    ("responses", "max_tool_calls"),
])
def test_openai_checks_the_types_of_names(post, path, name):
    answer = post(path, **{name: {}})
    assert (answer.status_code, answer.json()["error"]["param"], answer.json()["error"]["code"]) == (
        400, name, "invalid_type")


def test_how_an_answer_was_served_is_told_where_a_tier_is_asked_for(post):
    for path in (CHAT, "responses"):
        assert post(path, service_tier="priority").json()["service_tier"] == "default"
        assert "service_tier" not in post(path, service_tier=None).json()
    streamed = post(CHAT, service_tier="auto", stream=True, stream_options={"include_usage": True}).text
    chunks = [json.loads(line.removeprefix("data: ")) for line in streamed.split("\n\n") if line.startswith("data: {")]
    assert len(chunks) > 3 and {chunk["service_tier"] for chunk in chunks} == {"default"}
