"""Bedrock's runtime over the real engine: llama.cpp's server as Brume's child, with a tiny model that the test writes.

Scripts/install-dependencies engine installs the engine; `BRUME_TEST_ENGINE` names another llama-server.
"""

import http.server
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import botocore.exceptions
import pytest

from brume_server import ENGINE, Server, free_port, require_engine
from gguf_models import STRING_VALUE, TEXT, write_model
from waiting import eventually

WEATHER = {"toolSpec": {
    "name": "get_weather",
    "description": "The weather of a city",
    "inputSchema": {"json": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
        "required": ["city"],
    }},
}}
TIME = {"toolSpec": {
    "name": "get_time", "description": "The time",
    "inputSchema": {"json": {"type": "object", "properties": {"zone": {"type": "integer"}}, "required": ["zone"]}},
}}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The settings that name the models."""
    require_engine()
    folder = tmp_path_factory.mktemp("models")
    write_model(folder / "tiny.gguf")
    write_model(folder / "thinker.gguf", thinks=True)
    (folder / "broken.gguf").write_bytes((folder / "tiny.gguf").read_bytes()[:20_000])
    names = ",".join(f"{name}={folder / name}.gguf" for name in ("tiny", "thinker", "broken", "gone"))
    return ("--engine", ENGINE, "--bedrock-models", names, "--model-slots", "4", "--model-context-tokens", "2048")


@pytest.fixture(scope="module")
def engine_server(models, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("engine"), *models, "--bedrock-aliases", "anthropic.*=tiny,meta.*=tiny") as it:
        yield it


@pytest.fixture(scope="module")
def bedrock(engine_server):
    return engine_server.client("bedrock-runtime")


def user(text):
    return {"role": "user", "content": [{"text": text}]}


def refusal(call, **request):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call(**request)
    return failure.value.response["Error"]


def children_of(process_id):
    """Every process below one, by id, with its words."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        fields = stat[stat.rindex(")") + 2:].split()
        if fields[0] != "Z":
            found[int(entry.name)] = (int(fields[1]), words)
    below, grown = {process_id}, True
    while grown:
        more = {child for child, (parent, _) in found.items() if parent in below} - below
        below, grown = below | more, bool(more)
    return {child: found[child][1] for child in below - {process_id} if child in found}


def engines_of(server):
    """The processes of engines that a server has."""
    return [child for child, words in children_of(server.process.pid).items() if "engine-guard" not in words]


def texts(events):
    return "".join(
        event["contentBlockDelta"]["delta"].get("text", "") for event in events if "contentBlockDelta" in event)


def test_the_first_request_loads_the_model_and_is_answered(bedrock):
    answer = bedrock.converse(modelId="tiny", messages=[user("hello")], system=[{"text": "be brief"}])
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": TEXT}]}
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["outputTokens"] == 57 and usage["cacheReadInputTokens"] == usage["cacheWriteInputTokens"] == 0
    counted = bedrock.count_tokens(modelId="tiny", input={"converse": {
        "messages": [user("hello")], "system": [{"text": "be brief"}]}})
    assert counted["inputTokens"] == usage["inputTokens"]


def test_a_stream_has_an_event_a_token(bedrock):
    events = list(bedrock.converse_stream(modelId="tiny", messages=[user("hello")])["stream"])
    assert texts(events) == TEXT
    assert len([event for event in events if "contentBlockDelta" in event]) > 40
    assert events[-2]["messageStop"]["stopReason"] == "end_turn"
    whole = bedrock.converse(modelId="tiny", messages=[user("hello")])
    assert events[-1]["metadata"]["usage"] == whole["usage"]


@pytest.mark.parametrize("settings, text, reason", [
    ({"maxTokens": 3}, "The small river", "max_tokens"),
    ({"stopSequences": [" old bri", "harbour"]}, TEXT[:TEXT.index(" old bri")], "stop_sequence"),
    ({"stopSequences": ["nowhere"]}, TEXT, "end_turn"),
])
def test_an_answer_ends_where_it_is_told_to(bedrock, settings, text, reason):
    request = {"modelId": "tiny", "messages": [user("hello")], "inferenceConfig": settings}
    answer = bedrock.converse(**request)
    assert answer["output"]["message"]["content"] == [{"text": text}]
    assert answer["stopReason"] == reason
    assert answer["usage"]["outputTokens"] > 0
    events = list(bedrock.converse_stream(**request)["stream"])
    assert texts(events) == text and events[-2]["messageStop"]["stopReason"] == reason


