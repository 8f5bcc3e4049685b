"""What Converse refuses because of the model that is named: tools, system messages, images, cache points and turns that
some models do not take, in AWS's words."""

import json

import botocore.config
import botocore.exceptions
import pytest

from echo_requests import typed

TITAN = "amazon.titan-text-express-v1"
LLAMA = "us.meta.llama3-3-70b-instruct-v1:0"
LLAMA4 = "us.meta.llama4-maverick-17b-instruct-v1:0"
MISTRAL = "mistral.mistral-large-2407-v1:0"
MISTRAL_7B = "mistral.mistral-7b-instruct-v0:2"
R1 = "us.deepseek.r1-v1:0"
WRITER = "us.writer.palmyra-x5-v1:0"
QWEN = "qwen.qwen3-32b-v1:0"
CLAUDE = "anthropic.claude-3-5-sonnet-20241022-v2:0"
NOVA = "amazon.nova-lite-v1:0"
PATTERN = "Member must satisfy regular expression pattern: {}"
LEAST = "Member must have length greater than or equal to 1"
POINT = {"cachePoint": {"type": "default"}}
TOOLS = {"toolConfig": {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}]}}
SYSTEM = {"system": [{"text": "Be brief."}]}
NO_TOOLS = "This model doesn't support tool use."
NO_STREAM = "This model doesn't support tool use in streaming mode."
NO_SYSTEM = ("This model doesn't support system messages. Try again without a system message or use a model that "
             "supports system messages.")
NO_POINTS = ("You invoked an unsupported model or your request did not allow prompt caching. See the documentation for "
             "more information.")
NO_MIX = "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn."
NO_IMAGES = ("This model doesn't support the image content block that you provided. Update the content block and try "
             "again.")
NO_SHOWN = "This model doesn't support the image field for user messages. Remove image and try again."
IMAGE = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}
NO_MIXED_CALL = "messages.1.content: Conversation blocks and tool use blocks cannot be provided in the same turn."


@pytest.fixture(scope="module")
def bedrock(typed):
    return typed.client("bedrock-runtime")


def no(member):
    return f"This model doesn't support the {member} field. Remove {member} and try again."


def inference(**members):
    return {"inferenceConfig": members}


def thought(**signed):
    answer = {"reasoningContent": {"reasoningText": {"text": "It is so."} | signed}}
    return {"messages": [user(), {"role": "assistant", "content": [answer, {"text": "Yes."}]}, user()]}


def user(*blocks):
    return {"role": "user", "content": list(blocks or [{"text": "Hi"}])}


def seen(*texts):
    """A message with an image."""
    return {"messages": [user(*texts, IMAGE)]}


def shown():
    """A conversation in which the tool answers with an image."""
    request = result()
    request["messages"][2]["content"][0]["toolResult"]["content"].append(IMAGE)
    return request


def choice(**chosen):
    return {"toolConfig": TOOLS["toolConfig"] | {"toolChoice": chosen}}


def result(*others, **status):
    """A conversation in which the tool was called and has answered."""
    used = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "look", "input": {}}}]}
    told = {"toolResult": {"toolUseId": "t", "content": [{"text": "3 degrees"}]} | status}
    return TOOLS | {"messages": [user(), used, user(told, *others)]}


def announced():
    """A conversation in which the model said that it would call the tool."""
    request = result()
    request["messages"][1]["content"].insert(0, {"text": "I look it up."})
    return request


def refusal(call, **request):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call(**{"messages": [user()]} | request)
    return failure.value.response["Error"]


