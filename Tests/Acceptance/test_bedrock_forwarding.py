"""A piece of an answer is passed on when it comes: nothing waits for the next one.

The engine here says its next word only after the client has the one before: whatever is kept back anywhere on the way
is waited for without end.
"""

import json
import threading

import anthropic
import botocore.config
import openai
import pytest

import scripted_engine

WORDS = ["one", " two", " three", " four", " five"]
SECONDS_MAX = 30


class PatientEngine:
    """A server in OpenAI's notation that waits for `heard` before each word but the first."""

    def __init__(self):
        self.heard = threading.Semaphore(0)
        self.gave_up = False
        engine = self

        class Handler(scripted_engine.Handler):
            def answer(self):
                self.begin()
                for word in WORDS:
                    self.say(word)
                    if not engine.heard.acquire(timeout=SECONDS_MAX):
                        engine.gave_up = True
                        return
                self.end_answer(len(WORDS))

        self.server = scripted_engine.serve(Handler)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def engine():
    made = PatientEngine()
    yield made
    made.close()


@pytest.fixture(scope="module")
def patient(engine, tmp_path_factory):
    from brume_server import Server
    with Server(
        tmp_path_factory.mktemp("patient"), "--bedrock-models",
        f"big=http://127.0.0.1:{engine.server.server_port}/v1#m", "--bedrock-aliases", "*=big",
    ) as server:
        yield server


@pytest.fixture(scope="module")
def key(patient):
    return patient.bearer_token()


HELLO = [{"role": "user", "content": "hello"}]


def converse(patient, _):
    events = runtime(patient).converse_stream(
        modelId="big", messages=[{"role": "user", "content": [{"text": "hello"}]}])["stream"]
    return (event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)


def runtime(patient):
    config = botocore.config.Config(read_timeout=2 * SECONDS_MAX)
    return patient.client("bedrock-runtime", config=config)


def native(patient, model, body):
    chunks = runtime(patient).invoke_model_with_response_stream(modelId=model, body=json.dumps(body))["body"]
    return (json.loads(chunk["chunk"]["bytes"]) for chunk in chunks)


def claude(patient, _):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": HELLO}
    chunks = native(patient, "anthropic.claude-3-haiku-20240307-v1:0", body)
    return (chunk["delta"]["text"] for chunk in chunks if chunk["type"] == "content_block_delta")


def nova(patient, _):
    chunks = native(patient, "amazon.nova-lite-v1:0", {"messages": [{"role": "user", "content": [{"text": "hello"}]}]})
    return (chunk["contentBlockDelta"]["delta"]["text"] for chunk in chunks if "contentBlockDelta" in chunk)


def titan(patient, _):
    return (chunk["outputText"] for chunk in native(patient, "amazon.titan-text-express-v1", {"inputText": "hello"}))


def cohere(patient, _):
    chunks = native(patient, "cohere.command-r-v1:0", {"message": "hello"})
    return (chunk["text"] for chunk in chunks if chunk["event_type"] == "text-generation")


def gpt(patient, _):
    chunks = native(patient, "openai.gpt-oss-20b-1:0", {"messages": HELLO})
    return (chunk["choices"][0]["delta"].get("content") for chunk in chunks if chunk["choices"])


def chat_completions(patient, key):
    client = openai.OpenAI(api_key=key, base_url=f"{patient.url}/v1", max_retries=0)
    stream = client.chat.completions.create(model="big", messages=HELLO, stream=True)
    return (chunk.choices[0].delta.content for chunk in stream if chunk.choices)


def responses(patient, key):
    client = openai.OpenAI(api_key=key, base_url=f"{patient.url}/v1", max_retries=0)
    stream = client.responses.create(model="big", input="hello", stream=True)
    return (event.delta for event in stream if event.type == "response.output_text.delta")


def messages(patient, key):
    client = anthropic.Anthropic(api_key=key, base_url=f"{patient.url}/anthropic", max_retries=0)
    stream = client.messages.create(model="big", max_tokens=100, messages=HELLO, stream=True)
    return (event.delta.text for event in stream if event.type == "content_block_delta")


@pytest.mark.parametrize("client", [
    converse, claude, nova, titan, cohere, gpt, chat_completions, responses, messages,
])
def test_no_word_waits_for_the_next_one(patient, engine, key, client):
    heard = []
    for word in client(patient, key):
        if word:
            heard.append(word)
            engine.heard.release()
    assert not engine.gave_up and heard == WORDS
