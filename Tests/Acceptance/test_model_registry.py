"""`brume model`: pulls from a hub that misbehaves, imports, names and removals."""

import hashlib
import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from brume_server import BINARY, clean_environment
from gguf_shapes import FULL_SIZE, write_shape
from model_hub import (
    Hub, answers, cut_after, gguf, gives, ignores_range, says_length, too_much,
)


class Models:
    """`brume model` over a data directory of a test's own."""

    def __init__(self, folder):
        self.home = folder
        self.data_dir = folder / "data"
        self.environment = clean_environment(folder) | {"BRUME_DATA_DIR": str(self.data_dir)}
        for name in list(self.environment):
            if name.startswith(("HF_", "HUGGING", "OLLAMA", "XDG_", "SSL_CERT")):
                del self.environment[name]

    def __call__(self, *words, status=0, **environment):
        """Runs a command and returns what it printed; it must end with that status."""
        answer = subprocess.run(
            [BINARY, "model", *map(str, words)], env=self.environment | environment, capture_output=True, text=True,
            timeout=60, check=False, stdin=subprocess.DEVNULL,
        )
        assert answer.returncode == status, f"{words} ended with {answer.returncode}: {answer.stdout}{answer.stderr}"
        return answer.stdout if status == 0 else answer.stderr

    def json(self, *words, **options):
        return json.loads(self(*words, "--output", "json", **options))

    def names(self):
        return [model["name"] for model in self.json("list")["models"]]

    def blobs(self):
        folder = self.data_dir / "models" / "blobs"
        return sorted(os.listdir(folder)) if folder.exists() else []


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path)


@pytest.fixture
def hub():
    with Hub() as running:
        yield running


def test_a_pull_checks_the_digest_and_says_what_it_got(models, hub):
    content = gguf()
    hub.add("org/Repo-GGUF", "Model-Q4_K_M.gguf", content)
    record = models.json("pull", "hf.co/org/Repo-GGUF", "--endpoint", hub.url)
    digest = hashlib.sha256(content).hexdigest()
    assert record["name"] == "model-q4_k_m"
    assert record["digest"] == f"sha256-{digest}"
    assert record["license"] == "apache-2.0"
    assert models.blobs() == [f"sha256-{digest}"]
    assert (models.data_dir / "models/blobs" / f"sha256-{digest}").read_bytes() == content
    assert models.names() == ["model-q4_k_m"]
    # What is fetched is of the commit that the hub named, not of a branch that may move.
    assert any("/resolve/0123456789abcdef" in path for role, _, path, _ in hub.requests if role == "hub")


def test_the_token_stays_with_the_hub(models):
    with Hub(token="hf_secret") as hub:
        hub.add("org/repo", "m-Q4_K_M.gguf", gguf())
        refusal = models("pull", "hf.co/org/repo", "--endpoint", hub.url, status=77)
        assert "HF_TOKEN" in refusal and "accept its licence" in refusal
        models("pull", "hf.co/org/repo", "--endpoint", hub.url, HF_TOKEN="hf_secret")
        assert [headers.get("Authorization") for *_, headers in hub.downloads("hub")] == ["Bearer hf_secret"]
        assert all("Authorization" not in headers for *_, headers in hub.downloads("network"))


@pytest.mark.parametrize("faults", [
    [cut_after(50_000)], [cut_after(50_000), cut_after(0), cut_after(70_000)], [answers(503)],
    [answers(403)], [cut_after(60_000), ignores_range], [cut_after(60_000), answers(416)],
], ids=["cut", "cut often", "busy", "signature over", "no ranges", "no such range"])
def test_a_pull_goes_on_after(models, hub, faults):
    content = gguf(300_000)
    hub.add("org/repo", "m-Q4_K_M.gguf", content, faults=faults)
    models("pull", "hf.co/org/repo", "--endpoint", hub.url)
    assert models.blobs() == ["sha256-" + hashlib.sha256(content).hexdigest()]


