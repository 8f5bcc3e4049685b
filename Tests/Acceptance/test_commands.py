"""The command line: what it refuses and suggests, what it leaves alone, and where its output goes."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from brume_server import Server


@pytest.mark.parametrize("words", [
    ["env"], ["keys", "list"], ["keys", "delete", "A"], ["status"], ["doctor"], ["policies"],
    ["policies", "show", "A", "--user", "b"], ["policies", "delete", "A", "--user", "b"],
    ["model", "show", "brume.echo"], ["policies", "put", "A", "/absent", "--user", "b"],
    ["keys", "create", "--user", "b", "--policy", "/absent"], ["keys", "create", "--account", "1"],
    ["keys", "create", "--user", "a b"], ["keys", "create", "--bedrock", "--expires-days", "0"],
    ["keys", "create", "--access-key-id", "a b"],
    ["model", "remove", "A"], ["model", "pin", "A"], ["model", "alias", "A", "B"], ["model", "alias", "--delete", "A"],
    ["model", "import", "/dev/null"], ["model", "import", "--from", "safetensors", "/dev/null", "--name", "a"],
])
def test_what_only_looks_makes_no_data_directory(tmp_path, words):
    server = Server(tmp_path)
    server.run(*words)
    assert not server.data_dir.exists()


@pytest.mark.parametrize("words", [["keys"], ["policies"], ["usage"], ["model", "list"], ["model", "alias"]])
def test_a_list_of_a_directory_that_is_not_there_says_so(tmp_path, words):
    server = Server(tmp_path)
    answer = server.run(*words, "--output", "json")
    assert (answer.returncode, answer.stderr) == (0, f"there is no data directory {server.data_dir} yet\n")
    json.loads(answer.stdout)


@pytest.mark.parametrize("words, sentence", [
    (["strat"], "there is no command strat; did you mean `brume start`?"),
    (["keys", "lsit"], "there is no command lsit; did you mean `brume keys list`?"),
    (["model", "fetch", "qwen3-8b"], "there is no command fetch; `brume model --help` lists the commands"),
    (["containers"] * 2, "there is no command containers; `brume containers --help` lists the commands"),
    (["help", "strat"], "there is no command strat; did you mean `brume help start`?"),
    (["help", "keys", "lsit"], "there is no command lsit; did you mean `brume help keys list`?"),
    (["help", "fetch"], "there is no command fetch; `brume help` lists the commands"),
    (["help", "keys", "fetch"], "there is no command fetch; `brume help keys` lists the commands"),
    (["--data-dir", "x", "strat"], "there is no command strat; did you mean `brume start --data-dir …`?"),
    (["--port=1", "statsu"], "there is no command statsu; did you mean `brume status --port …`?"),
    (["keys", "--data-dir", "lost", "lsit"], "there is no command lsit; did you mean `brume keys list --data-dir …`?"),
    (["--data-dir", "x", "start"], "options come after the command: `brume start --data-dir …`"),
    (["keys", "--output=json", "list"], "options come after the command: `brume keys list --output …`"),
])
def test_a_command_that_is_none_is_told_with_the_one_that_was_meant(tmp_path, words, sentence):
    answer = Server(tmp_path).run(*words)
    assert (answer.returncode, answer.stdout, answer.stderr) == (64, "", f"brume: {sentence}\n")


def test_a_model_that_is_not_in_the_catalogue_is_told_with_the_one_that_was_meant(tmp_path):
    answer = Server(tmp_path).run("model", "pull", "qwen3-8")
    assert (answer.returncode, answer.stderr) == (
        66, "brume: there is no model qwen3-8 in the catalogue; did you mean qwen3-8b?\n")


@pytest.mark.parametrize("words, sentence", [
    (["run", "qwen3-8b"], "there is no command run; `brume start` runs the server, which loads a model at the first"),
    (["stop"], "there is no command stop; Ctrl-C or SIGTERM stops the server"),
    (["pull", "qwen3-8b"], "there is no command pull; `brume model pull` fetches a model"),
    (["model", "rm", "x"], "there is no command rm; `brume model remove` removes a model"),
    (["start", "-d"], "there is no option -d; the server runs in the foreground: "),
    (["start", "-port", "8000"], "there is no option -port; use --port"),
    (["start", "--port", "0", "-sharedDb", "-inMemory"], "there is no option -sharedDb; all keys of an account see"),
    (["-jar", "DynamoDBLocal.jar", "-sharedDb"], "there is no option -jar; `brume start` runs the server"),
    (["-sharedDb"], "there is no option -sharedDb; all keys of an account see"),
    (["--compat", "localstack"], "options come after the command: `brume start --compat …`"),
    (["start", "-delayTransientStatuses"], "there is no option -delayTransientStatuses; use --table-transition-mill"),
    (["start", "-disableTelemetry"], "there is no option -disableTelemetry; the server sends nothing to anybody"),
])
def test_words_of_other_programs_are_told_in_ours(tmp_path, words, sentence):
    answer = Server(tmp_path).run(*words)
    assert answer.returncode == 64 and answer.stderr.startswith(f"brume: {sentence}"), answer


@pytest.mark.parametrize("option, value", [
    ("--publish", "4570"), ("--publish", "0:4566"), ("--publish", "4570:0"), ("--publish", "70000:4566"),
    ("--publish", "4570:65536"), ("--publish", "+4570:4566"), ("--publish", "4570-4560:4566"),
    ("--publish", "4570:4566/udp"), ("--publish", "127.0.0.1:4570:4566"), ("--env", "NAME"), ("--label", "NAME"),
    ("--file", "model.gguf:/nowhere/model.gguf"), ("--memory", "little"),
])
def test_what_a_container_cannot_have_is_told_before_an_engine_is_asked(tmp_path, option, value):
    answer = Server(tmp_path).run(
        "containers", "create", "a", "b", "--memory", "1g", "--cpus", "1", "--pids", "9", option, value)
    assert answer.returncode == 64 and answer.stderr.startswith(f"brume: {option} takes "), answer
    assert "Usage: brume containers create" in answer.stderr


@pytest.mark.parametrize("words, sentence", [
    (["stop", "a", "--seconds=-1"], "--seconds takes 0 to 100."),
    (["restart", "a", "--seconds", "101"], "--seconds takes 0 to 100."),
    (["logs", "a", "--tail=-1"], "--tail takes a number of lines"),
])
def test_times_and_lines_that_a_container_engine_does_not_know_are_refused(tmp_path, words, sentence):
    answer = Server(tmp_path).run("containers", *words)
    assert answer.returncode == 64 and sentence in answer.stderr, answer


@pytest.mark.parametrize("second", ["4570:4567", "4571:4566"])
def test_a_port_of_a_container_is_published_once(tmp_path, second):
    answer = Server(tmp_path).run(
        "containers", "create", "a", "b", "--memory", "1g", "--cpus", "1", "--pids", "9",
        "--publish", "4570:4566", "--publish", second)
    assert answer.returncode == 64 and f"each port once: {second}" in answer.stderr, answer


def test_words_behind_options_and_help_are_left_to_the_parser(tmp_path):
    server = Server(tmp_path)
    for words in (["help"], ["help", "start"], ["help", "keys", "list"], ["help", "--help"], ["keys", "--help"]):
        answer = server.run(*words)
        assert answer.returncode == 0 and answer.stdout.startswith(("OVERVIEW", "USAGE")), answer
    assert server.run("keys", "list", "--output", "json").stdout == "[]\n"
    assert server.run("keys", "--config", "/nonexistent/list").returncode == 78
    assert server.run("--generate-completion-script", "bash").stdout.startswith("#!/bin/bash")
    assert "start" in server.run("--experimental-dump-help", "start").stdout
    for words in (["--wrong", "x"], ["--wrong", "--", "strat"], ["keys", "--wrong", "there"]):
        answer = server.run(*words)
        assert answer.returncode == 64 and answer.stderr.startswith("brume: Unknown option "), answer
    assert server.run("--version").stdout == server.run("version").stdout and "USAGE: brume" in server.run().stdout


@pytest.mark.parametrize("words", [
    ["model", "pull", "https://me:s3cret@127.0.0.1/tiny.gguf"],
    ["model", "pull", "qwen3-8b", "--endpoint", "https://s3cret@127.0.0.1"],
    ["model", "show", "http://me:s3cret@127.0.0.1/tiny.gguf"],
    ["model", "probe", "http://me:s3cret@127.0.0.1:1/v1#tiny"],
    ["start", "--upstream", "dynamodb=http://me:s3cret@node:4567"],
    ["start", "--identity-url", "http://me:s3cret@node:4567"],
    ["containers", "list", "--docker-socket", "tcp://me:s3cret@engine:2375"],
])
def test_passwords_of_addresses_are_not_repeated(tmp_path, words):
    answer = Server(tmp_path).run(*words)
    assert answer.returncode != 0 and "://***@" in answer.stderr, answer
    assert "s3cret" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("words", [["version"], ["completion", "bash"], ["keys", "list", "--output", "json"]])
def test_an_output_that_takes_no_more_is_told(tmp_path, words):
    with open("/dev/full", "wb") as full:
        answer = Server(tmp_path).run(*words, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert answer.returncode == 73, answer
    assert answer.stderr.endswith("brume: standard output cannot be written: No space left on device\n")


@pytest.mark.parametrize("words", [["status"], ["doctor"], ["keys"], ["model", "show", "a"]])
def test_a_path_moves_no_cursor(tmp_path, words):
    answer = Server(tmp_path).run(*words, "--data-dir", tmp_path / "x\x1b[2J")
    assert "\x1b" not in answer.stdout + answer.stderr, answer


def test_streams_that_the_caller_closed_are_no_files_of_the_server(tmp_path):
    with Server(tmp_path, words=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]) as server:
        streams = pathlib.Path(f"/proc/{server.process.pid}/fd")
        assert [os.readlink(streams / str(number)) for number in range(3)] == [os.devnull] * 3


def test_paths_are_completed(tmp_path):
    """In bash, as Tab does it: the last word is empty."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "some.yaml").write_text("")
    script = tmp_path / "brume.bash"
    script.write_text(Server(tmp_path).run("completion", "bash").stdout)

    def completed(*words):
        line = " ".join(["brume", *words, ""])
        ask = (f'source brume.bash; COMP_WORDS=({line} ""); COMP_CWORD={len(words) + 1}; COMP_LINE="{line}"; '
               f'COMP_POINT={len(line)}; _brume brume "" "{words[-1]}"; printf "%s\\n" "${{COMPREPLY[@]}}"')
        answer = subprocess.run(["bash", "-c", ask], cwd=tmp_path, capture_output=True, text=True, timeout=20)
        return answer.stdout.split()

    assert completed("status", "--data-dir") == ["folder"]
    for words in (["start", "--config"], ["env", "--config"], ["usage", "--prices"], ["config", "check"]):
        assert "some.yaml" in completed(*words), words
    assert set(completed("completion")) >= {"bash", "zsh", "fish"}
    assert set(completed("start", "--durability")) == {"durable", "relaxed"}
    assert set(completed("start", "--plaintext")) == {"true", "false"}


def test_doctor_finds_nothing_missing_where_only_the_aws_command_is(server):
    answer = server.run("doctor", env=server.environment | {"PATH": "/nonexistent"})
    assert answer.returncode == 0, answer.stdout
    assert re.search(r"^optional aws command: ", answer.stdout, re.MULTILINE)


def test_doctor_tells_of_a_wrong_configuration_among_other_things(server, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("region: us-east-1\nport: x\n")
    answer = server.run("doctor", "--config", file, "--output", "json")
    assert (answer.returncode, answer.stderr) == (1, ""), answer
    findings = {finding["subject"]: finding for finding in json.loads(answer.stdout)}
    assert [(name, finding["ok"]) for name, finding in findings.items()] == [
        ("configuration", False), ("data directory", True), ("server", True),
        ("aws command", findings["aws command"]["ok"])]
    assert findings["configuration"]["detail"].startswith(f"{file}:2:1: `port` takes a whole number")
    absent = tmp_path / "absent.yaml"
    text = server.run("doctor", "--config", absent).stdout
    assert text.startswith(f"problem  configuration: {absent}: there is no such file\n         correct it")
