"""`brume model` over what no hub and no directory should have: a clear word each time, and nothing half done."""

import fcntl
import os
import pty
import socket
import subprocess

import pytest

from brume_server import BINARY
from model_hub import Hub, answers, gguf
from test_model_registry import Models


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path)


@pytest.mark.parametrize("size, parts", [(2**63 - 1, 1), (2**62, 3)], ids=["one file", "a sum"])
def test_a_size_that_no_file_has_is_none(models, size, parts):
    with Hub() as hub:
        for number in range(1, parts + 1):
            name = "m.gguf" if parts == 1 else f"m-0000{number}-of-0000{parts}.gguf"
            hub.add("org/repo", name, gguf(seed=number), size=size)
        plan = models.json("pull", "org/repo", "--endpoint", hub.url, "--dry-run")
        assert plan["bytes"] is None and len(plan["files"]) == parts


def test_names_and_licences_of_a_hub_do_not_reach_the_terminal_with_control_characters(models):
    with Hub() as hub:
        hub.license = "mit\x1b[2J\x9b"
        hub.add("org/repo", "a\x1b[2J\x07-Q4_K_M.gguf", gguf(seed=1))
        assert "no GGUF file" in models("pull", "org/repo", "--endpoint", hub.url, status=66)
        hub.add("org/repo", "b-Q4_K_M.gguf", gguf(seed=2))
        plan = models.json("pull", "org/repo", "--endpoint", hub.url, "--dry-run")
        assert [file["path"] for file in plan["files"]] == ["b-Q4_K_M.gguf"] and plan["license"] == "mit[2J"


def test_a_sentence_about_a_name_shows_no_control_characters(models):
    assert "there is no model a\ufffd[2J b;" in models("show", "a\x1b[2J\tb", status=66)


def test_a_pipe_is_no_model_and_is_not_waited_for(models, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    os.mkfifo(folder / "pipe.gguf")
    (folder / "real.gguf").write_bytes(gguf())
    assert "not a regular file" in models("import", folder / "pipe.gguf", status=65)
    assert "not a regular file" in models("plan", folder / "pipe.gguf", status=65)
    assert "1 of 2 models" in models("import", f"{folder}/", status=65)
    assert models.names() == ["real"]
    # What was named with a slash at its end is told as it would be without.
    assert models.json("show", "real")["source"] == str(folder / "real.gguf")


def test_a_model_is_shown_by_every_id_that_it_answers_for(models, tmp_path):
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf())
    models("import", path, "--alias", "anthropic.*")
    models("alias", "meta.*", "brume.echo")
    haiku = "anthropic.claude-3-haiku-20240307-v1:0"
    arn = f"arn:aws:bedrock:us-east-1::foundation-model/{haiku}"
    for model_id in ("mine", "anthropic.*", haiku, f"us.{haiku}", arn):
        assert models.json("show", model_id)["name"] == "mine"
    assert models.json("show", "cohere.command-r-v1:0", BRUME_BEDROCK_ALIASES="cohere.*=mine")["name"] == "mine"
    assert models.json("show", "meta.llama3-8b-instruct-v1:0")["name"] == "brume.echo"
    assert "there is no model amazon.nova-lite-v1:0" in models("show", "amazon.nova-lite-v1:0", status=66)


def test_an_alias_that_is_none_is_told_before_anything_is_taken_up(models, tmp_path):
    path = tmp_path / "real.gguf"
    path.write_bytes(gguf())
    assert "is not an alias" in models("import", path, "--alias", "x.*", "--alias", "y y", status=64)
    assert "is the name of a model, and" in models("import", path, "--alias", "brume.echo", status=64)
    assert models.names() == [] and models.json("alias") == []


@pytest.mark.parametrize("alias", [
    "us.anthropic.claude-*", "global.anthropic.claude-*",
    "arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.anthropic.claude-*",
])
def test_an_alias_is_kept_as_ids_are_compared_with_it(models, tmp_path, alias):
    path = tmp_path / "real.gguf"
    path.write_bytes(gguf())
    models("import", path, "--alias", alias)
    assert models.json("alias") == [{"alias": "anthropic.claude-*", "model": "real"}]
    models("alias", "--delete", alias)
    assert models.json("alias", alias, "real") == [{"alias": "anthropic.claude-*", "model": "real"}]


