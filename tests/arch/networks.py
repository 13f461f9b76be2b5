"""Random valid networks for hypothesis, branches among them."""

from __future__ import annotations

from hypothesis import strategies as st

from striate.arch import (
    ELU,
    LRN,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Dense,
    Dropout,
    Filler,
    Flatten,
    GlobalPool,
    Input,
    LeakyReLU,
    Maxout,
    Network,
    Pool,
    ReLU,
    Scale,
    Sigmoid,
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
    st.builds(Filler, st.just("constant"), value=reals),
    st.builds(lambda a, b: Filler("uniform", low=min(a, b), high=max(a, b)), reals, reals),
    st.builds(Filler, st.just("gaussian"), mean=reals, std=st.floats(0, 3)),
    st.builds(Filler, st.sampled_from(["xavier", "msra"]), fan=st.sampled_from(["in", "out", "average"])),
)
pads = st.integers(0, 2)
modes = st.sampled_from(["max", "average"])
layers = st.one_of(
    st.builds(Conv, sides, pairs, pairs, pads | st.tuples(pads, pads) | st.just("same"), pairs, st.integers(1, 2),
              st.booleans(), st.sampled_from(["floor", "exact"]), fillers, fillers),
    st.builds(lambda rows, size: TableConv(tuple(tuple(sorted(row)) for row in rows), size),
              st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=5), pairs),
    st.builds(Pool, pairs, st.none() | pairs, st.just(0), modes, st.sampled_from(["floor", "ceil", "exact"])),
    st.builds(Pool, st.integers(2, 5), sides, st.just(1), modes, st.sampled_from(["floor", "ceil"])),
    st.builds(GlobalPool, modes), st.builds(Dense, sides, st.booleans(), fillers), st.just(Flatten()),
    st.builds(Tanh, reals, reals), st.builds(LeakyReLU, reals), st.builds(ELU, reals),
    st.sampled_from([Sigmoid(), ReLU(), Softmax(), Maxout(2)]),
    st.builds(LRN, st.sampled_from([1, 3, 5]), st.floats(0, 1), reals, st.floats(0.5, 2)),
    st.builds(BatchNorm, st.floats(1e-6, 1), st.floats(0, 1)), st.builds(Scale, st.booleans()),
    st.builds(Dropout, st.floats(0, 0.9)), st.just(Add()), st.just(Concat()),
)
names = st.text("abcXYZ019_-/+:äß", min_size=3, max_size=9)


@st.composite
def networks(draw: st.DrawFn, side: int = 16) -> Network:
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
    try:
        return Network(volumes[-1], name=draw(st.sampled_from(["", "net", "my-net/2"])))
    except NetworkError:  # no layer fitted, or two have one name
        return Network(Dense(draw(sides))(volumes[0]))
