"""The life of the process: start, refusals to start, drain, kill."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request

import botocore.exceptions
import pytest

from brume_server import ACCESS_KEY_ID, BINARY, SECRET_ACCESS_KEY, Server, ServerDied, clean_environment


def test_health_and_readiness_answer_without_a_signature(server):
    assert server.get("/healthz").status == 200
    assert server.get("/readyz").status == 200


def test_metrics_are_in_prometheus_form(server):
    text = server.get("/metrics").read().decode()
    assert re.search(r"^# TYPE \w+ (counter|gauge|histogram)$", text, re.MULTILINE)
    assert re.search(r"^\w+(\{.*\})? [0-9.e+]+$", text, re.MULTILINE)


def test_what_only_rises_is_a_counter(server):
    text = server.get("/metrics").read().decode()
    for name in ("connections_accepted", "connections_refused", "bytes_in", "bytes_out", "requests_refused"):
        assert f"# TYPE brume_edge_{name}_total counter\n" in text
    assert "# TYPE brume_edge_connections_open gauge\n" in text
    counters = re.findall(r"^# TYPE (\w+) counter$", text, re.MULTILINE)
    assert counters and all(name.endswith("_total") for name in counters), counters
    accepted = re.compile(r"^brume_edge_connections_accepted_total (\d+)$", re.MULTILINE)
    later = server.get("/metrics").read().decode()
    assert int(accepted.search(later)[1]) > int(accepted.search(text)[1])


def test_threads_have_names_of_their_own(server):
    names = {path.read_text().strip() for path in pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/comm")}
    assert {"access-log", "store-commit", "store-read"} <= names


def test_the_start_lines_name_the_endpoint_and_keep_the_secret(fresh_server):
    server = fresh_server()
    log = server.log_tail(200)
    assert str(server.port) in log
    assert SECRET_ACCESS_KEY not in log


def test_sigterm_drains_and_ends_well(fresh_server):
    server = fresh_server()
    server.process.terminate()
    assert server.stop() == 0, "a second signal changes nothing"
    server.start()
    assert server.get("/readyz").status == 200


def test_a_stop_is_told_before_the_port_closes(fresh_server):
    server = fresh_server("--drain-delay-seconds", "2")
    server.process.terminate()
    deadline = time.monotonic() + 1.5
    while (answer := server.get("/readyz")).status == 200 and time.monotonic() < deadline:
        pass
    # Each of these is a new connection.
    assert (answer.status, answer.read()) == (503, b"draining\n")
    assert server.get("/healthz").status == 200
    assert server.client("dynamodb").list_tables()["TableNames"] == []
    assert server.stop() == 0


@pytest.mark.parametrize("made", ["identity/seal.key", "store", "logs/access.log", "server"])
def test_sigterm_during_the_start_ends_well(fresh_server, made):
    server = fresh_server(ready=False)
    deadline = time.monotonic() + 10
    while not (server.data_dir / made).exists():
        assert server.process.poll() is None and time.monotonic() < deadline, server.log_tail()
    assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_anything_is_opened_leaves_nothing_behind(tmp_path, number):
    """From the moment the signals are caught, which is before the options are parsed."""
    # A busy machine may look too late, and then the server has begun.
    for attempt in range(20):
        folder = tmp_path / str(attempt)
        with subprocess.Popen(
            [BINARY, "start", "--port", "0", "--data-dir", folder], env=clean_environment(tmp_path),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:
            status = pathlib.Path(f"/proc/{process.pid}/status")
            while process.poll() is None:
                caught = re.search(r"^SigCgt:\s*(\w+)$", status.read_text(), re.MULTILINE)
                if caught and all(int(caught[1], 16) >> each - 1 & 1 for each in (signal.SIGTERM, signal.SIGINT)):
                    break
            process.send_signal(number)
            said = process.communicate(timeout=30)[0]
        assert process.returncode == 0, said
        if not folder.exists():
            assert said == ""
            return
    pytest.fail("a data directory was made each time")


def test_sigterm_during_a_start_that_fails_ends_well(tmp_path):
    """A database that is waited for, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        address = f"postgres://brume@127.0.0.1:{listener.getsockname()[1]}/brume"
        with subprocess.Popen(
            [BINARY, "start", "--port", "0", "--data-dir", tmp_path / "data", "--store", address],
            env=clean_environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:
            with listener.accept()[0]:
                began = time.monotonic()
                process.terminate()
                said = process.communicate(timeout=60)[0]
                # One second, and what a busy machine adds; the database would be waited for five.
                assert time.monotonic() - began < 4
    assert (process.returncode, said) == (0, "")


def test_the_limit_of_open_files_is_raised_and_connections_stay_below_it(fresh_server):
    server = fresh_server(open_files=(256, 1024))
    limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
    assert re.search(r"^Max open files +1024 +1024 ", limits, re.MULTILINE)
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5)) for _ in range(1100)
        ]
        refused = 0
        for connection in connections:
            connection.settimeout(5)
            try:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                refused += not connection.recv(100)
            except (BrokenPipeError, ConnectionResetError):
                refused += 1
        assert refused == 1100 - (1024 - 700)
    deadline = time.monotonic() + 10
    while True:
        try:
            assert server.get("/healthz").status == 200
            break
        except OSError:
            assert time.monotonic() < deadline, "places of closed connections are free again"
            time.sleep(0.05)


