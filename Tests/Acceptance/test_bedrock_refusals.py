"""What Converse refuses as the model behind it does, and Claude's own bodies with it: cache points, thinking, turns and
formats that are of the right types and that no model takes."""

import base64
import json

import botocore.config
import botocore.exceptions
import pytest

from brume_server import Server

OLDER = "anthropic.claude-3-haiku-20240307-v1:0"
NEWER = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-lite-v1:0"
MODEL_ERRORS = "The model returned the following errors: "
GUIDE = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
TOOL = {"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}
POINT = {"cachePoint": {"type": "default"}}
HOUR = {"cachePoint": {"type": "default", "ttl": "1h"}}
TEXT = {"document": {"format": "txt", "name": "a", "source": {"text": "b"}}}
NOTHING = "There is nothing available to cache. Please remove the invalid cache point and try again."
NO_THOUGHTS = "User messages cannot contain reasoning content. Please remove the reasoning content and try again."
ONE_WAY = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
ORDER = ("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are "
         "processed in the following order: `tools`, `system`, `messages`.")


@pytest.fixture(scope="module")
def aliased(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("refusals"), "--bedrock-aliases", "*=brume.echo") as running:
        yield running


@pytest.fixture(scope="module")
def bedrock(aliased):
    return aliased.client("bedrock-runtime")


def user(*blocks):
    return {"role": "user", "content": list(blocks or [{"text": "Hi"}])}


def said(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def thought(**signed):
    return {"reasoningContent": {"reasoningText": {"text": "so"} | signed}}


def thinking(tokens=2000, **more):
    return {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": tokens}} | more}


def claude_choice(**choice):
    return {"additionalModelRequestFields": {"tool_choice": choice}}


def schema_tool(schema):
    return {"toolSpec": {"name": "other", "inputSchema": {"json": {"type": "object"} | schema}}}


def nested(levels):
    """A schema whose only fault is as many levels down."""
    return {"properties": {"a": nested(levels - 1) if levels > 1 else 5}}


VIDEO = {"video": {"format": "mp4", "source": {"bytes": b"x"}}}
SEARCH = {"searchResult": {"source": "s", "title": "t", "content": [{"text": "x"}]}}
UNSUPPORTED = ("This model doesn't support the {} content block that you provided. Update the content block and try "
               "again.")


@pytest.mark.parametrize("kind, block", [
    ("video", VIDEO), ("audio", {"audio": {"format": "mp3", "source": {"bytes": b"x"}}}), ("searchResult", SEARCH),
    ("guardContent", {"guardContent": {"text": {"text": "x"}}}),
    ("citationsContent", {"citationsContent": {"content": [{"text": "x"}]}}),
])
def test_blocks_of_other_kinds_are_refused(bedrock, kind, block):
    sentence = UNSUPPORTED.format(kind)
    assert refusal(bedrock.converse, modelId=OLDER, messages=[user({"text": "See"}, block)])["Message"] == sentence
    if kind not in ("video", "searchResult"):
        return
    use = {"toolUse": {"toolUseId": "t", "name": "look", "input": {}}}
    messages = [user(), said(use), user({"toolResult": {"toolUseId": "t", "content": [block]}})]
    assert refusal(bedrock.converse, modelId=OLDER, messages=messages, toolConfig={"tools": [TOOL]})[
        "Message"] == sentence


def begun(text):
    return [user(), said({"text": text})]


def refusal(call, **request):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call(**request)
    return failure.value.response["Error"]


@pytest.mark.parametrize("model, members, sentence", [
    (OLDER, {"messages": [user(), {"role": "system", "content": [{"text": "Be brief."}]}]},
     f'{MODEL_ERRORS}messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not '
     '"system" as an input message role.'),
    (OLDER, {"messages": [user(), said({"document": {"format": "txt", "name": "a", "source": {"text": "b"}}},
                                       {"text": "See."}), user()]},
     f"{MODEL_ERRORS}messages.1: `document` blocks can only be in `user` messages"),
    (OLDER, {"messages": [user(), said({"text": "I am "})]},
     f"{MODEL_ERRORS}messages: final assistant content cannot end with trailing whitespace"),
    (OLDER, {"messages": [user(*[{"text": "a"}, POINT] * 5)]},
     f"{MODEL_ERRORS}A maximum of 4 blocks with cache_control may be provided. Found 5."),
    (NOVA, {"messages": [user(*[{"text": "a"}, POINT] * 4)], "system": [{"text": "s"}, POINT]},
     f"{MODEL_ERRORS}A maximum of 4 blocks with cache_control may be provided. Found 5."),
    (OLDER, {"messages": [user({"text": "a"}, {"text": "b"}, HOUR)], "system": [{"text": "s"}, POINT]},
     f"{MODEL_ERRORS}messages.0.content.1.cache_control.ttl: {ORDER}"),
    (OLDER, {"system": [{"text": "s"}, POINT, {"text": "t"}, HOUR]},
     f"{MODEL_ERRORS}system.1.cache_control.ttl: {ORDER}"),
    (OLDER, {"messages": [user(), said(thought(), POINT), user()]},
     "Cache point cannot be inserted after reasoning block. Please remove the invalid cache point and try again."),
    *((OLDER, {"messages": [user(), said(thought(**signed), {"text": "b"}), user()]},
       f"{MODEL_ERRORS}messages.1.content.0.thinking.signature: Field required") for signed in ({}, {"signature": ""})),
    (OLDER, {"messages": [user(), said({"text": "b"}, thought(signature="unsigned")), user()]},
     f"{MODEL_ERRORS}messages.1: The final block in an assistant message cannot be `thinking`."),
    (NOVA, {"messages": [user({"text": "a"}, thought())]}, NO_THOUGHTS),
    ("us.deepseek.r1-v1:0", {"messages": [user(), said({"text": "b"}, thought()), user()]}, NO_THOUGHTS),
    *((model, members, NOTHING) for model in (OLDER, NOVA) for members in (
        {"messages": [user(POINT, {"text": "a"})]}, {"messages": [user(), said(POINT), user()]},
        {"system": [POINT, {"text": "s"}]})),
    (OLDER, {"toolConfig": {"tools": [POINT, TOOL]}}, NOTHING),
    (OLDER, {"messages": [user({"text": "a"}, TEXT, POINT)]}, NOTHING),
    (OLDER, thinking(1000),
     f"{MODEL_ERRORS}thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"),
    (OLDER, thinking() | {"inferenceConfig": {"maxTokens": 2000}},
     f"{MODEL_ERRORS}`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at "
     f"{GUIDE}#max-tokens-and-context-window-size"),
    (OLDER, thinking() | {"inferenceConfig": {"temperature": 0.5}},
     f"{MODEL_ERRORS}`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at "
     f"{GUIDE}#important-considerations-when-using-extended-thinking"),
    (OLDER, thinking(top_k=5),
     f"{MODEL_ERRORS}`top_k` must be unset when thinking is enabled. Please consult our documentation at "
     f"{GUIDE}#important-considerations-when-using-extended-thinking"),
    (OLDER, thinking() | {"inferenceConfig": {"topP": 0.9}},
     f"{MODEL_ERRORS}`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled. Please consult "
     f"our documentation at {GUIDE}#important-considerations-when-using-extended-thinking"),
    (OLDER, {"additionalModelRequestFields": {"reasoningConfig": {"type": "enabled"}}},
     f"{MODEL_ERRORS}reasoningConfig: Extra inputs are not permitted"),
    (OLDER, {"inferenceConfig": {"stopSequences": ["a", " "]}},
     f"{MODEL_ERRORS}stop_sequences: each stop sequence must contain non-whitespace"),
    (NOVA, {"additionalModelRequestFields": ["top_k"]}, "The format of the value at additionalModelRequestFields is "
     "invalid. Provide a json object for the field and try again."),
    (NOVA, {"messages": [user(), said({"toolUse": {"toolUseId": "t", "name": "look", "input": {}}}),
                         user({"toolResult": {"toolUseId": "t", "status": "error", "content": []}})],
            "toolConfig": {"tools": [TOOL]}},
     "The content field at messages.2.content.0.toolResult cannot be empty when status value is error."),
    *((NOVA, {"toolConfig": {"tools": [TOOL, schema_tool(schema)]}},
       "The json schema definition at toolConfig.tools.1.toolSpec.inputSchema is invalid. Fix the following errors "
       f"and try again: $.{finding}") for schema, finding in (
        ({"properties": None}, "properties: null found, object expected"),
        ({"properties": {"a": {"required": True}}}, "properties.a.required: boolean found, array expected"),
        ({"properties": {"a": {"description": 5}}}, "properties.a.description: integer found, string expected"),
        ({"required": ["a", 5]}, "required[1]: integer found, string expected"),
        # As soon as any other: a look at each level that looked twice at the next one took hours.
        (nested(40), ".".join(["properties.a"] * 40) + ": integer found, object expected"))),
    (OLDER, {"toolConfig": {"tools": [TOOL, POINT, schema_tool({"properties": {"a": {"type": "str"}}})]}},
     f"{MODEL_ERRORS}tools.1.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 "
     "(https://json-schema.org/draft/2020-12). Learn more about tool use at https://docs.claude.com/en/docs/tool-use."),
    (NOVA, {"toolConfig": {"tools": [TOOL, TOOL]}}, f"{MODEL_ERRORS}tools: Tool names must be unique."),
    (OLDER, {"system": [{"text": " "}]}, f"{MODEL_ERRORS}system: text content blocks must contain non-whitespace text"),
    (OLDER, thinking() | {"toolConfig": {"tools": [TOOL], "toolChoice": {"any": {}}}},
     f"{MODEL_ERRORS}Thinking may not be enabled when tool_choice forces tool use."),
    *((OLDER, {"toolConfig": {"tools": [TOOL], "toolChoice": {kind: chosen}}} | claude_choice(type="none"),
       f"The additional field tool_choice/type conflicts with the existing field toolConfig.toolChoice.{kind}. Remove "
       "tool_choice/type and try again.") for kind, chosen in (("auto", {}), ("any", {}), ("tool", {"name": "look"}))),
    (OLDER, {"toolConfig": {"tools": [TOOL]}} | claude_choice(disable_parallel_tool_use=True),
     f"{MODEL_ERRORS}tool_choice.type: Field required"),
    (OLDER, {"toolConfig": {"tools": [TOOL]}} | claude_choice(type="tool", name="other"),
     f"{MODEL_ERRORS}tool_choice: Tool 'other' not found in provided tools"),
    (OLDER, claude_choice(type="any"),
     f"{MODEL_ERRORS}tool_choice: tool_choice may only be specified while providing tools"),
    (OLDER, {"additionalModelRequestFields": {"thinking": {"type": "always"}}},
     f"{MODEL_ERRORS}thinking: Input tag 'always' found using 'type' does not match any of the expected tags: "
     "'adaptive', 'disabled', 'enabled'"),
    *((model, {"inferenceConfig": {"temperature": 0.5, "topP": 0.5}}, MODEL_ERRORS + ONE_WAY) for model in (
        NEWER, "us.anthropic.claude-opus-4-1-20250805-v1:0", "global.anthropic.claude-opus-4-5-20251101-v1:0",
        "anthropic.claude-haiku-4-5-20251001-v1:0", "global.anthropic.claude-opus-4-6-v1")),
])
def test_converse_refuses_what_the_model_does(bedrock, model, members, sentence):
    for call in (bedrock.converse, bedrock.converse_stream):
        assert refusal(call, **{"modelId": model, "messages": [user()]} | members) == {
            "Code": "ValidationException", "Message": sentence}


@pytest.mark.parametrize("model, members", [
    (OLDER, {"inferenceConfig": {"temperature": 0.5, "topP": 0.5}}),
    (NEWER, {"inferenceConfig": {"temperature": 0.5}}),
    ("anthropic.claude-opus-4-20250514-v1:0", {"inferenceConfig": {"temperature": 0.5, "topP": 0.5}}),
    (NEWER, thinking() | {"inferenceConfig": {"topP": 0.95}}),
    (NOVA, {"toolConfig": {"tools": [schema_tool({"anyOf": [{"required": ["a"]}], "properties": {"a b": {}}})]}}),
    (OLDER, {"additionalModelRequestFields": {"top_k": 5, "metadata": {"user_id": "me"}}}),
    (NOVA, {"messages": [user(), said({"text": "I am "})]}),
    (NOVA, thinking(5) | {"inferenceConfig": {"temperature": 0.5}}),
    (OLDER, thinking() | {"inferenceConfig": {"temperature": 1, "maxTokens": 2001}}),
    (OLDER, thinking(anthropic_beta=["interleaved-thinking-2025-05-14"]) | {"inferenceConfig": {"maxTokens": 1500}}),
    (OLDER, thinking() | {"toolConfig": {"tools": [TOOL], "toolChoice": {"auto": {}}}}),
    (OLDER, {"messages": [user(*[{"text": "a"}, POINT] * 4)]}),
    (OLDER, {"messages": [user({"text": "a"}, POINT, POINT)]}),
    (OLDER, {"messages": [user(TEXT, {"text": "a"}, POINT)]}),
    (NOVA, {"messages": [user({"text": "a"}, TEXT, POINT)]}),
    (OLDER, {"messages": [user({"text": "a"}, POINT)], "system": [{"text": "s"}, HOUR]}),
    (OLDER, {"messages": [user(), said(thought(signature="unsigned"), {"text": "b"}, POINT), user()]}),
    (NOVA, {"messages": [user(), said(thought(), {"text": "b"}), user()]}),
])
def test_converse_takes_what_the_model_does(bedrock, model, members):
    assert bedrock.converse(**{"modelId": model, "messages": [user()]} | members)["stopReason"] == "end_turn"


@pytest.mark.parametrize("model, is_refused", [
    (OLDER, False), (NEWER, False), ("anthropic.claude-sonnet-4-20250514-v1:0", False), (NOVA, False),
    ("anthropic.claude-3-5-sonnet-20241022-v2:0", False), ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", False),
    ("us.anthropic.claude-opus-4-6-v1", True), ("anthropic.claude-sonnet-4-6", True),
    ("anthropic.claude-sonnet-5", True),
])
def test_an_answer_that_is_begun_is_refused_by_newer_models(bedrock, model, is_refused):
    sentence = "This model does not support assistant message prefill. The conversation must end with a user message."
    for call in (bedrock.converse, bedrock.converse_stream):
        if is_refused:
            assert refusal(call, modelId=model, messages=begun("I am"))["Message"] == MODEL_ERRORS + sentence
        else:
            assert call(modelId=model, messages=begun("I am"))["ResponseMetadata"]["HTTPStatusCode"] == 200
    counted = bedrock.count_tokens(modelId=model, input={"converse": {"messages": begun("I am")}})
    assert counted["inputTokens"] > 0
    if is_refused:
        body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [
            {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "I am"}]}
        assert refusal(bedrock.invoke_model, modelId=model, body=json.dumps(body))["Message"] == sentence


def schema(text):
    return {"outputConfig": {"textFormat": {
        "type": "json_schema", "structure": {"jsonSchema": {"schema": text, "name": "answer"}}}}}


@pytest.mark.parametrize("text, sentence", [
    ("{", "The schema at outputConfig.textFormat.structure.jsonSchema is not a JSON document."),
    *((text, "The format of the value at outputConfig.textFormat.structure.jsonSchema.schema is invalid. Provide a "
       "json object for the field and try again.") for text in ("true", "3", "[]", '"object"', "null")),
    (json.dumps({"type": "object"}),
     f"{MODEL_ERRORS}output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to "
     "false"),
    (json.dumps({"type": "array", "items": {"type": "integer", "minimum": 5, "maximum": 4}}),
     f"{MODEL_ERRORS}output_config.format.schema: For 'integer' type, properties maximum, minimum are not supported"),
])
def test_a_schema_that_no_model_takes_is_refused(bedrock, text, sentence):
    assert refusal(bedrock.converse, modelId=OLDER, messages=[user()], **schema(text)) == {
        "Code": "ValidationException", "Message": sentence}


@pytest.mark.parametrize("model, members, sentence", [
    (OLDER, {"messages": [{"role": "user", "content": [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}] * 5}]},
     "A maximum of 4 blocks with cache_control may be provided. Found 5."),
    (OLDER, {"tools": [{"name": "t", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}}],
             "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
     f"system.0.cache_control.ttl: {ORDER}"),
    (OLDER, {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 2000},
     "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at "
     f"{GUIDE}#max-tokens-and-context-window-size"),
    (OLDER, {"thinking": {"type": "adaptive"}, "tool_choice": {"type": "tool", "name": "t"},
             "tools": [{"name": "t", "input_schema": {"type": "object"}}]},
     "Thinking may not be enabled when tool_choice forces tool use."),
    (OLDER, {"thinking": {}}, "thinking.type: Field required"),
    (OLDER, {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "So", "signature": "unsigned"}]}, {"role": "user", "content": "Ho"}]},
     "messages.1: The final block in an assistant message cannot be `thinking`."),
    (NEWER, {"temperature": 0.5, "top_p": 0.5}, ONE_WAY),
])
def test_claude_s_body_is_refused_as_well(bedrock, model, members, sentence):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    assert refusal(bedrock.invoke_model, modelId=model, body=json.dumps(body | members)) == {
        "Code": "ValidationException", "Message": sentence}