def test_a_stop_sequence_is_named_to_those_who_ask(bedrock):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "stop_sequences": ["bridge"],
            "messages": [{"role": "user", "content": "hello"}]}
    answer = json.loads(bedrock.invoke_model(modelId="anthropic.claude-v2", body=json.dumps(body))["body"].read())
    assert (answer["stop_reason"], answer["stop_sequence"]) == ("stop_sequence", "bridge")
    assert answer["content"][0]["text"] == TEXT[:TEXT.index("bridge")]


def test_a_tool_is_called_and_its_result_is_heard(bedrock):
    messages = [user("what is the weather")]
    tools = {"tools": [WEATHER]}
    answer = bedrock.converse(modelId="tiny", messages=messages, toolConfig=tools)
    assert answer["stopReason"] == "tool_use"
    call = answer["output"]["message"]["content"][-1]["toolUse"]
    assert call["name"] == "get_weather" and call["input"]["city"] == STRING_VALUE
    messages += [answer["output"]["message"], {"role": "user", "content": [
        {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"json": {"degrees": 3}}]}},
    ]}]
    answer = bedrock.converse(modelId="tiny", messages=messages, toolConfig=tools)
    assert answer["output"]["message"]["content"] == [{"text": TEXT}]


@pytest.mark.parametrize("choice, names", [
    ({"tool": {"name": "get_time"}}, {"get_time"}), ({"any": {}}, {"get_weather", "get_time"}),
])
def test_a_forced_choice_is_a_call_at_once(bedrock, choice, names):
    request = {"modelId": "tiny", "messages": [user("anything")],
               "toolConfig": {"tools": [WEATHER, TIME], "toolChoice": choice}}
    answer = bedrock.converse(**request)
    assert answer["stopReason"] == "tool_use"
    [block] = answer["output"]["message"]["content"]
    assert block["toolUse"]["name"] in names
    assert set(block["toolUse"]["input"]) <= {"city", "unit", "zone"} and block["toolUse"]["input"]
    events = list(bedrock.converse_stream(**request)["stream"])
    streamed = "".join(
        event["contentBlockDelta"]["delta"]["toolUse"]["input"] for event in events if "contentBlockDelta" in event)
    assert json.loads(streamed) == block["toolUse"]["input"]


