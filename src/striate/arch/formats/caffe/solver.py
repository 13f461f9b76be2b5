"""Caffe's solver files: the training settings of a network, with Caffe's learning rate policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from striate.arch.formats.caffe.prototxt_text import parse
from striate.core.constraints import quoted
from striate.core.humanize import join_words
from striate.core.schedules import factor_at
from striate.errors import NetworkError, shown

POLICIES = {"fixed": (), "step": ("gamma", "stepsize"), "exp": ("gamma",), "inv": ("gamma", "power"),
            "multistep": ("gamma", "stepvalue"), "poly": ("power", "max_iter"), "sigmoid": ("gamma", "stepsize")}
TYPES = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")  # by the numbers of the older solver_type
FIELDS = ("gamma", "power", "momentum", "momentum2", "rms_decay", "delta", "weight_decay", "regularization_type",
          "stepsize", "max_iter", "iter_size", "random_seed", "clip_gradients", "test_interval", "average_loss")
LARGEST = 1e30


@dataclass(frozen=True)
class Solver:
    """The settings of a solver file, under Caffe's names and with Caffe's defaults; `net` is never opened.

    `stepsize`, `stepvalues` and `max_iter` count steps, of `iter_size` batches each. `random_seed` −1 is none,
    `clip_gradients` −1 is no limit.

    >>> solver = read_solver('base_lr: 0.01 lr_policy: "step" gamma: 0.1 stepsize: 100000 max_iter: 450000')
    >>> solver.rate_at(99_999), round(solver.rate_at(200_000), 6)  # 0.01·0.1^⌊200,000/100,000⌋
    (0.01, 0.0001)
    """

    base_lr: float
    lr_policy: str = "fixed"
    gamma: float = 0.0
    power: float = 0.0
    stepsize: int = 0
    stepvalues: tuple[int, ...] = ()
    momentum: float = 0.0
    weight_decay: float = 0.0
    regularization_type: str = "L2"
    type: str = "SGD"
    momentum2: float = 0.999
    rms_decay: float = 0.99
    delta: float = 1e-8
    max_iter: int = 0
    iter_size: int = 1
    random_seed: int = -1
    clip_gradients: float = -1.0
    test_interval: int = 0
    average_loss: int = 1
    net: str = ""

    def rate_at(self, step: int) -> float:
        """The learning rate of step 0, 1, … by Caffe's formula.

        >>> inverse = Solver(0.01, "inv", gamma=0.0001, power=0.75)
        >>> round(inverse.rate_at(10_000), 8)  # 0.01·(1 + 0.0001·10,000)^(−0.75)
        0.00594604
        """
        return self.base_lr * factor_at(self.lr_policy, step, self.gamma, self.power, self.stepsize, self.stepvalues,
                                        self.max_iter)

    def as_recipe(self) -> dict[str, Any]:
        """The settings that a training recipe has, as plain data for YAML; `notes` lists the others.

        The schedule is `constant`, `linear` (poly with power 1) or the policy by its name with its numbers.

        >>> Solver(0.01, "poly", power=1.0, momentum=0.9, max_iter=1000).as_recipe()["schedule"]
        'linear'
        """
        recipe: dict[str, Any] = {"optimiser": "adamw" if self.type == "Adam" else "sgd", "learning_rate": self.base_lr,
                                  "momentum": self.momentum, "weight_decay": self.weight_decay, "warmup": 0.0}
        if self.lr_policy == "fixed":
            recipe["schedule"] = "constant"
        elif self.lr_policy == "poly" and self.power == 1:
            recipe["schedule"] = "linear"
        else:
            recipe["schedule"] = self.lr_policy
            for name in POLICIES[self.lr_policy]:
                if name == "stepvalue":
                    recipe["step_values"] = list(self.stepvalues)
                elif name != "max_iter":
                    recipe["step_size" if name == "stepsize" else name] = getattr(self, name)
        if self.max_iter:
            recipe["steps"] = self.max_iter
        if self.random_seed >= 0:
            recipe["seed"] = self.random_seed
        return recipe

    @property
    def notes(self) -> tuple[str, ...]:
        """Settings that `as_recipe` leaves out or changes, one sentence each.

        >>> Solver(0.1, clip_gradients=35.0).notes
        ('The batch size stands in the data layer of the network.', 'Gradients are not clipped to a norm of 35.')
        """
        notes = ["The batch size stands in the data layer of the network."]
        if self.iter_size > 1:
            notes.append(f"Each step sums the gradients of {self.iter_size} batches: multiply the batch size by it.")
        if self.type not in ("SGD", "Nesterov", "Adam"):
            notes.append(f"The optimiser {self.type} is not there; sgd takes its place.")
        if self.type == "SGD" and self.momentum:
            notes.append("The momentum of sgd here is Nesterov's.")
        if self.type == "Adam" and self.weight_decay:
            notes.append("Weight decay is decoupled from the gradient here (adamw), and was part of it.")
        if self.regularization_type != "L2":
            notes.append(f"Weight decay is L2 here, and was {shown(self.regularization_type, 20)}.")
        if self.clip_gradients >= 0:
            notes.append(f"Gradients are not clipped to a norm of {self.clip_gradients:g}.")
        if self.net:
            notes.append(f"The network is another file, {shown(self.net, 100)}; it was not opened.")
        return tuple(notes)


def read_solver(text: str) -> Solver:
    """The solver of a prototxt; nothing it names is opened. Raises `NetworkError` with line and column, or the field.

    >>> read_solver('net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" momentum: 0.9').momentum
    0.9
    """
    given = parse(text, "SolverParameter", "a solver")
    policy = given.lr_policy or "fixed"
    if policy not in POLICIES:
        raise _refusal("lr_policy", f"{join_words(list(POLICIES))} is allowed", quoted(policy))
    for field in ("base_lr", *POLICIES[policy]):
        missing = not given.stepvalue if field == "stepvalue" else not given.HasField(field)
        if missing and field != "power":  # whose default is 0 in Caffe
            raise _refusal(field, f"{policy} with {field} is allowed", "none")
    named = given.type.lower() if given.HasField("type") else TYPES[given.solver_type].lower()
    type_ = next((name for name in TYPES if name.lower() == named), None)
    if type_ is None:
        raise _refusal("type", f"{join_words(list(TYPES))} is allowed", quoted(given.type))
    values = {field: getattr(given, field) for field in FIELDS if given.HasField(field)}
    solver = Solver(given.base_lr, policy, type=type_, stepvalues=tuple(given.stepvalue),
                    net=given.net or given.train_net, **values)
    _check(solver)
    return solver


def _check(solver: Solver) -> None:
    """Refuse values that no training can use."""
    for field in ("base_lr", "gamma", "power", "momentum", "momentum2", "rms_decay", "delta", "weight_decay",
                  "clip_gradients"):
        value = getattr(solver, field)
        if not abs(value) <= LARGEST or (value < 0 and field not in ("power", "clip_gradients", "gamma")):
            raise _refusal(field, "a finite number from 0 up is allowed", quoted(value))
    for field, least in (("stepsize", int(solver.lr_policy == "step")), ("max_iter", int(solver.lr_policy == "poly")),
                         ("iter_size", 1)):
        if getattr(solver, field) < least:
            raise _refusal(field, f"a whole number from {least} up is allowed", str(getattr(solver, field)))
    if list(solver.stepvalues) != sorted(solver.stepvalues):
        raise _refusal("stepvalue", "rising numbers are allowed", quoted(list(solver.stepvalues)))


def _refusal(field: str, allowed: str, given: str) -> NetworkError:
    return NetworkError("bad_solver", f"a solver in Caffe's language was asked for: {field}", allowed=allowed,
                        given=f"{given} was given", do=f"Change {field}")
