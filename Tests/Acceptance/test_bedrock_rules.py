"""Rules (canned replies, errors, delays) and metering of Bedrock's models."""

import json
import time

import anthropic
import botocore.exceptions
import httpx
import openai
import pytest

ECHO = "brume.echo"
RULES = [
    {"name": "weather", "prompt": "(?i)weather", "reply": "It rains."},
    {"name": "busy", "prompt": "busy", "times": 2, "error": {"code": "ThrottlingException", "message": "Slow down"}},
    {"name": "cut", "prompt": "cut", "error": {"code": "ModelStreamErrorException", "afterPieces": 3}},
    {"name": "slow", "prompt": "slow", "delayMilliseconds": 300},
    {"name": "thinks", "prompt": "think", "reply": [{"reasoning": "It is so."}, {"text": "Yes."}]},
    {"name": "claude", "model": "anthropic.*", "tool": "look",
     "reply": [{"text": "Let me look."}, {"toolUse": {"name": "look", "input": {"at": "it"}}}]},
    {"name": "endless", "model": "meta.*", "tool": "look", "prompt": "go on",
     "reply": [{"toolUse": {"name": "look", "input": {"at": "it"}}}, {"text": "And so on. " * 50}]},
    {"name": "llama", "model": "meta.*", "tool": "look",
     "reply": [{"text": "Let me look."}, {"toolUse": {"name": "look", "input": {"at": "it"}}}]},
]


MESSAGES = [{"role": "user", "content": "think"}]


@pytest.fixture
def ruled(fresh_server, tmp_path):
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"rules": RULES}))
    return fresh_server("--bedrock-rules", str(path))


def user(text):
    return [{"role": "user", "content": [{"text": text}]}]


def text(answer):
    return answer["output"]["message"]["content"][0]["text"]


def rule(answer):
    return answer["ResponseMetadata"]["HTTPHeaders"].get("x-brume-rule")


def test_a_canned_reply_is_given_and_says_what_it_is(ruled):
    bedrock = ruled.client("bedrock-runtime")
    answer = bedrock.converse(modelId=ECHO, messages=user("How is the\nWeather?"))
    assert text(answer) == "It rains." and rule(answer) == "weather" and answer["usage"]["outputTokens"] == 3
    streamed = bedrock.converse_stream(modelId=ECHO, messages=user("weather"))
    assert rule(streamed) == "weather"
    deltas = [e["contentBlockDelta"]["delta"]["text"] for e in streamed["stream"] if "contentBlockDelta" in e]
    assert "".join(deltas) == "It rains." and len(deltas) == 3
    plain = bedrock.converse(modelId=ECHO, messages=user("something else"))
    assert text(plain) == "[brume.echo] something else" and rule(plain) is None


def test_thoughts_of_claude_are_signed_and_taken_back(ruled):
    bedrock = ruled.client("bedrock-runtime")
    for model, is_signed in (("anthropic.claude-sonnet-4-20250514-v1:0", True), (ECHO, False)):
        answer = bedrock.converse(modelId=model, messages=user("think"))["output"]["message"]
        thought = answer["content"][0]["reasoningContent"]["reasoningText"]
        assert thought["text"] == "It is so." and bool(thought.get("signature")) == is_signed
        again = bedrock.converse(modelId=model, messages=[*user("think"), answer, *user("think")])
        assert again["output"]["message"] == answer
        events = list(bedrock.converse_stream(modelId=model, messages=user("think"))["stream"])
        deltas = [e["contentBlockDelta"] for e in events if "contentBlockDelta" in e]
        pieces = [d["delta"]["reasoningContent"] for d in deltas if d["contentBlockIndex"] == 0]
        assert "".join(piece.get("text", "") for piece in pieces) == "It is so."
        signatures = [piece["signature"] for piece in pieces if "signature" in piece]
        assert signatures == ([thought["signature"]] if is_signed else []) and "signature" not in pieces[0]
        stops = [e["contentBlockStop"]["contentBlockIndex"] for e in events if "contentBlockStop" in e]
        assert stops == [0, 1] and ("signature" in pieces[-1]) == is_signed


