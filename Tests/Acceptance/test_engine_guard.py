"""What happens to an engine whose guard is killed, and what a guard does with its descriptors."""

import os
import pathlib
import signal
import subprocess

import pytest

from brume_server import BINARY, ENGINE, require_engine
from gguf_models import write_model
from waiting import eventually


def children(process_id):
    """Ids of the processes that one has started."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        state, parent = stat[stat.rindex(")") + 2:].split()[:2]
        if int(parent) == process_id and state != "Z":
            found.append(int(entry.name))
    return found


def is_running(process_id):
    try:
        stat = pathlib.Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] != "Z"


def open_files(process_id):
    """What a process's descriptors are."""
    found = []
    for entry in pathlib.Path(f"/proc/{process_id}/fd").iterdir():
        try:
            found.append(os.readlink(entry))
        except OSError:
            pass  # it was closed meanwhile
    return found


def test_a_killed_guards_engine_is_ended_and_the_next_request_is_served(fresh_server, tmp_path):
    require_engine()
    write_model(tmp_path / "tiny.gguf")
    server = fresh_server("--engine", ENGINE, "--bedrock-models", f"tiny={tmp_path / 'tiny.gguf'}")
    request = {"modelId": "tiny", "messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    client = server.client("bedrock-runtime")
    client.converse(**request)
    [guard] = children(server.process.pid)
    [engine] = children(guard)
    nice = [os.getpriority(os.PRIO_PROCESS, process) for process in (server.process.pid, engine)]
    assert nice[1] == min(nice[0] + 5, 19), "an engine on the processor yields to others"
    os.kill(guard, signal.SIGKILL)
    eventually(lambda: not is_running(guard) and not is_running(engine))
    assert client.converse(**request)["stopReason"] == "end_turn"
    [other] = children(server.process.pid)
    assert other != guard and len(children(other)) == 1, "the next engine has a guard of its own"


@pytest.mark.skipif(not pathlib.Path("/proc/self/fd").exists(), reason="descriptors are told by /proc alone")
def test_a_guard_closes_what_it_inherited_and_nothing_of_its_own(tmp_path):
    """Its runtime's threads wait on descriptors, and one whose descriptor is gone uses up a core."""
    read_end, write_end = os.pipe()
    command = [BINARY, "engine-guard", tmp_path / "record", "--", "/bin/sleep", "60"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[write_end]) as guard:
        os.close(write_end)
        try:
            assert os.read(read_end, 1) == b"", "nobody has the other end"
            eventually(lambda: any("eventpoll" in target for target in open_files(guard.pid)))
        finally:
            os.close(read_end)
            guard.stdin.close()
