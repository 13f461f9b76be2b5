"""Keras 3 on TensorFlow: `model.fit` on pictures held in memory. Prints its speed.

    cd bench && PYTHON_OF_THE_OTHER_ENVIRONMENT -m rivals.keras_fit resnet9 --precision mixed_bfloat16 --jit

The environment needs `tensorflow-cpu` and `keras`. Pictures are normalised in the model; channels last, as Keras has
it. `--feed` says how they come: `arrays` given to fit, or a `dataset` (tf.data, shuffled, batched, prefetched).
"""

from __future__ import annotations

import math

import keras
import tensorflow
from keras import layers

from rivals.work import DECAY, MEAN, MOMENTUM, RATE, SPREAD, WORKS, Timer, Work, made, parser


def unit(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))


def residual(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    return layers.Add()([x, unit(unit(x, width), width)])


def lenet(x: keras.KerasTensor) -> keras.KerasTensor:
    for width in (20, 50):
        x = layers.MaxPooling2D(2)(layers.Conv2D(width, 5)(x))
    x = layers.Dense(500, activation="relu")(layers.Flatten()(x))
    return layers.Dense(10)(x)


def resnet9(x: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.MaxPooling2D(2)(unit(unit(x, 64), 128))
    x = layers.MaxPooling2D(2)(unit(residual(x, 128), 256))
    x = residual(layers.MaxPooling2D(2)(unit(x, 512)), 512)
    return layers.Dense(10, use_bias=False)(layers.GlobalMaxPooling2D()(x))


def alexnet(x: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.Conv2D(64, 11, 4, activation="relu")(layers.ZeroPadding2D(2)(x))
    x = layers.Conv2D(192, 5, padding="same", activation="relu")(layers.MaxPooling2D(3, 2)(x))
    x = layers.MaxPooling2D(3, 2)(x)
    for width in (384, 256, 256):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D(3, 2)(x))
    for _ in range(2):
        x = layers.Dense(4096, activation="relu")(layers.Dropout(0.5)(x))
    return layers.Dense(1000)(x)


NETS = {"lenet": lenet, "resnet9": resnet9, "alexnet": alexnet}


class Watch(keras.callbacks.Callback):
    """Ticks after every step, and ends the training when enough was measured."""

    def __init__(self, timer: Timer, together: int) -> None:
        super().__init__()
        self.timer, self.together, self.step, self.loss = timer, together, 0, 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - Keras'
        """Keras calls it after every step, or every few that are taken `together`."""
        self.step += self.together
        self.loss = float((logs or {})["loss"])
        if self.timer.tick(self.step):
            self.model.stop_training = True


def model_for(net: str, work: Work, jit: bool, together: int) -> keras.Model:
    """The compiled model, which reads (n, side, side, channels) uint8."""
    pictures = keras.Input((work.side, work.side, work.channels), dtype="uint8")
    x = layers.Rescaling(1 / SPREAD, -MEAN / SPREAD)(pictures)
    model = keras.Model(pictures, layers.Activation("linear", dtype="float32")(NETS[net](x)))
    model.compile(keras.optimizers.SGD(RATE, MOMENTUM, nesterov=True, weight_decay=DECAY),
                  keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=jit,
                  steps_per_execution=together)
    return model


def main() -> None:
    arguments = parser()
    arguments.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    arguments.add_argument("--jit", action="store_true")
    arguments.add_argument("--feed", choices=("arrays", "dataset"), default="dataset")
    arguments.add_argument("--together", type=int, default=1, help="steps per execution; divides those of an epoch")
    given = arguments.parse_args()
    work = WORKS[given.net]
    keras.utils.set_random_seed(0)
    keras.mixed_precision.set_dtype_policy(given.precision)
    model = model_for(given.net, work, given.jit, given.together)
    pictures, labels = made(work)
    watch = Watch(Timer(work.batch, given.seconds), given.together)
    if given.feed == "arrays":
        fed = {"x": pictures, "y": labels, "batch_size": work.batch}
    else:
        fed = {"x": tensorflow.data.Dataset.from_tensor_slices((pictures, labels)).shuffle(work.count)
               .batch(work.batch, drop_remainder=True).prefetch(tensorflow.data.AUTOTUNE)}
    model.fit(**fed, epochs=1_000_000, verbose=0, callbacks=[watch])
    learnt = sum(math.prod(variable.shape) for variable in model.trainable_variables)
    watch.timer.report(work, learnt, watch.loss, tensorflow=tensorflow.__version__, keras=keras.__version__)


if __name__ == "__main__":
    main()
