"""Models share a memory that is too small for all of them: with the real engine, and a budget by setting.

The models are tiny, but wide enough that one takes some ten MiB by its cache; `host-memory` is what they share.
"""

import json
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

import botocore.exceptions
import pytest

from brume_server import BINARY, ENGINE, require_engine
from gguf_models import TEXT, write_model
from waiting import eventually

MIB = 1 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    require_engine()
    folder = tmp_path_factory.mktemp("models")
    for name in ("one", "two", "three"):
        write_model(folder / f"{name}.gguf")
    return folder


@pytest.fixture
def start(folder, fresh_server):
    """A server with the three models and so many MiB for them."""

    def start(mebibytes, *words):
        names = ",".join(f"{name}={folder / name}.gguf" for name in ("one", "two", "three"))
        return fresh_server(
            "--bedrock-models", names, "--host-memory", f"{mebibytes}MiB", *words,
            environment={"BRUME_ENGINE": ENGINE})

    return start


def ask(server, model, **options):
    client = server.client("bedrock-runtime", **options)
    answer = client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "hi"}]}])
    assert answer["output"]["message"]["content"] == [{"text": TEXT}]


def loaded(server):
    """What is loaded, by name."""
    answer = server.run("model", "status", "--output", "json")
    assert answer.returncode == 0, answer.stderr
    return {model["name"]: model for model in json.loads(answer.stdout)["models"] if model["state"] == "ready"}


def need(folder, **wish):
    """MiB of one model by `brume model plan`, rounded up."""
    words = [word for name, value in wish.items() for word in (f"--{name}", str(value))]
    command = [str(BINARY), "model", "plan", str(folder / "one.gguf"), "--gpu", "none", "--output", "json", *words]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return -(-json.loads(answer.stdout)["hostBytes"] // MIB)


def test_models_that_fit_stay_loaded_beside_each_other(start, folder):
    server = start(3 * need(folder) + 3)
    for model in ("one", "two", "three"):
        ask(server, model)
    models = loaded(server)
    assert set(models) == {"one", "two", "three"}
    for model in models.values():
        assert (model["slots"], model["contextTokens"], model["cacheType"]) == (4, 8192, "f16")
        assert 0 < model["hostBytes"] <= (need(folder) + 1) * MIB
    memory = json.loads(server.run("engine", "status", "--output", "json").stdout)["memory"]
    [host] = [line for line in memory if line["id"] == "host"]
    assert host["bookedBytes"] == sum(model["hostBytes"] for model in models.values()) <= host["limitBytes"]


def test_two_that_do_not_fit_together_are_swapped(start, folder):
    # One slot with a small cache fits, two models of that do not.
    server = start(need(folder, slots=1) + 1)
    for model in ("one", "two", "one"):
        ask(server, model)
        assert set(loaded(server)) == {model}
    log = (server.data_dir / "logs" / "access.log").read_text()
    assert "model one unloaded to make room for two" in log
    assert "model one is started with 1 slot of 8192 tokens" in log
    assert "1 slot instead of 4: fewer answers at once, others wait." in log


def test_a_pinned_model_stays_and_what_never_fits_beside_it_is_refused(start, folder):
    server = start(need(folder, slots=1) + 1)
    for words in (("import", str(folder / "one.gguf"), "--name", "mine"), ("pin", "mine")):
        done = server.run("model", *words)
        assert done.returncode == 0, done.stderr
    ask(server, "mine")
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        ask(server, "two")
    assert failure.value.response["Error"]["Code"] == "ServiceUnavailableException"
    assert "beside the pinned models mine" in failure.value.response["Error"]["Message"]
    assert set(loaded(server)) == {"mine"} and loaded(server)["mine"]["pinned"]
    assert server.run("model", "pin", "mine", "--off").returncode == 0
    ask(server, "two")
    assert set(loaded(server)) == {"two"}


def test_a_model_of_the_configuration_is_aliased_and_pinned_as_any_other(start, folder):
    server = start(need(folder, slots=1) + 1)
    for words in (("alias", "anthropic.*", "one"), ("pin", "anthropic.*")):
        done = server.run("model", *words)
        assert done.returncode == 0, done.stderr
    ask(server, "anthropic.claude-3-haiku-20240307-v1:0")
    assert loaded(server)["one"]["pinned"]
    # It is loaded with the server from now on.
    server.restart(hard=False)
    deadline = time.monotonic() + 30
    while "one" not in loaded(server):
        assert time.monotonic() < deadline, loaded(server)
        time.sleep(0.1)
    with pytest.raises(botocore.exceptions.ClientError, match="beside the pinned models one"):
        ask(server, "two")
    assert server.run("model", "pin", "one", "--off").returncode == 0
    ask(server, "two")
    assert set(loaded(server)) == {"two"}
    planned = json.loads(server.run("model", "plan", "one", "--gpu", "none", "--output", "json").stdout)
    assert planned["model"] == "one" and planned["decision"] == "start"


def test_a_request_waits_for_room_and_is_served(start, folder):
    server = start(need(folder, slots=1) + 1)
    ask(server, "one")
    client = server.client("bedrock-runtime")
    stream = client.converse_stream(
        modelId="one", messages=[{"role": "user", "content": [{"text": "hi"}]}])["stream"]
    events = iter(stream)
    next(events)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(ask(server, "two")))
    waiting.start()
    for _ in events:
        time.sleep(0.01)
    waiting.join(45)
    assert answers == [None]
    assert set(loaded(server)) == {"two"}


