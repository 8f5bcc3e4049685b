"""OpenAI's and Anthropic's own SDKs against Bedrock's compatible endpoints and its native ones."""

import json

import anthropic
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import httpx
import openai
import pydantic
import pytest

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

ECHO = "brume.echo"
ANSWER = "[brume.echo] Hello there"
HELLO = [{"role": "user", "content": "Hello there"}]
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city"],
}
ARGUMENTS = {"city": "echo", "unit": "celsius"}


@pytest.fixture(scope="module")
def key(server):
    return server.bearer_token()


@pytest.fixture(params=["/v1", "/openai/v1"])
def client(server, key, request):
    return openai.OpenAI(api_key=key, base_url=server.url + request.param, max_retries=0)


@pytest.fixture(params=["", "/anthropic"])
def claude(server, key, request):
    return anthropic.Anthropic(api_key=key, base_url=server.url + request.param, max_retries=0)


@pytest.fixture(scope="module")
def bedrock(server):
    """AnthropicBedrock with SigV4."""
    return anthropic.AnthropicBedrock(
        aws_access_key=ACCESS_KEY_ID, aws_secret_key=SECRET_ACCESS_KEY, aws_region=REGION, base_url=server.url,
        max_retries=0)


# OpenAI

def test_openai_a_chat_is_completed(client):
    answer = client.chat.completions.create(model=ECHO, messages=HELLO)
    assert answer.choices[0].message.content == ANSWER and answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert answer.id.startswith("chatcmpl-") and answer.created > 1_700_000_000 and answer._request_id


def test_openai_a_streamed_chat_is_the_same(client):
    with client.chat.completions.create(
        model=ECHO, messages=HELLO, stream=True, stream_options={"include_usage": True},
    ) as stream:
        chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == ANSWER
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage.prompt_tokens > 0
    assert all("usage" in c.model_fields_set and c.usage is None for c in chunks[:-1])
    assert len({c.id for c in chunks}) == 1
    silent = list(client.chat.completions.create(model=ECHO, messages=HELLO, stream=True))
    assert all(c.usage is None for c in silent)


def test_openai_several_choices_are_made(client):
    one = client.chat.completions.create(model=ECHO, messages=HELLO)
    answer = client.chat.completions.create(model=ECHO, messages=HELLO, n=6, seed=1)
    assert [(c.index, c.message.content, c.finish_reason) for c in answer.choices] == [
        (index, ANSWER, "stop") for index in range(6)]
    assert answer.usage.prompt_tokens == one.usage.prompt_tokens
    assert answer.usage.completion_tokens == 6 * one.usage.completion_tokens
    chunks = list(client.chat.completions.create(
        model=ECHO, messages=HELLO, n=2, stream=True, stream_options={"include_usage": True}))
    for index in range(2):
        choices = [choice for chunk in chunks for choice in chunk.choices if choice.index == index]
        assert "".join(choice.delta.content or "" for choice in choices) == ANSWER
        assert choices[0].delta.role == "assistant" and choices[-1].finish_reason == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == 2 * one.usage.completion_tokens


@pytest.mark.parametrize("member, message, code", [
    ({"n": 0}, "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
     "integer_below_min_value"),
    ({"n": 129}, "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.",
     "integer_above_max_value"),
    ({"max_tokens": 9, "max_completion_tokens": 9},
     "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
     "invalid_parameter_combination"),
    ({"logprobs": True}, "This model does not support the 'logprobs' parameter.", None),
    *(({name: value}, f"Unsupported parameter: '{name}' is not supported with this model.", "unsupported_parameter")
      for name, value in (("logit_bias", {"50256": -100}), ("modalities", ["text", "audio"]),
                          ("web_search_options", {}), ("audio", {"format": "wav", "voice": "ash"}))),
])
def test_openai_members_that_have_no_effect_here_or_contradict_are_refused(client, member, message, code):
    with pytest.raises(openai.BadRequestError) as failure:
        client.chat.completions.create(model=ECHO, messages=HELLO, **member)
    assert failure.value.body == {
        "message": message, "type": "invalid_request_error", "param": next(iter(member)), "code": code}


@pytest.mark.parametrize("member", [{"top_logprobs": 2}, {"include": ["message.output_text.logprobs"]}])
def test_openai_a_response_tells_no_probabilities(client, member):
    with pytest.raises(openai.BadRequestError, match="is not supported with this model") as failure:
        client.responses.create(model=ECHO, input="Hello", **member)
    assert failure.value.param == next(iter(member))


