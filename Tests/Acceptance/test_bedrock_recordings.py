"""Recordings of Bedrock's answers: written while a model answers, given again without it."""

import json
import time

import botocore.exceptions
import pytest

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"


@pytest.fixture
def taped(fresh_server, tmp_path):
    """A function that starts a server with a rule of this recording, whose model answers unless told otherwise."""
    def start(rule, model="brume.echo"):
        path = tmp_path / "rules.json"
        path.write_text(json.dumps({"rules": [{"name": "tape", "recording": {"file": "tape.jsonl"} | rule}]}))
        aliases = ("--bedrock-aliases", f"anthropic.*={model}") if model else ()
        return fresh_server("--bedrock-rules", str(path), *aliases)
    start.file = tmp_path / "tape.jsonl"
    return start


def user(text):
    return [{"role": "user", "content": [{"text": text}]}]


def text(answer):
    return answer["output"]["message"]["content"][0]["text"]


def headers(answer):
    return answer["ResponseMetadata"]["HTTPHeaders"]


def test_an_answer_is_recorded_once_and_given_again_without_the_model(taped):
    server = taped({"mode": "replay", "miss": "record"})
    bedrock = server.client("bedrock-runtime")
    first = bedrock.converse(modelId=MODEL, messages=user("Hello there"))
    kind, fingerprint = headers(first)["x-brume-recording"].split()
    assert kind == "recorded" and len(fingerprint) == 32 and headers(first)["x-brume-rule"] == "tape"
    again = bedrock.converse(modelId=MODEL, messages=user("Hello there"))
    assert headers(again)["x-brume-recording"] == f"replayed {fingerprint}"
    assert text(again) == text(first) and again["usage"] == first["usage"]
    line = json.loads(taped.file.read_text())
    assert line["version"] == 1 and line["fingerprint"] == fingerprint and line["recorded"].endswith("Z")
    assert line["request"]["messages"] == [{"role": "user", "parts": [{"text": "Hello there"}]}]
    assert "".join(piece["text"] for piece in line["answer"]) == text(first)
    assert oct(taped.file.stat().st_mode & 0o777) == "0o600"
    server.close()

    offline = taped({"mode": "replay"}, model=None).client("bedrock-runtime")
    streamed = offline.converse_stream(modelId=MODEL, messages=user("Hello there"))
    assert headers(streamed)["x-brume-recording"] == f"replayed {fingerprint}"
    events = list(streamed["stream"])
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert deltas == [piece["text"] for piece in line["answer"]]
    assert events[-1]["metadata"]["usage"] == first["usage"]
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": [
        {"role": "user", "content": "Hello there"}]}
    with pytest.raises(botocore.exceptions.ClientError) as failure:  # max_tokens makes it another request
        offline.invoke_model(modelId=MODEL, body=json.dumps(body))
    error = failure.value.response["Error"]
    assert error["Code"] == "ResourceNotFoundException" and "tape.jsonl" in error["Message"]
    assert "fingerprint" in error["Message"] and fingerprint not in error["Message"]


def test_a_mode_that_records_asks_the_model_each_time(taped):
    server = taped({"mode": "record"})
    bedrock = server.client("bedrock-runtime")
    for _ in range(2):
        answer = bedrock.converse(modelId=MODEL, messages=user("x"))
        assert headers(answer)["x-brume-recording"].startswith("recorded ")
    with pytest.raises(botocore.exceptions.ClientError, match="ResourceNotFoundException"):
        bedrock.converse(modelId="meta.llama3-8b-instruct-v1:0", messages=user("x"))
    server.restart(hard=True)
    bedrock.converse(modelId=MODEL, messages=user("y"))
    lines = [json.loads(line) for line in taped.file.read_text().splitlines()]
    assert len(lines) == 3 and lines[0]["fingerprint"] == lines[1]["fingerprint"] != lines[2]["fingerprint"]


def test_an_answer_comes_as_slowly_as_it_did(taped):
    bedrock = taped({"mode": "record"}).client("bedrock-runtime")
    bedrock.converse(modelId=MODEL, messages=user("x"))
    line = json.loads(taped.file.read_text())
    line["answer"][-1]["milliseconds"] = 300
    taped.file.write_text(json.dumps(line) + "\n")
    slow = taped({"mode": "replay", "pace": "recorded"}, model=None).client("bedrock-runtime")
    started = time.monotonic()
    assert text(slow.converse(modelId=MODEL, messages=user("x"))) == "[brume.echo] x"
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("rule, sentence", [
    ({}, "recording.mode of rule 1"), ({"mode": "play"}, "recording.mode of rule 1"),
    ({"mode": "replay", "miss": "x"}, "recording.miss of rule 1"),
    ({"mode": "record", "miss": "error"}, "go with mode"),
    ({"mode": "replay", "x": 1}, "the recording of rule 1 has x"), ({"file": "", "mode": "record"}, "must name a file"),
])
def test_recordings_that_are_wrong_end_the_start(server, tmp_path, rule, sentence):
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"rules": [{"recording": {"file": "t"} | rule}]}))
    answer = server.run("start", "--bedrock-rules", str(path), "--data-dir", str(tmp_path / "data"))
    assert answer.returncode == 78 and sentence in answer.stderr


COUNTS_OF_NO_ANSWER = {
    "version": 1, "request": {"model": "m"}, "answer": [], "stop": "endOfTurn",
    "usage": {"inputTokens": 2**63 - 1, "outputTokens": 2**63 - 1},
}


@pytest.mark.parametrize("line, sentence", [
    ("nonsense", "it is no JSON"), (json.dumps(COUNTS_OF_NO_ANSWER), "its usage has no inputTokens"),
], ids=["no JSON", "counts"])
def test_a_line_that_is_none_ends_the_start(server, tmp_path, line, sentence):
    (tmp_path / "tape.jsonl").write_text(f"{line}\n")
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"rules": [{"recording": {"file": "tape.jsonl", "mode": "replay"}}]}))
    answer = server.run("start", "--bedrock-rules", str(path), "--data-dir", str(tmp_path / "data"))
    assert answer.returncode == 78 and "line 1 of" in answer.stderr and sentence in answer.stderr