def test_a_load_that_has_begun_goes_on_when_nobody_waits_for_it(folder, fresh_server, tmp_path):
    slow, awaited = tmp_path / "slow-engine", tmp_path / "awaited"
    slow.write_text(
        f'#!/bin/sh\ncase "$*" in *--model*) until [ -e {awaited} ]; do sleep 0.1; done;; esac\nexec {ENGINE} "$@"\n')
    slow.chmod(0o755)
    server = fresh_server("--bedrock-models", f"one={folder / 'one.gguf'}", environment={"BRUME_ENGINE": str(slow)})
    with subprocess.Popen(
        [BINARY, "model", "load", "one"], env=server.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
        # Whoever runs this in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as command:
        eventually(lambda: "loading" in server.run("model", "status").stdout)
        command.send_signal(signal.SIGINT)
        said = command.communicate(timeout=30)[1].splitlines()
    assert (command.returncode, said[-1]) == (
        -signal.SIGINT, "stopped waiting; a load of one that has begun goes on: see `brume model status`")
    awaited.touch()
    eventually(lambda: "one" in loaded(server))


def test_one_that_is_too_large_is_refused_with_the_numbers(start, folder):
    server = start(1)
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        ask(server, "one")
    error = failure.value.response["Error"]
    assert error["Code"] == "ServiceUnavailableException"
    assert "The model one cannot be loaded. The machine's memory is too small: " in error["Message"]
    assert "MiB are needed, 1 MiB may be used." in error["Message"] and "host-memory" in error["Message"]
    refused = server.run("model", "load", "one")
    assert refused.returncode == 75 and "MiB are needed" in refused.stderr


def test_a_profile_stands_for_a_card_and_the_engine_computes_on_the_processor(start, folder, tmp_path):
    profile = tmp_path / "card.json"
    profile.write_text('{"name": "Small card", "memoryGiB": 0.5, "marginGiB": 0}')
    server = start(4000, "--gpu-profile", str(profile))
    ask(server, "one")
    model = loaded(server)["one"]
    assert model["device"] == "Small card" and 450 * MIB < model["deviceBytes"] <= 512 * MIB
    # A second one finds no place on the card: the first one is idle, and goes.
    ask(server, "two")
    assert set(loaded(server)) == {"two"}
    log = (server.data_dir / "logs" / "access.log").read_text()
    assert "has no GPU: models planned for Small card" in log


def test_what_is_loaded_is_shown(start, folder):
    server = start(4000)
    ask(server, "one")
    listed = server.run("model", "list").stdout
    assert "ready: 4 slots of 8192 tokens" in listed and str(folder / "two.gguf") in listed
    shown = server.run("model", "show", "one").stdout
    assert "the setting bedrock-models" in shown and "4 slots of 8192 tokens" in shown
    status = server.run("engine", "status", "--output", "json")
    assert status.returncode == 0, status.stderr
    report = json.loads(status.stdout)
    assert report["devices"] == [] and report["serverRuns"] and report["models"][0]["name"] == "one"
    text = server.run("engine", "status").stdout
    assert "FOR MODELS" in text and "the processor" in text and "one" in text and "{" not in text
    doctor = json.loads(server.run("doctor", "--output", "json").stdout)
    assert [finding["ok"] for finding in doctor if finding["subject"] == "engine"] in ([True], [])


def test_a_stop_leaves_no_directory_of_engines_and_a_start_removes_others(folder, fresh_server):
    # A path that is short enough for sockets.
    runtime = pathlib.Path(tempfile.mkdtemp(prefix="brume-run-"))
    words = ("--engine", ENGINE, "--bedrock-models", f"one={folder}/one.gguf")
    environment = {"XDG_RUNTIME_DIR": str(runtime)}
    killed = fresh_server(*words, environment=environment)
    ask(killed, "one")
    [left] = runtime.iterdir()
    killed.kill()
    assert left.exists()
    server = fresh_server(*words, environment=environment)
    [own] = runtime.iterdir()
    assert own != left
    ask(server, "one")
    assert server.stop() == 0
    assert not list(runtime.iterdir())
    runtime.rmdir()
