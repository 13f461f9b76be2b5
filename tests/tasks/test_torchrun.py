"""Many processes under torchrun: killed anywhere, all end; started again, they end in the same bits (F17, R2)."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

TRAIN = ("train", "digits", "--model", "compact", "--epochs", "6", "--seed", "4", "--batch-size", "37", "--json",
         "--checkpoint-seconds", "0.3")
GONE = 60  # seconds in which all processes must have ended


def start(folder: Path, *more: str, options: tuple[str, ...] = ("--standalone", "--nproc-per-node", "2"),
          before: tuple[str, ...] = (), out: str = "run") -> subprocess.Popen[str]:
    folder.mkdir(parents=True, exist_ok=True)
    command = [*before, sys.executable, "-m", "torch.distributed.run", *options, "-m", "striate", *TRAIN, "--out", out]
    # Marked, so that a process of this test is known even when its parents are gone.
    variables = os.environ | {"OMP_NUM_THREADS": "1", "STRIATE_TEST": str(folder)}
    return subprocess.Popen([*command, *more], cwd=folder, env=variables, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def processes(folder: Path) -> dict[int, dict[str, str]]:
    """The living processes of a run: number and environment."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if (path / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            pairs = (path / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        variables = dict(pair.decode(errors="replace").split("=", 1) for pair in pairs if b"=" in pair)
        if variables.get("STRIATE_TEST") == str(folder):
            found[int(path.name)] = variables
    return found


def until_saved(process: subprocess.Popen[str], folder: Path, count: int = 1) -> None:
    """Wait for a checkpoint of step `count` or later."""
    deadline = time.monotonic() + 150
    while process.poll() is None and time.monotonic() < deadline:
        names = [path.stem for path in (folder / "run" / "checkpoints").glob("step-*")]
        if any(int(name[5:]) >= count for name in names):
            return
        time.sleep(0.02)
    process.kill()
    raise AssertionError(f"no checkpoint: {process.communicate()[1]}")


def all_gone(folder: Path) -> bool:
    deadline = time.monotonic() + GONE
    while processes(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not processes(folder)


def kill(folder: Path, rank: int) -> None:
    (number,) = [number for number, variables in processes(folder).items() if variables.get("RANK") == str(rank)]
    os.kill(number, signal.SIGKILL)


def finish(process: subprocess.Popen[str], folder: Path) -> bytes:
    """The model of a run that ended well."""
    answer, error = process.communicate(timeout=280)
    assert process.returncode == 0, error
    results = [one for line in answer.splitlines() if "error" not in (one := json.loads(line))]
    assert len(results) == 1  # one rank answers
    assert results[0]["test"]["accuracy"] > 0.9
    assert not (folder / "run" / "checkpoints").exists()
    return (folder / "run" / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The model of two ranks that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    return finish(start(folder), folder)


def test_f17_sample_killed_rank_ends_all_and_the_run_can_be_resumed(tmp_path: Path) -> None:
    process = start(tmp_path, "--epochs", "1000")
    until_saved(process, tmp_path)
    kill(tmp_path, 1)
    error = process.communicate(timeout=GONE)[1]
    assert process.returncode != 0
    assert all_gone(tmp_path)
    assert error.count("striate: ") == 1, error
    assert "striate: several processes were training together; one of them has ended. Go on with --resume" in error


@pytest.mark.slow
@pytest.mark.parametrize("who", ["rank 0", "agent"])
def test_f17_all_are_gone_soon(tmp_path: Path, who: str) -> None:
    process = start(tmp_path, "--epochs", "1000")
    until_saved(process, tmp_path)
    if who == "agent":
        process.kill()
    else:
        kill(tmp_path, 0)
    assert all_gone(tmp_path)
    process.communicate(timeout=GONE)
    assert process.returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("how", ["--standalone", "--master-port=29871"])
def test_f17_started_again_ends_in_the_same_bits(tmp_path: Path, rank: int, how: str, whole: bytes) -> None:
    process = start(tmp_path, options=(how, "--nproc-per-node", "2", "--max-restarts", "1"))
    until_saved(process, tmp_path, Random(rank).randrange(20, 120))
    kill(tmp_path, rank)
    assert finish(process, tmp_path) == whole


@pytest.mark.slow
def test_f11_asked_to_stop_all_end_and_resume(tmp_path: Path, whole: bytes) -> None:
    process = start(tmp_path)
    until_saved(process, tmp_path, 5)
    process.terminate()
    error = process.communicate(timeout=GONE)[1]
    assert process.returncode != 0
    assert all_gone(tmp_path)
    assert error.count("Go on with: striate train digits --out run --resume") == 1, error
    again = start(tmp_path, "--resume")
    assert finish(again, tmp_path) == whole


def test_a_wrong_option_is_refused_once_sample(tmp_path: Path) -> None:
    process = start(tmp_path, "--recipe", "missing.yaml")
    error = process.communicate(timeout=GONE)[1]
    assert process.returncode != 0
    assert error.count("striate: ") == 1, error


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are root's to make")
def test_two_machines(tmp_path: Path, whole: bytes) -> None:
    """Two network namespaces joined by a cable; each has its own cache and its own folder."""
    for name in ("striate-a", "striate-b"):
        subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "link", "add", "sta", "netns", "striate-a", "type", "veth",
                        "peer", "name", "stb", "netns", "striate-b"], check=True)
        for name, cable, number in (("striate-a", "sta", 1), ("striate-b", "stb", 2)):
            for command in (f"addr add 10.99.0.{number}/24 dev {cable}", f"link set {cable} up", "link set lo up"):
                subprocess.run(["ip", "-n", name, *command.split()], check=True)
        both = []
        for number, (name, cable) in enumerate((("striate-a", "sta"), ("striate-b", "stb"))):
            before = ("ip", "netns", "exec", name, "env", f"GLOO_SOCKET_IFNAME={cable}",
                      f"STRIATE_CACHE={tmp_path / name / 'cache'}")
            options = ("--nnodes", "2", "--node-rank", str(number), "--nproc-per-node", "1",
                       "--master-addr", "10.99.0.1", "--master-port", "29500")
            both.append(start(tmp_path / name, options=options, before=before))
        model = finish(both[0], tmp_path / "striate-a")
        error = both[1].communicate(timeout=GONE)[1]
        assert both[1].returncode == 0, error
        assert model == whole
        assert not (tmp_path / "striate-b" / "run").exists()
    finally:
        for name in ("striate-a", "striate-b"):
            subprocess.run(["ip", "netns", "del", name], check=False)