@pytest.mark.alone
def test_a_killed_server_starts_again_within_a_second(fresh_server):
    server = fresh_server()
    server.kill()
    begun = time.monotonic()
    server.start()
    assert time.monotonic() - begun < 1


def test_a_port_in_use_is_told_apart(fresh_server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerDied, match="status 71") as refused:
            fresh_server(port=port)
        assert str(port) in str(refused.value)


def test_a_store_in_use_is_told_apart(fresh_server):
    first = fresh_server()
    second = Server(first.folder)
    with pytest.raises(ServerDied, match="status 75"):
        second.start()
    assert first.get("/readyz").status == 200


def test_a_store_is_not_copied_onto_itself(fresh_server, tmp_path):
    server = fresh_server()
    assert server.stop() == 0
    (tmp_path / "link").symlink_to(server.data_dir)
    for target in (server.data_dir, f"{server.data_dir}/", tmp_path / "link"):
        refused = server.run("store", "copy", "--from", server.data_dir, "--to", target)
        assert refused.returncode == 64 and "are one place" in refused.stderr, refused
        assert "remove" not in refused.stderr
    copied = server.run("store", "copy", "--from", server.data_dir, "--to=~/copied")
    assert copied.returncode == 0 and (server.folder / "copied" / "store" / "format").exists(), copied


def test_a_copy_of_what_is_no_store_is_told_apart(server, tmp_path):
    for source in (tmp_path, tmp_path / "absent"):
        refused = server.run("store", "copy", "--from", source, "--to", tmp_path / "target")
        assert refused.returncode == 66 and f"there is no store in {source}: " in refused.stderr, refused
    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_that_is_a_file_is_told_apart(tmp_path):
    server = Server(tmp_path)
    server.data_dir.write_text("not a directory")
    with pytest.raises(ServerDied, match="status 73"):
        server.start()


def test_a_data_directory_of_another_user_is_told_apart(tmp_path):
    server = Server(tmp_path)
    server.data_dir.mkdir()
    server.data_dir.chmod(0)
    # Root may enter any directory; somebody else may not enter root's.
    user = {"user": 65534} if os.geteuid() == 0 else {}
    for words in (["start", "--port", "0"], ["status"], ["keys", "list"]):
        answer = server.run(*words, **user)
        assert answer.returncode == 73, answer
        assert "Permission denied. Name another with --data-dir." in answer.stderr
    answer = server.run("store", "copy", "--from", server.data_dir, "--to", tmp_path / "copy", **user)
    assert (answer.returncode, answer.stdout) == (73, "") and "Permission denied" in answer.stderr, answer
    # What is wrong with the directory is one of the doctor's findings.
    answer = server.run("doctor", **user)
    assert (answer.returncode, answer.stderr) == (1, ""), answer
    assert answer.stdout.startswith("problem  data directory: the data directory cannot be used: cannot open ")
    assert "aws command" in answer.stdout
    server.data_dir.chmod(0o700)


def test_a_lock_of_keys_that_cannot_be_taken_says_why(server, tmp_path):
    copied = Server(tmp_path)
    shutil.copytree(server.data_dir, copied.data_dir, ignore=shutil.ignore_patterns("store", "server"))
    lock = copied.data_dir / "identity" / "access-keys.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    refused = copied.run("keys", "delete", "AKIAABSENT")
    assert (refused.returncode, refused.stderr) == (
        73, f"brume: the data directory cannot be used: cannot open {lock}: Is a directory. Name another with "
        "--data-dir.\n")


