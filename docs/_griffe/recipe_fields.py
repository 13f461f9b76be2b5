"""Extension of griffe: the fields of a recipe in the docstrings that take their texts from its declaration."""

from typing import Any

import griffe

from striate.convnet.recipe.recipe import Recipe
from striate.convnet.recipe.recipe_field import attributes


class RecipeFields(griffe.Extension):
    """Puts the texts of the fields in place of `{recipe}`, as `striate.convnet.recipe.recipe_field.documented` does."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Fill in one object's docstring, whose sections griffe has moved to the left by four spaces."""
        if obj.docstring and "{recipe}" in obj.docstring.value:
            texts = attributes(Recipe).replace("\n    ", "\n")
            obj.docstring.value = obj.docstring.value.replace("{recipe}", texts)
