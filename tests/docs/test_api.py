"""The API reference has every public name, once."""

import re

import striate
from tests.docs.pages import text_of


def test_every_public_name_is_in_the_reference() -> None:
    named = re.findall(r"^::: striate\.(\w+)$", text_of("api.md") + text_of("api-layers.md"), flags=re.MULTILINE)
    assert sorted([*named, "__version__", "tf"]) == sorted(striate.__all__)
    assert "`striate.tf`" in text_of("api.md")