@pytest.mark.parametrize("model, members, sentence", [
    *((model, TOOLS, NO_TOOLS) for model in (
        TITAN, MISTRAL_7B, R1, "anthropic.claude-v2:1", "anthropic.claude-instant-v1", "meta.llama3-8b-instruct-v1:0",
        "ai21.jamba-instruct-v1:0")),
    *((model, SYSTEM, NO_SYSTEM) for model in (TITAN, MISTRAL_7B, "mistral.mixtral-8x7b-instruct-v0:1")),
    *((model, choice(**{kind: chosen}), no(f"toolConfig.toolChoice.{kind}")) for model, kind, chosen in (
        (LLAMA, "any", {}), (LLAMA4, "tool", {"name": "look"}), (MISTRAL, "tool", {"name": "look"}))),
    *((model, announced(), NO_MIXED_CALL) for model in (LLAMA, LLAMA4, MISTRAL)),
    *((model, result({"text": "So?"}), NO_MIX) for model in (
        LLAMA, MISTRAL, "us.mistral.pixtral-large-2502-v1:0", WRITER)),
    (WRITER, result(status="success"), no("status")),
    *((model, seen({"text": "What is it?"}), NO_IMAGES) for model in (
        TITAN, LLAMA, MISTRAL, MISTRAL_7B, R1, WRITER, QWEN, "us.amazon.nova-micro-v1:0", "openai.gpt-oss-120b-1:0",
        "us.anthropic.claude-3-5-haiku-20241022-v1:0", "cohere.command-r-plus-v1:0", "ai21.jamba-1-5-large-v1:0",
        "meta.llama3-2-3b-instruct-v1:0", "moonshot.kimi-k2-thinking", "zai.glm-4.7")),
    *((model, shown(), NO_SHOWN) for model in (
        "us.openai.gpt-5.6-luna", "global.xai.grok-4.6", "google.gemma-3-27b-it", "moonshotai.kimi-k2.5",
        "mistral.mistral-large-3-675b-instruct", "us.mistral.pixtral-large-2502-v1:0", "qwen.qwen3-vl-235b-a22b")),
    (QWEN, shown(), NO_IMAGES),
    *((model, inference(stopSequences=stops), no("stopSequences")) for model, stops in (
        ("openai.gpt-oss-120b-1:0", []), (QWEN, ["x"]), ("global.xai.grok-4.6", ["x"]))),
    *((model, inference(**{member: 0.5}), no(member)) for member in ("temperature", "topP") for model in (
        "us.openai.gpt-5.6-luna", "global.xai.grok-4.6")),
    *((model, thought(signature=signature), no("reasoningContent.reasoningText.signature")) for model, signature in (
        ("openai.gpt-oss-120b-1:0", "x"), (NOVA, "x"), (QWEN, "x"), ("minimax.minimax-m2", ""),
        ("moonshotai.kimi-k2.5", "x"))),
])
def test_what_a_model_does_not_take_is_refused(bedrock, model, members, sentence):
    assert refusal(bedrock.converse, modelId=model, **members) == {"Code": "ValidationException", "Message": sentence}


@pytest.mark.parametrize("model", [WRITER, NOVA, QWEN])
def test_other_models_take_texts_beside_calls(bedrock, model):
    assert bedrock.converse(modelId=model, **announced())["output"]["message"]["content"]


@pytest.mark.parametrize("model", [LLAMA, LLAMA4, MISTRAL, R1, TITAN, WRITER])
def test_some_models_use_no_tools_in_a_stream(bedrock, model):
    assert refusal(bedrock.converse_stream, modelId=model, **TOOLS) == {
        "Code": "ValidationException", "Message": NO_STREAM}
    assert list(bedrock.converse_stream(modelId=model, messages=[user()])["stream"])


@pytest.mark.parametrize("model", [
    LLAMA, MISTRAL, R1, QWEN, "nvidia.nemotron-super-3-120b", "openai.gpt-oss-20b-1:0", "google.gemma-3-27b-it",
    "moonshotai.kimi-k2.5"])
def test_some_models_keep_no_prompts(bedrock, model):
    tools = {"toolConfig": {"tools": [*TOOLS["toolConfig"]["tools"], POINT]}}
    for members in (
        {"messages": [user({"text": "a"}, POINT)]}, {"system": [{"text": "a"}, POINT]}, tools if model != R1 else {},
    ):
        if members:
            assert refusal(bedrock.converse, modelId=model, **members) == {
                "Code": "AccessDeniedException", "Message": NO_POINTS}


@pytest.mark.parametrize("model", [NOVA, "us.amazon.nova-2-lite-v1:0"])
def test_nova_keeps_no_tools_by_themselves(bedrock, model):
    members = {"messages": [user()], "toolConfig": {"tools": [*TOOLS["toolConfig"]["tools"], POINT]}}
    for call in (bedrock.converse, bedrock.converse_stream):
        assert refusal(call, modelId=model, **members) == {
            "Code": "ValidationException",
            "Message": "The model returned the following errors: Malformed input request: #/toolConfig/tools/1: "
                       "extraneous key [cachePoint] is not permitted, please reformat your input and try again."}
    for members in ({"system": [{"text": "a"}, POINT]}, {"messages": [user({"text": "a"}, POINT)]}):
        assert bedrock.converse(**{"modelId": model, "messages": [user()]} | members)["stopReason"] == "end_turn"


