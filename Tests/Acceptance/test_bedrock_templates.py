"""Conversations by chat templates that are stricter than others: what they refuse is put so that they take it.

The templates have the turns and the refusals of the families that they are named for; the model behind them is tiny.
"""

import botocore.exceptions
import pytest

from brume_server import ENGINE, require_engine
from gguf_models import TEXT, write_model

# Llama 3.1 to 3.3: one call in a turn, results by `ipython`.
LLAMA = """{{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}
{%- if messages[0].role == 'system' %}{{- messages[0].content }}{%- set messages = messages[1:] %}{%- endif %}
{{- '<|eot_id|>' }}
{%- if tools %}{%- for tool in tools %}{{- tool | tojson }}{%- endfor %}{%- endif %}
{%- for message in messages %}
{%- if message.tool_calls %}
{%- if message.tool_calls | length != 1 %}
{{- raise_exception('This model only supports single tool-calls at once!') }}{%- endif %}
{%- set call = message.tool_calls[0].function %}
{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n{"name": "' + call.name + '", "parameters": ' }}
{{- call.arguments | tojson }}{{- '}<|eot_id|>' }}
{%- elif message.role == 'tool' %}
{{- '<|start_header_id|>ipython<|end_header_id|>\\n\\n' + (message.content | tojson) + '<|eot_id|>' }}
{%- else %}
{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content + '<|eot_id|>' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}
"""
# Mistral: roles alternate but for calls and results, whose ids are nine letters and digits.
MISTRAL = """{%- if messages[0].role == 'system' %}{{- '[SYSTEM_PROMPT]' + messages[0].content + '[/SYSTEM_PROMPT]' }}
{%- set messages = messages[1:] %}{%- endif %}
{%- if tools %}{{- '[AVAILABLE_TOOLS]' + (tools | tojson) + '[/AVAILABLE_TOOLS]' }}{%- endif %}
{%- set turn = namespace(index=0) %}
{%- for message in messages %}
{%- if message.role == 'user' or (message.role == 'assistant' and not message.tool_calls) %}
{%- if (message.role == 'user') != (turn.index % 2 == 0) %}
{{- raise_exception('After the optional system message, conversation roles must alternate user and assistant') }}
{%- endif %}{%- set turn.index = turn.index + 1 %}{%- endif %}
{%- if message.role == 'user' %}{{- '[INST]' + message.content + '[/INST]' }}
{%- elif message.tool_calls %}{{- '[TOOL_CALLS]' }}
{%- for call in message.tool_calls %}
{%- if call.id | length != 9 %}
{{- raise_exception('Tool call IDs should be alphanumeric strings with length 9!') }}{%- endif %}
{{- call.function.name + '[CALL_ID]' + call.id + '[ARGS]' + (call.function.arguments | tojson) }}
{%- endfor %}{{- '</s>' }}
{%- elif message.role == 'tool' %}{{- '[TOOL_RESULTS]' + message.content + '[/TOOL_RESULTS]' }}
{%- else %}{{- message.content + '</s>' }}{%- endif %}
{%- endfor %}
"""
TOOLS = {"tools": [
    {"toolSpec": {"name": name, "description": "d", "inputSchema": {"json": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}}
    for name in ("get_weather", "get_time")]}


@pytest.fixture(scope="module")
def bedrock(tmp_path_factory):
    from brume_server import Server
    require_engine()
    folder = tmp_path_factory.mktemp("templates")
    shy = "{%- if messages[-1].content == 'SHOUT' %}{{- raise_exception('Only whispers!') }}{%- endif %}" + LLAMA
    for name, template in (("llama", LLAMA), ("mistral", MISTRAL), ("shy", shy)):
        write_model(folder / f"{name}.gguf", template=template)
    names = ",".join(f"{name}={folder / name}.gguf" for name in ("llama", "mistral", "shy"))
    with Server(folder, "--engine", ENGINE, "--bedrock-models", names, "--model-context-tokens", "4096") as running:
        yield running.client("bedrock-runtime")


def user(*content):
    return {"role": "user", "content": list(content)}


def said(*content):
    return {"role": "assistant", "content": list(content)}


def call(number, name="get_weather"):
    return {"toolUse": {"toolUseId": f"tooluse_{number}", "name": name, "input": {"city": "Oslo"}}}


def result(number):
    return {"toolResult": {"toolUseId": f"tooluse_{number}", "content": [{"text": "3 degrees"}]}}


@pytest.mark.parametrize("model", ["llama", "mistral"])
@pytest.mark.parametrize("turns", [
    [user({"text": "weather"}), said({"text": "I look"}, call(1)), user(result(1))],
    [user({"text": "weather"}), said(call(1)), user(result(1), {"text": "and so?"})],
    [user({"text": "weather"}), said(call(1), call(2, "get_time")), user(result(1), result(2))],
    [user({"text": "weather"}), said(call(1)), user(result(1)), user({"text": "and"}), user({"text": "so?"})],
    [user({"text": "weather"}), said({"text": "I look"}, call(1), call(2, "get_time")),
     user(result(2), result(1), {"text": "and so?"}), said({"text": "so"}), user({"text": "more"})],
])
def test_calls_and_results_are_put_as_each_template_takes_them(bedrock, model, turns):
    request = {"modelId": model, "messages": turns, "toolConfig": TOOLS, "inferenceConfig": {"maxTokens": 80}}
    answer = bedrock.converse(system=[{"text": "be brief"}], **request)
    assert answer["output"]["message"]["content"] == [{"text": TEXT}]
    counted = bedrock.count_tokens(modelId=model, input={"converse": {
        "messages": turns, "system": [{"text": "be brief"}], "toolConfig": TOOLS}})
    assert counted["inputTokens"] == answer["usage"]["inputTokens"]
    forced = bedrock.converse(**request | {"toolConfig": TOOLS | {"toolChoice": {"tool": {"name": "get_time"}}}})
    assert forced["output"]["message"]["content"][0]["toolUse"]["name"] == "get_time"


@pytest.mark.parametrize("model", ["llama", "mistral"])
def test_a_cache_point_is_counted_by_each_template(bedrock, model):
    request = {"modelId": model, "messages": [user({"text": "hello"})], "system": [
        {"text": "weather in the village " * 40}, {"cachePoint": {"type": "default"}}]}
    bedrock.converse(**request)
    usage = bedrock.converse(**request)["usage"]
    assert usage["cacheReadInputTokens"] > 40 and usage["inputTokens"] > 0


def test_what_no_turns_help_is_told_in_the_templates_words(bedrock):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.converse(modelId="shy", messages=[user({"text": "SHOUT"})])
    error = failure.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "ValidationException", "The template of this model does not take the conversation: Only whispers!")