def test_flags_of_the_start_are_known_to_the_other_commands(fresh_server):
    server = fresh_server("--plaintext", "false", ready=False)
    deadline = time.monotonic() + 10
    while server.run("healthcheck").returncode != 0:
        assert server.process.poll() is None and time.monotonic() < deadline, server.log_tail()
    assert f"https://localhost:{server.port}" in server.run("status").stdout
    assert json.loads(server.run("env", "--output", "json").stdout)["AWS_ENDPOINT_URL"].startswith("https://")
    refused = server.run("env", "--plaintext")
    assert refused.returncode == 78
    assert "TLS only" in refused.stderr


def test_a_certificate_given_as_a_flag_needs_no_bundle(fresh_server, server):
    tls = server.data_dir / "tls"
    other = fresh_server("--tls-cert", str(tls / "server.pem"), "--tls-key", str(tls / "server.key"))
    assert "AWS_CA_BUNDLE" not in other.client_environment()


def test_a_relative_data_directory_gives_absolute_paths(server):
    answer = server.run("env", "--data-dir", "./data", "--output", "json", cwd=server.folder)
    assert json.loads(answer.stdout)["AWS_CA_BUNDLE"] == str(server.data_dir / "tls" / "ca.pem")


def test_env_takes_away_what_would_beat_the_keys(server):
    exports = server.run("env").stdout
    script = 'AWS_SESSION_TOKEN=a; AWS_PROFILE=b; eval "$0"; echo "${AWS_SESSION_TOKEN-}${AWS_PROFILE-}"'
    shell = subprocess.run(["sh", "-c", script, exports], check=True, capture_output=True, text=True)
    assert shell.stdout == "\n"


def test_env_is_understood_by_other_shells(server):
    assert server.run("env", "--shell", "zsh").stdout == server.run("env").stdout
    fish = server.run("env", "--shell", "fish").stdout
    assert f"set -gx AWS_ACCESS_KEY_ID '{ACCESS_KEY_ID}'\n" in fish and "set -e AWS_PROFILE\n" in fish
    powershell = server.run("env", "--shell", "powershell").stdout
    assert f"$env:AWS_ACCESS_KEY_ID = '{ACCESS_KEY_ID}'\n" in powershell
    assert "Remove-Item -ErrorAction Ignore Env:AWS_PROFILE\n" in powershell
    assert server.run("env", "--shell", "tcsh").returncode == 64


def test_env_prints_what_an_sdk_needs_in_both_forms(server):
    exports = server.run("env").stdout
    variables = json.loads(server.run("env", "--output", "json").stdout)
    assert variables["AWS_ACCESS_KEY_ID"] == ACCESS_KEY_ID
    assert variables["AWS_SECRET_ACCESS_KEY"] == SECRET_ACCESS_KEY
    assert variables["AWS_ENDPOINT_URL"].endswith(f":{server.port}")
    assert variables["AWS_DISABLE_HOST_PREFIX_INJECTION"] == "true"
    for name in variables:
        assert f"export {name}=" in exports


def test_status_and_healthcheck_find_the_server_and_miss_a_stopped_one(fresh_server):
    server = fresh_server()
    assert server.run("healthcheck").returncode == 0
    assert str(server.port) in server.run("status").stdout
    server.stop()
    assert server.run("healthcheck").returncode != 0
    assert server.run("status").returncode == 69