KINDS = {"png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF89a", "webp": b"RIFF\0\0\0\0WEBP", "jpeg": b"\xff\xd8\xff\xe0"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("called", ["png", "jpeg"])
def test_an_image_that_is_called_what_it_is_not_is_refused(bedrock, kind, called):
    sentence = (f"The image was specified using the image/{called} media type, but the image appears to be a "
                f"image/{kind} image")
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "See"}, {"type": "image", "source": {
            "type": "base64", "media_type": f"image/{called}", "data": base64.b64encode(KINDS[kind]).decode()}}]}]}
    block = {"image": {"format": called, "source": {"bytes": KINDS[kind]}}}
    place = "messages.0.content.1.image.source.base64: "
    for call, request, whole in (
        (bedrock.converse, {"messages": [user({"text": "See"}, block)]}, MODEL_ERRORS + place + sentence),
        (bedrock.invoke_model, {"body": json.dumps(body)}, place + sentence),
    ):
        if kind == called:
            assert call(modelId=OLDER, **request)["ResponseMetadata"]["HTTPStatusCode"] == 200
        else:
            assert refusal(call, modelId=OLDER, **request)["Message"] == whole
    assert bedrock.converse(modelId=NOVA, messages=[user({"text": "See"}, block)])["stopReason"] == "end_turn"
    if kind != called:
        llama = refusal(bedrock.converse, modelId="meta.llama3-2-11b-instruct-v1:0", messages=[user(block)])
        assert llama["Message"] == f"{MODEL_ERRORS}The provided image does not match the specified image format."