def test_an_alias_of_the_configuration_may_be_a_profile(fresh_server):
    client = fresh_server("--bedrock-aliases", "us.anthropic.*=brume.echo").client("bedrock-runtime")
    messages = [{"role": "user", "content": [{"text": "hi"}]}]
    assert client.converse(modelId="us.anthropic.claude-3-haiku-20240307-v1:0", messages=messages)["output"]


@pytest.mark.parametrize("size", [300_000, 350_000], ids=["as long", "longer"])
@pytest.mark.parametrize("status", [200, 206])
def test_a_content_that_was_replaced_meanwhile_is_fetched_from_its_beginning(models, status, size):
    old, new = gguf(300_000, seed=1), gguf(size, seed=2)

    def gives_old(handler, _):
        handler.send_response(200)
        handler.send_header("ETag", '"one"')
        handler.send_header("Content-Length", str(len(old)))
        handler.end_headers()
        handler.wfile.write(old[:100_000])
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    def gives_new(handler, content):
        start = handler.range_start() if status == 206 else 0
        where = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if status == 206 else {}
        handler.reply(status, content[start:], {"ETag": '"two"'} | where)

    with Hub() as hub:
        hub.add("org/repo", "m.gguf", new, faults=[gives_old, gives_new])
        models("pull", f"{hub.network}/org/repo/m.gguf")
        (blob,) = models.blobs()
        assert (models.data_dir / "models" / "blobs" / blob).read_bytes() == new


def test_what_a_killed_import_left_goes_with_the_next_and_one_that_runs_keeps_its_own(models, tmp_path):
    path = tmp_path / "real.gguf"
    path.write_bytes(gguf())
    partial = models.data_dir / "models" / "partial"
    partial.mkdir(parents=True)
    kept = partial / ("sha256-" + "0" * 64)
    for left in (partial / "import-1", partial / "convert-2", partial / "peek-3", kept):
        left.write_bytes(b"x")
    with open(models.data_dir / "models" / "staging.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # as another import does
        models("import", path, "--name", "one")
        assert len(os.listdir(partial)) == 4
    models("import", path, "--name", "two", "--copy")
    assert os.listdir(partial) == [kept.name]


@pytest.mark.parametrize("status, ends, sentence", [
    (404, 66, "has no such file (status 404)"), (410, 66, "has no such file"), (500, 68, "answers with status 500"),
    (418, 68, "answers with status 418"),
])
def test_a_refusal_is_told_of_the_host_that_refused(models, status, ends, sentence):
    with Hub() as hub:
        hub.add("org/repo", "m.gguf", gguf(), faults=[answers(status)])
        told = models("pull", f"{hub.network}/org/repo/m.gguf", "--tries", 1, status=ends)
        assert f"{hub.network} {sentence}" in told and "huggingface" not in told


def test_an_alias_of_a_prefix_alone_is_not_for_all_models(fresh_server):
    client = fresh_server("--bedrock-aliases", "us.*=brume.echo").client("bedrock-runtime")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.converse(
            modelId="anthropic.claude-3-haiku-20240307-v1:0", messages=[{"role": "user", "content": [{"text": "hi"}]}])


@pytest.mark.parametrize("terminal, moves", [("xterm", True), ("dumb", False)])
def test_progress_moves_the_cursor_only_where_a_terminal_can(models, tmp_path, terminal, moves):
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf())
    ours, theirs = pty.openpty()
    try:
        subprocess.run([BINARY, "model", "import", path, "--copy"], env=models.environment | {"TERM": terminal},
                       stdout=subprocess.DEVNULL, stderr=theirs, timeout=60, check=True)
        # The terminal may pass on what it has in several pieces.
        os.write(theirs, b"the end")
        said = b""
        while b"the end" not in said:
            said += os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"copying mine.gguf" in said and (b"\x1b" in said) == moves, said