def test_openai_a_tool_is_called_and_its_result_told(client):
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]
    messages = [{"role": "user", "content": "Use get_weather"}]
    answer = client.chat.completions.create(model=ECHO, messages=messages, tools=tools)
    call = answer.choices[0].message.tool_calls[0]
    assert answer.choices[0].finish_reason == "tool_calls" and json.loads(call.function.arguments) == ARGUMENTS
    messages += [answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "3 degrees"}]
    told = client.chat.completions.create(model=ECHO, messages=messages, tools=tools)
    assert told.choices[0].message.content == "[brume.echo] The tool returned: 3 degrees"
    with client.chat.completions.stream(
        model=ECHO, messages=[{"role": "user", "content": "x"}], tools=tools, tool_choice="required",
    ) as stream:
        final = stream.get_final_completion()
    assert json.loads(final.choices[0].message.tool_calls[0].function.arguments) == ARGUMENTS


def test_openai_an_answer_is_parsed_by_its_schema(client):
    event = pydantic.create_model("Event", name=(str, ...), days=(int, ...))
    answer = client.chat.completions.parse(model=ECHO, messages=HELLO, response_format=event)
    assert answer.choices[0].message.parsed == event(name="echo", days=1)
    answer = client.responses.parse(model=ECHO, input="Hello", text_format=event)
    assert answer.output_parsed == event(name="echo", days=1)


def test_openai_a_response_is_made(client):
    answer = client.responses.create(model=ECHO, input="Hello there", instructions="Be brief.")
    assert answer.output_text == ANSWER and answer.status == "completed" and answer.instructions == "Be brief."
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0
    cut = client.responses.create(model=ECHO, input="Hello there " * 20, max_output_tokens=16)
    assert cut.status == "incomplete" and cut.incomplete_details.reason == "max_output_tokens"


def test_openai_a_streamed_response_is_the_same(client):
    events = list(client.responses.create(model=ECHO, input=HELLO, stream=True))
    assert [e.type for e in events[:4]] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"]
    assert [e.type for e in events[-4:]] == [
        "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"]
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == ANSWER
    with client.responses.stream(model=ECHO, input="Hello there") as stream:
        stream.until_done()
        assert stream.get_final_response().output_text == ANSWER


def test_openai_a_response_calls_a_tool(client):
    tools = [{"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": False}]
    history = [{"role": "user", "content": "Use get_weather"}]
    answer = client.responses.create(model=ECHO, input=history, tools=tools)
    call = answer.output[0]
    assert call.type == "function_call" and json.loads(call.arguments) == ARGUMENTS
    history += [call.model_dump(exclude_none=True), {
        "type": "function_call_output", "call_id": call.call_id, "output": "3 degrees"}]
    told = client.responses.create(model=ECHO, input=history, tools=tools)
    assert told.output_text == "[brume.echo] The tool returned: 3 degrees"
    events = list(client.responses.create(model=ECHO, input="get_weather", tools=tools, stream=True))
    done = next(e for e in events if e.type == "response.function_call_arguments.done")
    assert json.loads(done.arguments) == ARGUMENTS


def test_openai_models_are_listed(client):
    assert ECHO in [model.id for model in client.models.list()]
    assert client.models.retrieve(ECHO).id == ECHO
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no.such-model")


@pytest.mark.parametrize("role", [3, None, "", "narrator"])
def test_openai_a_role_that_there_is_not_is_refused(client, role):
    with pytest.raises(openai.BadRequestError) as failure:
        client.chat.completions.create(model="brume.echo", messages=[{"role": role, "content": "hi"}])
    assert failure.value.param == "messages[0].role"


def test_openai_errors_are_raised_as_its_own(server, client, key):
    with pytest.raises(openai.NotFoundError) as failure:
        client.chat.completions.create(model="no.such-model", messages=HELLO)
    assert failure.value.code == "model_not_found" and "brume model alias" in str(failure.value)
    with pytest.raises(openai.BadRequestError) as failure:
        client.chat.completions.create(model=ECHO, messages=[])
    assert failure.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError, match="must not be empty"):
        client.embeddings.create(model=ECHO, input="")
    with pytest.raises(openai.BadRequestError) as failure:
        client.responses.create(model=ECHO, input="x", previous_response_id="resp_1")
    assert failure.value.code == "previous_response_not_found"
    with pytest.raises(openai.AuthenticationError) as failure:
        client.with_options(api_key="ABSKnonsense").chat.completions.create(model=ECHO, messages=HELLO)
    assert failure.value.code == "invalid_api_key" and failure.value.body["message"] == "Invalid bearer token"
    wrong = httpx.get(f"{server.url}/v1/chat/completions", headers={"Authorization": f"Bearer {key}"})
    assert wrong.status_code == 405 and wrong.json()["error"]["type"] == "invalid_request_error"
    assert wrong.headers["Allow"] == "POST"


def test_openai_knows_no_other_paths(client, server):
    with pytest.raises(openai.NotFoundError) as failure:
        client.files.list()
    path = client.base_url.path + "files"
    assert failure.value.body == {
        "message": f"Invalid URL (GET {path})", "type": "invalid_request_error", "param": None, "code": None}
    # Whoever asks.
    assert httpx.post(f"{server.url}/v1/audio/speech/more", content=b"x").status_code == 404


