"""Pretrained weights from the Hugging Face hub: `hf:timm/resnet18.a1_in1k`, perhaps `@revision`.

Only `model.safetensors` is fetched. Its size is checked before and its hash after; it stays in the hub's own cache, so
the next time no network is needed.
"""

from __future__ import annotations

import re
from pathlib import Path

from striate.convnet.pretrained.weight_file import MAX_BYTES
from striate.errors import MissingError, ModelFileError, StriateError, UsageError, shown

PREFIX, FILE = "hf:", "model.safetensors"
PART = r"[A-Za-z0-9](?:[\w.-]{0,94}\w)?"
PLACE = re.compile(rf"hf:({PART}/{PART})(?:@({PART}))?", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}")


def fetch(spec: str) -> tuple[Path, str]:
    """The file of `spec` on this machine, and its SHA-256 if the hub gives it, else "".

    Raises `UsageError` (`bad_hub_name`), `MissingError` (`no_hub`, `no_weights`) and `ModelFileError`
    (`weights_too_large`).
    """
    found = PLACE.fullmatch(spec)
    if not found:
        raise UsageError("bad_hub_name", f"{shown(spec)} was to be loaded",
                         allowed="hf:OWNER/NAME or hf:OWNER/NAME@REVISION is allowed",
                         given="this is neither",
                         do="Use for example hf:timm/resnet18.a1_in1k")
    try:
        import huggingface_hub as hub
    except ImportError as error:
        raise MissingError("no_hub", f"{shown(spec)} was to be loaded", given="huggingface-hub is not installed",
                           do="Install it with: pip install 'striate[hub]', or give a file") from error
    repository, revision = found.groups()
    try:
        there = hub.try_to_load_from_cache(repository, FILE, revision=revision)
        if not isinstance(there, str):
            about = hub.get_hf_file_metadata(hub.hf_hub_url(repository, FILE, revision=revision))
            if about.size is None or about.size > MAX_BYTES:
                raise ModelFileError("weights_too_large", f"{shown(spec)} was to be loaded",
                                     allowed=f"up to {MAX_BYTES >> 30} GiB of weights are allowed",
                                     given=f"it has {about.size or 0:,} bytes", do="Choose another")
            there = hub.hf_hub_download(repository, FILE, revision=revision)
    except StriateError:
        raise
    except Exception as error:  # the library's, its HTTP client's, and the system's, which change from year to year
        raise MissingError("no_weights", f"{shown(spec)} was to be loaded",
                           given=f"the hub does not give it: {shown(first_line(error), 150)}",
                           do="Check the name and the network, or download the file elsewhere and give its path "
                              "with --weights") from error
    path = Path(there)
    name = path.resolve().name  # of large files the hub's cache has blobs called by their hash
    return path, name if SHA256.fullmatch(name) else ""


def first_line(error: BaseException) -> str:
    r"""The first line of an error's message, or its type.

    >>> first_line(OSError("no route\nto it")), first_line(OSError())
    ('no route', 'OSError')
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
