"""One model behind several servers: shared work, servers that fail before and in an answer, and ones that come back.

The servers are llama.cpp's own with a tiny model, and ones that cut connections when they are told to.
"""

import json
import signal
import subprocess
import urllib.request

import botocore.exceptions
import pytest

import scripted_engine
from brume_server import ENGINE, free_port, require_engine
from gguf_models import TEXT, write_model
from waiting import eventually



def user(text):
    return {"role": "user", "content": [{"text": text}]}


class Talker:
    """A server that says its name, or fails as `mode` has it: "refuse", "cut" (before a word) or "break" (within)."""

    def __init__(self, name, port=0):
        self.name, self.mode, self.asked = name, "", 0
        talker = self

        class Handler(scripted_engine.Handler):
            def answer(self):
                talker.asked += 1
                if talker.mode == "refuse":
                    return self.send_error(500)
                self.begin(Content_Length="100000")
                if talker.mode == "cut":
                    return None
                for text in (talker.name, " speaks"):
                    self.say(text)
                    if talker.mode == "break":
                        return None
                return self.end_answer(2)

        self.server = scripted_engine.serve(Handler, port)
        self.port = self.server.server_port

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1#m"


@pytest.fixture
def talkers():
    made = [Talker("one"), Talker("two")]
    yield made
    for talker in made:
        talker.close()


@pytest.fixture
def client(fresh_server, talkers):
    server = fresh_server("--bedrock-models", "big=" + "|".join(talker.url for talker in talkers),
                          "--bedrock-aliases", "openai.*=big")
    return server.client("bedrock-runtime")


def said(client, text):
    answer = client.converse(modelId="big", messages=[user(text)])
    return answer["output"]["message"]["content"][0]["text"].split()[0]


def test_counting_has_no_errors_of_models(fresh_server):
    client = fresh_server("--bedrock-models", "away=http://127.0.0.1:9/v1#m").client("bedrock-runtime")
    messages = [{"role": "user", "content": [{"text": "hi"}]}]
    with pytest.raises(client.exceptions.ModelErrorException):
        client.converse(modelId="away", messages=messages)
    with pytest.raises(client.exceptions.ServiceUnavailableException, match="the server's log names the reason"):
        client.count_tokens(modelId="away", input={"converse": {"messages": messages}})


def test_conversations_are_spread_and_stay(client, talkers):
    first = {text: said(client, text) for text in (f"conversation {n}" for n in range(16))}
    assert set(first.values()) == {"one", "two"}
    assert all(said(client, text) == name for text, name in first.items())


@pytest.mark.parametrize("mode", ["refuse", "cut"])
def test_what_fails_before_a_word_is_asked_of_the_other(client, talkers, mode):
    assert said(client, "warm") in ("one", "two")
    talkers[0].mode = mode
    talkers[0].asked = 0
    assert {said(client, f"text {n}") for n in range(20)} == {"two"}
    assert 1 <= talkers[0].asked <= 3  # three failures in a row, then it is left alone
    talkers[0].mode = ""
    eventually(lambda: {said(client, f"text {n}") for n in range(20)} == {"one", "two"})


def test_what_breaks_within_an_answer_is_told_and_not_asked_again(client, talkers):
    said(client, "warm")
    for talker in talkers:
        talker.mode, talker.asked = "break", 0
    pieces = []
    with pytest.raises(botocore.exceptions.EventStreamError, match="modelStreamErrorException"):
        for event in client.converse_stream(modelId="big", messages=[user("x")])["stream"]:
            pieces += [event] if "contentBlockDelta" in event else []
    assert len(pieces) == 1 and sum(talker.asked for talker in talkers) == 1


def test_a_server_that_does_not_do_what_it_was_asked_to_is_an_error(client, talkers):
    tools = [{"toolSpec": {"name": "greet", "inputSchema": {"json": {"type": "object"}}}}]
    config = {"tools": tools, "toolChoice": {"any": {}}}
    schema = json.dumps({"type": "object", "properties": {}, "additionalProperties": False})
    output = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema, "name": "answer"}}}}
    with pytest.raises(botocore.exceptions.ClientError, match="no tool call") as failure:
        client.converse(modelId="big", messages=[user("x")], toolConfig=config)
    assert failure.value.response["Error"]["Code"] == "ValidationException"
    # Converse has a word for an answer that is no JSON.
    answer = client.converse(modelId="big", messages=[user("x")], outputConfig=output)
    assert answer["stopReason"] == "malformed_model_output"
    assert answer["output"]["message"]["content"][0]["text"].endswith("speaks")
    events = list(client.converse_stream(modelId="big", messages=[user("x")], outputConfig=output)["stream"])
    assert events[-2] == {"messageStop": {"stopReason": "malformed_model_output"}}
    body = {"messages": [{"role": "user", "content": "x"}], "response_format": {
        "type": "json_schema", "json_schema": {"name": "answer", "schema": json.loads(schema)}}}
    with pytest.raises(botocore.exceptions.ClientError, match="in JSON"):
        client.invoke_model(modelId="openai.gpt-oss-20b-1:0", body=json.dumps(body))
    assert sum(talker.asked for talker in talkers) == 4  # what it cannot, the others cannot either


