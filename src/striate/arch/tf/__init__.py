"""Networks in the words of TensorFlow 1, so that lecture code of 2018 runs after `from striate import tf`.

Only what describes a network is here: placeholders, tf.layers, activations of tf.nn, reshaping and merging. Nothing is
computed and TensorFlow is not needed; what comes out is a volume for `Network`.

The network of TensorFlow's MNIST tutorial, 3,274,634 parameters =
(5·5·1 + 1)·32 + (5·5·32 + 1)·64 + (7·7·64 + 1)·1024 + (1024 + 1)·10:

>>> from striate.arch import Network, tf
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

from striate.arch.tf import layers, nn
from striate.arch.tf.core import (
    add,
    concat,
    constant_initializer,
    estimator,
    float32,
    glorot_uniform_initializer,
    identity,
    ones_initializer,
    placeholder,
    random_normal_initializer,
    random_uniform_initializer,
    reshape,
    zeros_initializer,
)
from striate.arch.tf.nn import sigmoid, tanh
from striate.arch.tf.tensor import Tensor

__all__ = [
    "Tensor", "add", "concat", "constant_initializer", "estimator", "float32", "glorot_uniform_initializer", "identity",
    "layers", "nn", "ones_initializer", "placeholder", "random_normal_initializer", "random_uniform_initializer",
    "reshape", "sigmoid", "tanh", "zeros_initializer",
]