@pytest.mark.parametrize("model", [
    "amazon.titan-embed-text-v2:0", "cohere.rerank-v3-5:0", "amazon.nova-canvas-v1:0",
    "us.stability.stable-image-ultra-v1:1", "us.twelvelabs.pegasus-1-2-v1:0"])
def test_ids_of_models_that_do_not_converse(bedrock, model):
    sentence = "This action doesn't support the model that you provided. Try again with a supported text or chat model."
    for call in (bedrock.converse, bedrock.converse_stream):
        assert refusal(call, modelId=model, messages=[user()]) == {"Code": "ValidationException", "Message": sentence}
    for asked in ({"converse": {"messages": [user()]}}, {"invokeModel": {"body": b"{}"}}):
        assert refusal(bedrock.count_tokens, modelId=model, input=asked) == {
            "Code": "ValidationException", "Message": "The provided model doesn't support counting tokens."}


@pytest.mark.parametrize("model, body", [
    ("amazon.nova-canvas-v1:0", {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "A fox"}}),
    ("amazon.titan-image-generator-v2:0", {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "A fox"}}),
    ("stability.sd3-5-large-v1:0", {"prompt": "A fox"}),
    ("us.twelvelabs.pegasus-1-2-v1:0", {"inputPrompt": "What is it?"}),
])
def test_no_model_makes_images(bedrock, model, body):
    for call in (bedrock.invoke_model, bedrock.invoke_model_with_response_stream):
        assert refusal(call, modelId=model, body=json.dumps(body)) == {
            "Code": "ValidationException",
            "Message": f"{model.removeprefix('us.')} is for images, videos or speech, and no model of this machine is."}