def test_a_server_that_is_gone_is_missed_by_nobody_and_comes_back(client, talkers):
    assert {said(client, f"text {n}") for n in range(16)} == {"one", "two"}
    talkers[1].close()
    assert {said(client, f"text {n}") for n in range(16)} == {"one"}
    talkers[1] = Talker("two", talkers[1].port)
    eventually(lambda: {said(client, f"text {n}") for n in range(16)} == {"one", "two"})


def test_a_server_that_is_late_joins(fresh_server, talkers):
    port = free_port()
    server = fresh_server("--bedrock-models", f"big={talkers[0].url}|http://127.0.0.1:{port}/v1#m")
    client = server.client("bedrock-runtime")
    assert {said(client, f"text {n}") for n in range(8)} == {"one"}
    late = Talker("late", port)
    try:
        eventually(lambda: {said(client, f"text {n}") for n in range(16)} == {"one", "late"})
    finally:
        late.close()


def test_without_any_server_the_error_says_so(fresh_server):
    urls = "|".join(f"http://127.0.0.1:{free_port()}/v1" for _ in range(2))
    server = fresh_server("--bedrock-models", f"big={urls}")
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        server.client("bedrock-runtime").converse(modelId="big", messages=[user("x")])
    assert failure.value.response["Error"]["Code"] == "ModelErrorException"


def test_an_engine_that_is_killed_is_missed_by_nobody(fresh_server, tmp_path):
    require_engine()
    write_model(tmp_path / "tiny.gguf")
    ports = [free_port(), free_port()]
    engines = [
        subprocess.Popen(
            [ENGINE, "--model", str(tmp_path / "tiny.gguf"), "--host", "127.0.0.1", "--port", str(port), "--alias", "m",
             "--ctx-size", "4096", "--parallel", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for port in ports]
    try:
        def is_up(port):
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).status == 200
            except OSError:
                return False

        eventually(lambda: all(is_up(port) for port in ports))
        server = fresh_server()
        found = json.loads(server.run(
            "model", "probe", f"http://127.0.0.1:{ports[0]}/v1#m", "--output", "json").stdout)
        assert {name for name, finding in found.items() if finding["there"]} == set(found) - {"images"}
        urls = "|".join(f"http://127.0.0.1:{port}/v1#m" for port in ports)
        client = fresh_server("--bedrock-models", f"away={urls}").client("bedrock-runtime")

        def answers(count):
            return [client.converse(modelId="away", messages=[user(f"hi {n}")])["output"]["message"]["content"]
                    for n in range(count)]

        assert answers(6) == [[{"text": TEXT}]] * 6
        engines[0].send_signal(signal.SIGKILL)
        engines[0].wait()
        assert answers(6) == [[{"text": TEXT}]] * 6
        counted = client.count_tokens(modelId="away", input={"converse": {"messages": [user("hi")]}})
        assert counted["inputTokens"] > 0
    finally:
        for engine in engines:
            engine.kill()
            engine.wait()


def test_a_plain_server_is_probed(fresh_server, talkers):
    server = fresh_server()
    answer = server.run("model", "probe", talkers[0].url, "--output", "json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert {name for name, finding in found.items() if finding["there"]} == {"conversation"}
    assert "5 tokens in, 2 out" in found["conversation"]["detail"]
    assert server.run("model", "probe", talkers[0].url).stdout.count("\n") == len(found)
    nobody = server.run("model", "probe", f"http://127.0.0.1:{free_port()}/v1#m")
    assert nobody.returncode == 68 and "does not answer" in nobody.stderr
    assert server.run("model", "probe", "http://127.0.0.1:1/v1").returncode == 64
    no_address = server.run("model", "probe", "host:8000")
    assert no_address.returncode == 64 and "host:8000 is not an address, such as http://" in no_address.stderr
    assert "BRUME_MODEL_API_KEY" in server.run("model", "probe", f"{server.url}/v1#brume.echo").stdout
