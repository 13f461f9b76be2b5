"""Models built with real Keras: name → function of a data_format that returns a model."""

from __future__ import annotations

from tests.arch.formats.keras.real import LAST, keras

L = keras.layers


def shape(layout, height, width, channels):
    return (height, width, channels) if layout == LAST else (channels, height, width)


def lenet(layout):
    f = {"data_format": layout}
    return keras.Sequential([
        L.Input(shape(layout, 14, 16, 1)), L.Conv2D(4, 5, activation="relu", **f), L.MaxPooling2D(2, **f),
        L.Conv2D(6, (3, 2), activation="tanh", **f), L.AveragePooling2D((1, 2), **f), L.Flatten(data_format=layout),
        L.Dense(7, activation="sigmoid"), L.Dropout(0.4), L.Dense(3, activation="softmax")], name="lenet")


def same_on_odd_sizes(layout):
    f = {"data_format": layout, "padding": "same"}
    return keras.Sequential([
        L.Input(shape(layout, 11, 14, 3)), L.Conv2D(4, (3, 4), strides=2, **f), L.ReLU(),
        L.MaxPooling2D(3, 2, **f), L.Conv2D(5, 2, **f), L.LeakyReLU(0.1), L.Conv2D(2, 3, strides=(1, 2), **f),
        L.Conv2D(2, 3, dilation_rate=2, **f), L.Flatten(), L.Dense(3)])


def vgg_block(layout):
    f = {"data_format": layout, "padding": "same", "activation": "relu"}
    return keras.Sequential([
        L.Input(shape(layout, 8, 9, 3)), L.Conv2D(4, 3, **f), L.Conv2D(4, 3, **f),
        L.MaxPooling2D(2, data_format=layout),
        L.Conv2D(6, 3, **f), L.MaxPooling2D(data_format=layout), L.Flatten(data_format=layout),
        L.Dense(5, activation="relu6"), L.BatchNormalization(), L.Dense(3)], name="vgg")


def resnet_block(layout):
    axis, f = (-1 if layout == LAST else 1), {"data_format": layout}
    x = start = L.Input(shape(layout, 9, 10, 4))
    x = L.BatchNormalization(axis=axis)(L.Conv2D(6, 3, strides=2, padding="same", use_bias=False, **f)(x))
    x = L.BatchNormalization(axis=axis, scale=False)(L.Conv2D(6, 3, padding="same", **f)(L.Activation("relu")(x)))
    x = L.add([x, L.BatchNormalization(axis=axis, center=False, epsilon=0.02)(L.Conv2D(6, 1, 2, **f)(start))])
    x = L.GlobalAveragePooling2D(**f)(L.ReLU(max_value=4.0)(x))
    return keras.Model(start, L.Dense(3)(x), name="residual")


def inception_block(layout):
    f = {"data_format": layout, "padding": "same"}
    start = L.Input(shape(layout, 7, 9, 5))
    branches = [L.Conv2D(2, 1, activation="relu", **f)(start),
                L.Conv2D(3, 3, activation="elu", **f)(L.Conv2D(2, 1, **f)(start)),
                L.Conv2D(2, 1, **f)(L.AveragePooling2D(3, 1, **f)(start)), L.MaxPooling2D(3, 1, **f)(start)]
    x = L.Concatenate(axis=3 if layout == LAST else 1)(branches)
    return keras.Model(start, L.Softmax(axis=-1 if layout == LAST else 1)(x))


def mobilenet_like(layout):
    axis, f = (-1 if layout == LAST else 1), {"data_format": layout}
    x = start = L.Input(shape(layout, 9, 8, 3))
    x = L.Conv2D(4, 3, strides=2, use_bias=False, **f)(L.ZeroPadding2D(((0, 1), (1, 2)), **f)(x))
    x = L.ReLU(6.0)(L.BatchNormalization(axis=axis)(x))
    x = L.DepthwiseConv2D(3, padding="same", depth_multiplier=3, **f)(x)
    x = L.GlobalAveragePooling2D(keepdims=True, **f)(L.Conv2D(5, 1, **f)(x))
    x = L.Reshape((-1,))(L.Conv2D(3, 1, **f)(L.Dropout(0.1)(x)))
    return keras.Model(start, L.Activation("softmax")(x))


def separable(layout):
    f = {"data_format": layout}
    return keras.Sequential([
        L.Input(shape(layout, 8, 9, 3)), L.SeparableConv2D(5, (3, 2), depth_multiplier=2, activation="relu", **f),
        L.SeparableConv2D(4, 3, padding="same", strides=2, use_bias=False, **f), L.GlobalMaxPooling2D(**f)])


