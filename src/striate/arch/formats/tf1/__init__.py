"""TensorFlow 1's functions that describe networks: lecture code of 2018 runs after `from striate import tf`.

They are placeholders, tf.layers, activations of tf.nn, reshaping and merging. Nothing is computed and TensorFlow is not
needed; the results are volumes for `Network`.

The network of TensorFlow's MNIST tutorial, 3,274,634 parameters =
(5·5·1 + 1)·32 + (5·5·32 + 1)·64 + (7·7·64 + 1)·1024 + (1024 + 1)·10:

>>> from striate import Network, tf
>>> def cnn_model_fn(features, mode):
...     x = tf.reshape(features["x"], [-1, 28, 28, 1])
...     x = tf.layers.conv2d(inputs=x, filters=32, kernel_size=[5, 5], padding="same", activation=tf.nn.relu)
...     x = tf.layers.max_pooling2d(inputs=x, pool_size=[2, 2], strides=2)
...     x = tf.layers.conv2d(inputs=x, filters=64, kernel_size=[5, 5], padding="same", activation=tf.nn.relu)
...     x = tf.layers.max_pooling2d(inputs=x, pool_size=[2, 2], strides=2)
...     x = tf.reshape(x, [-1, 7 * 7 * 64])
...     x = tf.layers.dense(inputs=x, units=1024, activation=tf.nn.relu)
...     x = tf.layers.dropout(inputs=x, rate=0.4, training=mode == tf.estimator.ModeKeys.TRAIN)
...     return tf.layers.dense(inputs=x, units=10)
>>> Network(cnn_model_fn({"x": tf.placeholder(tf.float32, [None, 784])}, "train"))
Network('', 1×28×28 → 10×1×1, 11 layers, 3,274,634 parameters)
"""

from striate.arch.formats.tf1 import layers, nn
from striate.arch.formats.tf1.dtypes import bool_ as bool  # noqa: A004 - TensorFlow's
from striate.arch.formats.tf1.dtypes import (
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
)
from striate.arch.formats.tf1.nn import sigmoid, tanh
from striate.arch.formats.tf1.reductions import pad, reduce_max, reduce_mean
from striate.arch.formats.tf1.tensor import Tensor
from striate.arch.formats.tf1.tensor_shape import TensorShape
from striate.arch.formats.tf1.top_level import add, add_n, concat, estimator, identity, placeholder, reshape
from striate.arch.formats.tf1.unsupported_names import unsupported_getattr
from striate.arch.formats.tf1.variable_initializers import (
    constant_initializer,
    contrib,
    glorot_normal_initializer,
    glorot_uniform_initializer,
    ones_initializer,
    random_normal_initializer,
    random_uniform_initializer,
    truncated_normal_initializer,
    variance_scaling_initializer,
    zeros_initializer,
)

__all__ = [
    "layers", "nn", "contrib", "estimator", "Tensor", "TensorShape",
    "placeholder", "reshape", "identity", "add", "add_n", "concat", "pad", "reduce_max", "reduce_mean", "sigmoid",
    "tanh", "bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "string", "uint8",
    "uint16",
    "constant_initializer", "glorot_normal_initializer", "glorot_uniform_initializer", "ones_initializer",
    "random_normal_initializer", "random_uniform_initializer", "truncated_normal_initializer",
    "variance_scaling_initializer", "zeros_initializer",
]
__getattr__ = unsupported_getattr("tf", "tf.layers, tf.nn, placeholder, reshape, identity, add, add_n, concat, pad, "
                                  "reduce_mean, reduce_max, sigmoid, tanh, the types and the initializers")


def __dir__() -> list[str]:
    return sorted(__all__)