def test_thoughts_of_openai_s_models_stand_in_tags_before_the_text(ruled):
    bedrock = ruled.client("bedrock-runtime")
    request = {"modelId": "openai.gpt-oss-20b-1:0", "body": json.dumps({"messages": MESSAGES})}
    [choice] = json.loads(bedrock.invoke_model(**request)["body"].read())["choices"]
    assert choice["message"] == {"role": "assistant", "content": "<reasoning>It is so.</reasoning>Yes."}
    events = list(bedrock.invoke_model_with_response_stream(**request)["body"])
    deltas = [json.loads(event["chunk"]["bytes"])["choices"][0]["delta"] for event in events]
    assert deltas == [
        {"role": "assistant", "content": ""}, {"content": "<reasoning>It is so.</reasoning>"}, {"content": "Yes"},
        {"content": "."}, {}]
    # Other makers' have a member for them.
    request["modelId"] = "qwen.qwen3-32b-v1:0"
    [choice] = json.loads(bedrock.invoke_model(**request)["body"].read())["choices"]
    assert choice["message"] == {"role": "assistant", "content": "Yes.", "reasoning_content": "It is so."}


def test_who_speaks_is_told_first(ruled):
    client = openai.OpenAI(api_key=ruled.bearer_token(), base_url=f"{ruled.url}/v1", max_retries=0)
    tools = [{"type": "function", "function": {"name": "look"}}]

    def deltas(model, text, **more):
        chunks = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": text}], stream=True, **more)
        return [chunk.choices[0].delta.to_dict() for chunk in chunks]

    assert deltas(ECHO, "weather")[:2] == [{"role": "assistant", "content": ""}, {"content": "It"}]
    assert deltas(ECHO, "think")[:2] == [{"role": "assistant", "content": ""}, {"reasoning_content": "It is so."}]
    [first, last] = deltas(ECHO, "look", tools=tools)
    assert (first["role"], first["content"], last) == ("assistant", None, {})


def test_a_thought_is_a_part_of_a_streamed_response(ruled):
    client = openai.OpenAI(api_key=ruled.bearer_token(), base_url=f"{ruled.url}/v1", max_retries=0)
    events = list(client.responses.create(model=ECHO, input="think", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    thought = [event for event in events if getattr(event, "output_index", None) == 0]
    kinds = [event.type.removeprefix("response.") for event in thought]
    assert [kind for kind, before in zip(kinds, [None, *kinds]) if kind != before] == [
        "output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.done", "content_part.done",
        "output_item.done"]
    assert thought[1].part.to_dict() == {"type": "reasoning_text", "text": ""}
    assert thought[-2].part.to_dict() == {"type": "reasoning_text", "text": "It is so."}
    assert thought[-1].item.content[0].text == "It is so."
    assert events[-1].response.usage.output_tokens_details.reasoning_tokens == 4


def test_a_rule_answers_for_a_model_that_is_not_here(ruled):
    bedrock = ruled.client("bedrock-runtime")
    tools = {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}]}
    model = "anthropic.claude-3-haiku-20240307-v1:0"
    answer = bedrock.converse(modelId=model, messages=user("x"), toolConfig=tools)
    assert answer["stopReason"] == "tool_use" and text(answer) == "Let me look."
    assert answer["output"]["message"]["content"][1]["toolUse"]["input"] == {"at": "it"}
    # Converse takes no turn of texts and calls back for this one.
    llama = bedrock.converse(modelId="meta.llama3-1-8b-instruct-v1:0", messages=user("x"), toolConfig=tools)
    [block] = llama["output"]["message"]["content"]
    assert llama["stopReason"] == "tool_use" and block["toolUse"]["input"] == {"at": "it"}
    cut = bedrock.converse(modelId="meta.llama3-1-8b-instruct-v1:0", messages=user("go on"), toolConfig=tools,
                           inferenceConfig={"maxTokens": 60})
    [call] = cut["output"]["message"]["content"]
    assert cut["stopReason"] == "max_tokens" and call["toolUse"]["input"] == {"at": "it"}
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.converse(modelId=model, messages=user("no tool"))
    assert failure.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_errors_are_injected_before_and_in_the_middle(ruled):
    bedrock = ruled.client("bedrock-runtime")
    for call in (bedrock.converse, bedrock.converse_stream):
        with pytest.raises(botocore.exceptions.ClientError) as failure:
            call(modelId=ECHO, messages=user("busy"))
        assert failure.value.response["Error"] == {"Code": "ThrottlingException", "Message": "Slow down"}
    assert text(bedrock.converse(modelId=ECHO, messages=user("busy"))) == "[brume.echo] busy"
    pieces = []
    with pytest.raises(botocore.exceptions.EventStreamError, match="modelStreamErrorException"):
        for event in bedrock.converse_stream(modelId=ECHO, messages=user("cut"))["stream"]:
            pieces += [event] if "contentBlockDelta" in event else []
    assert len(pieces) == 3