@pytest.mark.parametrize("model, is_refused", [
    (NOVA, True), ("us.amazon.nova-micro-v1:0", True), ("us.amazon.nova-premier-v1:0", True),
    ("us.amazon.nova-2-lite-v1:0", False), (CLAUDE, False),
])
@pytest.mark.parametrize("key", ["$defs", "definitions"])
def test_nova_takes_no_definitions_in_a_schema(bedrock, model, is_refused, key):
    """lastmile-ai/mcp-agent#126, zed-industries/zed#28521 and #31815."""
    spec = {"name": "see", "inputSchema": {"json": {
        "type": "object", "properties": {"at": {"$ref": f"#/{key}/place"}}, key: {"place": {"type": "string"}}}}}
    members = {"messages": [user()], "toolConfig": {"tools": [*TOOLS["toolConfig"]["tools"], {"toolSpec": spec}]}}
    for call in (bedrock.converse, bedrock.converse_stream):
        if is_refused:
            assert refusal(call, modelId=model, **members) == {
                "Code": "ValidationException",
                "Message": "The model returned the following errors: Malformed input request: "
                           f"#/toolConfig/tools/1/toolSpec/inputSchema/json: extraneous key [{key}] is not permitted, "
                           "please reformat your input and try again."}
        else:
            assert call(modelId=model, **members)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("model, begins", [
    (CLAUDE, True), (QWEN, True), (NOVA, False), (LLAMA, False), (MISTRAL, False), (WRITER, False)])
def test_some_conversations_begin_with_an_answer(bedrock, model, begins):
    messages = [{"role": "assistant", "content": [{"text": "How may I help?"}]}, user()]
    if begins:
        assert bedrock.converse(modelId=model, messages=messages)["stopReason"] == "end_turn"
    else:
        assert refusal(bedrock.converse, modelId=model, messages=messages)["Message"] == (
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message.")


@pytest.mark.parametrize("model", [CLAUDE, NOVA, LLAMA])
def test_turns_of_one_role_are_one(bedrock, model):
    answered = {"role": "assistant", "content": [{"text": "Yes."}]}
    messages = [user(), user({"text": "And?"}), answered, answered, user({"text": "Good."})]
    assert bedrock.converse(modelId=model, messages=messages)["stopReason"] == "end_turn"
    split = result()
    split["messages"].append(user({"text": "So?"}))
    if model == LLAMA:
        assert refusal(bedrock.converse, modelId=model, **split)["Message"] == NO_MIX
    else:
        assert bedrock.converse(modelId=model, **split)["stopReason"] == "end_turn"


@pytest.mark.parametrize("model, members", [
    (LLAMA, TOOLS), (LLAMA, choice(auto={})), (LLAMA, SYSTEM), (LLAMA, result()), (LLAMA, result(status="success")),
    (MISTRAL, choice(any={})), (MISTRAL_7B, {}), (TITAN, {}), (R1, SYSTEM), (WRITER, result()),
    *((model, seen({"text": "What is it?"})) for model in (
        LLAMA4, CLAUDE, NOVA, "us.meta.llama3-2-11b-instruct-v1:0", "us.openai.gpt-5.6-luna", "global.xai.grok-4.6",
        "google.gemma-3-27b-it", "moonshotai.kimi-k2.5", "us.mistral.pixtral-large-2502-v1:0", "brume.echo",
        "qwen.qwen3-vl-235b-a22b")),
    *((model, shown()) for model in (LLAMA4, CLAUDE, NOVA, "brume.echo")),
    (QWEN, result({"text": "So?"})), (QWEN, announced()), (CLAUDE, announced()), (NOVA, announced()),
    (QWEN, choice(tool={"name": "look"})), (QWEN, inference(temperature=0.5)),
    ("openai.gpt-oss-120b-1:0", inference(temperature=0.5, topP=0.5)), ("openai.gpt-oss-120b-1:0", thought()),
    ("us.amazon.nova-2-lite-v1:0", thought()), (NOVA, inference(stopSequences=[])),
    ("brume.echo", thought(signature="x")), (CLAUDE, thought(signature="x")), (CLAUDE, inference(stopSequences=["x"])),
    *((model, members) for model in (CLAUDE, NOVA, "brume.echo") for members in (
        TOOLS, SYSTEM, choice(any={}), choice(tool={"name": "look"}), {"messages": [user({"text": "a"}, POINT)]},
        result({"text": "So?"}, status="success"))),
])
def test_what_a_model_takes_is_answered(bedrock, model, members):
    answer = bedrock.converse(**{"modelId": model, "messages": [user()]} | members)
    assert answer["stopReason"] in ("end_turn", "tool_use")


@pytest.mark.parametrize("model, bound", [
    ("anthropic.claude-3-haiku-20240307-v1:0", 4096), (CLAUDE, 8192), (NOVA, 10_000),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000), ("amazon.titan-text-premier-v1:0", 3072),
])
def test_answers_are_as_long_as_the_model_s_may_be(bedrock, model, bound):
    for call in (bedrock.converse, bedrock.converse_stream):
        assert refusal(call, modelId=model, **inference(maxTokens=bound + 1)) == {
            "Code": "ValidationException",
            "Message": f"The maximum tokens you requested exceeds the model limit of {bound}. Try again with a maximum "
                       f"tokens value that is lower than {bound}."}
    assert bedrock.converse(modelId=model, messages=[user()], **inference(maxTokens=bound))["stopReason"] == "end_turn"


