"""Names that want to be more than names."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import pytest

from tests.report.facts import made_up
from tests.report.reader import page_of

NAMES = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\nb\r\tc", "{{ 7 * 7 }}{% raw %}",
    "=cmd|'/C calc'",
    "שלום", "\u202egnp.exe", "🦉 owl", "caf\udce9", " ends ", "</style><style>*{display:none}", "&amp;", "%s%n", "--",
    "x" * 255, "",
]  # fmt: skip


@pytest.mark.parametrize("k", [len(NAMES), 3 * len(NAMES)])
def test_i25_d09_hostile_names_are_text_and_bounded(k: int, tmp_path: Path) -> None:
    facts, samples, mistakes = made_up(k, names=[f"{NAMES[i % 16]}{i // 16 or ''}" for i in range(k)], side=8)
    facts["data"]["skipped"] = [{"picture": name, "code": "image_empty", "reason": name} for name in NAMES]
    facts |= {"title": NAMES[0], "command": NAMES[1], "model": f"runs/{NAMES[2]}/model.safetensors"}
    facts["recipe"] = {name: name for name in NAMES}
    facts["environment"] = {name: [name, {name: 0.5}] for name in NAMES}
    facts["data"] |= {"name": NAMES[10], "notes": NAMES, "fit": NAMES[0]}
    facts["network"]["name"] = facts["network"]["layers"][0]["name"] = facts["network"]["layers"][0]["kind"] = NAMES[0]
    page = page_of(tmp_path, (facts, samples, mistakes))
    body = page.source.split("</style>", 1)[1]
    assert "<script" not in page.source
    assert "<img src=x" not in page.source
    assert "<style" not in body
    assert "\u202e" not in page.source
    assert "\r" not in page.source
    assert "\\u202egnp.exe" in body
    assert "a\\nb" in body
    assert "caf\\xe9" in body
    assert "{{ 7 * 7 }}" in unescape(body)
    assert "x" * 255 not in page.text["results"]
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert json.loads((tmp_path / "report.json").read_text())["data"]["notes"] == NAMES


def test_a_name_keeps_its_direction_to_itself(tmp_path: Path) -> None:
    page = page_of(tmp_path, made_up(2, names=["שלום", "cat"]))
    assert page.source.count("<bdi>שלום</bdi>") >= 3
