"""Why a method of the first page, which nobody asked for by name, is not defined for a network: one sentence each."""

from __future__ import annotations

from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.rules import NOT_RELU
from striate.core.humanize import join_words


def undefined_here(model: ExplainedNet, method: str, code: str) -> str | None:
    """The sentence for a refusal by its `code`; None for one that is about more than the kind of the network."""
    name = method.replace("_", " ")
    if code == "rule_undefined":
        kinds = {node.layer.kind.replace("_", " "): None for node in model.nodes.values()
                 if node.layer.kind in NOT_RELU}
        return f"The network's activations are {join_words(list(kinds), 'and')}, not ReLU, so there is no {name}."
    if code == "no_class_score":
        return f"The classifier compares neighbours and gives no score of a class, so there is no {name}."
    if code == "no_linear_scores":
        return f"The scores are not a weighted sum of features, so there is no {name}."
    return None
