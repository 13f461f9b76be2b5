"""Keras' tutorial network on TensorFlow, `fit` stopped by the clock.

    cd bench && PYTHON_OF_THE_OTHER_ENVIRONMENT -m rivals.clock_keras fashion.npz --minutes 1

Chollet, "Simple MNIST convnet", keras.io/examples/vision/mnist_convnet, 2015: network, Adam, batches of 128 and a
tenth of the pictures kept for validation are the tutorial's; only its 15 epochs give way to the clock.
"""

from __future__ import annotations

import time

import keras
import numpy as np
import tensorflow
from keras import layers

from rivals.clock import Given, read, tell


class Clock(keras.callbacks.Callback):
    """Counts steps, and ends the training when the minutes are out."""

    def __init__(self, given: Given) -> None:
        super().__init__()
        self.given, self.steps = given, 0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - Keras'
        """Keras calls it after every step."""
        self.steps += 1
        if self.given.out:
            self.model.stop_training = True


def main() -> None:
    given = read()
    keras.utils.set_random_seed(given.seed)
    classes = int(given.learnt[1].max()) + 1
    pictures, tests = (one[0].astype("float32") / 255 for one in (given.learnt, given.judged))
    model = keras.Sequential([
        keras.Input(shape=pictures.shape[1:]),
        layers.Conv2D(32, kernel_size=(3, 3), activation="relu"), layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Conv2D(64, kernel_size=(3, 3), activation="relu"), layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Flatten(), layers.Dropout(0.5), layers.Dense(classes, activation="softmax")])
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    clock = Clock(given)
    given.start()
    model.fit(pictures, keras.utils.to_categorical(given.learnt[1], classes), batch_size=128, epochs=1_000_000,
              validation_split=0.1, verbose=0, callbacks=[clock])
    seconds = time.monotonic() - given.began
    answers = np.asarray(model.predict(tests, batch_size=1_000, verbose=0)).argmax(axis=1)
    tell(given, seconds, answers == given.judged[1], clock.steps * 128, parameters=model.count_params(),
         keras=keras.__version__, tensorflow=tensorflow.__version__)


if __name__ == "__main__":
    main()
