"""Random networks of Keras' layers, with branches, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from striate.arch import (
    ELU,
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
    LeakyReLU,
    Maximum,
    Multiply,
    Network,
    Pad,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    Softmax,
    Tanh,
    Volume,
)
from striate.errors import NetworkError

sides = st.integers(1, 4)
pairs = sides | st.tuples(sides, sides)
shares = st.integers(1, 999).map(lambda n: n / 1_000)
reals = st.floats(-3, 3)
fillers = st.one_of(
    st.builds(Initializer, st.just("constant"), value=reals),
    st.builds(lambda a, b: Initializer("uniform", low=min(a, b), high=max(a, b)), reals, reals),
    st.builds(Initializer, st.just("gaussian"), mean=reals, std=st.floats(0, 3)),
    st.builds(Initializer, st.sampled_from(["xavier", "msra"]), fan=st.sampled_from(["in", "out", "average"])),
)
words = st.sampled_from([0, "same"])
exact = [  # what is read back equal
    st.builds(lambda f, k, s, p, b, w: Conv(f, k, s, p, bias=b, weight_filler=w), sides, pairs, pairs, words,
              st.booleans(), fillers),
    st.builds(lambda f, k, p, d, g: Conv(f, k, 1, p, d, g), sides, pairs, words, pairs, st.integers(1, 2)),
    st.builds(lambda k, s, p: Pool(k, s, p), pairs, pairs, words),
    st.builds(lambda k, s, p: Pool(k, s, p, "average", count_padding=p == 0), pairs, pairs, words),
    st.builds(lambda f, k, s: Deconv(f, k + s, s), sides, sides, sides),
    st.builds(Dense, sides, st.booleans(), fillers), st.builds(GlobalPool, st.sampled_from(["max", "average"])),
    st.builds(Pad, st.integers(0, 2) | st.tuples(st.tuples(st.integers(0, 1), st.integers(0, 1)), st.just((1, 0)))),
    st.builds(BatchNorm, shares, shares, st.booleans(), st.booleans()), st.builds(PReLU, st.booleans(), fillers),
    st.builds(Dropout, shares), st.builds(LeakyReLU, shares), st.builds(ELU, reals),
    st.builds(ReLU, st.none() | shares),
    st.sampled_from([Sigmoid(), Tanh(), Softmax(), Flatten(), Add(), Multiply(), Maximum(), Concat(), Add((1, -1)),
                     Add((0.5, 0.5))]),
    st.builds(Reshape, st.permutations([-1, 1, 2]).map(tuple) | st.sampled_from([(-1, 1, 1), (4, -1, 1), (2, 2, -1)])),
]
rewritten = [
    st.builds(lambda f, k, s, p: Conv(f, k, s, p), sides, pairs, pairs,
              st.integers(0, 3) | st.tuples(st.tuples(st.integers(0, 2), st.integers(0, 2)), st.just((0, 1)))),
    st.builds(lambda k, s, m, r, c: Pool(k, s, 1, m, r, c), st.integers(2, 4), sides,
              st.sampled_from(["max", "average"]), st.sampled_from(["floor", "ceil"]), st.booleans()),
    st.builds(lambda k, s, m: Pool(k, s, 0, m, "ceil"), pairs, pairs, st.sampled_from(["max", "average"])),
    st.builds(Scale, st.booleans()), st.builds(lambda k, s: Deconv(2, k + s, s, (k // 2, k // 2)), sides, sides),
    st.just(ReLU()),
]
names = st.text("abcXYZ019_-/+:äß", min_size=3, max_size=9)


@st.composite
def networks(draw: st.DrawFn, layers: list[st.SearchStrategy], side: int = 10, depth: int = 8) -> Network:
    """Up to `depth` layers on a small picture; what is refused is left out."""
    volumes: list[Volume] = [Input(draw(sides), draw(st.integers(1, side)), draw(st.integers(1, side)))]
    for layer in draw(st.lists(st.one_of(layers), min_size=1, max_size=depth)):
        wanted = 1 if not layer.merges else len(getattr(layer, "coefficients", None) or "12")
        picked = [volumes[-1 - draw(st.integers(0, min(2, len(volumes) - 1)))] for _ in range(wanted)]
        if draw(st.integers(0, 3)) == 0:
            layer = type(layer)(**vars(layer) | {"name": draw(names)})
        try:
            volumes.append(layer(*picked))
        except NetworkError:
            continue
    try:
        return Network(volumes[-1], draw(st.sampled_from(["", "net", "my-net/2"])))
    except NetworkError:  # no layer fitted, or two have one name
        return Network(Dense(draw(sides))(volumes[0]))
