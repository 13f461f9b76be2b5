"""Weights from a hub: a server of our own in its place, on this machine."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from striate.convnet.pretrained import hub
from striate.errors import MissingError, UsageError
from tests.convnet.pretrained import theirs
from tests.convnet.pretrained.test_tensor_names import drawn
from tests.forked import Forked


class Server:
    """Of one file; `says` is the hash that it claims, `counts` what was asked."""

    def __init__(self, data: bytes) -> None:
        self.data, self.says, self.counts = data, hashlib.sha256(data).hexdigest(), 0
        self.size = len(data)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                outer.counts += 1
                known = self.path.startswith("/timm/net/resolve/main/")
                self.send_response(200 if known else 404)
                if known:
                    self.send_header("ETag", f'"{outer.says}"')
                    self.send_header("X-Repo-Commit", "1" * 40)
                    self.send_header("X-Linked-Size", str(outer.size))
                    self.send_header("Content-Length", str(outer.size))
                else:
                    self.send_header("X-Error-Code", "RepoNotFound")
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                self.do_HEAD()
                if self.path.startswith("/timm/net/resolve/main/"):
                    self.wfile.write(outer.data)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    with torch.no_grad():
        made = Server(save({key: tensor.contiguous() for key, tensor in
                            drawn(theirs.ResNet((2, 2, 2, 2), wide=False)).state_dict().items()}))
    yield made
    made.http.shutdown()
    made.http.server_close()


def asked(address: str, home: Path, spec: str) -> list[object]:
    environment = os.environ | {"HF_ENDPOINT": address, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1",
                                "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = Forked("tests.convnet.pretrained.fetch", [spec], env=environment)
    answer, error = done.communicate(timeout=120)
    assert done.returncode == 0, error
    return json.loads(answer)  # type: ignore[no-any-return]


def test_weights_come_once_and_are_then_there(server: Server, tmp_path: Path) -> None:
    assert asked(server.address, tmp_path, "hf:timm/net") == ["resnet18", 102]
    counts = server.counts
    assert counts > 0
    assert asked(server.address, tmp_path, "hf:timm/net") == ["resnet18", 102]
    assert server.counts == counts


def test_a_file_of_another_hash_is_refused(server: Server, tmp_path: Path) -> None:
    server.says = "0" * 64
    code, _ = asked(server.address, tmp_path, "hf:timm/net")
    assert code == "weights_changed"


def test_what_is_too_large_is_not_fetched(server: Server, tmp_path: Path) -> None:
    server.size = 3 << 30
    code, _ = asked(server.address, tmp_path, "hf:timm/net")
    assert code == "weights_too_large"
    assert not list(tmp_path.rglob("model.safetensors"))


def test_an_unknown_name_and_a_missing_network_are_one_sentence(server: Server, tmp_path: Path) -> None:
    code, said = asked(server.address, tmp_path, "hf:timm/other")
    assert code == "no_weights"
    code, said = asked("http://127.0.0.1:9", tmp_path, "hf:timm/net")
    assert code == "no_weights"
    assert "download the file elsewhere and give its path" in str(said)
    assert "\n" not in str(said)


@pytest.mark.parametrize("spec", ["hf:", "hf:net", "hf:../../etc/passwd", "hf:a/b/c", "hf:a/b@", "hf:a/b c", "hf:../b",
                                  "hf:a/-b", "hf:a/b.@c"])
def test_other_names_are_refused(spec: str) -> None:
    with pytest.raises(UsageError) as caught:
        hub.fetch(spec)
    assert caught.value.code == "bad_hub_name"


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingError) as caught:
        hub.fetch("hf:timm/net")
    assert caught.value.code == "no_hub"
    assert "striate[hub]" in str(caught.value)