def test_an_answer_is_delayed(ruled):
    started = time.monotonic()
    answer = ruled.client("bedrock-runtime").converse(modelId=ECHO, messages=user("slow"))
    assert time.monotonic() - started >= 0.3 and rule(answer) == "slow"
    assert answer["metrics"]["latencyMs"] >= 300


def test_rules_hold_for_the_compatible_endpoints(ruled):
    token = json.loads(ruled.run("keys", "create", "--bedrock", "--output", "json").stdout)["bearerToken"]
    answer = httpx.post(f"{ruled.url}/v1/chat/completions", headers={"Authorization": f"Bearer {token}"}, json={
        "model": ECHO, "messages": [{"role": "user", "content": "weather"}]})
    assert answer.json()["choices"][0]["message"]["content"] == "It rains."
    assert answer.headers["x-brume-rule"] == "weather"


def test_a_response_that_fails_ends_with_an_event_as_all_of_them(ruled):
    answer = httpx.post(
        f"{ruled.url}/v1/responses", headers={"Authorization": f"Bearer {ruled.bearer_token()}"},
        json={"model": ECHO, "input": "cut", "stream": True})
    events = [event.split("\n") for event in answer.text.strip().split("\n\n")]
    data = [json.loads(line.removeprefix("data: ")) for _, line in events]
    assert [name for name, _ in events] == [f"event: {event['type']}" for event in data]
    assert [event["sequence_number"] for event in data] == list(range(len(data)))
    error = {"message": data[-1]["message"], "type": "server_error", "param": None, "code": None}
    assert data[-2]["type"] == "response.failed" and data[-1] == {
        "type": "error", "sequence_number": len(data) - 1, "code": None, "message": error["message"], "param": None,
        "error": error}


def test_a_model_that_fails_in_a_stream_is_an_error_of_the_server_s(ruled):
    token = ruled.bearer_token()
    messages = [{"role": "user", "content": "cut"}]
    client = openai.OpenAI(api_key=token, base_url=f"{ruled.url}/v1", max_retries=0)
    pieces = []
    with pytest.raises(openai.APIError) as failure:
        for chunk in client.chat.completions.create(model=ECHO, messages=messages, stream=True):
            pieces.append(chunk.choices[0].delta.content)
    assert pieces[0] == "" and all(pieces[1:]) and len(pieces) == 4 and failure.value.body["type"] == "server_error"
    events = []
    with pytest.raises(openai.APIError) as failure:
        for event in client.responses.create(model=ECHO, input="cut", stream=True):
            events.append(event)
    assert failure.value.body["type"] == "server_error"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    failed = events[-1].response
    assert (events[-1].type, failed.status, failed.error.code) == ("response.failed", "failed", "server_error")
    claude = anthropic.Anthropic(api_key=token, base_url=f"{ruled.url}/anthropic", max_retries=0)
    with pytest.raises(anthropic.APIStatusError) as failure:
        list(claude.messages.create(model=ECHO, max_tokens=100, messages=messages, stream=True))
    assert failure.value.body["error"]["type"] == "api_error"