def test_a_pull_that_broke_off_goes_on_where_it_was(models, hub):
    content = gguf(300_000)
    hub.add("org/repo", "m-Q4_K_M.gguf", content, faults=[cut_after(100_000)] + [cut_after(0)] * 2)
    refusal = models("pull", "hf.co/org/repo", "--endpoint", hub.url, "--tries", 2, status=68)
    assert "run the same command again" in refusal
    models("pull", "hf.co/org/repo", "--endpoint", hub.url)
    assert hub.downloads()[-1][3]["Range"] == "bytes=100000-"
    assert models.blobs() == ["sha256-" + hashlib.sha256(content).hexdigest()]


def test_a_spoilt_beginning_is_fetched_again(models, hub):
    content = gguf(300_000)
    digest = hashlib.sha256(content).hexdigest()
    hub.add("org/repo", "m-Q4_K_M.gguf", content)
    partial = models.data_dir / "models/partial" / f"sha256-{digest}"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"x" * 1000)
    models("pull", "hf.co/org/repo", "--endpoint", hub.url)
    assert models.blobs() == [f"sha256-{digest}"]


@pytest.mark.parametrize("fault", [gives(gguf(300_000, seed=2)), says_length(299_000), too_much],
                         ids=["wrong bytes", "wrong length", "too much"])
def test_what_is_not_what_was_announced_is_thrown_away(models, hub, fault):
    hub.add("org/repo", "m-Q4_K_M.gguf", gguf(300_000), faults=[fault] * 3)
    models("pull", "hf.co/org/repo", "--endpoint", hub.url, status=65)
    assert models.blobs() == []
    assert models.names() == []


def test_what_is_no_model_is_refused(models, hub):
    hub.add("org/repo", "m-Q4_K_M.gguf", b"<html>" * 1000)
    assert "GGUF" in models("pull", "hf.co/org/repo", "--endpoint", hub.url, status=65)
    assert models.blobs() == []


def test_a_model_in_parts_and_its_projector(models, hub):
    parts = [gguf(100_000, seed=number) for number in (1, 2)]
    for number, content in enumerate(parts, 1):
        hub.add("org/repo", f"Q8_0/big-Q8_0-0000{number}-of-00002.gguf", content)
    hub.add("org/repo", "mmproj-big-f16.gguf", gguf(50_000, seed=3))
    hub.add("org/repo", "big-Q2_K.gguf", gguf(50_000, seed=4))
    plan = models.json("pull", "hf.co/org/repo:Q8_0", "--endpoint", hub.url, "--dry-run")
    assert [file["role"] for file in plan["files"]] == ["weights", "weights", "projector"]
    assert plan["bytes"] == sum(map(len, parts)) + len(gguf(50_000, seed=3))
    assert models.blobs() == []


def test_which_file_is_meant(models, hub):
    hub.add("org/repo", "a.gguf", gguf(seed=1))
    hub.add("org/repo", "b.gguf", gguf(seed=2))
    refusal = models("pull", "hf.co/org/repo", "--endpoint", hub.url, status=66)
    assert "a.gguf, b.gguf" in refusal
    assert models.json("pull", "hf.co/org/repo/b.gguf", "--endpoint", hub.url)["name"] == "b"
    assert "no model Q4_0" in models("pull", "org/repo:Q4_0", "--endpoint", hub.url, status=66)
    assert "no repository" in models("pull", "org/other", "--endpoint", hub.url, status=66)
    assert "catalogue" in models("pull", "nothing", "--endpoint", hub.url, status=66)


def test_a_hub_that_is_not_there(models):
    refusal = models("pull", "hf.co/org/repo", "--endpoint", "http://127.0.0.1:1", "--tries", 1, status=68)
    assert "cannot reach http://127.0.0.1:1" in refusal and "HF_ENDPOINT" in refusal and "is kept" not in refusal


def test_a_pull_that_waits_for_its_next_try_says_why(models):
    said = models("pull", "http://127.0.0.1:1/x.gguf", "--tries", 2, status=68).splitlines()
    assert said[0].startswith("retrying in 1 s: cannot reach http://127.0.0.1:1: "), said
    # Nothing came that could be kept, and an address has no mirror.
    assert said[-1] == "brume: " + said[0].removeprefix("retrying in 1 s: "), said


