"""TensorFlow's initializers as ours, for `kernel_initializer` and `bias_initializer`.

`seed` and `dtype` are accepted and have no effect. Normal distributions are not cut off at two standard deviations, as
TensorFlow's truncated ones are. Variance scaling by 1 is `xavier` (uniform) and by 2 `msra` (normal), of the requested
variance; any other scale is read as the default of tf.layers, glorot_uniform. All of this matters at the start of a
training only.
"""

from __future__ import annotations

from striate.arch.formats.keras.initializers import FANS
from striate.arch.formats.tf1.tensor import refusal
from striate.arch.formats.tf1.unsupported_names import UnsupportedNamespace
from striate.arch.initializer import Initializer

GLOROT = Initializer("xavier", fan="average")
BY_SCALE = {1.0: "xavier", 2.0: "msra"}
DISTRIBUTIONS = ("normal", "truncated_normal", "untruncated_normal", "uniform")


def zeros_initializer(dtype: object = None) -> Initializer:  # noqa: ARG001 - TensorFlow's, as below
    """Zeros."""
    return Initializer("constant")


def ones_initializer(dtype: object = None) -> Initializer:  # noqa: ARG001
    """Ones."""
    return Initializer("constant", value=1.0)


def constant_initializer(value: float = 0, dtype: object = None, verify_shape: object = False) -> Initializer:  # noqa: ARG001
    """One value everywhere."""
    return Initializer("constant", value=value)


def random_normal_initializer(mean: float = 0.0, stddev: float = 1.0, seed: object = None,  # noqa: ARG001
                              dtype: object = None) -> Initializer:  # noqa: ARG001
    """A normal distribution."""
    return Initializer("gaussian", mean=mean, std=stddev)


def truncated_normal_initializer(mean: float = 0.0, stddev: float = 1.0, seed: object = None,  # noqa: ARG001
                                 dtype: object = None) -> Initializer:  # noqa: ARG001
    """A normal distribution of that mean and standard deviation, not cut off."""
    return Initializer("gaussian", mean=mean, std=stddev)


def random_uniform_initializer(minval: float = 0.0, maxval: float = 1.0, seed: object = None,  # noqa: ARG001
                               dtype: object = None) -> Initializer:  # noqa: ARG001
    """A uniform distribution on [minval, maxval)."""
    return Initializer("uniform", low=minval, high=maxval)


def glorot_uniform_initializer(seed: object = None, dtype: object = None) -> Initializer:  # noqa: ARG001
    """Glorot & Bengio 2010: xavier with fan average."""
    return GLOROT


def glorot_normal_initializer(seed: object = None, dtype: object = None) -> Initializer:  # noqa: ARG001
    """Glorot's normal distribution, read as glorot_uniform, which has the same variance."""
    return GLOROT


def variance_scaling_initializer(scale: float = 1.0, mode: str = "fan_in", distribution: str = "normal",
                                 seed: object = None, dtype: object = None) -> Initializer:  # noqa: ARG001
    """Variance scaling, scale/fan: xavier for scale 1, msra (He et al. 2015) for scale 2, else glorot_uniform.

    >>> from striate import tf
    >>> tf.variance_scaling_initializer(scale=2.0).kind, tf.variance_scaling_initializer(mode="fan_out").fan
    ('msra', 'out')
    """
    label = "variance_scaling_initializer"
    if not isinstance(distribution, str) or distribution not in DISTRIBUTIONS:
        raise refusal(label, "distribution", "'normal', 'truncated_normal', 'untruncated_normal' or 'uniform'",
                      distribution)
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not scale > 0:
        raise refusal(label, "scale", "a number above 0", scale)
    if not isinstance(mode, str) or mode not in FANS:
        raise refusal(label, "mode", "'fan_in', 'fan_out' or 'fan_avg'", mode)
    return Initializer(BY_SCALE[scale], fan=FANS[mode]) if scale in BY_SCALE else GLOROT


def _xavier_initializer(uniform: bool = True, seed: object = None, dtype: object = None) -> Initializer:  # noqa: ARG001
    """tf.contrib.layers.xavier_initializer: glorot_uniform, also for uniform false, which has the same variance."""
    return GLOROT


def _contrib_variance_scaling(factor: float = 2.0, mode: str = "FAN_IN", uniform: bool = False,
                              seed: object = None, dtype: object = None) -> Initializer:
    """tf.contrib.layers.variance_scaling_initializer, whose default is msra."""
    word = mode.lower() if isinstance(mode, str) else mode
    return variance_scaling_initializer(factor, word, "uniform" if uniform else "normal", seed, dtype)


contrib = UnsupportedNamespace("tf.contrib", layers=UnsupportedNamespace(
    "tf.contrib.layers", variance_scaling_initializer=_contrib_variance_scaling,
    xavier_initializer=_xavier_initializer, xavier_initializer_conv2d=_xavier_initializer))
