"""Random valid networks, with branches, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from striate.arch import (
    ELU,
    LRN,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Initializer,
    Input,
    Layer,
    LeakyReLU,
    Maximum,
    Maxout,
    Multiply,
    Network,
    Pad,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    Slice,
    Softmax,
    TableConv,
    Tanh,
    Volume,
)
from striate.errors import NetworkError

sides = st.integers(1, 4)
pairs = sides | st.tuples(sides, sides)
reals = st.floats(-3, 3, allow_nan=False)
fillers = st.one_of(
    st.builds(Initializer, st.just("constant"), value=reals),
    st.builds(lambda a, b: Initializer("uniform", low=min(a, b), high=max(a, b)), reals, reals),
    st.builds(Initializer, st.just("gaussian"), mean=reals, std=st.floats(0, 3), sparse=st.sampled_from([0, 0, 15])),
    st.builds(Initializer, st.sampled_from(["xavier", "msra"]), fan=st.sampled_from(["in", "out", "average"])),
)
pads = st.integers(0, 2)
sided = pads | st.tuples(pads, pads) | st.tuples(st.tuples(pads, pads), st.tuples(pads, pads))
multipliers = st.sampled_from([1, 0, 0.5, (1, 2), (1, 0)])
modes = st.sampled_from(["max", "average"])
layers = st.one_of(
    st.builds(Conv, sides, pairs, pairs, sided | st.just("same"), pairs, st.integers(1, 2),
              st.booleans(), st.sampled_from(["floor", "exact"]), fillers | st.just(Initializer("bilinear")), fillers,
              lr_mult=multipliers, decay_mult=multipliers),
    st.builds(Deconv, sides, pairs, pairs, sided, pairs, st.integers(1, 2), st.booleans(), fillers, fillers,
              lr_mult=multipliers),
    st.builds(lambda rows, size: TableConv(tuple(tuple(sorted(row)) for row in rows), size),
              st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=5), pairs),
    st.builds(Pool, pairs, st.none() | pairs, st.sampled_from([0, "same"]), modes,
              st.sampled_from(["floor", "ceil", "exact"]), st.booleans()),
    st.builds(Pool, st.integers(3, 5), sides, sided, modes, st.sampled_from(["floor", "ceil"]), st.booleans()),
    st.builds(GlobalPool, modes), st.builds(Pad, sided), st.builds(Dense, sides, st.booleans(), fillers),
    st.sampled_from([Flatten(), Reshape((0, -1, 1)), Reshape((-1, 1, 0))]),
    st.builds(Tanh, reals, reals), st.builds(LeakyReLU, reals), st.builds(ELU, reals),
    st.builds(ReLU, st.none() | st.sampled_from([6, 0.5])), st.builds(PReLU, st.booleans(), fillers),
    st.sampled_from([Sigmoid(), ReLU(), Softmax(), Maxout(2)]),
    st.builds(LRN, st.sampled_from([1, 3, 5]), st.floats(0, 1), reals, st.floats(0.5, 2),
              st.sampled_from(["across", "within"])),
    st.builds(BatchNorm, st.floats(1e-6, 1), st.floats(0, 1), st.booleans(), st.booleans()),
    st.builds(Scale, st.booleans()), st.builds(Dropout, st.floats(0, 0.9)),
    st.builds(Add, st.none() | st.tuples(reals, reals) | st.tuples(reals, reals, reals)),
    st.sampled_from([Multiply(), Maximum(), Concat()]), st.builds(Slice, st.integers(0, 2), st.integers(1, 2)),
)
names = st.text("abcXYZ019_-/+:äß", min_size=3, max_size=9)


@st.composite
def networks(draw: st.DrawFn, side: int = 16, layers: st.SearchStrategy[Layer] = layers) -> Network:
    """Up to eight layers on a small picture; what is refused is left out, what nothing reads is joined at the end."""
    volumes: list[Volume] = [Input(draw(sides), draw(st.integers(5, side)), draw(st.integers(5, side)))]
    for layer in draw(st.lists(layers, min_size=1, max_size=8)):
        wanted = draw(st.integers(2, 3)) if layer.merges else 1
        picked = [volumes[-1 - draw(st.integers(0, min(2, len(volumes) - 1)))] for _ in range(wanted)]
        if draw(st.integers(0, 3)) == 0:
            layer = type(layer)(**vars(layer) | {"name": draw(names)})
        try:
            volumes.append(layer(*picked))
        except NetworkError:
            continue
    title = draw(st.sampled_from(["", "net", "my-net/2"]))
    heads = [(volumes[-2], 0.3)] if len(volumes) > 3 and draw(st.booleans()) else []
    try:
        return Network(volumes[-1], title, heads)
    except NetworkError:  # the head feeds others, or is the output
        pass
    try:
        return Network(volumes[-1], title)
    except NetworkError:  # no layer fitted, or two have one name
        return Network(Dense(draw(sides))(volumes[0]))