def test_nobody_is_told_to_fetch_a_model_for_images(server):
    for model in ("amazon.nova-canvas-v1:0", "stability.sd3-5-large-v1:0"):
        asked = refusal(server.client("bedrock-runtime").invoke_model, modelId=model, body=b"{}")
        assert (asked["Code"], asked["Message"]) == (
            "ResourceNotFoundException",
            f"No model of this machine answers for {model}, which is for images, videos or speech.")


@pytest.mark.parametrize("model", [NEWER, NOVA])
def test_words_for_effort_are_few(bedrock, model):
    sentence = f"{MODEL_ERRORS}output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"
    for members in ({"outputConfig": {"effort": "extreme"}},
                    {"additionalModelRequestFields": {"output_config": {"effort": "extreme"}}}):
        assert refusal(bedrock.converse, modelId=model, messages=[user()], **members) == {
            "Code": "ValidationException", "Message": sentence}
    for word in ("low", "max"):
        bedrock.converse(modelId=model, messages=[user()], outputConfig={"effort": word})


@pytest.mark.parametrize("value, name", [(float("nan"), "NaN"), (float("inf"), "Infinity")])
def test_what_is_no_number_is_in_no_range(bedrock, value, name):
    for member in ("temperature", "topP"):
        asked = refusal(bedrock.converse, modelId=NOVA, messages=[user()], inferenceConfig={member: value})
        assert asked["Message"] == (
            f"1 validation error detected: Value '{name}' at 'inferenceConfig.{member}' failed to satisfy constraint: "
            "Member must have value less than or equal to 1")


