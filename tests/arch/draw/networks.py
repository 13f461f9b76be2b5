"""Networks to draw, by name, and a generator of random ones."""

from __future__ import annotations

from random import Random

from striate.arch import (
    ELU,
    ZOO,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Flatten,
    GlobalPool,
    Input,
    Multiply,
    Network,
    Pad,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Sigmoid,
    Slice,
    Softmax,
    Tanh,
    Volume,
)
from striate.arch.zoo import build


def residual() -> Network:
    """Three equal blocks behind one with a projection."""
    x = Conv(8, 3, padding=1)(Input(3, 32, 32))
    for number in range(4):
        stride = 2 if number == 0 else 1
        y = BatchNorm()(Conv(16, 3, padding=1)(ReLU()(BatchNorm()(Conv(16, 3, stride, padding=1)(x)))))
        x = ReLU()(Add()(y, x if number else Conv(16, 1, stride)(x)))
    return Network(Dense(10)(GlobalPool()(x)), "residual")


def unet() -> Network:
    """Branches in branches in branches."""
    x, skips = Input(1, 32, 32), []
    for filters in (4, 8, 16):
        x = ReLU()(Conv(filters, 3, padding=1)(x))
        skips.append(x)
        x = Pool(2)(x)
    for filters in (16, 8, 4):
        x = Conv(filters, 3, padding="same")(Concat()(skips.pop(), Deconv(filters, 2, stride=2)(x)))
    return Network(x, "unet")


def woven() -> Network:
    """No nest of branches: a and b are read crosswise."""
    x = Conv(8, 3, padding=1)(Input(3, 32, 32))
    a, b = Conv(8, 3, padding=1)(x), Conv(8, 5, padding=2)(x)
    return Network(Concat()(Add()(a, b), Add()(a, Conv(8, 1)(b)), x), "woven")


def kinds() -> Network:
    """Slices, a gate, marks on the input and marks that change the volume."""
    x = Pad(((1, 2), (0, 3)))(Input(3, 13, 40))
    a, b = Slice(0, 4)(y := PReLU()(Conv(8, (3, 5), (1, 2), dilation=(1, 2))(x))), Slice(4, 4)(y)
    x = Multiply()(Sigmoid()(a), Tanh()(b))
    return Network(Softmax()(Dense(7)(Flatten()(ELU()(Reshape((8, 0, -1))(x))))), "kinds")


def tall() -> Network:
    """Volumes much wider than high and much higher than wide."""
    x = Conv(4, (1, 9), (1, 4))(Input(1, 1, 4_096))
    return Network(Reshape((4, -1, 1))(Conv(4, (1, 4))(x)), "tall")


def heads(count: int = 2) -> Network:
    """Heads beside the trunk, which may hang on equal layers, one of two layers that share a source."""
    x, beside = Input(4, 16, 16), []
    for number in range(count + 1):
        x = ReLU()(Conv(4, 3, padding=1)(x))
        if number < count:
            beside.append((Dense(5)(Conv(2 + number % 7, 1)(x)), 0.25))
    return Network(Dense(10)(x), "heads", beside)


def chain(layers: int = 5_000, pattern: int = 0) -> Network:
    """Convolutions in a row, all the same, or with filters at random."""
    x, random = Input(8, 32, 32), Random(pattern)
    for _ in range(layers):
        x = Conv(random.randint(1, 64) if pattern else 8, 3, padding=1)(x)
    return Network(x, "chain")


def wide(different: int = 7) -> Network:
    """1,024 branches into one concatenation."""
    x = Input(8, 32, 32)
    return Network(Concat()(*[Conv(1 + number % different, 3, padding=1)(x) for number in range(1_024)]), "wide")


def nested(depth: int = 400) -> Network:
    """Skips around skips around skips."""
    x = Input(4, 4, 4)
    kept = [x]
    for _ in range(depth):
        kept.append(Conv(4, 1)(kept[-1]))
    x = kept[-1]
    for skipped in reversed(kept[:-1]):
        x = Add()(x, skipped)
    return Network(x, "nested")


def random_network(seed: int, layers: int = 40) -> Network:
    """Any connections between layers that keep the volume, with repeats now and then."""
    random = Random(seed)
    volumes: list[Volume] = [Input(4, 8, 8)]
    reach = random.choice([1, 2, 3, 8])
    for _ in range(random.randint(1, layers)):
        recent = volumes[-reach:]
        x = random.choice(recent)
        layer = random.choice([Conv(4, random.choice([1, 3]), padding="same"), ReLU(), BatchNorm(), Add()])
        volumes.append(layer(*random.choices(recent, k=random.randint(2, 4))) if layer.merges else layer(x))
    return Network(volumes[-1], f"random{seed}")


SMALL = {
    **{name: (lambda name=name: build(name)) for name in ZOO},
    "residual": residual, "unet": unet, "woven": woven, "kinds": kinds, "tall": tall, "heads": heads,
    "one layer": lambda: Network(ReLU()(Input(1, 1, 1))),
    "the same twice": lambda: Network(Add()(*[Input(2, 3, 3)] * 2)),
    "the same twenty times": lambda: Network(Concat()(*[Conv(2, 3)(Input(2, 9, 9))] * 20)),
}
LARGE = {
    "equal chain": chain, "random chain": lambda: chain(5_000, pattern=1),
    "wide": wide, "wide and equal": lambda: wide(1),
    "nested": nested, "tangled": lambda: random_network(3, 3_000), "heads": lambda: heads(1_200),
    "marks": lambda: Network(_marks(4_999)),
}


def _marks(count: int) -> Volume:
    x = Input(4, 4, 4)
    for number in range(count):
        x = [ReLU, Sigmoid, Tanh, ELU][number % 4]()(x)
    return x
