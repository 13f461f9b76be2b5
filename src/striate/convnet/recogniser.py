"""ConvNet: a convolutional network as a recogniser, trained or fine-tuned, saved and loaded."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from striate.arch import Network, Volume, survey
from striate.convnet import finetuning
from striate.convnet.build.initialise import fill
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.build.resolve_network import input_requirement, network_for, without_lr_multipliers
from striate.convnet.distributed.sharded_weights import shard
from striate.convnet.inference import precision
from striate.convnet.inference.compiled_net import CurrentForm
from striate.convnet.logit_calibration import LogitCalibration
from striate.convnet.pretrained import PretrainedWeights, pretrained
from striate.convnet.recipe import presets
from striate.convnet.recipe.recipe import BUDGETS, Recipe
from striate.convnet.recipe.recipe_field import documented
from striate.convnet.training.checkpoint import Checkpoints
from striate.convnet.training.loop import train
from striate.convnet.training.malloc import reuse_freed_memory
from striate.convnet.training.start import content_hash, start_run
from striate.convnet.training.state_dict import refuse_too_large
from striate.convnet.training.training_context import TrainingContext
from striate.convnet.training.training_run import TrainingRun
from striate.core.estimator import check_is_fitted
from striate.core.model_file import MAX_BYTES, Arrays, ModelFile
from striate.core.params import stored
from striate.errors import ModelFileError, UsageError, shown
from striate.model.preprocessing import LabelledPictures
from striate.model.recogniser import (
    Recogniser,
    class_indices,
    manifest_of,
    no_confidence,
    pictures_of,
    refuse_not_finite,
    restored_classes,
    training_set,
)


@partial(documented, of=Recipe)
class ConvNet(Recogniser):
    """A convolutional network, trained from random weights, or fine-tuned from pretrained ones.

    Args:
        network: a name of the zoo (`compact`, `lenet5`), a YAML file, or a `Network`.
        size: (height, width) that pictures are resized to; None is the size of the network's input, or their own.
        resize: how pictures of another shape are resized: `squash`, `crop` or `pad`.
        weights: pretrained weights to begin with, a file or the name of known ones (`efficientnet_lite0`), as in
            `Transfer`; None is random ones. See `striate.convnet.finetuning`.
        {recipe}

    All from `epochs` to `seed` are the fields of `striate.Recipe`; None is planned from the data.

    Learnt: `classes_`, `network_`, `module_` (torch), `recipe_`, `reasons_` (of its plan), `history_` (dicts, one per
    epoch), `best_epoch_`, `seconds_` (of training), `source_` (the pretrained weights by name, or "");
    `predicts_in_`, the precision of predictions, `auto` unless another was asked for;
    `calibration_` of the outputs, fitted on validation (without, they are taken as they come); `validated_`, the
    probabilities (n, K) of the validation pictures, which is not in a model file.

    Limits: weights (and the best, and their average), optimiser state and a few batches are in memory; the pictures
    need not be.

    >>> pictures = np.repeat(np.array([0, 255], np.uint8), 8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    >>> model = ConvNet(epochs=2, seed=0).fit(pictures, ["dark"] * 8 + ["light"] * 8)
    >>> model.predict_proba(pictures[:3]).shape  # three pictures, two classes
    (3, 2)

    """

    KIND = "convnet"
    preparation_: InputNormalisation
    calibration_ = LogitCalibration()
    validated_: NDArray[np.float64] | None = None

    def __init__(
        self,
        network: str | Path | Network = "compact",
        *,
        epochs: int | None = None,
        minutes: float | None = None,
        steps: int | None = None,
        plan: tuple[tuple[int, int], ...] | None = None,
        batch_size: int | None = None,
        optimiser: str | None = None,
        learning_rate: float | None = None,
        momentum: float | None = None,
        weight_decay: float | None = None,
        warmup: float | None = None,
        schedule: str | None = None,
        cooldown: float | None = None,
        gamma: float | None = None,
        power: float | None = None,
        step_size: int | None = None,
        step_values: tuple[int, ...] | None = None,
        label_smoothing: float | None = None,
        average: float | None = None,
        clip: float | None = None,
        balance: bool | None = None,
        mixup: float | None = None,
        cutmix: float | None = None,
        flip: bool | None = None,
        shift: float | None = None,
        rotate: float | None = None,
        zoom: float | None = None,
        cutout: float | None = None,
        crop: float | None = None,
        colour: float | None = None,
        randaugment: float | None = None,
        test_time: str | None = None,
        precision: str | None = None,
        size: tuple[int, int] | None = None,
        resize: str = "squash",
        weights: str | Path | None = None,
        seed: int = 0,
    ) -> None:
        self.network, self.size, self.resize, self.weights = network, size, resize, weights
        self.epochs, self.minutes, self.steps, self.plan, self.seed = epochs, minutes, steps, plan, seed
        self.batch_size, self.optimiser, self.learning_rate = batch_size, optimiser, learning_rate
        self.momentum, self.weight_decay, self.clip, self.average = momentum, weight_decay, clip, average
        self.schedule, self.warmup, self.cooldown, self.gamma, self.power = schedule, warmup, cooldown, gamma, power
        self.step_size, self.step_values = step_size, step_values
        self.label_smoothing, self.balance, self.mixup, self.cutmix = label_smoothing, balance, mixup, cutmix
        self.flip, self.shift, self.rotate, self.zoom, self.cutout = flip, shift, rotate, zoom, cutout
        self.crop, self.colour, self.randaugment = crop, colour, randaugment
        self.test_time, self.precision = test_time, precision

    def fit(
        self,
        X: Any,
        y: ArrayLike | None = None,
        *,
        validation: LabelledPictures | tuple[Any, ArrayLike] | None = None,
        context: TrainingContext | None = None,
    ) -> Self:
        """Train on pictures `X`, (N, H, W[, C]) uint8 with labels `y` (N,), or on a `Dataset`.

        Args:
            X: the training pictures.
            y: their labels.
            validation: a `Dataset`, or (pictures, labels): the best epoch is chosen on it, and its probabilities are
                calibrated; without, the last epoch is used, and probabilities are as they come.
            context: callbacks, checkpoints and other services of the run; None is none of them.

        Raises `RunError` (`loss_not_finite`); if an epoch had ended well, the model is fitted with its weights.

        """
        context = context or TrainingContext()
        pictures, labels, self.classes_ = training_set(X, y)
        asked = self._recipe()
        if context.sharded:
            refuse_unsharded(asked, context.group.world_size)
            asked = replace(asked, optimiser=asked.optimiser or "adamw", average=0.0)
        source = self._source()
        prepared = self._prepare(pictures, source)
        self.predicts_in_ = asked.precision  # what is slower to train in bfloat16 is not slower to predict in it
        recipe, self.reasons_ = self._planned(asked, len(labels))
        if context.checkpoints:
            refuse_too_large(self.network_, recipe)
        module = build(self.network_)
        run = TrainingRun(
            module=module, pictures=prepared, labels=labels, validation=self._validation(validation), recipe=recipe,
            preparation=self.preparation_, precision=precision.choose(recipe.precision), context=context,
            checkpoints=Checkpoints(Path(context.checkpoints)) if context.checkpoints else None,
            by_clock=bool(asked.minutes and not asked.plan), pretrained=bool(source),
        )
        with torch.random.fork_rng(), reuse_freed_memory():
            fill(module, recipe.seed)
            if source:
                finetuning.copy_pretrained(module, self.network_, source)
            finetuning.freeze(self.network_, dict(module.named_parameters()))
            module.to(precision.best_device(), memory_format=torch.channels_last)  # type: ignore[call-overload]
            run.identity = {"classes": self.classes_.tolist(), "preparation": self.preparation_.as_dict(),
                            "network": self.network_.to_dict(), "recipe": asked.as_dict(),
                            "set of pictures": content_hash(run)}
            if source:
                run.identity["weights"] = source.sha256
            snapshot, more = start_run(run, asked, finetuning.solve_head if source else None)
            begun = snapshot.facts["progress"].get("begun", "") if snapshot else run.progress.begun
            self.reasons_ += (begun, *more) if begun else more
            if context.sharded:
                shard(module, context.group.world_size)
            try:
                for step in train(run, snapshot):
                    context.on_step(step)
            finally:
                if run.best:
                    self._take(run)
            self._calibrate(run)
        return self

    def set_params(self, **params: Any) -> Self:
        """Set parameters, as in scikit-learn; a new budget replaces the one that the model has.

        >>> ConvNet(epochs=3, steps=90).set_params(minutes=5).epochs is None
        True
        """
        if any(name in params for name in BUDGETS):
            params = dict.fromkeys(BUDGETS) | params
        super().set_params(**params)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Class probabilities, (N, K) float64, rows sum to 1; pictures of another size are resized first."""
        check_is_fitted(self, "module_")
        return self.probabilities(self._logits(self.preparation_.apply(pictures_of(X))))

    def probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, K) of outputs (N, K) of the network, as `predict_proba` finds them from pictures.

        Raises `UsageError` (`scores_not_finite`).
        """
        refuse_not_finite(scores)
        return self.calibration_.probabilities(scores)

    @property
    def has_confidence(self) -> bool:
        """Whether it was trained with validation pictures; those of striate 0.1 do not have what is needed."""
        return self.calibration_.percentiles is not None

    def predict_with_confidence(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Class probabilities (N, K), and how known each picture is, (N,) 0 to 1: see `Recogniser`."""
        check_is_fitted(self, "module_")
        if not self.has_confidence:
            raise no_confidence()
        scores = self._logits(self.preparation_.apply(pictures_of(X)))
        return self.probabilities(scores), self.calibration_.confidence(scores)

    def describe_training(self) -> str:
        """Epochs, the best of them, optimiser and batch size; nothing for a loaded network, which has no history."""
        if not self.history_:
            return super().describe_training()
        return (f"{self.history_[-1]['epoch']} epochs, the best of them {self.best_epoch_}; {self.recipe_.optimiser}, "
                f"batch {self.recipe_.batch_size}")

    def to_file(self) -> tuple[dict[str, Any], Arrays]:
        """Manifest and arrays; no times and no paths, so that the same training gives the same bytes."""
        manifest = {
            "preparation": self.preparation_.as_dict(),
            "network": self.network_.to_dict(),
            "precision": self.predicts_in_,
            "calibration": self.calibration_.as_dict(),
            "training": {
                "weights": self.source_, "recipe": self.recipe_.as_dict(), "best_epoch": self.best_epoch_,
                "precision": precision.choose(self.recipe_.precision).name, "threads": torch.get_num_threads(),
                "torch": torch.__version__, "numpy": np.__version__,
            },
        }
        return manifest, {name: value.numpy() for name, value in self.module_.state_dict().items()}

    @classmethod
    def from_file(cls, file: ModelFile, path: Path) -> Self:
        """The network in `file`; raises `ModelFileError` (`bad_manifest`, `tensors_differ`, `class_count`)."""
        with manifest_of(path, "a network"):
            network = Network.from_dict(file.manifest["network"])
            preparation = InputNormalisation.from_dict(file.manifest["preparation"])
            recipe = Recipe.from_dict(file.manifest["training"]["recipe"])
            classes = restored_classes(file.manifest["classes"])
            best_epoch = int(file.manifest["training"]["best_epoch"])
            predicts_in = stored(Recipe, {"precision": recipe.precision} | file.manifest, "precision")["precision"]
            calibration = LogitCalibration.from_manifest(file.manifest)
            source = file.manifest["training"].get("weights", "")
            if not isinstance(source, str):
                raise ValueError("its training is not described")
            network_for(network, preparation.size, preparation.channels, len(classes))
            needed = survey(network).inference_memory  # weights are limited by Network
            if needed > MAX_BYTES:
                raise ValueError(f"one picture would take {needed:,} bytes of memory; {MAX_BYTES:,} are allowed")
        with torch.device("meta"):  # its tensors are those of the file
            module = build(network)
        expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
        found = {name: array.shape for name, array in file.arrays.items()}
        if expected != found:
            differing = sorted(k for k in expected | found if expected.get(k) != found.get(k))
            raise ModelFileError("tensors_differ", f"{shown(path)} was to be loaded",
                                 allowed="its arrays must be those of its network",
                                 given=f"missing, extra or of another shape: {shown(', '.join(differing))}",
                                 do="Give a file that striate train has written")
        dtypes = {name: value.dtype for name, value in module.state_dict().items()}
        module.load_state_dict({name: torch.from_numpy(array).to(dtypes[name]) for name, array in file.arrays.items()},
                               assign=True)  # takes the arrays over, instead of a second copy of all weights
        # With its whole recipe, so that a clone of it is trained in the same way.
        model = cls(without_lr_multipliers(network) if source else network, size=preparation.size,
                    resize=preparation.resize, **recipe.as_dict())
        model.network_, model.preparation_, model.recipe_ = network, preparation, recipe
        model.classes_, model.best_epoch_, model.history_, model.source_ = classes, best_epoch, [], source
        model.calibration_, model.predicts_in_ = calibration, predicts_in
        model.module_ = module.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        return model

    def _take(self, run: TrainingRun) -> None:
        """Store the best weights of `run` so far, and how they were trained."""
        module = build(self.network_)
        module.load_state_dict(run.best)
        self.module_ = module.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.recipe_, self.history_, self.best_epoch_ = run.recipe, run.progress.history, run.progress.best_epoch
        self.seconds_ = run.progress.elapsed
        self.notes_ = run.checkpoints.notes if run.checkpoints else []
        self.calibration_, self.validated_ = LogitCalibration(), None

    def _calibrate(self, run: TrainingRun) -> None:
        """Calibrate on the validation pictures of `run`, if it has any; on rank 0, for all. Collective."""
        if not run.validation:
            return
        pictures, labels = run.validation
        scores = run.group.on_rank_zero(lambda: self._logits(pictures))
        if scores is not None:
            refuse_not_finite(scores)
        found = LogitCalibration() if scores is None else LogitCalibration.fit(scores, labels)
        self.calibration_ = LogitCalibration.from_manifest({"calibration": run.group.broadcast(found.as_dict())})
        self.validated_ = None if scores is None else self.probabilities(scores)

    def _logits(self, pictures: LabelledPictures) -> NDArray[np.float32]:
        """Outputs of the network, (N, K) float32, for pictures of its size."""
        form: CurrentForm = self.__dict__.get("_form") or self.__dict__.setdefault("_form", CurrentForm())
        net = form.of(self.module_, self.preparation_, self.predicts_in_)
        return net.scores(pictures, self.recipe_.test_time or "none")

    def _planned(self, asked: Recipe, count: int) -> tuple[Recipe, tuple[str, ...]]:
        """The recipe for `count` training pictures with every field filled in, and why it is so."""
        found = survey(self.network_)
        recipe, reasons = presets.plan(asked, presets.DataFacts(
            count, tuple(map(str, self.classes_)), self.preparation_.size, self.preparation_.channels,
            found.total("macs"), found.training_memory,
            any(node.layer.kind == "batch_norm" for node in self.network_.nodes), bool(self.source_)))
        if recipe.precision == "auto" and precision.best_device().type == "cpu" and precision.slower_in_bfloat16(
                self.network_):
            recipe = replace(recipe, precision="float32")
            reasons += ("float32: depthwise convolutions train faster in it on a processor",)
        return recipe, reasons

    def _recipe(self) -> Recipe:
        given = {field.name: getattr(self, field.name) for field in fields(Recipe)}
        return Recipe.from_dict({name: value for name, value in given.items() if value is not None})

    def _source(self) -> PretrainedWeights | None:
        """The pretrained weights, if there are any."""
        if self.weights is not None and isinstance(self.network, Network):
            raise UsageError("network_in_full", "a network was to begin with weights that are given",
                             allowed="its name or its file is allowed", given="a Network was given",
                             do="Give its name, or save it with striate.arch.formats.yaml.write_yaml and give the file")
        source = None if self.weights is None else pretrained(str(self.network), self.weights)
        self.source_ = source.name if source else ""
        return source

    def _prepare(
        self, pictures: LabelledPictures | NDArray[np.uint8], source: PretrainedWeights | None
    ) -> LabelledPictures:
        """Choose size and network, measure mean and standard deviation; returns the pictures at that size."""
        if source:
            volume = source.network.input
            size = self.size or (volume.height, volume.width)
            self.preparation_ = InputNormalisation(size, volume.channels, self.resize, source.mean, source.std)
            whole = finetuning.adapt_head(source.network, len(self.classes_))
            self.network_ = whole if size == (volume.height, volume.width) else whole.on(Volume(volume.channels, *size))
            return self.preparation_.apply(pictures)
        first = pictures.take(np.zeros(1, np.int64)) if isinstance(pictures, LabelledPictures) else pictures[:1]
        asked = input_requirement(self.network)
        size = self.size or asked.size_for(first.shape[1], first.shape[2])
        channels = asked.channels or first.shape[3]
        preparation = InputNormalisation(size, channels, self.resize)
        resized = preparation.apply(pictures)
        self.preparation_ = preparation.measured(resized)
        self.network_ = network_for(self.network, size, channels, len(self.classes_))
        return resized

    def _validation(
        self, given: LabelledPictures | tuple[Any, ArrayLike] | None
    ) -> tuple[LabelledPictures, NDArray[np.int64]] | None:
        if given is None or (isinstance(given, LabelledPictures) and not len(given)):
            return None
        pictures, labels = (given, given.labels) if isinstance(given, LabelledPictures) else given
        return self.preparation_.apply(pictures_of(pictures)), class_indices(labels, self.classes_)


def refuse_unsharded(recipe: Recipe, world: int) -> None:
    """Refuse what needs whole weights on every process, or more than one of them (`not_sharded`)."""
    given = {"minutes": recipe.minutes, "optimiser muon": recipe.optimiser == "muon", "average": recipe.average,
             "clip": recipe.clip, "a single process": world == 1}
    strange = [name for name, value in given.items() if value]
    if strange:
        raise UsageError("not_sharded", "a network was to be divided among processes",
                         allowed="several processes under torchrun, with adamw or sgd and epochs or steps, are allowed",
                         given=f"{' and '.join(strange)} was asked for", do="Leave it out, or leave out --sharded")
