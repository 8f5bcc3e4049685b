"""The AWS CLI against Bedrock's runtime. Its version 1 has no commands for streams (`converse-stream` and the like)."""

import json

import pytest

MESSAGES = [{"role": "user", "content": [{"text": "Hello there"}]}]


def test_converse(aws):
    answer = aws(
        "bedrock-runtime", "converse", "--model-id", "brume.echo", "--messages", json.dumps(MESSAGES),
        "--system", '[{"text": "Be brief."}]', "--inference-config", "maxTokens=6,temperature=0.5",
        "--request-metadata", "team=blue")
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "[brume.echo] Hello"}]}
    assert answer["stopReason"] == "max_tokens" and answer["usage"]["outputTokens"] == 6
    assert answer["metrics"]["latencyMs"] >= 0


def test_converse_with_a_tool(aws):
    tools = {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {
        "type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}}}}]}
    words = ["bedrock-runtime", "converse", "--model-id", "brume.echo", "--tool-config", json.dumps(tools)]
    answer = aws(*words, "--messages", json.dumps([{"role": "user", "content": [{"text": "look"}]}]))
    assert answer["stopReason"] == "tool_use"
    message = answer["output"]["message"]
    [call] = [block["toolUse"] for block in message["content"]]
    result = {"role": "user", "content": [
        {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": "a hill"}], "status": "success"}}]}
    history = [{"role": "user", "content": [{"text": "look"}]}, message, result]
    answer = aws(*words, "--messages", json.dumps(history))
    assert answer["output"]["message"]["content"] == [{"text": "[brume.echo] The tool returned: a hill"}]


def test_invoke_model_writes_the_body_to_a_file(aws, tmp_path):
    out = tmp_path / "answer.json"
    body = {"inputText": "Hello there", "textGenerationConfig": {"maxTokenCount": 100}}
    answer = aws(
        "bedrock-runtime", "invoke-model", "--model-id", "brume.echo", "--content-type", "application/json",
        "--body", json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": [
            {"role": "user", "content": "Hello there"}]}), str(out))
    assert answer == {"contentType": "application/json"}
    assert json.loads(out.read_text())["content"] == [{"type": "text", "text": "[brume.echo] Hello there"}]
    with pytest.raises(AssertionError, match=r"\(ResourceNotFoundException\) when calling the InvokeModel operation"):
        aws(
            "bedrock-runtime", "invoke-model", "--model-id", "amazon.titan-text-lite-v1", "--body", json.dumps(body),
            str(out))


def test_count_tokens_of_either_form(aws):
    converse = {"converse": {"messages": MESSAGES}}
    counted = aws("bedrock-runtime", "count-tokens", "--model-id", "brume.echo", "--input", json.dumps(converse))
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [
        {"role": "user", "content": "Hello there"}]})
    invoke = {"invokeModel": {"body": body}}
    again = aws("bedrock-runtime", "count-tokens", "--model-id", "brume.echo", "--input", json.dumps(invoke))
    assert counted == again and counted["inputTokens"] > 0


def test_an_error_is_told_in_words(aws):
    with pytest.raises(AssertionError) as failure:
        aws("bedrock-runtime", "converse", "--model-id", "brume.echo", "--messages", "[]")
    assert (
        "An error occurred (ValidationException) when calling the Converse operation: A conversation must start with a "
        "user message. Try again with a conversation that starts with a user message.") in str(failure.value)
