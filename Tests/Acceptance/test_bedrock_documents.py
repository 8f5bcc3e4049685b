"""Documents and images in the native bodies of Claude and Nova, and in results of tools."""

import base64
import json
import shutil

import anthropic
import botocore.exceptions
import pytest

from brume_server import ENGINE, Server, needs_pdftotext, require_engine
from gguf_models import write_model
from test_bedrock_converse import NAME, pdf

CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
NOVA = "amazon.nova-lite-v1:0"
PNG = base64.b64encode(b"\x89PNG").decode()
TOOL = {"name": "look", "input_schema": {"type": "object"}}
SPEC = {"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    require_engine()
    folder = tmp_path_factory.mktemp("documents")
    write_model(folder / "tiny.gguf")
    with Server(
        folder, "--engine", ENGINE, "--bedrock-models", f"tiny={folder / 'tiny.gguf'}",
        "--bedrock-aliases", "anthropic.claude-2*=tiny,*=brume.echo",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def key(server):
    return server.bearer_token()


def claude(bedrock, *messages, model=CLAUDE, **members):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 300, "messages": list(messages)} | members
    return json.loads(bedrock.invoke_model(modelId=model, body=json.dumps(body))["body"].read())


def said(answer):
    return answer["content"][0]["text"]


def user(*content):
    return {"role": "user", "content": list(content)}


def source(data, form="base64", media="application/pdf"):
    return {"type": "document", "source": {"type": form, "media_type": media, "data": data}}


def encoded(text):
    return base64.b64encode(pdf(text)).decode()


def refusal(call, *arguments, **members):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call(*arguments, **members)
    assert failure.value.response["Error"]["Code"] == "ValidationException"
    return failure.value.response["Error"]["Message"]


READ = {"type": "text", "text": "Read"}
PLAIN = source("seven bridges", "text", "text/plain")


@pytest.mark.parametrize("document, text", [
    (PLAIN, "seven bridges"),
    (PLAIN | {"title": "paper", "context": "of a town"}, "paper\nof a town\nseven bridges"),
    ({"type": "document", "source": {"type": "content", "content": "seven bridges"}}, "seven bridges"),
    ({"type": "document", "title": "t", "source": {"type": "content", "content": [
        {"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}}, "t\none\ntwo"),
])
def test_claudes_documents_that_are_text(bedrock, document, text):
    assert said(claude(bedrock, user(READ, document))) == f"[brume.echo] Read\n{text}"


@needs_pdftotext
def test_claudes_pdf_is_read_whole_streamed_and_counted(server, bedrock, key):
    content = [READ, source(encoded("Seven bridges of stone")) | {"title": "paper"}]
    answer = claude(bedrock, user(*content))
    assert said(answer).startswith("[brume.echo] Read\npaper\nSeven bridges of stone")
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 300, "messages": [user(*content)]}
    chunks = bedrock.invoke_model_with_response_stream(modelId=CLAUDE, body=json.dumps(body))["body"]
    events = [json.loads(event["chunk"]["bytes"]) for event in chunks]
    text = "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta")
    assert text == said(answer)
    counted = bedrock.count_tokens(modelId=CLAUDE, input={"invokeModel": {"body": json.dumps(body)}})
    assert counted["inputTokens"] == answer["usage"]["input_tokens"]
    client = anthropic.Anthropic(api_key=key, base_url=f"{server.url}/anthropic", max_retries=0)
    compatible = client.messages.create(model="brume.echo", max_tokens=300, messages=[user(*content)])
    assert compatible.content[0].text == text
    counted = client.messages.count_tokens(model="brume.echo", messages=[user(*content)])
    assert counted.input_tokens == answer["usage"]["input_tokens"]


@needs_pdftotext
def test_what_a_tool_is_called_with_is_no_document(bedrock):
    look_alike = source(encoded("Seven bridges"))
    answer = claude(
        bedrock, user(READ), {"role": "assistant", "content": [
            {"type": "tool_use", "id": "toolu_1", "name": "look", "input": look_alike}]},
        user({"type": "tool_result", "tool_use_id": "toolu_1", "content": "blue"}), tools=[TOOL])
    assert said(answer) == "[brume.echo] The tool returned: blue"


def returned(*content):
    """A conversation in Claude's notation whose last message is what a tool returned."""
    return (user(READ), {"role": "assistant", "content": [
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
        user({"type": "tool_result", "tool_use_id": "toolu_1", "content": list(content)}))


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}


@needs_pdftotext
def test_claudes_tool_results_have_images_and_documents(bedrock):
    paper = source(encoded("Seven bridges")) | {"title": "paper"}
    messages = returned({"type": "text", "text": "found"}, IMAGE, paper, PLAIN)
    answer = said(claude(bedrock, *messages, tools=[TOOL]))
    assert answer.startswith("[brume.echo] The tool returned: found\n[image 1.1]\npaper\nSeven bridges")
    assert answer.endswith("\nseven bridges")
    without = claude(bedrock, *returned({"type": "text", "text": "found"}), tools=[TOOL])
    assert claude(bedrock, *messages, tools=[TOOL])["usage"]["input_tokens"] > without["usage"]["input_tokens"] + 10


PLACE = "messages.0.content.1"


@pytest.mark.parametrize("block, sentence", [
    ({"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
     f"{PLACE}.document.source: Input tag 'url' found using 'type' does not match any of the expected tags: 'base64', "
     "'content', 'text'"),
    ({"type": "document", "source": {"type": "file", "file_id": "x"}},
     f"{PLACE}.document.source: Input tag 'file' found using 'type' does not match any of the expected tags: 'base64', "
     "'content', 'text'"),
    ({"type": "document"}, f"{PLACE}.document.source: Field required"),
    (source("YQ==", media="application/msword"),
     f"{PLACE}.document.source.base64.media_type: Input should be 'application/pdf'"),
    (source("%%%"), f"{PLACE}.document.source.base64.data: invalid data"),
    (source("a", "text", "text/html"), f"{PLACE}.document.source.text.media_type: Input should be 'text/plain'"),
    (PLAIN | {"citations": {"enabled": True}},
     f"{PLACE}.document.citations: this model does not support citations"),
    ({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
     f"{PLACE}.image.source: Input tag 'url' found using 'type' does not match any of the expected tags: 'base64'"),
    ({"type": "image", "source": {"type": "base64", "media_type": "image/tiff", "data": PNG}},
     f"{PLACE}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"),
    ({"type": "video"},
     f"{PLACE}: Input tag 'video' found using 'type' does not match any of the expected tags: 'document', 'image', "
     "'redacted_thinking', 'text', 'thinking', 'tool_result', 'tool_use'"),
    ({"type": "tool_result", "tool_use_id": "x", "content": [{"type": "search_result"}]},
     f"{PLACE}.tool_result.content.0: Input tag 'search_result' found using 'type' does not match any of the expected "
     "tags: 'document', 'image', 'text'"),
])
def test_what_claudes_bodies_may_not_have(bedrock, block, sentence):
    assert refusal(claude, bedrock, user(READ, block)) == sentence


@needs_pdftotext
def test_a_pdf_that_is_none_and_too_many_of_them(bedrock):
    spoilt = source(base64.b64encode(b"%PDF-1.4 and no more").decode())
    assert refusal(claude, bedrock, user(READ, spoilt)) == (
        f"{PLACE}.pdf.source.base64.data: The PDF specified was not valid.")
    many = [source(encoded("x"))] * 21
    assert refusal(claude, bedrock, user(READ, *many)).endswith("a request has 20 PDF documents at most")


def test_a_model_that_does_not_see_refuses_images_of_tools(bedrock):
    sentence = ("This model doesn't support the image content block that you provided. Update the content block and "
                "try again.")
    assert refusal(
        claude, bedrock, *returned(IMAGE), model="anthropic.claude-2:1", tools=[TOOL]) == sentence
    assert refusal(bedrock.converse, modelId="tiny", toolConfig={"tools": [SPEC]}, messages=converse_returned(
        {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}})) == sentence


# Converse


def converse_returned(*content):
    return [user({"text": "Read"}), {"role": "assistant", "content": [
        {"toolUse": {"toolUseId": "tooluse_1", "name": "look", "input": {}}}]},
        user({"toolResult": {"toolUseId": "tooluse_1", "content": list(content)}})]


def document(name, form, content, **members):
    return {"document": {"format": form, "name": name, "source": {"bytes": content}} | members}


def test_converses_tool_results_have_images_and_documents(bedrock):
    content = [{"text": "found"}, {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}},
               document("notes", "md", b"# seven bridges"), {"json": {"a": 1}}]
    if shutil.which("pdftotext"):
        content.append(document("paper", "pdf", pdf("Of stone")))
    answer = bedrock.converse(
        modelId="brume.echo", messages=converse_returned(*content), toolConfig={"tools": [SPEC]})
    text = answer["output"]["message"]["content"][0]["text"]
    assert text.startswith(
        '[brume.echo] The tool returned: found\n[image 1.1]\nnotes\n# seven bridges\n{"a":1}')
    assert ("paper\nOf stone" in text) == (len(content) == 5)


def test_what_is_said_of_a_document_is_read_and_citations_are_refused(bedrock):
    notes = document("notes", "md", b"seven", context="of a town")
    answer = bedrock.converse(modelId="brume.echo", messages=[user({"text": "Read"}, notes)])
    assert answer["output"]["message"]["content"] == [{"text": "[brume.echo] Read\nnotes\nof a town\nseven"}]
    cited = document("notes", "md", b"seven", citations={"enabled": True})
    assert refusal(bedrock.converse, modelId="brume.echo", messages=[user({"text": "Read"}, cited)]) == (
        "This model doesn't support citations.")
    assert refusal(
        bedrock.converse, modelId="brume.echo", messages=converse_returned(cited), toolConfig={"tools": [SPEC]}
    ) == "Citations are not supported in tool result documents."


def test_documents_of_tools_have_lawful_names(bedrock):
    messages = converse_returned(document("notes.md", "md", b"x"))
    assert refusal(
        bedrock.converse, modelId="brume.echo", messages=messages, toolConfig={"tools": [SPEC]}) == NAME


# Nova


def test_novas_documents_and_results(bedrock):
    notes = {"document": {"format": "md", "name": "notes", "source": {
        "bytes": base64.b64encode(b"seven bridges").decode()}}}
    content = [{"text": "Read"}, notes]
    if shutil.which("pdftotext"):
        content.append({"document": {"format": "pdf", "name": "paper", "source": {"bytes": encoded("Of stone")}}})

    def nova(messages, **members):
        body = json.dumps({"messages": messages} | members)
        answer = json.loads(bedrock.invoke_model(modelId=NOVA, body=body)["body"].read())
        return answer["output"]["message"]["content"][0]["text"]

    text = nova([user(*content)])
    assert text.startswith("[brume.echo] Read\nnotes\nseven bridges")
    assert ("paper\nOf stone" in text) == (len(content) == 3)
    messages = converse_returned({"image": {"format": "png", "source": {"bytes": PNG}}}, notes)
    assert nova(messages, toolConfig={"tools": [SPEC]}) == (
        "[brume.echo] The tool returned: [image 1.1]\nnotes\nseven bridges")
    assert "of a kind that this model does not take" in refusal(
        nova, converse_returned({"video": {}}), toolConfig={"tools": [SPEC]})


# Failures of tools


@pytest.mark.parametrize("text, told", [("no such city", "Error: no such city"), ("ERROR 5", "ERROR 5")])
def test_that_a_tool_failed_is_told_to_the_model(bedrock, text, told):
    messages = converse_returned({"text": text})
    messages[2]["content"][0]["toolResult"]["status"] = "error"
    answer = bedrock.converse(modelId="brume.echo", messages=messages, toolConfig={"tools": [SPEC]})
    assert answer["output"]["message"]["content"][0]["text"] == f"[brume.echo] The tool returned: {told}"
    body = json.dumps({"messages": messages, "toolConfig": {"tools": [SPEC]}})
    nova = json.loads(bedrock.invoke_model(modelId=NOVA, body=body)["body"].read())
    assert nova["output"]["message"]["content"][0]["text"].endswith(f"returned: {told}")
    native = returned({"type": "text", "text": text})
    native[2]["content"][0]["is_error"] = True
    assert said(claude(bedrock, *native, tools=[TOOL])).endswith(f"returned: {told}")
    messages[2]["content"][0]["toolResult"]["status"] = "success"
    answer = bedrock.converse(modelId="brume.echo", messages=messages, toolConfig={"tools": [SPEC]})
    assert answer["output"]["message"]["content"][0]["text"].endswith(f"returned: {text}")
