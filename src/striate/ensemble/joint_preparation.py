"""Joint preparation of the members of an ensemble: the size, channels and way of resizing that serve all of them."""

from __future__ import annotations

from collections.abc import Sequence

from striate.core.humanize import join_words
from striate.errors import UsageError, shown
from striate.model.preprocessing import Preprocessing
from striate.model.recogniser import Recogniser


def joint_preparation(members: Sequence[tuple[str, Recogniser]]) -> Preprocessing:
    """The largest height and width and the most channels of fitted members, and their way of resizing.

    Raises `UsageError` (`members_differ`): a crop or a padding of another shape cannot be made from it.
    """
    ways = [member.preparation_ for _, member in members]
    height, width = (max(way.size[axis] for way in ways) for axis in (0, 1))
    resize = shared_resize(members)
    for (name, _), way in zip(members, ways, strict=True):
        if resize != "squash" and way.size[0] * width != way.size[1] * height:
            raise UsageError("members_differ", "recognisers were to be members of one ensemble",
                             allowed=f"with {resize} they must read pictures of the same proportions",
                             given=f"{shown(name)} reads {way.size[0]}×{way.size[1]}, others up to {height}×{width}",
                             do="Fit them with resize squash, or at one size")
    return Preprocessing((height, width), max(way.channels for way in ways), resize)


def shared_resize(members: Sequence[tuple[str, Recogniser]]) -> str:
    """The way of resizing that all members share; refuses different ones (`members_differ`)."""
    ways = sorted({member.preparation_.resize for _, member in members})
    if len(ways) > 1:
        raise UsageError("members_differ", "recognisers were to be members of one ensemble",
                         allowed="those that resize pictures in one way are allowed",
                         given=f"they use {join_words(ways, 'and')}", do="Fit them with the same resize")
    return ways[0]
