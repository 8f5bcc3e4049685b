"""What Converse takes beside texts: documents, members of the model's own answer, metadata and cache points."""

import base64
import json
import struct
import time

import botocore.exceptions
import pytest

from brume_server import ENGINE, needs_pdftotext, require_engine
from gguf_models import TEXT, write_model

ECHO = "brume.echo"


@pytest.fixture
def claude(fresh_server):
    return fresh_server("--bedrock-aliases", f"*={ECHO}").client("bedrock-runtime")


def user(*content):
    return {"role": "user", "content": list(content)}


def document(name, form, content):
    return {"document": {"format": form, "name": name, "source": {"bytes": content}}}


def said(answer):
    return answer["output"]["message"]["content"][0]["text"]


def refusal(call, **request):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call(**request)
    assert failure.value.response["Error"]["Code"] == "ValidationException"
    return failure.value.response["Error"]["Message"]


def pdf(text):
    """A PDF of one page."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return written + b"xref\n0 6\n0000000000 65535 f \n%strailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        table, len(written))


@pytest.mark.parametrize("form, content", [
    ("txt", b"seven bridges"), ("md", b"# seven bridges"), ("html", b"<p>seven bridges</p>"), ("csv", b"seven,bridges"),
])
def test_a_document_that_is_text_is_read(bedrock, form, content):
    answer = bedrock.converse(modelId=ECHO, messages=[user({"text": "Read"}, document("notes", form, content))])
    assert said(answer) == f"[brume.echo] Read\nnotes\n{content.decode()}"


def test_a_document_may_be_given_as_text_and_in_pieces(bedrock):
    whole = {"document": {"name": "a", "source": {"text": "seven bridges"}}}
    pieces = {"document": {"name": "b", "source": {"content": [{"text": "one"}, {"text": "two"}]}}}
    answer = bedrock.converse(modelId=ECHO, messages=[user({"text": "Read"}, whole, pieces)])
    assert said(answer) == "[brume.echo] Read\na\nseven bridges\nb\none\ntwo"


@needs_pdftotext
def test_a_pdf_is_read_by_pdftotext(bedrock):
    content = [{"text": "Read"}, document("paper", "pdf", pdf("Seven bridges of stone"))]
    assert "Seven bridges of stone" in said(bedrock.converse(modelId=ECHO, messages=[user(*content)]))
    events = bedrock.converse_stream(modelId=ECHO, messages=[user(*content)])["stream"]
    assert "Seven bridges of stone" in "".join(
        event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)
    counted = bedrock.count_tokens(modelId=ECHO, input={"converse": {"messages": [user(*content)]}})
    assert counted["inputTokens"] >= 5
    spoilt = [{"text": "Read"}, document("paper", "pdf", b"%PDF-1.4 and no more")]
    assert "The PDF specified was not valid." in refusal(bedrock.converse, modelId=ECHO, messages=[user(*spoilt)])


def test_without_pdftotext_a_pdf_is_refused_with_the_remedy(fresh_server, tmp_path):
    client = fresh_server(environment={"PATH": str(tmp_path)}).client("bedrock-runtime")
    content = [{"text": "Read"}, document("paper", "pdf", pdf("x"))]
    message = refusal(client.converse, modelId=ECHO, messages=[user(*content)])
    assert "pdftotext is not installed" in message and "messages.0.content.1" in message


NAME = (
    "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and "
    "square brackets. The name can't contain more than one consecutive whitespace character. Check that the file name "
    "conforms to these restrictions and retry your request."
)


@pytest.mark.parametrize("content, sentence", [
    ([{"text": "a"}, document("notes.md", "md", b"x")], NAME),
    ([{"text": "a"}, document("two  blanks", "md", b"x")], NAME),
    ([{"text": "a"}, document("r\u00e9sum\u00e9", "md", b"x")], NAME),
    ([document("notes", "md", b"x")],
     "A text block must be included when using documents. Add a text block and retry your request."),
    ([{"text": "a"}, document("notes", "md", b"x"), document("notes", "txt", b"y")],
     "Messages can't contain duplicate document names."),
    ([{"text": "a"}, *(document(f"notes {number}", "md", b"x") for number in range(6))],
     "You can't include more than 5 documents in a request."),
])
def test_documents_are_refused_in_aws_s_words(bedrock, content, sentence):
    assert refusal(bedrock.converse, modelId=ECHO, messages=[user(*content)]) == sentence


LARGE = b"x" * (4_718_592 + 1)
TOO_LARGE = "The maximum document size is 4.5 MB. Reduce the size of your document and retry your request."


@pytest.mark.parametrize("form", ["txt", "csv", "md", "html", "pdf"])
def test_a_document_over_four_and_a_half_megabytes_is_refused(bedrock, form):
    content = [{"text": "a"}, document("notes", form, LARGE)]
    assert refusal(bedrock.converse, modelId=ECHO, messages=[user(*content)]) == TOO_LARGE
    assert refusal(bedrock.converse_stream, modelId=ECHO, messages=[user(*content)]) == TOO_LARGE
    result = {"toolResult": {"toolUseId": "x", "content": [document("notes", form, LARGE)]}}
    assert refusal(bedrock.converse, modelId=ECHO, messages=[user(result)]) == TOO_LARGE


@needs_pdftotext
@pytest.mark.parametrize("model", ["anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-pro-v1:0"])
def test_pdfs_of_newer_models_may_be_larger(claude, model):
    large = pdf("Seven bridges") + b"\n%" + LARGE
    content = [{"text": "Read"}, document("paper", "pdf", large)]
    assert "Seven bridges" in said(claude.converse(modelId=model, messages=[user(*content)]))
    older = "anthropic.claude-3-haiku-20240307-v1:0"
    assert refusal(claude.converse, modelId=older, messages=[user(*content)]) == TOO_LARGE


def png(width, height):
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0"


IMAGES = {
    "png": png,
    "gif": lambda width, height: b"GIF89a" + struct.pack("<HH", width, height) + bytes(8),
    "jpeg": lambda width, height: (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + bytes(9) + b"\xff\xc0\x00\x11\x08"
        + struct.pack(">HH", height, width) + bytes(12)),
    "webp": lambda width, height: (
        b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + struct.pack("<I", width - 1)[:3]
        + struct.pack("<I", height - 1)[:3]),
}
PIXELS = ("The model returned the following errors: messages.0.content.1.image.source.bytes: At least one of the image "
          "dimensions exceed max allowed size")


@pytest.mark.parametrize("form", IMAGES)
def test_an_image_has_eight_thousand_pixels_a_side_at_most(bedrock, form):
    def content(width, height, count=1):
        image = {"image": {"format": form, "source": {"bytes": IMAGES[form](width, height)}}}
        return [user({"text": "See"}, *[image] * count)]

    assert "See" in said(bedrock.converse(modelId=ECHO, messages=content(8000, 8000)))
    for size in ((8001, 10), (10, 8001)):
        assert refusal(bedrock.converse, modelId=ECHO, messages=content(*size)) == f"{PIXELS}: 8000 pixels"


def test_there_are_twenty_images_at_most(bedrock, claude):
    def content(count, width=10):
        return [user({"text": "See"}, *[{"image": {"format": "png", "source": {"bytes": png(width, 10)}}}] * count)]

    older, newer = "anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"
    claude.converse(modelId=older, messages=content(20, 8000))
    for client, model in ((claude, older), (bedrock, ECHO)):
        assert refusal(client.converse, modelId=model, messages=content(21)) == (
            "too many images and documents: 21 + 0 > 20")
    claude.converse(modelId=newer, messages=content(100, 2000))
    assert refusal(claude.converse, modelId=newer, messages=content(21, 2001)) == (
        f"{PIXELS} for many-image requests: 2000 pixels")
    assert refusal(claude.converse, modelId=newer, messages=content(101)) == (
        "too many images and documents: 101 + 0 > 100")


def test_claudes_own_body_has_the_same_bound_of_pixels(claude):
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(png(9000, 1)).decode()}
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [
        {"role": "user", "content": [{"type": "image", "source": source}]}]})
    assert refusal(claude.invoke_model, modelId="anthropic.claude-3-haiku-20240307-v1:0", body=body) == (
        "messages.0.content.0.image.source.base64.data: At least one of the image dimensions exceed max allowed size: "
        "8000 pixels")


def test_names_that_aws_takes_are_taken(bedrock):
    content = [{"text": "a"}, document("my_notes (1) [final]-2", "md", b"x"), *(
        document(f"n{number}", "md", b"x") for number in range(4))]
    assert said(bedrock.converse(modelId=ECHO, messages=[user(*content)])).endswith("n3\nx")


def test_members_of_the_models_own_answer_are_given(claude):
    request = {
        "modelId": "anthropic.claude-3-haiku-20240307-v1:0", "messages": [user({"text": "one two three"})],
        "inferenceConfig": {"stopSequences": ["three"]},
    }
    answer = claude.converse(
        **request, additionalModelResponseFieldPaths=["/stop_sequence", "/usage/output_tokens", "/not/there"])
    assert answer["additionalModelResponseFields"] == {
        "stop_sequence": "three", "usage": {"output_tokens": answer["usage"]["outputTokens"]}}
    events = claude.converse_stream(**request, additionalModelResponseFieldPaths=["/delta/stop_sequence"])["stream"]
    [stop] = [event["messageStop"] for event in events if "messageStop" in event]
    assert stop["additionalModelResponseFields"] == {"delta": {"stop_sequence": "three"}}
    assert "additionalModelResponseFields" not in claude.converse(**request)
    assert "additionalModelResponseFields" not in claude.converse(
        **request, additionalModelResponseFieldPaths=["/not/there"])
    for call in (claude.converse, claude.converse_stream):
        assert "JSON Pointer" in refusal(call, **request, additionalModelResponseFieldPaths=["stop_sequence"])


def invocations(server, request_id):
    """The lines of the log about an invocation; the log is written a moment later."""
    for _ in range(100):
        lines = (server.data_dir / "logs" / "access.log").read_text().splitlines()
        found = [line for line in map(json.loads, filter(None, lines)) if line.get("requestId") == request_id]
        if any(line["message"] == "request" for line in found):
            return [line for line in found if line["message"] == "invocation"]
        time.sleep(0.05)
    raise AssertionError(f"no line of {request_id}")


def request_id(answer):
    return answer["ResponseMetadata"]["RequestId"]


LONGEST = {f"key {number:03}".ljust(256, "k"): "v" * 256 for number in range(16)}


@pytest.mark.parametrize("metadata", [{"team": "blue", "a:b_@$#=/+,-.": ""}, LONGEST])
def test_metadata_of_a_request_is_in_the_log(server, bedrock, metadata):
    content = [{"text": "a secret of mine"}]
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "messages": [
        {"role": "user", "content": content[0]["text"]}]})
    request = {"modelId": ECHO, "messages": [user(*content)], "requestMetadata": metadata}
    answers = [bedrock.converse(**request), bedrock.converse_stream(**request)]
    list(answers[1]["stream"])
    if metadata is not LONGEST:  # more than fits the header
        members = {"modelId": ECHO, "body": body, "requestMetadata": json.dumps(metadata)}
        answers += [bedrock.invoke_model(**members), bedrock.invoke_model_with_response_stream(**members)]
        list(answers[3]["body"])
    for answer in answers:
        [line] = invocations(server, request_id(answer))
        assert {key.removeprefix("requestMetadata."): value for key, value in line.items()
                if key.startswith("requestMetadata.")} == metadata
        assert line["modelId"] == ECHO and line["principal"].startswith("arn:aws:") and line["inputTokens"] > 0
        assert "secret" not in json.dumps(line)
    assert invocations(server, request_id(answers[0]))[0]["outputTokens"] == answers[0]["usage"]["outputTokens"]


def test_a_failed_invocation_has_a_line_too(server, bedrock):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.converse(modelId=ECHO, messages=[user({"text": " "})], requestMetadata={"team": "red"})
    [line] = invocations(server, request_id(failure.value.response))
    assert (line["error"], line["requestMetadata.team"]) == ("ValidationException", "red")


@pytest.mark.parametrize("metadata", [
    {f"key{number}": "x" for number in range(17)}, {"k" * 257: "x"}, {"k": "v" * 257}, {"k": "semicolon;"},
    {"caf\u00e9": "x"},
])
def test_metadata_of_a_request_is_checked(bedrock, metadata):
    assert "1 validation error detected: Value at 'requestMetadata' failed to satisfy constraint: M" in refusal(
        bedrock.converse, modelId=ECHO, messages=[user({"text": "a"})], requestMetadata=metadata)
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [
        {"role": "user", "content": "a"}]})
    assert "'requestMetadata' failed to satisfy constraint" in refusal(
        bedrock.invoke_model, modelId=ECHO, body=body, requestMetadata=json.dumps(metadata))


@pytest.mark.parametrize("header", ["[]", "team=blue", '{"k": 1}', "{}", '{"": "x"}'])
def test_metadata_in_a_header_is_json_of_texts(bedrock, header):
    assert "'requestMetadata' failed to satisfy constraint" in refusal(
        bedrock.invoke_model, modelId=ECHO, body="{}", requestMetadata=header)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    from brume_server import Server
    require_engine()
    folder = tmp_path_factory.mktemp("converse")
    write_model(folder / "tiny.gguf")
    with Server(
        folder, "--engine", ENGINE, "--bedrock-models", f"tiny={folder / 'tiny.gguf'}", "--model-context-tokens",
        "4096", "--bedrock-aliases", "*=tiny",
    ) as running:
        yield running.client("bedrock-runtime")


LONG = "weather in the village " * 40


def kept(block):
    return block | {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize("members", [
    {"system": [kept({"type": "text", "text": LONG})], "messages": [{"role": "user", "content": "hello"}]},
    {"messages": [{"role": "user", "content": [kept({"type": "text", "text": LONG}), {"type": "text", "text": "hi"}]}]},
])
def test_claudes_cache_control_is_a_cache_point(engine, members):
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, **members})
    request = {"modelId": "anthropic.claude-3-haiku-20240307-v1:0", "body": body}
    engine.invoke_model(**request)
    answer = engine.invoke_model(**request)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    message = json.loads(answer["body"].read())
    assert message["content"] == [{"type": "text", "text": TEXT}]
    usage = message["usage"]
    assert usage["cache_read_input_tokens"] > 40 and usage["input_tokens"] > 0
    assert int(headers["x-amzn-bedrock-cache-read-input-token-count"]) == usage["cache_read_input_tokens"]
    plain = json.dumps(json.loads(body.replace(', "cache_control": {"type": "ephemeral"}', "")))
    whole = json.loads(engine.invoke_model(modelId=request["modelId"], body=plain)["body"].read())["usage"]
    assert usage["cache_creation"] == {
        "ephemeral_5m_input_tokens": usage["cache_creation_input_tokens"], "ephemeral_1h_input_tokens": 0}
    long = json.loads(body.replace("hello", "hallo").replace("weather in", "bridges of").replace(
        '"type": "ephemeral"', '"type": "ephemeral", "ttl": "1h"'))
    written = json.loads(engine.invoke_model(
        modelId=request["modelId"], body=json.dumps(long))["body"].read())["usage"]
    assert written["cache_creation_input_tokens"] > 40 and written["cache_creation"] == {
        "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": written["cache_creation_input_tokens"]}
    assert whole["cache_read_input_tokens"] == whole["cache_creation_input_tokens"] == 0
    assert whole["input_tokens"] == (
        usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"])


@pytest.mark.parametrize("ttl", ["5m", "1h"])
@pytest.mark.parametrize("later", [
    [], [{"role": "assistant", "content": ""}],
    [{"role": "assistant", "content": "It is"}, {"role": "user", "content": [{"type": "text", "text": LONG}]}],
])
def test_cache_control_of_claudes_whole_body_is_a_cache_point_at_its_last_block(engine, ttl, later):
    control = {"cache_control": {"type": "ephemeral", "ttl": ttl}}
    asked = [{"role": "user", "content": f"{ttl} {LONG}"}, *later]

    def usage(messages, **members):
        body = {"max_tokens": 9, "messages": messages} | members
        # A name of this machine takes the notation too, also with an answer that is begun.
        answer = engine.invoke_model(modelId="tiny", body=json.dumps(body))
        return json.loads(answer["body"].read())["usage"]

    def cached(usage):
        assert sum(usage["cache_creation"].values()) == usage["cache_creation_input_tokens"]
        assert usage["cache_creation"][f"ephemeral_{ttl}_input_tokens"] == usage["cache_creation_input_tokens"]
        return usage["cache_creation_input_tokens"] + usage["cache_read_input_tokens"]

    whole = cached(usage(asked, **control))
    last = max(index for index, message in enumerate(asked) if message["content"])
    content = asked[last]["content"]
    block = {"type": "text", "text": content if isinstance(content, str) else content[0]["text"]} | control
    marked = [*asked[:last], {"role": "user", "content": [block]}, *asked[last + 1:]]
    assert whole == cached(usage(marked)) == cached(usage(marked, **control)) > 40
    other = {"cache_control": {"type": "ephemeral"} | ({"ttl": "1h"} if ttl == "5m" else {})}
    with pytest.raises(botocore.exceptions.ClientError, match="cache_control with a different ttl"):
        usage(marked, **other)


def test_novas_cache_point_is_one(engine):
    body = json.dumps({
        "schemaVersion": "messages-v1", "system": [{"text": LONG}, {"cachePoint": {"type": "default"}}],
        "messages": [{"role": "user", "content": [{"text": "hello"}]}]})
    request = {"modelId": "amazon.nova-lite-v1:0", "body": body}
    engine.invoke_model(**request)
    usage = json.loads(engine.invoke_model(**request)["body"].read())["usage"]
    assert usage["cacheReadInputTokenCount"] > 40 and usage["inputTokens"] > 0


def test_variables_without_a_prompt_are_passed_over(bedrock):
    answer = bedrock.converse(
        modelId=ECHO, messages=[user({"text": "hello {{name}}"})], promptVariables={"name": {"text": "Ada"}})
    assert answer["output"]["message"]["content"] == [{"text": "[brume.echo] hello {{name}}"}]