def test_a_short_name_is_pulled_from_the_mirror(models, hub):
    hub.add("Qwen/Qwen3-8B-GGUF", "Qwen3-8B-Q4_K_M.gguf", gguf())
    models("pull", "qwen3-8b", "--alias", "anthropic.*", HF_ENDPOINT=hub.url)
    assert models.names() == ["qwen3-8b"]
    assert models.json("alias") == [{"alias": "anthropic.*", "model": "qwen3-8b"}]


@pytest.mark.parametrize("shape, gpu, sentence", [
    ("llama-3.1-8b", "rtx3090", "fits on NVIDIA GeForce RTX 3090: "),
    ("qwen3-30b-a3b", "rtx4060", "fits only partly on NVIDIA GeForce RTX 4060"),
])
def test_whether_it_fits_is_said_before_anything_is_fetched(models, hub, tmp_path, shape, gpu, sentence):
    path = tmp_path / "shape.gguf"
    write_shape(path, FULL_SIZE[shape][0], **FULL_SIZE[shape][1])
    with open(path, "rb") as file:
        beginning = file.read(32 << 20)
    hub.add("org/repo", "m-Q4_K_M.gguf", beginning, size=path.stat().st_size)
    assert sentence in models("pull", "hf.co/org/repo", "--endpoint", hub.url, "--gpu", gpu, "--dry-run")
    assert hub.downloads() == [] and os.listdir(models.data_dir / "models/partial") == []
    assert "is not a known device" in models("pull", "org/repo", "--endpoint", hub.url, "--gpu", "abacus", status=64)


def test_an_address_with_a_digest(models, hub):
    content = gguf()
    hub.add("x/y", "file.gguf", content)
    address = f"{hub.network}/x/y/file.gguf"
    models("pull", address, "--sha256", "0" * 64, status=65)
    models("pull", address, "--sha256", hashlib.sha256(content).hexdigest())
    assert models.names() == ["file"]