@pytest.mark.parametrize("method, path, remedy", [
    ("POST", "/chat/completions", "OpenAI's notation is answered below /v1: let the base URL end so"),
    ("GET", "/models/brume.echo", "OpenAI's notation is answered below /v1: let the base URL end so"),
    ("POST", "/api/chat", "Ollama's own API is not spoken here; OpenAI's is, below /v1"),
    ("GET", "/api/tags", "Ollama's own API is not spoken here; OpenAI's is, below /v1"),
])
def test_a_wrong_base_url_is_told_with_the_right_one(server, method, path, remedy):
    answer = httpx.request(method, f"{server.url}{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"Invalid URL ({method} {path}). {remedy}"


def test_anthropic_knows_no_other_paths(claude, server):
    with pytest.raises(anthropic.NotFoundError) as failure:
        claude.messages.batches.list()
    assert failure.value.body["error"] == {"type": "not_found_error", "message": "Not Found"}
    wrong = httpx.get(f"{server.url}/anthropic/v1/messages")
    assert wrong.status_code == 405 and wrong.json()["error"]["type"] == "invalid_request_error"
    assert wrong.headers["Allow"] == "POST"


@pytest.mark.parametrize("service", ["bedrock", "bedrock-mantle"])
def test_openai_s_endpoint_takes_a_signature(server, service):
    body = json.dumps({"model": ECHO, "messages": HELLO}).encode()
    url = f"{server.url}/openai/v1/chat/completions"
    request = botocore.awsrequest.AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
    credentials = botocore.credentials.Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    botocore.auth.SigV4Auth(credentials, service, REGION).add_auth(request)
    answer = httpx.post(url, content=body, headers=dict(request.headers))
    assert answer.json()["choices"][0]["message"]["content"] == ANSWER
    tampered = httpx.post(url, content=body + b" ", headers=dict(request.headers))
    assert tampered.status_code == 401 and "signature" in tampered.json()["error"]["message"]
    botocore.auth.SigV4Auth(credentials, "s3", REGION).add_auth(request)
    other = httpx.post(url, content=body, headers=dict(request.headers))
    assert other.status_code != 200 and "choices" not in other.text


def test_a_client_that_leaves_ends_its_stream(server, key):
    body = {"model": ECHO, "stream": True, "max_tokens": 100_000,
            "messages": [{"role": "user", "content": "word " * 100_000}]}
    headers = {"Authorization": f"Bearer {key}"}
    for _ in range(5):
        with httpx.stream("POST", f"{server.url}/v1/chat/completions", json=body, headers=headers) as answer:
            next(answer.iter_bytes())
    assert httpx.get(f"{server.url}/v1/models", headers=headers).status_code == 200


# Anthropic

def test_anthropic_a_message_is_answered(claude):
    answer = claude.messages.create(model=ECHO, max_tokens=100, messages=HELLO)
    assert answer.content[0].text == ANSWER and answer.stop_reason == "end_turn" and answer._request_id
    counted = claude.messages.count_tokens(model=ECHO, messages=HELLO)
    assert counted.input_tokens == answer.usage.input_tokens > 0


def test_anthropic_a_streamed_message_is_the_same(claude):
    with claude.messages.stream(model=ECHO, max_tokens=100, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == ANSWER
        final = stream.get_final_message()
    assert final.content[0].text == ANSWER and final.usage.output_tokens > 0 and final.usage.input_tokens > 0


def test_anthropic_a_tool_is_called_and_its_result_told(claude):
    tools = [{"name": "get_weather", "input_schema": WEATHER}]
    messages = [{"role": "user", "content": "Use get_weather"}]
    answer = claude.messages.create(model=ECHO, max_tokens=100, messages=messages, tools=tools)
    assert answer.stop_reason == "tool_use" and answer.content[0].input == ARGUMENTS
    messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": answer.content[0].id, "content": "3 degrees"}]}]
    told = claude.messages.create(model=ECHO, max_tokens=100, messages=messages, tools=tools)
    assert told.content[0].text == "[brume.echo] The tool returned: 3 degrees"
    with claude.messages.stream(
        model=ECHO, max_tokens=100, messages=[{"role": "user", "content": "x"}], tools=tools,
        tool_choice={"type": "any"},
    ) as stream:
        assert stream.get_final_message().content[0].input == ARGUMENTS


def test_anthropic_models_are_listed(claude):
    assert ECHO in [model.id for model in claude.models.list()]
    model = claude.models.retrieve(ECHO)
    assert (model.type, model.id, model.display_name, model.lifecycle) == ("model", ECHO, ECHO, "active")
    # Anthropic's word for a day that is not known.
    assert model.created_at.timestamp() == 0
    with pytest.raises(anthropic.NotFoundError) as failure:
        claude.models.retrieve("no.such-model")
    assert failure.value.body["error"]["type"] == "not_found_error"
    with pytest.raises(anthropic.BadRequestError, match="limit: Input should be less than or equal to 1000"):
        claude.models.list(limit=1001)


def test_anthropic_models_are_listed_by_pages(fresh_server):
    names = [f"a.model-{number}" for number in range(5)]
    server = fresh_server("--bedrock-aliases", ",".join(f"{name}={ECHO}" for name in names))
    client = anthropic.Anthropic(api_key=server.bearer_token(), base_url=server.url, max_retries=0)
    page = client.models.list(limit=2)
    assert ([model.id for model in page.data], page.has_more) == (names[:2], True)
    assert (page.first_id, page.last_id) == (names[0], names[1])
    assert [model.id for model in page] == [*names, ECHO]
    before = client.models.list(limit=2, before_id=names[4])
    assert ([model.id for model in before.data], before.has_more) == (names[2:4], True)
    assert [model.id for model in before] == [names[2], names[3], names[0], names[1]]
    last = client.models.list(after_id=ECHO)
    assert (last.data, last.has_more, last.first_id) == ([], False, None)
    # OpenAI's clients, which send none of Anthropic's headers, read their own form under the same path.
    other = openai.OpenAI(api_key=server.bearer_token(), base_url=f"{server.url}/v1", max_retries=0)
    assert [model.id for model in other.models.list()] == [*names, ECHO]


def test_anthropic_s_runner_of_tools_does_without_threads(claude):
    """It asks the server to hold the conversation, and sends all of it again where a server says that it does not."""
    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"3 degrees in {city}"

    messages = [{"role": "user", "content": "Use get_weather"}]
    answers = list(claude.beta.messages.tool_runner(model=ECHO, max_tokens=100, tools=[get_weather], messages=messages))
    assert answers[-1].content[0].text == "[brume.echo] The tool returned: 3 degrees in echo"
    with pytest.raises(anthropic.BadRequestError) as failure:
        claude.beta.messages.create(model=ECHO, max_tokens=9, messages=HELLO, thread={"type": "create"})
    assert failure.value.body["error"]["details"] == {"error_code": "thread_unsupported_request"}


def test_anthropic_errors_are_raised_as_its_own(claude):
    with pytest.raises(anthropic.NotFoundError) as failure:
        claude.messages.create(model="no.such-model", max_tokens=9, messages=HELLO)
    assert failure.value.body["error"]["type"] == "not_found_error"
    with pytest.raises(anthropic.BadRequestError, match="at least one message is required"):
        claude.messages.create(model=ECHO, max_tokens=9, messages=[])
    with pytest.raises(anthropic.AuthenticationError):
        claude.with_options(api_key="nonsense").messages.create(model=ECHO, max_tokens=9, messages=HELLO)


def test_anthropic_takes_the_key_as_a_bearer_too(server, key):
    client = anthropic.Anthropic(auth_token=key, base_url=server.url, max_retries=0)
    assert client.messages.create(model=ECHO, max_tokens=9, messages=HELLO).content[0].text == ANSWER


@pytest.mark.parametrize("signed", [True, False])
def test_anthropic_bedrock_mantle_works(server, key, signed):
    proof = {"aws_access_key": ACCESS_KEY_ID, "aws_secret_key": SECRET_ACCESS_KEY} if signed else {"api_key": key}
    client = anthropic.AnthropicBedrockMantle(
        **proof, aws_region=REGION, base_url=f"{server.url}/anthropic", max_retries=0)
    assert client.messages.create(model=ECHO, max_tokens=100, messages=HELLO).content[0].text == ANSWER
    with client.messages.stream(model=ECHO, max_tokens=100, messages=HELLO) as stream:
        assert stream.get_final_text() == ANSWER


def test_anthropic_bedrock_signs_and_streams(bedrock):
    answer = bedrock.messages.create(model=ECHO, max_tokens=100, messages=HELLO)
    assert answer.content[0].text == ANSWER and answer.id.startswith("msg_bdrk_")
    with bedrock.messages.stream(model=ECHO, max_tokens=100, messages=HELLO) as stream:
        assert stream.get_final_text() == ANSWER
    with pytest.raises(anthropic.NotFoundError):
        bedrock.messages.create(model="anthropic.no-such-model", max_tokens=9, messages=HELLO)


def test_anthropic_bedrock_takes_a_bearer_key(server, key):
    client = anthropic.AnthropicBedrock(api_key=key, aws_region=REGION, base_url=server.url, max_retries=0)
    assert client.messages.create(model=ECHO, max_tokens=100, messages=HELLO).content[0].text == ANSWER
