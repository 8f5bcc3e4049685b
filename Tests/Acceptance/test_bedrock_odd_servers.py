"""A server elsewhere that says what none should: each client is told an error of its own notation, and Brume stays."""

import itertools
import json
import socket
import time

import botocore.exceptions
import pytest

import scripted_engine

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
MESSAGES = [{"role": "user", "content": [{"text": "hi"}]}]


class OddServer:
    """A server that answers as `answer` does, which is given the handler of a request."""

    def __init__(self):
        self.answer = None
        owner = self

        class Handler(scripted_engine.Handler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                if self.path not in ("/v1/chat/completions", "/v1/embeddings"):
                    return self.send_error(404)
                return owner.answer(self)

        self.server = scripted_engine.serve(Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1#m"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def odd():
    server = OddServer()
    yield server
    server.close()


@pytest.fixture
def client(fresh_server, odd):
    server = fresh_server("--bedrock-models", f"m={odd.url}", "--bedrock-aliases", "anthropic.*=m,cohere.*=m")
    return server.client("bedrock-runtime")


def answers(status, body, **headers):
    """An answer that is no stream."""
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body.encode())
    return answer


def streams(*chunks):
    """A stream of these chunks."""
    def answer(handler):
        handler.begin()
        for chunk in (*chunks, "[DONE]"):
            text = chunk if isinstance(chunk, str) else json.dumps(chunk)
            handler.wfile.write(f"data: {text}\n\n".encode())
    return answer


def ends(usage, **more):
    """The chunks of an answer with these counts."""
    return [
        {"choices": [{"index": 0, "delta": {"content": "hi"}}]} | more,
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]} | more,
        {"choices": [], "usage": usage} | more,
    ]


def refusal(client):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        client.converse(modelId="m", messages=MESSAGES)
    return failure.value.response["Error"]["Code"], failure.value.response["Error"]["Message"]


@pytest.mark.parametrize("usage", [
    {"prompt_tokens": 2**63 - 1, "completion_tokens": 2**63 - 1}, {"prompt_tokens": -1, "completion_tokens": 1},
], ids=["too large", "negative"])
def test_counts_that_no_answer_has_end_no_server(client, odd, usage):
    odd.answer = streams(*ends(usage))
    assert refusal(client)[0] == "ModelErrorException"
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    with pytest.raises(client.exceptions.ModelErrorException):
        client.invoke_model(modelId=MODEL, body=json.dumps(body))
    odd.answer = streams(*ends({"prompt_tokens": 3, "completion_tokens": 1}))
    assert client.converse(modelId="m", messages=MESSAGES)["usage"]["totalTokens"] == 4


@pytest.mark.parametrize("count", [2**63 - 1, -3])
def test_counts_that_no_text_has_end_no_server(client, odd, count):
    document = {"data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": count}}
    odd.answer = answers(200, json.dumps(document))
    body = json.dumps({"texts": ["a", "b"], "input_type": "search_query"})
    with pytest.raises(client.exceptions.ModelErrorException):
        client.invoke_model(modelId="cohere.embed-english-v3", body=body)
    document["usage"]["prompt_tokens"] = 3
    odd.answer = answers(200, json.dumps(document))
    answer = client.invoke_model(modelId="cohere.embed-english-v3", body=body)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-input-token-count"] == "6"


@pytest.mark.parametrize("delta", [
    {"content": "x" * 50_000}, {"reasoning_content": "x" * 50_000},
    {"tool_calls": [{"index": 0, "function": {"name": "x" * 50_000}}]},
    {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": " " * 50_000}}]},
], ids=["text", "reasoning", "name", "arguments"])
def test_an_answer_without_an_end_is_given_up(client, odd, delta):
    counts = {"prompt_tokens": 3, "completion_tokens": 1}
    odd.answer = streams(*[{"choices": [{"index": 0, "delta": delta}]}] * 2000, *ends(counts))
    tools = {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}]}
    with pytest.raises(client.exceptions.ModelErrorException):
        client.converse(modelId="m", messages=MESSAGES, toolConfig=tools)
    odd.answer = streams(*ends(counts))
    assert client.converse(modelId="m", messages=MESSAGES)["stopReason"] == "end_turn"


def test_an_error_that_is_null_is_none(client, odd):
    odd.answer = streams(*ends({"prompt_tokens": 3, "completion_tokens": 1}, error=None))
    assert client.converse(modelId="m", messages=MESSAGES)["stopReason"] == "end_turn"


@pytest.mark.parametrize("answer, code, message", [
    (answers(504, "<html>"), "ModelTimeoutException", "The model did not answer in time."),
    (answers(307, "", Location="http://127.0.0.1:1/"), "ModelErrorException", "redirections are not followed"),
    (answers(403, '{"detail":"Not authenticated"}'), "ModelErrorException", "Not authenticated"),
    (answers(502, "no healthy upstream"), "ModelErrorException", "no healthy upstream"),
    (answers(400, '{"message":"This model\'s maximum context length is 9 tokens. You requested 20 tokens."}'),
     "ValidationException", "Input is too long for requested model."),
], ids=["late", "redirected", "not let in", "of a proxy", "too long"])
def test_why_a_server_refuses_is_told(client, odd, answer, code, message):
    odd.answer = answer
    told = refusal(client)
    assert told[0] == code and message in told[1]


def test_a_probe_says_whom_it_waits_for(fresh_server, odd):
    def late(handler):
        time.sleep(1)
        streams(*ends({"prompt_tokens": 3, "completion_tokens": 1}))(handler)

    odd.answer = late
    answer = fresh_server().run("model", "probe", odd.url)
    assert answer.returncode == 0 and answer.stderr == f"asking {odd.url.split('#')[0]}; press Ctrl-C to stop\n"


def test_a_server_that_cuts_connections_now_and_then_does_not_stand_still(client, odd):
    number = itertools.count(1)

    def cuts_every_third(handler):
        if next(number) % 3 == 0:
            handler.connection.shutdown(socket.SHUT_RDWR)
        else:
            streams(*ends({"prompt_tokens": 3, "completion_tokens": 1}))(handler)

    odd.answer = cuts_every_third
    begun = time.monotonic()
    for _ in range(12):
        assert client.converse(modelId="m", messages=MESSAGES)["stopReason"] == "end_turn"
    assert time.monotonic() - begun < 10