def test_twenty_tools_may_be_strict(bedrock):
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    sentence = ("Too many strict tools (21). The maximum number of strict tools supported is 20. Try reducing the "
                "number of tools marked as strict.")

    def converse(count, strict=True):
        return {"messages": [user()], "toolConfig": {"tools": [
            {"toolSpec": {"name": f"t{number}", "strict": strict, "inputSchema": {"json": closed}}}
            for number in range(count)]}}

    def body(count):
        return json.dumps({
            "anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}],
            "tools": [{"name": f"t{number}", "strict": True, "input_schema": closed} for number in range(count)]})

    assert refusal(bedrock.converse, modelId=OLDER, **converse(21))["Message"] == MODEL_ERRORS + sentence
    assert refusal(bedrock.invoke_model, modelId=OLDER, body=body(21))["Message"] == sentence
    bedrock.invoke_model(modelId=OLDER, body=body(20))
    for lawful in (converse(20), converse(21, strict=False)):
        assert bedrock.converse(modelId=OLDER, **lawful)["stopReason"] == "end_turn"


def test_claude_s_own_choice_of_tools_is_obeyed(bedrock):
    def stop(more, **tools):
        answer = bedrock.converse(
            modelId=OLDER, messages=[user({"text": "Use look"})], toolConfig={"tools": [TOOL]} | tools, **more)
        return answer["stopReason"]

    assert stop({}) == stop(claude_choice(type="any")) == stop(claude_choice(type="tool", name="look")) == "tool_use"
    assert stop(claude_choice(type="none")) == "end_turn"
    assert stop(claude_choice(disable_parallel_tool_use=True), toolChoice={"auto": {}}) == "tool_use"


