"""OpenAI's Responses API where it remembers: responses that are continued, read again and deleted."""

import json

import openai
import pytest

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

ECHO = "brume.echo"
NO_RESPONSE = {
    "message": "Response with id '{}' not found.", "type": "invalid_request_error", "param": None, "code": None}
TOOL = {"type": "function", "name": "get_weather", "strict": False, "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}


@pytest.fixture(params=["/v1", "/openai/v1"])
def client(server, request):
    return openai.OpenAI(api_key=server.bearer_token(), base_url=server.url + request.param, max_retries=0)


def refused_to_continue(client, response):
    with pytest.raises(openai.BadRequestError) as failure:
        client.responses.create(model=ECHO, input="More", previous_response_id=response)
    return failure.value.body == {
        "message": f"Previous response with id '{response}' not found.", "type": "invalid_request_error",
        "param": "previous_response_id", "code": "previous_response_not_found"}


def is_gone(client, response):
    calls = client.responses
    for call in (calls.retrieve, calls.delete, calls.cancel, calls.input_items.list):
        with pytest.raises(openai.NotFoundError) as failure:
            call(response)
        assert failure.value.body == NO_RESPONSE | {"message": NO_RESPONSE["message"].format(response)}
    return refused_to_continue(client, response)


def test_a_response_is_continued_and_so_is_that(client):
    alone = client.responses.create(model=ECHO, input="And you?")
    first = client.responses.create(model=ECHO, input="Hello there, all of you", instructions="Be brief.")
    assert (first.store, first.previous_response_id) == (True, None)
    second = client.responses.create(model=ECHO, input="And you?", previous_response_id=first.id)
    assert (second.output_text, second.previous_response_id) == ("[brume.echo] And you?", first.id)
    # Instructions are those of each request.
    assert second.instructions is None
    assert second.usage.input_tokens > alone.usage.input_tokens
    third = client.responses.create(
        model=ECHO, input=[{"role": "user", "content": "And you?"}], previous_response_id=second.id)
    assert third.usage.input_tokens > second.usage.input_tokens
    # One response may be continued in several ways.
    other = client.responses.create(model=ECHO, input="And you?", previous_response_id=first.id)
    assert other.id != second.id and other.usage.input_tokens == second.usage.input_tokens


@pytest.mark.parametrize("streamed", [False, True])
def test_the_result_of_a_tool_is_told_by_itself(client, streamed):
    if streamed:
        with client.responses.stream(model=ECHO, input="Use get_weather", tools=[TOOL]) as stream:
            asked = stream.get_final_response()
    else:
        asked = client.responses.create(model=ECHO, input="Use get_weather", tools=[TOOL])
    call = asked.output[0]
    assert json.loads(call.arguments) == {"city": "echo"}
    told = client.responses.create(
        model=ECHO, tools=[TOOL], previous_response_id=asked.id,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "3 degrees"}])
    assert told.output_text == "[brume.echo] The tool returned: 3 degrees"
    with pytest.raises(openai.BadRequestError, match=f"No tool output found for function call {call.call_id}."):
        client.responses.create(model=ECHO, input="Well?", previous_response_id=asked.id)


@pytest.mark.parametrize("named", [True, False])
def test_what_was_said_is_referred_to(client, named):
    asked = client.responses.create(model=ECHO, input="Use get_weather", tools=[TOOL])
    call = asked.output[0]
    reference = {"id": call.id} | ({"type": "item_reference"} if named else {})
    history = [{"role": "user", "content": "Use get_weather"}, reference, {
        "type": "function_call_output", "call_id": call.call_id, "output": "3 degrees"}]
    told = client.responses.create(model=ECHO, tools=[TOOL], input=history)
    assert told.output_text == "[brume.echo] The tool returned: 3 degrees"
    more = [*history, {"type": "item_reference", "id": told.output[0].id}, {"role": "user", "content": "Thanks"}]
    thanked = client.responses.create(model=ECHO, tools=[TOOL], input=more)
    assert thanked.output_text == "[brume.echo] Thanks" and thanked.usage.input_tokens > told.usage.input_tokens
    client.responses.delete(asked.id)
    for lost in (call.id, "msg_1", "x"):
        with pytest.raises(openai.NotFoundError) as failure:
            client.responses.create(model=ECHO, input=[{"type": "item_reference", "id": lost}])
        assert failure.value.body == {
            "message": f"Item with id '{lost}' not found. Items are not persisted when `store` is set to false. Try "
                       "again with `store` set to true, or remove this item from your input.",
            "type": "invalid_request_error", "param": "input", "code": None}


def test_what_is_referred_to_has_a_bound_together(client):
    long = client.responses.create(model=ECHO, input=[{"role": "user", "content": "a" * 2_000_000}])
    reference = {"type": "item_reference", "id": client.responses.input_items.list(long.id).data[0].id}
    assert client.responses.input_tokens.count(model=ECHO, input=[reference] * 4).input_tokens > 200_000
    with pytest.raises(openai.BadRequestError) as failure:
        client.responses.input_tokens.count(model=ECHO, input=[reference] * 1000)
    assert failure.value.code == "context_length_exceeded"


