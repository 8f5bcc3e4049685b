"""`--help` of every command."""

import concurrent.futures
import json

import pytest

from brume_server import Server

COLUMNS_MAX = 80


def commands(node, words=()):
    """The words of each command, its subcommands included."""
    yield words
    for child in node.get("subcommands", []):
        if child["shouldDisplay"] and child["commandName"] != "help":
            yield from commands(child, (*words, child["commandName"]))


def test_every_help_fits_a_terminal_of_80_columns(tmp_path):
    server = Server(tmp_path)
    root = json.loads(server.run("--experimental-dump-help").stdout)["command"]
    found = list(commands(root))
    assert ("model", "pull") in found and ("containers", "create") in found
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        helps = list(pool.map(lambda words: server.run(*words, "--help"), found))
    for words, answer in zip(found, helps):
        assert answer.returncode == 0 and "USAGE: brume" in answer.stdout, words
        wide = [line for line in answer.stdout.splitlines() if len(line) > COLUMNS_MAX]
        assert not wide, (words, wide)


@pytest.mark.parametrize("words, sentence", [
    (["model", "help", "pull"], "help comes first: `brume help model pull`"),
    (["keys", "help"], "help comes first: `brume help keys`"),
])
def test_help_behind_a_command_is_told_where_it_belongs(tmp_path, words, sentence):
    answer = Server(tmp_path).run(*words)
    assert (answer.returncode, answer.stdout, answer.stderr) == (64, "", f"brume: {sentence}\n")
