"""An `nn.Module` as a `Network`, by tracing it with torch.fx; and its weights by our names.

The module's forward runs once on tensors that have a shape and no numbers, so the module's own Python code runs, and
no weight is read. What is read is the module as it predicts: dropout stays as a layer, auxiliary heads that only
training uses do not.
"""

from striate.convnet.from_torch.api import from_torch, torch_weights

__all__ = ["from_torch", "torch_weights"]
