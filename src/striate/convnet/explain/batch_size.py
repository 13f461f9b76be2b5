"""Pictures of one batch: as many as the volumes of a network leave room for."""

from __future__ import annotations

from striate.convnet.explain.explained_net import ExplainedNet

ROOM = 128 << 20  # bytes of volumes of one batch
MOST = 32


def batch_size(model: ExplainedNet, *, stored: bool = False, most: int = MOST, room: int = ROOM,
               part: float = 1.0) -> int:
    """Pictures of one batch, 1 to `most`, whose volumes fit into `room` bytes.

    Args:
        model: the network.
        stored: whether the volumes of all layers are held at once, as for a backward pass; else of those in use.
        most: pictures of a batch.
        room: bytes.
        part: the area of a picture in the batch, of that of the network's pictures.

    """
    one = model.survey.training_memory if stored else model.survey.inference_memory
    return max(1, min(most, int(room / part / one)))
