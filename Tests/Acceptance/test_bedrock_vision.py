"""Images with the real engine: a tiny model with a tiny projector of random weights, both written here.

What the model says does not hang on what it sees; that the engine saw it is told by its token counts.
"""

import base64
import json
import struct
import subprocess
import zlib

import botocore.exceptions
import httpx
import pytest

from brume_server import BINARY, ENGINE, Server, require_engine
from gguf_models import TEXT, write_model
from gguf_projector import IMAGE_TOKENS, write_projector

MODEL = "seer"
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
NOVA = "amazon.nova-lite-v1:0"
QUESTION = "What is this?"


def png(width=40, height=30, color=(200, 10, 10)):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(color) * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def jpeg(width=40, height=24):
    """Grey all over: each of its blocks is two bits, 'as the one before' and 'nothing else'."""
    def segment(kind, data):
        return b"\xff" + bytes([kind]) + struct.pack(">H", len(data) + 2) + data

    one_code = bytes([1] + [0] * 15) + b"\0"
    blocks = (width // 8) * (height // 8)
    bits = "00" * blocks
    bits += "1" * (-len(bits) % 8)
    return (b"\xff\xd8" + segment(0xDB, b"\0" + bytes([16] * 64))
            + segment(0xC0, b"\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\0")
            + segment(0xC4, b"\0" + one_code) + segment(0xC4, b"\x10" + one_code)
            + segment(0xDA, b"\x01\x01\0\0\x3f\0") + int(bits, 2).to_bytes(len(bits) // 8, "big") + b"\xff\xd9")


IMAGES = {"png": png(), "jpeg": jpeg()}


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    """A server that knows the model from LM Studio's folder, with the projector that lies beside it."""
    require_engine()
    folder = tmp_path_factory.mktemp("vision")
    place = folder / ".lmstudio" / "models" / "maker" / "repo"
    place.mkdir(parents=True)
    write_model(place / "Seer-F32.gguf")
    write_projector(place / "mmproj-Seer-F32.gguf", width=96)
    with Server(folder, "--engine", ENGINE, "--bedrock-aliases", "anthropic.*=seer-f32,amazon.*=seer-f32") as server:
        made = server.run("model", "import", "--from", "lmstudio", "--all", "--output", "json")
        assert made.returncode == 0, made.stderr
        record = json.loads(made.stdout)
        assert [file["role"] for file in record["files"]] == ["weights", "projector"]
        named = server.run("model", "alias", MODEL, record["name"])
        assert named.returncode == 0, named.stderr
        yield server


@pytest.fixture(scope="module")
def bedrock(seeing):
    return seeing.client("bedrock-runtime")


def converse(bedrock, *blocks):
    answer = bedrock.converse(
        modelId=MODEL, messages=[{"role": "user", "content": list(blocks)}], inferenceConfig={"temperature": 0})
    return answer["output"]["message"]["content"][0]["text"], answer["usage"]["inputTokens"]


def image(form):
    return {"image": {"format": form, "source": {"bytes": IMAGES[form]}}}


@pytest.mark.parametrize("form", IMAGES)
def test_converse_shows_the_model_an_image(bedrock, form):
    text, without = converse(bedrock, {"text": QUESTION})
    assert text == TEXT
    text, tokens = converse(bedrock, {"text": QUESTION}, image(form))
    assert text == TEXT
    # A token for each patch, and the line end between the two.
    assert IMAGE_TOKENS <= tokens - without <= IMAGE_TOKENS + 3
    _, twice = converse(bedrock, {"text": QUESTION}, image(form), image(form))
    assert IMAGE_TOKENS <= twice - tokens <= IMAGE_TOKENS + 3


def test_a_stream_and_a_count_take_images_too(bedrock):
    messages = [{"role": "user", "content": [{"text": QUESTION}, image("png")]}]
    events = list(bedrock.converse_stream(modelId=MODEL, messages=messages)["stream"])
    usage = events[-1]["metadata"]["usage"]
    assert "".join(
        event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event) == TEXT
    counted = bedrock.count_tokens(modelId=MODEL, input={"converse": {"messages": messages}})
    assert counted["inputTokens"] == usage["inputTokens"] > IMAGE_TOKENS


WEATHER = {"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}}], "toolChoice": {"any": {}}}


def test_a_call_that_must_be_made_sees_it(bedrock):
    def call(*blocks):
        answer = bedrock.converse(
            modelId=MODEL, messages=[{"role": "user", "content": list(blocks)}], toolConfig=WEATHER)
        assert answer["output"]["message"]["content"][0]["toolUse"]["name"] == "get_weather"
        return answer["usage"]["inputTokens"]

    without = call({"text": QUESTION})
    assert IMAGE_TOKENS <= call({"text": QUESTION}, image("png")) - without <= IMAGE_TOKENS + 3


def test_an_image_before_a_cache_point_is_written_and_read(bedrock):
    point = {"cachePoint": {"type": "default"}}
    content = [{"text": "Look at this closely."}, image("jpeg"), point, {"text": QUESTION}]
    messages = [{"role": "user", "content": content}]
    usage = bedrock.converse(modelId=MODEL, messages=messages)["usage"]
    assert usage["cacheReadInputTokens"] + usage["cacheWriteInputTokens"] > IMAGE_TOKENS
    counted = bedrock.count_tokens(modelId=MODEL, input={"converse": {"messages": messages}})["inputTokens"]
    assert counted == sum(
        usage[name] for name in ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"))
    again = bedrock.converse(modelId=MODEL, messages=messages)["usage"]
    assert again["cacheReadInputTokens"] > IMAGE_TOKENS and again["cacheWriteInputTokens"] <= 1


@pytest.mark.parametrize("form", IMAGES)
def test_native_bodies_show_it(bedrock, form):
    data = base64.b64encode(IMAGES[form]).decode()
    claude = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "messages": [{"role": "user", "content": [
        {"type": "image", "source": {"type": "base64", "media_type": f"image/{form}", "data": data}},
        {"type": "text", "text": QUESTION}]}]}
    answer = json.loads(bedrock.invoke_model(modelId=CLAUDE, body=json.dumps(claude))["body"].read())
    assert answer["content"][0]["text"] == TEXT and answer["usage"]["input_tokens"] > IMAGE_TOKENS
    nova = {"messages": [{"role": "user", "content": [
        {"image": {"format": form, "source": {"bytes": data}}}, {"text": QUESTION}]}]}
    answer = json.loads(bedrock.invoke_model(modelId=NOVA, body=json.dumps(nova))["body"].read())
    assert answer["output"]["message"]["content"][0]["text"] == TEXT
    assert answer["usage"]["inputTokens"] > IMAGE_TOKENS


@pytest.mark.parametrize("form", IMAGES)
def test_compatible_endpoints_show_it(seeing, form):
    url = f"data:image/{form};base64," + base64.b64encode(IMAGES[form]).decode()
    headers = {"Authorization": f"Bearer {seeing.bearer_token()}"}
    content = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": url}}]
    answer = httpx.post(f"{seeing.url}/v1/chat/completions", headers=headers, timeout=60, json={
        "model": MODEL, "messages": [{"role": "user", "content": content}]}).json()
    assert answer["choices"][0]["message"]["content"] == TEXT
    assert answer["usage"]["prompt_tokens"] > IMAGE_TOKENS


def test_a_damaged_image_is_the_clients_fault(bedrock):
    damaged = {"image": {"format": "png", "source": {"bytes": IMAGES["png"][:40]}}}
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        converse(bedrock, {"text": QUESTION}, damaged)
    assert failure.value.response["Error"]["Code"] == "ValidationException"
    # The engine goes on.
    assert converse(bedrock, {"text": QUESTION})[0] == TEXT


def test_the_plan_counts_the_projector(seeing):
    place = seeing.folder / ".lmstudio" / "models" / "maker" / "repo"

    def plan(model, gpu):
        command = [BINARY, "model", "plan", model, "--gpu", gpu, "--output", "json"]
        made = subprocess.run(
            list(map(str, command)), env=seeing.environment, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        return json.loads(made.stdout)

    size = (place / "mmproj-Seer-F32.gguf").stat().st_size
    for gpu, total in (("none", "hostBytes"), ("rtx3090", "deviceBytes")):
        plain, seer = plan(place / "Seer-F32.gguf", gpu), plan(MODEL, gpu)
        assert plain["projectorBytes"] == 0 and seer["projectorBytes"] > size
        assert seer[total] - plain[total] == seer["projectorBytes"], gpu
