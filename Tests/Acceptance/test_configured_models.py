"""`brume model` and models of the setting `bedrock-models`, which are not the registry's."""

import pytest

from brume_server import Server
from model_hub import gguf
from test_model_registry import Models


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path)


def test_models_of_the_configuration_have_aliases_and_pins_too(models, tmp_path):
    path = tmp_path / "own.gguf"
    path.write_bytes(gguf())
    named = {"BRUME_BEDROCK_MODELS": f"own={path},far=http://localhost:1/v1#x"}
    models("alias", "anthropic.*", "own", **named)
    models("alias", "meta.*", "far", **named)
    assert models.json("alias") == [{"alias": "anthropic.*", "model": "own"}, {"alias": "meta.*", "model": "far"}]
    assert "is the name of a model, and" in models("alias", "own", "far", status=64, **named)
    assert models.json("show", "anthropic.*", **named)["name"] == "own"
    pinned = models.json("pin", "anthropic.*", **named)
    assert (pinned["name"], pinned["place"], pinned["pinned"]) == ("own", str(path), True)
    listed = models.json("list", **named)["configured"]
    assert {model["name"]: model["pinned"] for model in listed} == {"own": True, "far": False}
    assert models.json("show", "own", **named)["pinned"] is True
    assert models.json("pin", "own", "--off", **named)["pinned"] is False
    assert models.json("show", "own", **named)["pinned"] is False
    assert "runs on another server" in models("pin", "far", status=64, **named)
    assert "remove it there" in models("remove", "anthropic.*", status=64, **named)
    assert path.exists()
    # One of the same name that was imported is Brume's to remove.
    models("import", path, **named)
    models("remove", "own", **named)
    # Without the setting there is none of that name.
    for words in (("alias", "x", "own"), ("pin", "own"), ("remove", "own"), ("show", "own")):
        assert "no model own" in models(*words, status=66)


def test_names_that_are_brumes_own_are_refused(models):
    named = {"BRUME_BEDROCK_MODELS": "brume.echo=/nowhere/own.gguf"}
    assert "which are Brume's own" in models("list", status=78, **named)


def test_a_running_server_takes_a_name_before_an_alias(fresh_server):
    server = fresh_server("--bedrock-models", "own=/nowhere/own.gguf")
    assert server.run("model", "alias", "*", "brume.echo").returncode == 0
    answer = server.run("model", "load", "own")
    assert answer.returncode == 75 and "own is not loaded" in answer.stderr
    assert server.run("model", "load", "other").stdout == "brume.echo is built in, and always loaded\n"


def test_a_model_is_loaded_by_every_name_that_a_request_may_have(fresh_server):
    server = fresh_server("--bedrock-models", "own=/nowhere/own.gguf", "--bedrock-aliases", "meta.*=own")
    model_id = "meta.llama3-8b-instruct-v1:0"
    arn = "arn:aws:bedrock:us-east-1"
    for name in (model_id, f"us.{model_id}", f"{arn}::foundation-model/{model_id}",
                 f"{arn}:000000000000:inference-profile/us.{model_id}"):
        answer = server.run("model", "unload", name)
        assert (answer.returncode, answer.stderr) == (66, "brume: own is not loaded\n")
        answer = server.run("model", "load", name)
        assert answer.returncode == 75 and answer.stderr.startswith("brume: own is not loaded: "), answer
    answer = server.run("model", "load", "other.model-v1:0")
    assert answer.returncode == 66 and "there is no model other.model-v1:0" in answer.stderr, answer


def test_a_pull_is_suggested_only_for_a_name_of_the_catalogue(tmp_path):
    server = Server(tmp_path)
    assert "`brume model pull qwen3-8b` fetches it" in server.run("model", "show", "qwen3-8b").stderr
    assert "pull" not in server.run("model", "show", "absent").stderr
