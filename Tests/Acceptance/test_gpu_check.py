"""Scripts/gpu-check: what it says without a card, and how it judges. On a card it was not run."""

import importlib.machinery
import importlib.util
import os
import subprocess

import pytest

from brume_server import ROOT

SCRIPT = ROOT / "Scripts" / "gpu-check"
MIB = 1 << 20


@pytest.fixture(scope="module")
def check():
    loader = importlib.machinery.SourceFileLoader("gpu_check", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("gpu_check", loader))
    loader.exec_module(module)
    return module


def test_without_a_card_it_says_so_with_a_status_of_its_own(tmp_path):
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho 'No devices were found'\nexit 6\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    answer = subprocess.run([SCRIPT], env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
                            capture_output=True, text=True)
    assert answer.returncode == 3 and "no NVIDIA card here" in answer.stderr and not answer.stdout


def test_a_card_is_read_from_nvidia_smi(check, tmp_path, monkeypatch):
    (tmp_path / "nvidia-smi").write_text(
        "#!/bin/sh\ncase $1 in *compute-apps*) echo '42, 5000'; echo '43, [N/A]';; "
        "*) echo 'NVIDIA GeForce RTX 3090, 24576, 300, 550.54';; esac\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = check.card()
    assert (found["name"], found["memoryBytes"], found["usedBytes"]) == (
        "NVIDIA GeForce RTX 3090", 24576 * MIB, 300 * MIB)
    assert check.process_bytes(42) == 5000 * MIB
    assert check.process_bytes(43) is None and check.process_bytes(44) is None


@pytest.mark.parametrize("planned, used, rate, verdict", [
    (6000, 6000, 50, "within bounds"), (6500, 6000, 50, "within bounds"), (5950, 6000, 104, "within bounds"),
    (5900, 6000, 50, "more than was planned"), (6700, 6000, 50, "much more was planned"),
    (6000, 6000, 110, "faster than it can be"),
])
def test_a_plan_is_judged(check, planned, used, rate, verdict):
    row = check.judged({"deviceBytes": planned * MIB, "tokensPerSecondMaxEmpty": 100}, used * MIB, rate)
    assert verdict in row["verdict"] and check.shown({"model": "m"} | row)