def test_two_pulls_at_once_end_well(models, hub):
    content = gguf(2_000_000)
    hub.add("org/repo", "m-Q4_K_M.gguf", content)
    results = []

    def pull(name):
        answer = subprocess.run(
            [BINARY, "model", "pull", "hf.co/org/repo", "--endpoint", hub.url, "--name", name],
            env=models.environment, capture_output=True, text=True, timeout=60, check=False,
        )
        results.append(answer.returncode)

    threads = [threading.Thread(target=pull, args=(f"m{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One fetches it; another that came in the middle is told so, one that came later finds it here.
    assert set(results) <= {0, 75} and 0 in results
    assert models.blobs() == ["sha256-" + hashlib.sha256(content).hexdigest()]


def test_an_import_is_a_second_name_of_the_same_content(models, tmp_path):
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf())
    record = models.json("import", path, "--name", "mine")
    blob = models.data_dir / "models/blobs" / record["digest"]
    assert blob.stat().st_ino == path.stat().st_ino
    models("import", path, "--name", "second")
    removal = models.json("remove", "mine")
    assert removal["freedBytes"] == 0 and blob.exists()
    removal = models.json("remove", "second")
    assert removal["keptElsewhereBytes"] == path.stat().st_size
    assert models.blobs() == [] and path.exists()


def test_what_cannot_be_imported(models, tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGML" + bytes(100))
    assert "GGUF" in models("import", broken, status=65)
    assert "no file" in models("import", tmp_path / "absent.gguf", status=66)
    models("import", status=64)
    part = tmp_path / "m-00001-of-00002.gguf"
    part.write_bytes(gguf())
    assert "m-00002-of-00002.gguf is missing" in models("import", part, status=66)
    assert models.blobs() == []


def test_ollamas_models(models, tmp_path):
    content = gguf()
    digest = hashlib.sha256(content).hexdigest()
    store = tmp_path / ".ollama/models"
    (store / "blobs").mkdir(parents=True)
    (store / "blobs" / f"sha256-{digest}").write_bytes(content)
    manifest = store / "manifests/registry.ollama.ai/library/llama3.2/1b"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"layers": [
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": len(content)},
        {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:" + "0" * 64, "size": 1},
    ]}))
    assert models.json("import", "--from", "ollama")["models"][0]["model"] == "llama3.2:1b"
    record = models.json("import", "--from", "ollama", "llama3.2:1b")
    assert record["name"] == "llama3.2:1b"
    blob = models.data_dir / "models/blobs" / record["digest"]
    assert blob.stat().st_ino == (store / "blobs" / f"sha256-{digest}").stat().st_ino
    assert "no model other" in models("import", "--from", "ollama", "other", status=66)


def test_the_hubs_cache_and_lm_studio(models, tmp_path):
    content = gguf()
    digest = hashlib.sha256(content).hexdigest()
    cache = tmp_path / ".cache/huggingface/hub/models--org--repo"
    (cache / "blobs").mkdir(parents=True)
    (cache / "blobs" / digest).write_bytes(content)
    (cache / "snapshots/abc").mkdir(parents=True)
    (cache / "snapshots/abc/m.gguf").symlink_to(f"../../blobs/{digest}")
    (cache / "refs").mkdir()
    (cache / "refs/main").write_text("abc")
    record = models.json("import", "--from", "hf-cache", "--all")
    assert (record["name"], record["source"]) == ("m", "hf.co/org/repo/m.gguf")
    folder = tmp_path / ".lmstudio/models/maker/repo"
    folder.mkdir(parents=True)
    (folder / "Other-Q8_0.gguf").write_bytes(gguf(seed=9))
    (folder / "mmproj-Other-F16.gguf").write_bytes(gguf(seed=10))
    record = models.json("import", "--from", "lmstudio", "other-q8_0")
    assert [file["role"] for file in record["files"]] == ["weights", "projector"]
    # A file that is not what its name says is damaged.
    (cache / "blobs" / digest).write_bytes(gguf(seed=11))
    (cache / "snapshots/abc/n.gguf").symlink_to(f"../../blobs/{digest}")
    assert "is damaged" in models("import", "--from", "hf-cache", "org/repo/n.gguf", status=65)


def test_names_aliases_and_pins(models, tmp_path):
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf())
    models("import", path)
    models("alias", "anthropic.claude-3-*", "mine")
    assert models.json("show", "anthropic.claude-3-*")["name"] == "mine"
    assert "anthropic.claude-3-*" in models("list")
    assert [models.json("pin", "mine", *off)["pinned"] for off in ((), ("--off",))] == [True, False]
    assert "no model other" in models("alias", "x", "other", status=66)
    assert "is not an alias" in models("alias", "a b", "mine", status=64)
    assert "is not a model name" in models("import", path, "--name", "A B", status=64)
    assert "Brume's own" in models("import", path, "--name", "brume.echo", status=64)
    models("alias", "--delete", "anthropic.claude-3-*")
    models("alias", "--delete", "anthropic.claude-3-*", status=66)
    assert models.json("alias") == []


def test_the_model_that_is_built_in_has_no_files(models):
    assert models.json("show", "brume.echo") == {
        "name": "brume.echo", "kind": "chat", "source": "built in", "contextTokens": 131_072}
    assert "it repeats what it is told" in models("show", "brume.echo")
    models("alias", "anthropic.*", "brume.echo")
    for words in (("pin", "brume.echo"), ("remove", "brume.echo"), ("remove", "anthropic.*")):
        assert "brume.echo is built in" in models(*words, status=64)


def test_damage_is_told(models, tmp_path):
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf())
    record = models.json("import", path, "--copy")
    blob = models.data_dir / "models/blobs" / record["digest"]
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    assert "has changed" in models("show", "mine", "--verify", status=65)
    blob.write_bytes(content[:-1])
    assert "bytes instead of" in models("show", "mine", status=65)
    blob.unlink()
    assert "is missing" in models("show", "mine", status=65)
    manifest = models.data_dir / "models/manifests/mine"
    manifest.write_bytes(manifest.read_bytes().replace(b"llama", b"lamma").replace(b'"chat"', b'"chit"'))
    assert "is damaged" in models("list", status=65)
    assert "is damaged" in models("show", "mine", status=65)


def refusal_of(client, model_id):
    """What Bedrock says of an id."""
    with pytest.raises(client.exceptions.ResourceNotFoundException) as refusal:
        client.converse(modelId=model_id, messages=[{"role": "user", "content": [{"text": "hi"}]}])
    return refusal.value.response["Error"]["Message"]