@pytest.mark.parametrize("rules, sentence", [
    ("{", "it is no JSON"), ('{"rules": 1}', "a list named rules"), ('{"rules": [{"promt": "x"}]}', "rule 1 has promt"),
    ('{"rules": [{"prompt": "("}]}', "the prompt of rule 1"), ('{"rules": [{"error": {"code": "X"}}]}', "error.code"),
    ('{"rules": [{"times": 0}]}', "times of rule 1"), ('{"rules": [{"reply": [1]}]}', "the reply of rule 1"),
    ('{"rules": [{"reply": [{"toolUse": {"name": "a", "input": 5}}]}]}', "the reply of rule 1"),
])
def test_rules_that_are_wrong_end_the_start(server, tmp_path, rules, sentence):
    path = tmp_path / "rules.json"
    path.write_text(rules)
    answer = server.run("start", "--bedrock-rules", str(path), "--data-dir", str(tmp_path / "data"))
    assert answer.returncode == 78 and sentence in answer.stderr


def test_usage_is_kept_over_a_kill(fresh_server):
    server = fresh_server()
    bedrock = server.client("bedrock-runtime")
    for _ in range(3):
        usage = bedrock.converse(modelId=ECHO, messages=user("hi"))["usage"]
    list(bedrock.converse_stream(modelId=ECHO, messages=user("hi"))["stream"])

    def rows(*options):
        return json.loads(server.run("usage", "--output", "json", *options).stdout)

    expected = {
        "account": "000000000000", "principal": "arn:aws:iam::000000000000:root", "model": ECHO, "invocations": 4,
        "inputTokens": 4 * usage["inputTokens"], "outputTokens": 4 * usage["outputTokens"],
        "cacheReadTokens": 0, "cacheWriteTokens": 0, "keptResponses": 0, "cost": None,
    }
    assert rows() == [expected]
    server.restart(hard=True)
    assert rows() == [expected]
    server.client("bedrock-runtime").converse(modelId=ECHO, messages=user("hi"))
    assert [row["invocations"] for row in rows("--by-day")] == [5]
    assert "2" in rows("--by-day")[0]["day"] and server.run("usage").stdout.count("\n") == 2


def test_usage_says_what_aws_would_have_asked(fresh_server, tmp_path):
    server = fresh_server("--bedrock-aliases", f"*={ECHO}")
    bedrock = server.client("bedrock-runtime")
    usage = bedrock.converse(modelId="us.amazon.nova-micro-v1:0", messages=user("hi"))["usage"]
    bedrock.converse(modelId="meta.llama3-8b-instruct-v1:0", messages=user("hi"))

    def rows(*options):
        rows = json.loads(server.run("usage", "--output", "json", *options).stdout)
        return {row["model"]: row["cost"] for row in rows}

    standard = rows()
    assert standard["meta.llama3-8b-instruct-v1:0"] is None
    cost = standard["amazon.nova-micro-v1:0"]
    assert cost["currency"] == "USD" and cost["verified"] is False and cost["price"] == "amazon.nova-micro-*"
    dear = json.loads(server.run("usage", "--print-prices").stdout)
    dear["prices"] = [{"model": "*", "input": "1000", "source": "us", "date": "2026-01-01", "verified": True}]
    (server.data_dir / "prices.json").write_text(json.dumps(dear))
    cost = rows()["amazon.nova-micro-v1:0"]
    assert float(cost["amount"]) == usage["inputTokens"] / 1000 and cost["unknown"] == ["output"] and cost["verified"]
    answer = server.run("usage")
    assert "without output: price unknown" in answer.stdout and "prices.json" in answer.stderr
    (tmp_path / "bad.json").write_text("{")
    answer = server.run("usage", "--prices", str(tmp_path / "bad.json"))
    assert answer.returncode == 78 and "no JSON object" in answer.stderr
    (tmp_path / "bad.json").write_text(" " * (1 << 20) + "{")
    answer = server.run("usage", "--prices", str(tmp_path / "bad.json"))
    assert answer.returncode == 78 and "is larger than the 1048576 bytes" in answer.stderr