def transposed(layout):
    f = {"data_format": layout}
    return keras.Sequential([
        L.Input(shape(layout, 5, 6, 3)), L.Conv2DTranspose(4, 4, strides=2, padding="same", activation="relu", **f),
        L.Conv2DTranspose(3, (3, 5), strides=(3, 2), **f),
        L.Conv2DTranspose(2, 3, dilation_rate=2, use_bias=False, **f),
        L.Conv2DTranspose(2, (3, 5), strides=2, padding="same", **f)])


def prelu(layout):
    f = {"data_format": layout}
    spatial = [1, 2] if layout == LAST else [2, 3]
    return keras.Sequential([
        L.Input(shape(layout, 7, 8, 3)), L.Conv2D(4, 3, **f), L.PReLU(shared_axes=spatial),
        L.Conv2D(4, 3, groups=2, **f),
        L.PReLU(shared_axes=[1, 2, 3]), L.Flatten(), L.PReLU(), L.Dense(5), L.PReLU(shared_axes=[1]), L.ELU(0.5)])


def average_same(layout):
    f = {"data_format": layout}  # on even paddings: Keras' torch backend copies the edge into uneven ones
    return keras.Sequential([
        L.Input(shape(layout, 9, 7, 3)), L.AveragePooling2D(3, 1, padding="same", **f), L.Conv2D(4, 2, **f),
        L.AveragePooling2D((3, 5), (1, 2), padding="valid", **f), L.ReLU(negative_slope=0.2)])


def merges(layout):
    axis, f = (-1 if layout == LAST else 1), {"data_format": layout}
    start = L.Input(shape(layout, 5, 6, 3))
    one, two = L.Conv2D(3, 3, padding="same", **f)(start), L.Conv2D(3, 3, padding="same", **f)(start)
    x = L.Subtract()([L.Average()([one, two, start]), L.Multiply()([one, two])])
    x = L.Concatenate(axis=axis)([L.Maximum()([x, one]), L.Add()([x, one, two])])
    flat_ones = [L.Flatten()(x), L.Dense(3)(L.GlobalMaxPooling2D(**f)(x)), L.Flatten(data_format=layout)(one)]
    return keras.Model(start, L.Dense(4)(L.BatchNormalization()(L.Concatenate()(flat_ones))))


def nested(layout):
    f = {"data_format": layout}
    inner = keras.Sequential([L.Input(shape(layout, 7, 8, 3)), L.Conv2D(3, 3, padding="same", activation="relu", **f),
                              L.BatchNormalization(axis=-1 if layout == LAST else 1)], name="inner")
    other = L.Input(shape(layout, 7, 8, 3))
    residual = keras.Model(other, L.add([other, L.Conv2D(3, 3, padding="same", **f)(other)]), name="residual")
    head = keras.Sequential([L.Flatten(), L.Dense(4)], name="head")
    start = L.Input(shape(layout, 7, 8, 3))
    return keras.Model(start, head(residual(inner(start))), name="outer")


def grey_picture(layout):
    return keras.Sequential([L.Input((9, 8)), L.Reshape((9, 8, 1) if layout == LAST else (1, 9, 8)),
                             L.Conv2D(3, 3, data_format=layout), L.Flatten(), L.Dense(3)])


def from_flat(layout):
    return keras.Sequential([L.Input((63,)), L.Reshape(shape(layout, 9, 7, 1)), L.Conv2D(3, 3, data_format=layout),
                             L.Reshape((-1,)), L.Dense(3)])


def permuted(layout):
    other = "channels_first" if layout == LAST else LAST
    dims = (3, 1, 2) if layout == LAST else (2, 3, 1)
    return keras.Sequential([L.Input(shape(layout, 6, 7, 3)), L.Permute(dims), L.Conv2D(4, 3, data_format=other),
                             L.Flatten(), L.Dense(3)])


def dense_on_pictures(layout):
    f = {"data_format": layout}
    back = [] if layout == LAST else [L.Permute((2, 3, 1))]
    return keras.Sequential([L.Input(shape(layout, 6, 7, 3)), L.Conv2D(4, 3, **f), *back, L.Dense(5, activation="tanh"),
                             L.GlobalAveragePooling2D()])


MODELS = {model.__name__: model for model in (
    lenet, same_on_odd_sizes, vgg_block, resnet_block, inception_block, mobilenet_like, separable, transposed, prelu,
    average_same, merges, nested, grey_picture, from_flat, permuted, dense_on_pictures)}