def test_an_answer_meets_its_schema(bedrock):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}},
              "required": ["n", "s"], "additionalProperties": False}
    answer = bedrock.converse(modelId="tiny", messages=[user("hello")], outputConfig={"textFormat": {
        "type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(schema)}}}})
    value = json.loads(answer["output"]["message"]["content"][0]["text"])
    assert set(value) == {"n", "s"} and isinstance(value["n"], int)


def test_what_it_thinks_is_reasoning_content(bedrock):
    events = list(bedrock.converse_stream(modelId="thinker", messages=[user("hello")])["stream"])
    thoughts = [event["contentBlockDelta"]["delta"]["reasoningContent"]["text"] for event in events
                if "reasoningContent" in event.get("contentBlockDelta", {}).get("delta", {})]
    assert "".join(thoughts).startswith("Someone asks me")
    assert texts(events) == TEXT


def test_a_prompt_of_the_llama_family_is_taken_as_it_is(bedrock):
    body = json.dumps({"prompt": "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", "max_gen_len": 4})
    answer = json.loads(bedrock.invoke_model(modelId="meta.llama3-8b-instruct-v1:0", body=body)["body"].read())
    assert answer["generation"] == "The small river begins" and answer["stop_reason"] == "length"
    assert answer["generation_token_count"] == 4 and answer["prompt_token_count"] > 5


def test_a_cache_point_is_counted_and_read_again(bedrock):
    system = [{"text": "weather in the village " * 40}, {"cachePoint": {"type": "default"}}]
    request = {"modelId": "tiny", "system": system, "messages": [user("hello")]}
    bedrock.converse(**request)
    usage = bedrock.converse(**request)["usage"]
    plain = bedrock.converse(modelId="tiny", system=system[:1], messages=[user("hello")])["usage"]
    assert usage["cacheReadInputTokens"] > 40 and usage["cacheReadInputTokens"] >= usage["cacheWriteInputTokens"]
    parts = usage["inputTokens"] + usage["cacheReadInputTokens"] + usage["cacheWriteInputTokens"]
    assert parts == plain["inputTokens"]
    assert usage["totalTokens"] == parts + usage["outputTokens"]


@pytest.mark.parametrize("model, message, code, sentence", [
    ("tiny", {"role": "user", "content": [{"text": "word " * 3000}]}, "ValidationException",
     "Input is too long for requested model"),
    ("tiny", {"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}]},
     "ValidationException", "This model doesn't support the image content block that you provided."),
    ("broken", user("hi"), "ModelErrorException", "The model could not be loaded"),
    ("gone", user("hi"), "ModelErrorException", "The model could not be loaded"),
    ("absent", user("hi"), "ResourceNotFoundException", "No model of this machine answers"),
])
def test_what_a_model_cannot_do_is_refused(bedrock, model, message, code, sentence):
    error = refusal(bedrock.converse, modelId=model, messages=[message])
    assert error["Code"] == code and error["Message"].startswith(sentence)


def endless(client):
    """A stream that goes on until the context is full: tools that the model may not call."""
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100_000, "tool_choice": {"type": "none"},
            "messages": [{"role": "user", "content": "go on"}],
            "tools": [{"name": "t", "description": "", "input_schema": {"type": "object", "properties": {}}}]}
    return client.invoke_model_with_response_stream(modelId="anthropic.claude-v2", body=json.dumps(body))["body"]


def test_a_killed_engine_fails_its_own_streams_and_the_next_request_is_served(models, fresh_server):
    server = fresh_server(*models, "--bedrock-aliases", "anthropic.*=tiny")
    client = server.client("bedrock-runtime")
    client.converse(modelId="thinker", messages=[user("hi")])
    others = set(engines_of(server))
    client.converse(modelId="tiny", messages=[user("hi")])
    [engine] = set(engines_of(server)) - others
    stream = endless(client)
    events = iter(stream)
    next(events)
    os.kill(engine, signal.SIGKILL)
    with pytest.raises(botocore.exceptions.EventStreamError) as failure:
        list(events)
    assert failure.value.response["Error"]["Code"] == "modelStreamErrorException"
    answer = client.converse(modelId="tiny", messages=[user("hi")])
    assert answer["output"]["message"]["content"] == [{"text": TEXT}]
    assert others <= set(engines_of(server)), "the other model's engine was left alone"


def test_no_engine_outlives_its_server(models, fresh_server):
    server = fresh_server(*models)
    server.client("bedrock-runtime").converse(modelId="tiny", messages=[user("hi")])
    before = children_of(server.process.pid)
    assert len(before) == 2, "the engine and its guard"
    server.kill()
    eventually(lambda: not any(pathlib.Path(f"/proc/{child}").exists() for child in before))
    server.start()
    server.client("bedrock-runtime").converse(modelId="tiny", messages=[user("hi")])
    before = children_of(server.process.pid)
    assert server.stop() == 0
    eventually(lambda: not any(pathlib.Path(f"/proc/{child}").exists() for child in before), seconds=2)


def test_leftovers_of_a_killed_guard_are_ended_at_the_next_start(models, fresh_server):
    server = fresh_server(*models)
    server.client("bedrock-runtime").converse(modelId="tiny", messages=[user("hi")])
    [engine] = engines_of(server)
    [guard] = [child for child in children_of(server.process.pid) if child != engine]
    # The server must not see its guard's end, or it would end the engine itself.
    os.kill(server.process.pid, signal.SIGSTOP)
    os.kill(guard, signal.SIGKILL)
    server.kill()
    assert pathlib.Path(f"/proc/{engine}").exists()
    server.start()
    eventually(lambda: not pathlib.Path(f"/proc/{engine}").exists() or "Z" in
          pathlib.Path(f"/proc/{engine}/stat").read_text().rsplit(")", 1)[1].split()[0])


def test_abandoned_streams_leave_nothing(engine_server):
    clients = [engine_server.client("bedrock-runtime") for _ in range(10)]
    clients[0].converse(modelId="tiny", messages=[user("hi")])
    descriptors = pathlib.Path(f"/proc/{engine_server.process.pid}/fd")

    def connections():
        count = 0
        for entry in descriptors.iterdir():
            try:
                count += os.readlink(entry).startswith("socket:")
            except OSError:
                pass
        return count

    before = connections()

    def abandon(client):
        for _ in range(5):
            stream = endless(client)
            next(iter(stream))
            stream.close()

    threads = [threading.Thread(target=abandon, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for client in clients[1:]:
        client.close()
    eventually(lambda: connections() <= before)
    # Every slot is free again: as many at once as there are, each answered whole.
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(
            clients[0].converse(modelId="tiny", messages=[user("hi")])["output"]["message"]["content"][0]["text"]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [TEXT] * 8


def test_an_idle_model_is_unloaded_and_loaded_again(models, fresh_server):
    server = fresh_server(*models, "--model-keep-alive-seconds", "1")
    client = server.client("bedrock-runtime")
    client.converse(modelId="tiny", messages=[user("hi")])
    assert len(engines_of(server)) == 1
    eventually(lambda: not engines_of(server))
    assert client.converse(modelId="tiny", messages=[user("hi")])["stopReason"] == "end_turn"


def test_a_model_makes_room_for_another(models, fresh_server):
    server = fresh_server(*models, "--models-loaded-max", "1")
    client = server.client("bedrock-runtime")
    for model in ("tiny", "thinker", "tiny"):
        assert client.converse(modelId=model, messages=[user("hi")])["stopReason"] == "end_turn"
        eventually(lambda: len(engines_of(server)) == 1)


def test_what_a_server_runs_is_shown_where_the_shell_finds_no_engine(models, fresh_server):
    server = fresh_server(*models[2:], environment={"PATH": f"/usr/bin:/bin:{pathlib.Path(ENGINE).parent}"})
    server.client("bedrock-runtime").converse(modelId="tiny", messages=[user("hi")])
    status = server.run("engine", "status", env=server.environment | {"PATH": "/usr/bin:/bin"})
    assert status.returncode == 0, status.stderr
    assert "none on the PATH of this shell" in status.stdout and "tiny" in status.stdout


def test_a_card_that_the_engine_cannot_use_is_told_loudly(models, fresh_server, tmp_path):
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho '0, NVIDIA GeForce RTX 3090, 24576, 23800'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    server = fresh_server(*models, environment={"PATH": f"{tmp_path}:/usr/bin:/bin", "BRUME_ENGINE": ENGINE})
    sentence = f"NVIDIA GeForce RTX 3090 is here, but the engine {ENGINE} cannot use it"
    eventually(lambda: sentence in server.log_tail())
    assert "brume engine build" in server.log_tail().split(sentence)[1]
    doctor = server.run("doctor")
    assert doctor.returncode != 0 and sentence in doctor.stdout


def test_without_an_engine_everything_else_works(models, fresh_server):
    server = fresh_server(
        *models[2:], environment={"PATH": "/usr/bin:/bin"})
    error = refusal(server.client("bedrock-runtime").converse, modelId="tiny", messages=[user("hi")])
    assert error["Code"] == "ServiceUnavailableException" and "brume engine use" in error["Message"]
    assert server.run("engine", "status").returncode == 78
    chosen = server.run("engine", "use", ENGINE)
    assert chosen.returncode == 0, chosen.stderr
    # A server that runs finds it for the next model that it loads.
    answer = server.client("bedrock-runtime").converse(modelId="tiny", messages=[user("hi")])
    assert answer["output"]["message"]["content"] == [{"text": TEXT}]
    status = server.run("engine", "status")
    assert ENGINE in status.stdout and "chosen with brume engine use" in status.stdout
    # llama-server's own line says so again.
    assert "version: " not in chosen.stdout + status.stdout
    assert server.run("engine", "use", "/etc/hostname").returncode == 64
    absent = server.run("engine", "use", "/absent/engine")
    assert (absent.returncode, absent.stderr) == (66, "brume: there is no file /absent/engine\n")


def test_an_engine_that_is_gone_or_cannot_load_is_told(models, fresh_server, tmp_path):
    gone = fresh_server("--engine", tmp_path / "gone", *models[2:]).client("bedrock-runtime")
    error = refusal(gone.converse, modelId="tiny", messages=[user("hi")])
    assert error["Code"] == "ServiceUnavailableException" and f"{tmp_path / 'gone'}, named by" in error["Message"]
    engine = tmp_path / "engine"
    engine.write_text("#!/bin/sh\necho 'libcuda is not here'\nexit 1\n")
    engine.chmod(0o755)
    server = fresh_server("--engine", engine, *models[2:])
    error = refusal(server.client("bedrock-runtime").converse, modelId="tiny", messages=[user("hi")])
    assert error["Code"] == "ModelErrorException" and "could not be loaded" in error["Message"]
    log = server.data_dir / "logs" / "access.log"
    eventually(lambda: "its last word: libcuda is not here" in log.read_text())


def test_a_server_elsewhere_is_the_same_model(models, fresh_server, tmp_path):
    write_model(tmp_path / "far.gguf")
    port = free_port()
    words = [ENGINE, "--model", str(tmp_path / "far.gguf"), "--host", "127.0.0.1", "--port", str(port)]
    words += ["--alias", "far", "--ctx-size", "4096", "--parallel", "2"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as engine:
        try:
            server = fresh_server("--bedrock-models", f"away=http://127.0.0.1:{port}/v1#far")
            client = server.client("bedrock-runtime")

            def answers():
                try:
                    return client.converse(modelId="away", messages=[user("hi")])["stopReason"] == "end_turn"
                except botocore.exceptions.ClientError:
                    return False

            eventually(answers)
            counted = client.count_tokens(modelId="away", input={"converse": {"messages": [user("hi")]}})
            answer = client.converse(modelId="away", messages=[user("hi")])
            assert answer["usage"]["inputTokens"] == counted["inputTokens"]
        finally:
            engine.kill()


class PlainServer(http.server.BaseHTTPRequestHandler):
    """A server that knows chat completions and nothing else."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            return self.send_error(404)
        assert request["model"] == "big" and self.headers["Authorization"] == "Bearer secret"
        chunks = [
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "from "}}]},
            {"choices": [{"index": 0, "delta": {"content": "afar"}, "finish_reason": "stop", "stop_reason": "END"}]},
            {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
        ]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *_):
        pass


def test_what_a_plain_server_cannot_do_is_refused(fresh_server):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), PlainServer) as plain:
        threading.Thread(target=plain.serve_forever, daemon=True).start()
        server = fresh_server(
            "--bedrock-models", f"big=http://127.0.0.1:{plain.server_port}/v1",
            environment={"BRUME_MODEL_API_KEY": "secret"})
        client = server.client("bedrock-runtime")
        answer = client.converse(
            modelId="big", messages=[user("hi")], inferenceConfig={"stopSequences": ["END"]})
        assert answer["output"]["message"]["content"] == [{"text": "from afar"}]
        assert answer["stopReason"] == "stop_sequence"
        assert (answer["usage"]["inputTokens"], answer["usage"]["outputTokens"]) == (5, 2)
        error = refusal(client.count_tokens, modelId="big", input={"converse": {"messages": [user("hi")]}})
        assert error["Code"] == "ValidationException"
        plain.shutdown()


def second_principal(server):
    """A client of another user's key."""
    made = json.loads(server.run("keys", "create", "--user", "bo", "--output", "json").stdout)
    session = server.session(made["accessKeyId"], made["secretAccessKey"])
    deadline = time.monotonic() + 15
    while True:  # a running server looks for new keys each second
        try:
            session.client("sts", endpoint_url=server.url).get_caller_identity()
            return server.client("bedrock-runtime", session=session)
        except botocore.exceptions.ClientError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("shares", ["true", "false"])
def test_whether_principals_share_what_was_computed_is_a_setting(models, fresh_server, shares):
    server = fresh_server(*models, "--prompt-sharing", shares, "--model-slots", "2")
    ana, bo = server.client("bedrock-runtime"), second_principal(server)
    system = [{"text": "weather in the village " * 40}, {"cachePoint": {"type": "default"}}]

    def read(client):
        return client.converse(modelId="tiny", system=system, messages=[user("hello")])["usage"]["cacheReadInputTokens"]

    assert read(ana) == 0 and read(ana) > 40
    assert (read(bo) > 40) is (shares == "true")
    assert read(bo) > 40 and read(ana) > 40, "each goes on from its own"
    cy = second_principal(server)
    assert read(cy) > 40, "another key of the same principal"