ENABLED = {"type": "enabled", "budget_tokens": 2000}


@pytest.mark.parametrize("model, is_newer", [
    ("us.anthropic.claude-opus-4-7", True), ("anthropic.claude-opus-4-8", True), ("anthropic.claude-sonnet-5", True),
    ("anthropic.claude-opus-4-6-v1", False), ("anthropic.claude-sonnet-4-20250514-v1:0", False), (OLDER, False),
    ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", False), ("anthropic.claude-3-5-haiku-20241022-v1:0", False),
])
@pytest.mark.parametrize("members, sentence", [
    *(({name: value}, f"`{name}` is deprecated for this model.") for name, value in (
        ("temperature", 0.5), ("top_p", 0.9), ("top_k", 5))),
    ({"thinking": ENABLED}, '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
     '"output_config.effort" to control thinking behavior.'),
    ({"temperature": 1}, None), ({"thinking": {"type": "adaptive"}}, None),
])
def test_newer_models_of_claude_choose_by_themselves(bedrock, model, is_newer, members, sentence):
    names = {"temperature": "temperature", "top_p": "topP"}
    converse = {
        "messages": [user()], "additionalModelRequestFields": {k: v for k, v in members.items() if k not in names},
        "inferenceConfig": {names[k]: v for k, v in members.items() if k in names}}
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 4096,
                       "messages": [{"role": "user", "content": "Hi"}]} | members)
    for call, request, prefix in (
        (bedrock.converse, converse, MODEL_ERRORS), (bedrock.invoke_model, {"body": body}, ""),
    ):
        if is_newer and sentence:
            assert refusal(call, modelId=model, **request) == {
                "Code": "ValidationException", "Message": prefix + sentence}
        else:
            assert call(modelId=model, **request)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("model, body, sentence", [
    (OLDER, lambda ids: {
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 5,
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": call, "name": "look", "input": {}} for call in ids]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": call, "content": "r"} for call in reversed(ids[1:])]},
        ]}, "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: call0. "),
    ("openai.gpt-oss-20b-1:0", lambda ids: {
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [
            {"id": call, "type": "function", "function": {"name": "look", "arguments": "{}"}} for call in ids]}] + [
                {"role": "tool", "tool_call_id": call, "content": "r"} for call in reversed(ids[1:])]},
     "The following tool_call_ids did not have response messages: call0"),
])
def test_very_many_calls_are_checked_in_linear_time(aliased, model, body, sentence):
    """With a search of all calls for each result they took a minute."""
    client = aliased.client("bedrock-runtime", config=botocore.config.Config(read_timeout=20))
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        client.invoke_model(modelId=model, body=json.dumps(body([f"call{number}" for number in range(100_000)])))
    assert sentence in failure.value.response["Error"]["Message"]
