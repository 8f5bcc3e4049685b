"""The configuration: checked and shown without a server, and read again by one that runs."""

import json
import os
import pty
import re
import signal
import subprocess

import pytest
from botocore.exceptions import ClientError

from brume_server import BINARY, ROOT, clean_environment
from waiting import eventually


def brume(home, *words):
    return subprocess.run(
        [BINARY, *words], capture_output=True, text=True, timeout=30, env=clean_environment(home))


def test_check_counts_what_holds_and_names_line_and_column_of_a_mistake(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("port: 4570\nthrottling: false\n")
    good = brume(tmp_path, "config", "check", str(file))
    assert good.returncode == 0 and "2 settings apply" in good.stdout
    for text, place in [
        ("port: 4570\nthrotling: false\n", f"{file}:2:1: there is no setting"),
        ("drain-seconds: soon\n", f"{file}:1:1: `drain-seconds` takes a whole number"),
        ("port: 1\nhost: [a\n", f"{file}:3:1: this is not YAML"),
        ("# settings\n- port: 1\n", f"{file}:2:1: the file must consist of"),
        ("port: 1\n# Zürich\n", f"cannot use {file}: line 2 is not UTF-8 text"),
    ]:
        file.write_bytes(text.encode("latin-1"))
        bad = brume(tmp_path, "config", "check", str(file))
        assert bad.returncode == 78, bad
        assert place in bad.stderr, bad.stderr


def test_what_is_set_and_does_nothing_is_told_of(fresh_server, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("cluster-key-file: /absent\n")
    checked = brume(tmp_path, "config", "check", str(file))
    assert checked.returncode == 0 and "\ncluster-key-file HAS NO EFFECT" in checked.stdout
    server = fresh_server("--config", str(file))
    assert "\ncluster      cluster-key-file HAS NO EFFECT" in server.log_tail()
    file.write_text("tls-names: [good.test, a/b]\n")
    checked = brume(tmp_path, "config", "check", str(file))
    assert checked.returncode == 78 and "takes names such as" in checked.stderr and "a/b is neither" in checked.stderr


@pytest.mark.parametrize("variables, is_coloured", [
    ({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False),
])
def test_a_warning_is_coloured_on_terminals_that_want_it(tmp_path, variables, is_coloured):
    (tmp_path / "config.yaml").write_text("cluster-key-file: /absent\n")
    words = [BINARY, "config", "check", str(tmp_path / "config.yaml")]
    environment = clean_environment(tmp_path)
    environment.pop("NO_COLOR", None)
    environment |= {"TERM": "xterm"} | variables
    ours, theirs = pty.openpty()
    try:
        subprocess.run(words, env=environment, stdout=theirs, timeout=30, check=True)
        said = os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (b"\x1b[33mcluster-key-file HAS NO EFFECT" in said) == is_coloured, said
    assert b"cluster-key-file HAS NO EFFECT" in said
    piped = subprocess.run(words, env=environment, capture_output=True, timeout=30, check=True)
    assert b"\x1b" not in piped.stdout


def test_show_says_where_each_value_is_from(tmp_path):
    (tmp_path / "config.yaml").write_text("drain-seconds: 3\n")
    shown = brume(tmp_path, "config", "show", "--data-dir", str(tmp_path), "--output", "json")
    settings = {setting["name"]: setting for setting in json.loads(shown.stdout)}
    assert settings["drain-seconds"]["value"] == "3"
    assert settings["drain-seconds"]["from"] == f"{tmp_path}/config.yaml:1:1"
    assert settings["drain-seconds"]["live"] is True
    assert settings["port"] == {"name": "port", "value": None, "default": "4566", "from": "default", "live": False}
    assert settings["data-dir"]["from"] == "--data-dir"


def test_every_setting_has_its_flag_and_its_lines_in_the_user_guide(tmp_path):
    shown = json.loads(brume(tmp_path, "config", "show", "--output", "json").stdout)
    defaults = {setting["name"]: setting["default"] for setting in shown}
    flags = re.findall(r"^  --([a-z-]+)", brume(tmp_path, "start", "--help").stdout, re.MULTILINE)
    assert sorted(flags) == sorted([*defaults, "config", "version"])
    guide = (ROOT / "docs" / "user-guide.md").read_text()
    rows = re.findall(r"^\| `--([a-z-]+)` \| `(BRUME_[A-Z_]+)` \| `([a-z-]+)` \| (.*) \|$", guide, re.MULTILINE)
    told = {flag: (variable, key, default.replace("`", "")) for flag, variable, key, default in rows}
    assert told == {
        name: ("BRUME_" + name.upper().replace("-", "_"), name, default) for name, default in defaults.items()}
    meanings = " ".join(re.findall(r"^\| (`[a-z`, -]+`) \| ", guide, re.MULTILINE))
    assert set(re.findall(r"`([a-z-]+)`", meanings)) >= set(defaults)


def test_a_flag_beats_the_file_and_one_that_stands_alone_means_true(fresh_server, tmp_path):
    (tmp_path / "config.yaml").write_text("port: 1\nservices: none\n")
    server = fresh_server(
        "--config", str(tmp_path / "config.yaml"), "--services=sts", "--insecure-accept-any-credentials")
    said = server.log_tail()
    assert f"localhost:{server.port}," in said and "\nservices     sts (" in said
    assert "NOT VERIFIED: --insecure-accept-any-credentials" in said


def converse(server, text="hello"):
    client = server.client("bedrock-runtime")
    message = {"role": "user", "content": [{"text": text}]}
    answer = client.converse(modelId="anthropic.claude-3-haiku-20240307-v1:0", messages=[message])
    return answer["output"]["message"]["content"][0]["text"]


@pytest.mark.parametrize("how", ["signal", "watch"])
def test_a_running_server_takes_what_can_change_and_keeps_the_rest(fresh_server, tmp_path, how):
    file = tmp_path / "brume.yaml"
    file.write_text("drain-seconds: 5\n")
    server = fresh_server("--config", str(file))
    with pytest.raises(ClientError):
        converse(server)
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"rules": [{"model": "anthropic.*", "reply": "canned"}]}))

    def say(text):
        file.write_text(text)
        if how == "signal":
            server.process.send_signal(signal.SIGHUP)

    def answered(wanted):
        def attempt():
            try:
                return True if wanted in converse(server) else None
            except ClientError:
                return None

        return attempt

    say(f"region: eu-west-3\nbedrock-rules: {rules}\n")
    eventually(answered("canned"))
    # A mistake changes nothing, and the log says what it is.
    say("bedrock-rules: /nowhere.json\n")
    eventually(lambda: True if "configuration kept as it was" in server.log_tail(200) else None)
    assert converse(server) == "canned"
    say("bedrock-aliases: anthropic.*=brume.echo\n")
    eventually(answered("brume.echo"))
    assert "region will change at the next start" in server.log_tail(200)
