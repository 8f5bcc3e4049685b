"""What `Bench` prints is what it measured."""

import json
import pathlib
import subprocess

import pytest

from brume_server import BINARY

BENCH = pathlib.Path(BINARY).parent / "Bench"


@pytest.mark.skipif(not BENCH.exists(), reason="Bench was not built beside brume")
def test_each_sample_of_the_committer_is_its_own(tmp_path):
    figures = tmp_path / "figures.json"
    command = [BENCH, "measure", "--only", "store commit", "--connections", "1,4", "--rounds", "2", "--seconds", "0.1"]
    subprocess.run(
        [*command, "--directory", tmp_path, "--json", figures], check=True, capture_output=True, timeout=50)
    rates = [
        rate
        for row in json.loads(figures.read_text())["rows"] if row["name"] == "store commit"
        for rate in row["samples"]["perSecond"]
    ]
    assert len(rates) == 4
    assert len(set(rates)) == 4, rates