def test_what_takes_much_memory_is_not_kept(client):
    """Many short values take far more than their text."""
    response = client.responses.create(
        model=ECHO, input=[{"role": "user", "content": "hi", "remarks": [[0]] * 200_000}])
    assert not response.store
    assert is_gone(client, response.id)


def test_what_is_referred_to_counts_for_what_is_kept(client):
    kept = client.responses.create(
        model=ECHO, input=[{"role": "user", "content": "hi", "remarks": [[0]] * 20_000}])
    reference = {"type": "item_reference", "id": client.responses.input_items.list(kept.id).data[0].id}
    few, many = (client.responses.create(model=ECHO, input=[reference] * count) for count in (1, 4))
    assert few.store and client.responses.retrieve(few.id).id == few.id
    assert not many.store and is_gone(client, many.id)


def test_what_a_response_was_made_from_is_listed(client):
    first = client.responses.create(model=ECHO, input="One")
    second = client.responses.create(model=ECHO, previous_response_id=first.id, input=[
        {"role": "user", "content": "Two"},
        {"role": "user", "content": [{"type": "input_text", "text": "Three"}]}])
    # The SDK asks for page after page.
    items = list(client.responses.input_items.list(second.id, order="asc", limit=1))
    assert [(i.type, i.role, i.content[0].type, i.content[0].text) for i in items] == [
        ("message", "user", "input_text", "One"), ("message", "assistant", "output_text", "[brume.echo] One"),
        ("message", "user", "input_text", "Two"), ("message", "user", "input_text", "Three")]
    page = client.responses.input_items.list(second.id, limit=3)
    assert page.has_more and [i.id for i in page.data] == [i.id for i in items[:0:-1]]
    assert [i.id for i in page] == [i.id for i in reversed(items)]
    again = client.responses.create(model=ECHO, input=[{"type": "item_reference", "id": items[2].id}])
    assert again.output_text == "[brume.echo] Two"
    assert [i.content[0].text for i in client.responses.input_items.list(again.id)] == ["Two"]
    for query, code in (({"limit": 0}, "integer_below_min_value"), ({"limit": 101}, "integer_above_max_value"),
                        ({"order": "up"}, "invalid_value")):
        with pytest.raises(openai.BadRequestError) as failure:
            client.responses.input_items.list(second.id, **query)
        assert (failure.value.param, failure.value.code) == (next(iter(query)), code)


def test_tokens_of_what_is_asked_are_counted(client):
    asked = {"model": ECHO, "input": "Use get_weather", "tools": [TOOL], "instructions": "Be brief."}
    count = client.responses.input_tokens.count(**asked)
    answer = client.responses.create(**asked)
    assert (count.object, count.input_tokens) == ("response.input_tokens", answer.usage.input_tokens)
    more = {"model": ECHO, "previous_response_id": answer.id, "input": [
        {"type": "function_call_output", "call_id": answer.output[0].call_id, "output": "3 degrees"}]}
    assert client.responses.input_tokens.count(**more).input_tokens == (
        client.responses.create(**more).usage.input_tokens)
    with pytest.raises(openai.BadRequestError, match="Missing required parameter: 'input'"):
        client.responses.input_tokens.count(model=ECHO)


def test_a_response_that_is_there_cannot_be_cancelled(client):
    answer = client.responses.create(model=ECHO, input="Hello")
    with pytest.raises(openai.BadRequestError) as failure:
        client.responses.cancel(answer.id)
    assert failure.value.body == {
        "message": "Cannot cancel a synchronous response.", "type": "invalid_request_error", "param": None,
        "code": None}


def test_a_response_is_read_again_and_deleted(client, server):
    first = client.responses.create(model=ECHO, input="Hello", metadata={"a": "b"})
    second = client.responses.create(model=ECHO, input="Hello", previous_response_id=first.id)
    for made in (first, second):
        assert client.responses.retrieve(made.id).model_dump() == made.model_dump()
    signed = openai.BedrockOpenAI(
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, aws_region=REGION,
        base_url=str(client.base_url), max_retries=0)
    assert signed.responses.retrieve(first.id).metadata == {"a": "b"}
    with pytest.raises(openai.BadRequestError, match="stream"):
        client.responses.retrieve(first.id, stream=True)
    client.responses.delete(first.id)
    assert is_gone(client, first.id)
    # What the second one continued is gone, so nothing continues it.
    assert refused_to_continue(client, second.id)
    assert client.responses.retrieve(second.id).id == second.id


def test_what_is_not_to_be_kept_is_not(client):
    answer = client.responses.create(model=ECHO, input="Hello", store=False)
    assert answer.store is False and is_gone(client, answer.id)
    with client.responses.stream(model=ECHO, input="Hello", store=False) as stream:
        streamed = stream.get_final_response()
    assert streamed.store is False and is_gone(client, streamed.id)


def test_a_streamed_response_is_kept_before_it_ends(client):
    events = list(client.responses.create(model=ECHO, input="Hello", stream=True))
    assert all(e.response.store for e in (events[0], events[-1]))
    assert client.responses.retrieve(events[-1].response.id).output_text == "[brume.echo] Hello"
