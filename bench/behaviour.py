"""Same behaviour: what striate computes and says on small fixed inputs, as one JSON file to compare with another.

    python bench/behaviour.py record FILE            runs the striate that is on the path
    python bench/behaviour.py compare BEFORE AFTER   prints what differs, and writes it to bench/results/behaviour.json

Recorded: SHA-256 of the arrays and the manifest of the model files of digits (compact, lenet5, bow) and of a small
folder (transfer); `--json` of every command on fixtures; the counts of every network of the zoo. Times, paths,
versions and machine facts are left out; a manifest is compared by its values, with renamed keys listed in RENAMED.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# Times, memory, paths, versions.
LEFT_OUT = {"seconds", "created", "report", "model", "page", "striate", "environment", "timings", "pictures_per_second",
            "command", "list", "look", "pictures_per_second_per_core", "cores", "processor", "memory", "cost", "costs",
            "answer_seconds", "train_seconds", "rss", "peak_memory"}
RENAMED = {"fit": "resize"}


def run(folder: Path, *arguments: str, status: tuple[int, ...] = (0,)) -> object:
    """What a command prints, as JSON."""
    done = subprocess.run([sys.executable, "-m", "striate", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode not in status:
        raise SystemExit(f"striate {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def plain(value: object, where: str) -> object:
    """`value` without what differs from run to run."""
    if isinstance(value, dict):
        return {key: plain(item, where) for key, item in value.items() if key not in LEFT_OUT}
    if isinstance(value, list):
        return [plain(item, where) for item in value]
    return value.replace(where, "FOLDER") if isinstance(value, str) else value


def renamed(value: object) -> object:
    """A manifest by its old keys."""
    old = {new: before for before, new in RENAMED.items()}
    if isinstance(value, dict):
        return {old.get(key, key): renamed(item) for key, item in value.items()}
    return [renamed(item) for item in value] if isinstance(value, list) else value


def model(path: Path) -> dict[str, object]:
    """The arrays' hash and the manifest of a model file."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    manifest = {key: json.loads(text) if text[:1] in "{[" else text
                for key, text in header.pop("__metadata__").items()}
    names = sorted(header)
    arrays = hashlib.sha256()
    for name in names:
        first, last = header[name]["data_offsets"]
        arrays.update(f"{name} {header[name]['dtype']} {header[name]['shape']}".encode())
        arrays.update(data[8 + length + first:8 + length + last])
    return {"arrays": arrays.hexdigest(), "manifest": manifest, "file": hashlib.sha256(data).hexdigest()}


def fixtures(folder: Path) -> None:
    """Three classes of twelve pictures from a fixed seed, one of them broken."""
    import numpy as np
    from PIL import Image

    numbers = np.random.default_rng(0)
    y, x = np.mgrid[:40, :48]
    for c, name in enumerate(["across", "down", "slanting"]):
        (folder / "set" / name).mkdir(parents=True)
        for i in range(12):
            wave = np.sin((y if c == 0 else x if c == 1 else x + y) / (2 + i / 6))
            grey = 127 + 90 * wave + numbers.normal(0, 12, wave.shape)
            Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB").save(
                folder / "set" / name / f"{i:02}.png")
    (folder / "set" / "down" / "broken.png").write_bytes(b"\x89PNG no picture")


def record(out: Path) -> None:
    """All of it, into `out`."""
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["STRIATE_CACHE"] = str(folder / "cache")
        os.environ["OMP_NUM_THREADS"] = "1"
        fixtures(folder)
        trainings = {
            "compact": ("digits", "--model", "compact", "--epochs", "2"),
            "lenet5": ("digits", "--model", "lenet5", "--epochs", "2"),
            "bow": ("digits", "--model", "bow"),
            "transfer": ("set", "--model", "transfer"),
            "knn": ("set", "--model", "knn"),
            "finetune": ("set", "--model", "finetune", "--epochs", "1", "--size", "64"),
        }
        for key, arguments in trainings.items():
            found[f"train {key}"] = run(folder, "train", *arguments, "--seed", "0", "--out", key, "--json")
            found[f"model {key}"] = model(folder / key / "model.safetensors")
            found[f"report {key}"] = json.loads((folder / key / "report.json").read_text())
        weights = {key: f"{key}/model.safetensors" for key in trainings}
        for key in ("compact", "bow"):
            found[f"evaluate {key}"] = run(folder, "evaluate", weights[key], "digits", "--json")
        found["evaluate transfer"] = run(folder, "evaluate", weights["transfer"], "set", "--json")
        for key in ("transfer", "compact", "bow"):
            pictures = ["set/across/00.png", "set/down/broken.png", "set/slanting/11.png"]
            found[f"predict {key}"] = run(folder, "predict", weights[key], *pictures, "--json", status=(0, 2))
        found["look"] = run(folder, "look", weights["bow"], "--picture", "set/across/00.png", "--json")
        found["check"] = run(folder, "check", "set", "--json", status=(0, 1, 2, 3))
        found["check digits"] = run(folder, "check", "digits", "--json", status=(0, 1, 2, 3))
        found["compare"] = run(folder, "compare", "digits", "--models", "bow,bow-knn", "--seeds", "2", "--json")
        found["convert"] = subprocess.run(
            [sys.executable, "-m", "striate", "convert", "lenet5", "-", "--to", "prototxt"],
            capture_output=True, text=True).stdout
        zoo = run(folder, "inspect", "--list", "--json")
        found["zoo"] = zoo
        for row in zoo["networks"]:  # type: ignore[index]
            found[f"inspect {row['name']}"] = run(folder, "inspect", row["name"], "--json")
        found = {key: plain(value, str(folder)) for key, value in found.items()}
    out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    print(f"{len(found)} results in {out}")


def differences(before: object, after: object, where: str) -> list[str]:
    """Where two JSON values differ, a line each."""
    if isinstance(before, dict) and isinstance(after, dict):
        lines = [f"{where}: only before: {key}" for key in before.keys() - after.keys()]
        lines += [f"{where}: only after: {key}" for key in after.keys() - before.keys()]
        return lines + [line for key in before.keys() & after.keys()
                        for line in differences(before[key], after[key], f"{where}/{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [line for i, (b, a) in enumerate(zip(before, after, strict=True))
                for line in differences(b, a, f"{where}/{i}")]
    return [] if before == after else [f"{where}: {str(before)[:80]} -> {str(after)[:80]}"]


def compare(before: Path, after: Path) -> int:
    """Print the differences; manifests are compared by their old keys, so a file's own hash does not count."""
    old, new = (json.loads(path.read_text()) for path in (before, after))
    for facts in (old, new):
        for key in facts:
            if key.startswith("model "):
                facts[key] = renamed({name: value for name, value in facts[key].items() if name != "file"})
    lines = sorted(differences(old, new, ""))
    print(*lines, f"{len(old)} results, {len(lines)} differences", sep="\n")
    from record import write

    write("behaviour", "Renaming changed no result: model files, JSON of every command, counts of the zoo",
          {"results": len(old), "renamed_manifest_keys": RENAMED, "differences": lines})
    return bool(lines)


if __name__ == "__main__":
    if sys.argv[1] == "record":
        record(Path(sys.argv[2]))
    else:
        sys.exit(compare(Path(sys.argv[2]), Path(sys.argv[3])))