def said(client, model_id):
    """What a model answers."""
    answer = client.converse(modelId=model_id, messages=[{"role": "user", "content": [{"text": "hi"}]}])
    return answer["output"]["message"]["content"][0]["text"]


def test_an_id_without_a_model_names_the_command(fresh_server):
    client = fresh_server().client("bedrock-runtime")
    message = refusal_of(client, "meta.llama3-1-8b-instruct-v1:0")
    assert "`brume model pull llama3.1-8b`" in message
    message = refusal_of(client, "us.anthropic.claude-3-haiku-20240307-v1:0")
    assert "`brume model pull qwen3-8b --alias 'anthropic.claude-3-haiku-20240307-v1:0'`" in message


@pytest.mark.parametrize("alias, model_id", [
    ("anthropic.*", "anthropic.claude-v2"),
    ("anthropic.claude-3-haiku-20240307-v1", "anthropic.claude-3-haiku-20240307-v1:0"),
    ("anthropic.claude-3-haiku-20240307-v1:0", "eu.anthropic.claude-3-haiku-20240307-v1:0"),
    ("amazon.nova-*", "arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.amazon.nova-lite-v1:0"),
    ("abc123", "arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/abc123"),
    ("meta.*", "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-8b-instruct-v1:0"),
])
def test_an_alias_holds_at_once(fresh_server, alias, model_id):
    server = fresh_server()
    client = server.client("bedrock-runtime")
    refusal_of(client, model_id)
    answer = server.run("model", "alias", alias, "brume.echo")
    assert answer.returncode == 0, answer.stderr
    assert said(client, model_id) == "[brume.echo] hi"
    server.run("model", "alias", "--delete", alias)
    refusal_of(client, model_id)


def test_a_running_server_is_told(fresh_server):
    server = fresh_server()
    assert server.run("model", "load", "brume.echo").stdout == "brume.echo is built in, and always loaded\n"
    answer = server.run("model", "load", "absent")
    assert (answer.returncode, "no model absent" in answer.stderr) == (66, True)
    assert server.run("model", "unload", "absent").returncode == 66
    answer = server.run("model", "unload", "brume.echo")
    assert (answer.returncode, answer.stderr) == (66, "brume: brume.echo is built in: there is nothing to unload\n")
    assert json.loads(server.run("model", "status", "--output", "json").stdout) == {"models": []}
    refused = server.get("/_brume/models/status")
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    server.stop()
    answer = server.run("model", "load", "absent")
    assert (answer.returncode, "brume start" in answer.stderr) == (69, True)


def test_only_the_owner_of_the_data_directory_tells_a_server(fresh_server):
    server = fresh_server()
    token_file = server.data_dir / "identity/control-token"
    assert token_file.stat().st_mode & 0o077 == 0
    token = token_file.read_text()
    for given in (None, "", token[:-1], token[:-1] + ("0" if token[-1] != "0" else "1")):
        request = urllib.request.Request(
            server.url + "/_brume/models/status", data=b"", headers={"x-brume-control": given} if given else {})
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(request, timeout=5)
        assert refusal.value.code == 403
    request = urllib.request.Request(
        server.url + "/_brume/models/status", data=b"", headers={"x-brume-control": token})
    assert urllib.request.urlopen(request, timeout=5).status == 200


def test_a_server_without_plain_http_is_told_over_tls(fresh_server):
    server = fresh_server("--plaintext", "false", ready=False)
    deadline = 100
    while not (server.data_dir / "server").exists() and deadline:
        deadline -= 1
        time.sleep(0.1)
    answer = server.run("model", "status", "--output", "json")
    assert json.loads(answer.stdout) == {"models": []}, answer.stderr


@pytest.mark.parametrize("model", ["{}/tiny.gguf", "some/model-GGUF"])
def test_a_host_that_says_nothing_is_named_while_it_is_waited_for(tmp_path, model):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [BINARY, "model", "pull", model.format(address), "--endpoint", address, "--data-dir", str(tmp_path)]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=clean_environment(tmp_path),
        ) as process:
            try:
                assert process.stderr.readline() == f"asking {address}; press Ctrl-C to stop\n"
            finally:
                process.terminate()
