"""Random networks of Caffe's layers, with branches and heads, for hypothesis."""

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
    LeakyReLU,
    Maximum,
    Multiply,
    Network,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    Slice,
    Softmax,
    Tanh,
    Volume,
)
from striate.errors import NetworkError

sides = st.integers(1, 4)
pairs = sides | st.tuples(sides, sides)
reals = st.floats(-3, 3, allow_nan=False).filter(bool)
factors = st.floats(0, 10)
pads = st.integers(0, 2)
switches = st.booleans()
fillers = st.one_of(
    st.builds(Initializer, st.just("constant"), value=reals),
    st.builds(lambda a, b: Initializer("uniform", low=min(a, b), high=max(a, b)), reals, reals),
    st.builds(Initializer, st.just("gaussian"), mean=reals, std=st.floats(0, 3), sparse=st.integers(0, 9)),
    st.builds(Initializer, st.sampled_from(["xavier", "msra"]), fan=st.sampled_from(["in", "out", "average"])),
)


@st.composite
def learners(draw: st.DrawFn, made, *fields):
    """A layer with weights: its multipliers are two numbers only where it has biases."""
    layer = made(*(draw(field) for field in fields))
    both = getattr(layer, "bias", False)
    multiplier = factors | st.tuples(factors, factors) if both else factors
    return type(layer)(**vars(layer) | {"lr_mult": draw(multiplier), "decay_mult": draw(multiplier)})


def without_lost(made):
    """The bias filler of a layer without biases has no place in Caffe."""
    def make(*fields):
        layer = made(*fields)
        return layer if layer.bias else type(layer)(**vars(layer) | {"bias_filler": Initializer("constant")})
    return make


def conv(filters, kernel, stride, pad, dilation, groups, bias, weight, zero):
    return Conv(filters, kernel, stride, pad, dilation, groups, bias, "floor", weight, zero)


modes = st.sampled_from(["max", "average"])
convolutions = (
    learners(without_lost(conv), sides, pairs, pairs, pads | st.tuples(pads, pads), pairs, st.integers(1, 2), switches,
             fillers, fillers),
    learners(without_lost(Deconv), sides, pairs, pairs, pads, pairs, st.integers(1, 2), switches,
             fillers | st.just(Initializer("bilinear")), fillers),
)
layers = st.one_of(
    *convolutions, *convolutions, *convolutions,
    st.builds(Pool, pairs, st.none() | pairs, st.just(0), modes, st.sampled_from(["floor", "ceil"])),
    st.builds(Pool, st.integers(3, 5), sides, st.integers(1, 2), modes, st.sampled_from(["floor", "ceil"])),
    st.builds(GlobalPool, modes),
    learners(without_lost(Dense), sides, switches, fillers, fillers),
    st.sampled_from([Sigmoid(), ReLU(), Softmax(), Tanh(), Flatten(), ReLU()]),
    st.sampled_from([Reshape((0, -1, 1)), Reshape((-1, 1, 1)), Reshape((1, 0, -1)), Reshape((-1, 2, 2))]),
    st.builds(LeakyReLU, reals), st.builds(ELU, reals),
    learners(PReLU, switches, fillers),
    st.builds(LRN, st.sampled_from([1, 3, 5]), st.floats(0, 1), reals, st.floats(0.5, 2)),
    st.builds(LRN, st.sampled_from([1, 3, 5]), st.floats(0, 1), reals, st.just(1.0), st.just("within")),
    st.builds(BatchNorm, st.floats(1e-6, 1), st.integers(0, 1000).map(lambda n: n / 1000), st.just(False),
              st.just(False)),
    learners(without_lost(Scale), switches, fillers, fillers),
    st.builds(Dropout, st.floats(0, 0.9)),
    st.builds(Slice, st.integers(0, 2), sides),
    st.builds(Add, st.none() | st.lists(reals, min_size=2, max_size=3).map(tuple)),
    st.sampled_from([Multiply(), Maximum(), Concat()]),
)
names = st.text("abcXYZ019_-/+:äß", min_size=3, max_size=9)
FOUR_AXES = (Conv, Deconv, Pool, GlobalPool, LRN)


def beyond(pool: Pool) -> bool:
    """Whether steps are wider than the window, so that Caffe's last window may start beyond the picture."""
    window = pool.window
    return any(stride > kernel for stride, kernel in zip(window.stride, window.kernel, strict=True))


@st.composite
def networks(draw: st.DrawFn, side: int = 12) -> Network:
    """Up to twelve layers; what is refused, or has no blob to stand on in Caffe, is left out."""
    volumes: list[Volume] = [Input(draw(sides), draw(st.integers(5, side)), draw(st.integers(5, side)))]
    flat = {id(volumes[0]): False}
    for layer in draw(st.lists(layers, min_size=3, max_size=12)):
        wanted = len(getattr(layer, "coefficients", None) or "..") if layer.merges else 1
        picked = [volumes[-1 - draw(st.integers(0, min(2, len(volumes) - 1)))] for _ in range(wanted)]
        axes = {flat[id(volume)] for volume in picked}
        if len(axes) > 1 or (True in axes and isinstance(layer, (*FOUR_AXES, Reshape))):
            continue
        if isinstance(layer, Pool) and layer.rounding == "ceil" and beyond(layer):
            continue
        if draw(st.integers(0, 3)) == 0:
            layer = type(layer)(**vars(layer) | {"name": draw(names)})
        try:
            volumes.append(layer(*picked))
        except NetworkError:
            continue
        flat[id(volumes[-1])] = isinstance(layer, Dense | Flatten) or (axes == {True})
    name = draw(st.sampled_from(["", "net", "my-net/2"]))
    heads = []
    if len(volumes) > 3 and draw(st.booleans()):
        heads = [(Dense(draw(sides), name="head")(volumes[1]), draw(st.floats(0.001, 0.9)))]
    try:
        return Network(volumes[-1], name=name, auxiliary=heads)
    except NetworkError:  # no layer fitted, two have one name, or the head hangs on the output
        return Network(Dense(draw(sides))(volumes[0]))