@pytest.mark.parametrize("gone", ["data", "data/store"])
def test_a_data_directory_that_is_removed_is_told(fresh_server, gone):
    server = fresh_server()
    client = server.client("dynamodb")
    client.create_table(
        TableName="Kept", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    client.put_item(TableName="Kept", Item={"id": {"S": "a"}})
    shutil.rmtree(server.folder / gone)
    reason = f"the store's directory {server.data_dir}/store is gone"
    answer = server.get("/readyz")
    assert answer.status == 503 and reason in answer.read().decode()
    # What is still open is read; what would be lost is not taken. The keys may be gone too, which a server notices
    # within two seconds.
    assert client.get_item(TableName="Kept", Key={"id": {"S": "a"}})["Item"] == {"id": {"S": "a"}}
    with pytest.raises(botocore.exceptions.ClientError, match="The store does not take writes now"):
        client.put_item(TableName="Kept", Item={"id": {"S": "b"}})
    with_port = server.environment | {"BRUME_PORT": str(server.port)}
    assert f"ready     no: {reason}" in server.run("status", env=with_port).stdout
    doctor = server.run("doctor", env=with_port)
    assert doctor.returncode == 1 and f"server: not ready: {reason}" in doctor.stdout
    health = server.run("healthcheck", env=with_port)
    assert health.returncode == 69 and reason in health.stderr


def test_a_store_that_a_second_start_made_anew_takes_no_writes_of_the_first(fresh_server):
    server = fresh_server()
    client = server.client("dynamodb")
    client.create_table(
        TableName="Kept", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    shutil.rmtree(server.folder / "data")
    assert server.run("start", "--port", str(server.port)).returncode == 71
    assert (server.folder / "data" / "store" / "format").exists()
    with pytest.raises(botocore.exceptions.ClientError, match="The store does not take writes now"):
        client.put_item(TableName="Kept", Item={"id": {"S": "a"}})
    assert "is gone, or another stands in its place" in server.get("/readyz").read().decode()


def test_a_server_that_localhost_does_not_lead_to_is_called_by_its_address(tmp_path):
    class ElsewhereServer(Server):
        @property
        def url(self):
            return f"http://127.0.0.2:{self.port}"

    with ElsewhereServer(tmp_path, "--host", "127.0.0.2") as server:
        assert f"\nendpoint     127.0.0.2:{server.port}, http and https, listening on 127.0.0.2\n" in server.log_tail()
        variables = server.client_environment()
        assert variables["AWS_ENDPOINT_URL"] == f"https://127.0.0.2:{server.port}"
        trusted = ssl.create_default_context(cafile=variables["AWS_CA_BUNDLE"])
        health = f"{variables['AWS_ENDPOINT_URL']}/healthz"
        assert urllib.request.urlopen(health, context=trusted, timeout=5).status == 200
        assert server.run("healthcheck").returncode == 0
        assert f"endpoint  {server.url}\n" in server.run("status").stdout


def test_the_root_key_given_first_holds_for_later_starts(fresh_server):
    server = fresh_server()
    server.stop()
    for name in ("BRUME_ROOT_ACCESS_KEY_ID", "BRUME_ROOT_SECRET_ACCESS_KEY"):
        del server.environment[name]
    server.start()
    assert server.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_what_a_program_in_the_servers_place_says_does_no_harm(fresh_server):
    """Another program may have taken the port since; its words come to a terminal, or never end."""
    server = fresh_server()
    lines = (server.data_dir / "server").read_text().splitlines()
    server.stop()
    (server.data_dir / "identity" / "control-token").write_text("0" * 64)
    evil = b"\x1b]0;title\x07\x1b[31mred\x7f\n"

    def answer(connection, is_slow):
        with connection, contextlib.suppress(OSError):
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: %d\r\n\r\n" % len(evil))
            for byte in b"x" * 600 if is_slow else b"":
                connection.sendall(bytes([byte]))
                time.sleep(0.1)
            connection.sendall(evil)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        stranger = [str(os.getpid()), str(listener.getsockname()[1]), *lines[2:]]
        (server.data_dir / "server").write_text("\n".join(stranger) + "\n")
        for is_slow, words in [(False, ["status"]), (False, ["healthcheck"]), (False, ["doctor"]),
                              (False, ["model", "load", "m"]), (True, ["status"])]:
            thread = threading.Thread(target=lambda: answer(listener.accept()[0], is_slow), daemon=True)
            thread.start()
            said = server.run(*words, timeout=30)
            assert is_slow or "red" in said.stdout + said.stderr
            assert not re.search(r"[^\n\t -\x7e\x80-\uffff]", said.stdout + said.stderr), said


def test_a_server_that_hangs_is_told_apart_from_none(fresh_server):
    server = fresh_server()
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        # At the same time: one waits 10 seconds, the others 3.
        asking = [
            subprocess.Popen([BINARY, *words, "--data-dir", server.data_dir], env=server.environment, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for words in (["model", "status"], ["doctor"], ["model", "list"])
        ]
        (_, status_said), (found, _), (listed, list_said) = [process.communicate(timeout=60) for process in asking]
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert [process.returncode for process in asking] == [69, 1, 0]
    number = server.process.pid
    # What is on disk needs no server.
    assert "brume.echo" in listed
    assert f"brume: the server (process {number}) has not answered for 3 seconds; only what is on disk" in list_said
    assert status_said.endswith(f"brume: the server (process {number}) has not answered for 10 seconds\n")
    assert f"\nproblem  server: process {number} was started as the server, but nothing answers on port " in found


def test_a_command_that_the_server_refuses_ends_as_documented(fresh_server):
    server = fresh_server()
    (server.data_dir / "identity" / "control-token").write_text("0" * 64)
    refused = server.run("model", "load", "brume.echo")
    assert (refused.returncode, refused.stderr) == (77, "brume: only the owner of the data directory may do this\n")