@pytest.mark.parametrize("members, named", [
    # As users report them: the values of blocks are not shown, nor a list of tools, but what is in a tool's definition.
    ({"messages": [user(), {"role": "assistant", "content": [{"toolUse": {"name": "", "toolUseId": "", "input": {}}}]},
                   user({"toolResult": {"toolUseId": "", "content": []}})]},
     [(f"Value at 'messages.{place}'", pattern, demand) for place, pattern in (
         ("2.member.content.1.member.toolUse.name", "[a-zA-Z0-9_-]+"),
         ("2.member.content.1.member.toolUse.toolUseId", "[a-zA-Z0-9_.:-]+"),
         ("3.member.content.1.member.toolResult.toolUseId", "[a-zA-Z0-9_.:-]+"),
     ) for demand in (PATTERN, LEAST)]),
    ({"toolConfig": {"tools": []}}, [("Value at 'toolConfig.tools'", "", LEAST)]),
    ({"toolConfig": {"tools": [{"toolSpec": {"name": "a b", "inputSchema": {"json": {"type": "object"}}}}]}},
     [("Value 'a b' at 'toolConfig.tools.1.member.toolSpec.name'", "[a-zA-Z0-9_-]+", PATTERN)]),
])
def test_what_is_in_a_block_is_not_shown(typed, members, named):
    unchecked = typed.client("bedrock-runtime", config=botocore.config.Config(parameter_validation=False))
    clauses = "; ".join(
        f"{value} failed to satisfy constraint: {demand.format(pattern)}" for value, pattern, demand in named)
    assert refusal(unchecked.converse, modelId=CLAUDE, **members) == {
        "Code": "ValidationException",
        "Message": f"{len(named)} validation error{'s' if len(named) > 1 else ''} detected: {clauses}"}


@pytest.mark.parametrize("model, is_refused", [
    (NOVA, True), ("us.amazon.nova-2-lite-v1:0", True), ("amazon.nova-pro-v1:0", True),
    ("us.amazon.nova-pro-v1:0", False), (LLAMA, True), ("us.meta.llama3-1-70b-instruct-v1:0", False),
    ("google.gemma-3-27b-it", True),
])
def test_few_models_are_optimized_for_latency(bedrock, model, is_refused):
    sentence = (f"Latency performance configuration is not supported for {model.removeprefix('us.')} in "
                f"{bedrock.meta.region_name}")
    members = {"messages": [user()], "performanceConfig": {"latency": "optimized"}}
    for call in (bedrock.converse, bedrock.converse_stream):
        if is_refused:
            assert refusal(call, modelId=model, **members) == {"Code": "ValidationException", "Message": sentence}
        else:
            assert call(modelId=model, **members)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert bedrock.converse(modelId=model, messages=[user()], performanceConfig={"latency": "standard"})["output"]


def test_vectors_are_not_optimized_for_latency(bedrock):
    model = "amazon.titan-embed-text-v2:0"
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.invoke_model(
            modelId=model, body=json.dumps({"inputText": "a"}), performanceConfigLatency="optimized")
    assert failure.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"Latency performance configuration is not supported for {model} in {bedrock.meta.region_name}"}
