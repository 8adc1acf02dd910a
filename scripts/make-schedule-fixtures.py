"""Values of the schedules of PyTorch, timm, optax and Keras, computed by their own code, for test/golden/schedulePresets.json.

    pip install jax optax keras && pip install --no-deps timm
    python scripts/make-schedule-fixtures.py lr_scheduler.py > test/golden/schedulePresets.json

lr_scheduler.py is torch/optim/lr_scheduler.py of a PyTorch wheel. PyTorch itself is not needed: a stand-in for the optimizer is
enough for its schedulers and timm's.
"""

import contextlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import sys
import types
import warnings

import jax

jax.config.update("jax_enable_x64", True)
os.environ["KERAS_BACKEND"] = "numpy"
import keras
import numpy as np
import optax

warnings.simplefilter("ignore")


class Optimizer:
    """As much of torch.optim.Optimizer as schedulers touch."""

    def __init__(self, lr, momentum=0.9):
        self.param_groups = [{"lr": lr, "params": [], "momentum": momentum}]
        self.defaults = {"lr": lr, "momentum": momentum}

    def step(self):
        pass


def module(name, path=None, **contents):
    made = types.ModuleType(name)
    if path is not None:
        made.__path__ = path
    for key, value in contents.items():
        setattr(made, key, value)
    sys.modules[name] = made
    return made


optim = module("torch.optim", path=[], Optimizer=Optimizer)
module("torch", inf=float("inf"), Tensor=type("Tensor", (), {}), optim=optim)
module("torch.optim.optimizer", Optimizer=Optimizer)
spec = importlib.util.spec_from_file_location("torch.optim.lr_scheduler", sys.argv[1])
L = importlib.util.module_from_spec(spec)
spec.loader.exec_module(L)

# Without timm's own __init__, which wants all of PyTorch.
folder = importlib.util.find_spec("timm").submodule_search_locations[0]
module("timm", path=[folder])
module("timm.scheduler", path=[folder + "/scheduler"])
T = {
    name: importlib.import_module("timm.scheduler." + file)
    for name, file in {
        "CosineLRScheduler": "cosine_lr",
        "PolyLRScheduler": "poly_lr",
        "StepLRScheduler": "step_lr",
        "MultiStepLRScheduler": "multistep_lr",
    }.items()
}

S = sys.modules[keras.optimizers.schedules.CosineDecay.__module__]


class Ops:
    """keras.ops in double precision."""

    convert_to_tensor = staticmethod(lambda x: np.asarray(x, "float64"))
    array = staticmethod(lambda x, dtype=None: np.asarray(x, "float64"))
    cast = staticmethod(lambda x, dtype: np.asarray(x, "float64"))
    name_scope = staticmethod(lambda name: contextlib.nullcontext())
    cond = staticmethod(lambda condition, then, otherwise: then() if condition else otherwise())

    def __getattr__(self, name):
        return getattr(np, name)


S.ops = Ops()

out = []


def rec(lib, name, options, f, ts):
    out.append({"library": lib, "preset": name, "options": options, "values": [[t, float(f(t))] for t in ts]})


def torch_case(name, options, ts):
    o = dict(options)
    lr = o.pop("lr", 0.1)
    opt = Optimizer(lr)
    s = getattr(L, name)(opt, **o)
    vals = [opt.param_groups[0]["lr"]]
    for t in range(max(ts)):
        opt.step()
        s.step()
        vals.append(opt.param_groups[0]["lr"])
    rec("torch", name, options, lambda t: vals[t], ts)


def R(n):
    """Steps 0 to n − 1."""
    return list(range(n))


torch_case("StepLR", dict(lr=0.05, step_size=3), R(12))
torch_case("StepLR", dict(lr=0.05, step_size=4, gamma=0.3), R(12))
torch_case("MultiStepLR", dict(lr=0.05, milestones=[2, 5, 9]), R(12))
torch_case("MultiStepLR", dict(lr=0.05, milestones=[2, 5, 9], gamma=0.5), R(12))
torch_case("MultiStepLR", dict(lr=0.05, milestones=[9, 2, 5, 2], gamma=1.5), R(12))
torch_case("ConstantLR", dict(lr=0.3), R(9))
torch_case("ConstantLR", dict(lr=0.3, factor=0.25, total_iters=3), R(9))
torch_case("LinearLR", dict(lr=0.3), R(9))
torch_case("LinearLR", dict(lr=0.3, start_factor=0.9, end_factor=0.2, total_iters=4), R(9))
torch_case("ExponentialLR", dict(lr=0.3, gamma=0.7), R(12))
torch_case("PolynomialLR", dict(lr=0.3), R(9))
torch_case("PolynomialLR", dict(lr=0.3, total_iters=8, power=2.5), R(12))
torch_case("CosineAnnealingLR", dict(lr=0.1, T_max=10, eta_min=0.01), R(11))
torch_case("CosineAnnealingLR", dict(lr=0.1, T_max=7), R(8))
torch_case("CosineAnnealingWarmRestarts", dict(lr=0.1, T_0=3, T_mult=2, eta_min=0.001), R(25))
torch_case("CosineAnnealingWarmRestarts", dict(lr=0.1, T_0=4), R(10))
torch_case("OneCycleLR", dict(max_lr=0.1, total_steps=20), R(20))
torch_case("OneCycleLR", dict(max_lr=0.1, total_steps=25), R(25))
torch_case(
    "OneCycleLR",
    dict(
        max_lr=0.1,
        total_steps=25,
        anneal_strategy="linear",
        pct_start=0.4,
        div_factor=10,
        final_div_factor=100,
    ),
    R(25),
)
torch_case("OneCycleLR", dict(max_lr=0.1, total_steps=25, three_phase=True), R(25))
torch_case(
    "OneCycleLR",
    dict(max_lr=0.1, total_steps=31, three_phase=True, anneal_strategy="linear", pct_start=0.25),
    R(31),
)


def timm_case(name, options, ts):
    o = dict(options)
    lr = o.pop("lr")
    opt = Optimizer(lr)
    s = getattr(T[name], name)(opt, **o)
    rec("timm", name, options, lambda t: s._get_lr(t)[0], ts)


timm_case("CosineLRScheduler", dict(lr=0.1, t_initial=20), R(25))
timm_case(
    "CosineLRScheduler", dict(lr=0.1, t_initial=20, lr_min=1e-3, warmup_t=5, warmup_lr_init=1e-4), R(25)
)
timm_case(
    "CosineLRScheduler",
    dict(lr=0.1, t_initial=20, lr_min=1e-3, warmup_t=5, warmup_lr_init=1e-4, warmup_prefix=True),
    R(30),
)
timm_case(
    "CosineLRScheduler",
    dict(
        lr=0.1,
        t_initial=5,
        lr_min=1e-3,
        cycle_mul=2,
        cycle_decay=0.5,
        cycle_limit=3,
        warmup_t=3,
        warmup_prefix=True,
    ),
    R(45),
)
timm_case("CosineLRScheduler", dict(lr=0.1, t_initial=5, lr_min=1e-3, cycle_limit=3, k_decay=1.5), R(18))
timm_case(
    "CosineLRScheduler",
    dict(lr=0.1, t_initial=5, lr_min=1e-3, cycle_mul=1.5, cycle_decay=0.8, cycle_limit=4),
    R(45),
)
timm_case(
    "CosineLRScheduler",
    dict(lr=0.1, t_initial=7, lr_min=1e-3, cycle_mul=1.3, cycle_limit=9, warmup_t=3, warmup_prefix=True),
    R(99),
)
timm_case("PolyLRScheduler", dict(lr=0.1, t_initial=20), R(25))
timm_case(
    "PolyLRScheduler",
    dict(lr=0.1, t_initial=20, power=2, lr_min=0.01, warmup_t=4, warmup_lr_init=0.001),
    R(25),
)
timm_case(
    "PolyLRScheduler",
    dict(lr=0.1, t_initial=20, power=2, lr_min=0.01, warmup_t=4, warmup_lr_init=0.001, warmup_prefix=True),
    R(30),
)
timm_case("StepLRScheduler", dict(lr=0.1, decay_t=4, decay_rate=0.5), R(14))
timm_case("StepLRScheduler", dict(lr=0.1, decay_t=4, decay_rate=0.5, warmup_t=3, warmup_lr_init=0.01), R(14))
timm_case("StepLRScheduler", dict(lr=0.1, decay_t=4, decay_rate=0.5, warmup_t=6, warmup_prefix=False), R(14))
timm_case("MultiStepLRScheduler", dict(lr=0.1, decay_t=[3, 7], decay_rate=0.5), R(14))
timm_case("MultiStepLRScheduler", dict(lr=0.1, decay_t=[3, 7], decay_rate=0.5, warmup_t=2), R(14))


def optax_case(name, options, ts):
    o = {k: ({int(b): v for b, v in x.items()} if isinstance(x, dict) else x) for k, x in options.items()}
    rec("optax", name, options, getattr(optax.schedules, name)(**o), ts)


optax_case("linear_schedule", dict(init_value=0.1, end_value=2.5, transition_steps=8), R(11))
optax_case(
    "linear_schedule", dict(init_value=0.3, end_value=0.1, transition_steps=5, transition_begin=3), R(11)
)
optax_case("polynomial_schedule", dict(init_value=0.3, end_value=0.1, power=2, transition_steps=5), R(8))
optax_case(
    "polynomial_schedule",
    dict(init_value=0.3, end_value=0.1, power=0.5, transition_steps=5, transition_begin=3),
    R(11),
)
optax_case("piecewise_constant_schedule", dict(init_value=0.5), R(3))
optax_case(
    "piecewise_constant_schedule",
    dict(init_value=0.5, boundaries_and_scales={"3": 0.2, "7": 2, "10": 0.5}),
    R(13),
)
optax_case(
    "piecewise_interpolate_schedule",
    dict(interpolate_type="linear", init_value=0.5, boundaries_and_scales={"3": 0.2, "7": 2, "10": 0.5}),
    R(13),
)
optax_case(
    "piecewise_interpolate_schedule",
    dict(interpolate_type="cosine", init_value=0.5, boundaries_and_scales={"3": 0.2, "7": 2, "10": 0.5}),
    R(13),
)
optax_case("exponential_decay", dict(init_value=0.5, transition_steps=4, decay_rate=0.3), R(11))
optax_case(
    "exponential_decay",
    dict(
        init_value=0.5, transition_steps=4, decay_rate=0.3, transition_begin=2, staircase=True, end_value=0.1
    ),
    R(15),
)
optax_case("cosine_decay_schedule", dict(init_value=0.5, decay_steps=10), R(13))
optax_case("cosine_decay_schedule", dict(init_value=0.5, decay_steps=10, alpha=0.1, exponent=2), R(13))
optax_case(
    "warmup_cosine_decay_schedule",
    dict(init_value=0.01, peak_value=0.5, warmup_steps=4, decay_steps=12, end_value=0.05, exponent=1.5),
    R(15),
)
optax_case(
    "warmup_cosine_decay_schedule", dict(init_value=0, peak_value=0.5, warmup_steps=4, decay_steps=12), R(15)
)
optax_case(
    "warmup_exponential_decay_schedule",
    dict(
        init_value=0.01,
        peak_value=0.5,
        warmup_steps=4,
        transition_steps=3,
        decay_rate=0.5,
        transition_begin=2,
        end_value=0.05,
    ),
    R(25),
)
c = [
    dict(init_value=0, peak_value=0.5, warmup_steps=2, decay_steps=7, end_value=0.01),
    dict(init_value=0.01, peak_value=0.25, warmup_steps=3, decay_steps=9),
]
out.append(
    {
        "library": "optax",
        "preset": "sgdr_schedule",
        "options": c,
        "values": [[t, float(optax.schedules.sgdr_schedule(c)(t))] for t in R(20)],
    }
)
optax_case("cosine_onecycle_schedule", dict(transition_steps=25, peak_value=0.1), R(28))
optax_case(
    "cosine_onecycle_schedule",
    dict(transition_steps=20, peak_value=0.1, pct_start=0.5, div_factor=10, final_div_factor=100),
    R(23),
)
optax_case("linear_onecycle_schedule", dict(transition_steps=25, peak_value=0.1), R(28))
optax_case(
    "linear_onecycle_schedule",
    dict(
        transition_steps=20, peak_value=0.1, pct_start=0.4, pct_final=0.7, div_factor=10, final_div_factor=100
    ),
    R(23),
)


def keras_case(name, options, ts):
    s = getattr(S, name)(**options)
    rec("keras", name, options, lambda t: s(np.asarray(t)), ts)


keras_case("ExponentialDecay", dict(initial_learning_rate=0.5, decay_steps=4, decay_rate=0.3), R(11))
keras_case(
    "ExponentialDecay", dict(initial_learning_rate=0.5, decay_steps=4, decay_rate=0.3, staircase=True), R(11)
)
keras_case("InverseTimeDecay", dict(initial_learning_rate=0.5, decay_steps=4, decay_rate=0.3), R(11))
keras_case(
    "InverseTimeDecay", dict(initial_learning_rate=0.5, decay_steps=4, decay_rate=2, staircase=True), R(11)
)
keras_case("PolynomialDecay", dict(initial_learning_rate=0.5, decay_steps=8), R(11))
keras_case(
    "PolynomialDecay", dict(initial_learning_rate=0.5, decay_steps=8, end_learning_rate=0.1, power=2), R(11)
)
keras_case("PiecewiseConstantDecay", dict(boundaries=[3, 7], values=[0.5, 1.0, 0.25]), R(11))
keras_case("CosineDecay", dict(initial_learning_rate=0.5, decay_steps=8, alpha=0.1), R(11))
keras_case(
    "CosineDecay",
    dict(initial_learning_rate=0.05, decay_steps=8, alpha=0.1, warmup_target=0.5, warmup_steps=3),
    R(14),
)
keras_case(
    "CosineDecay", dict(initial_learning_rate=0.5, decay_steps=8, warmup_target=0.1, warmup_steps=3), R(14)
)
keras_case("CosineDecayRestarts", dict(initial_learning_rate=0.5, first_decay_steps=3), R(25))
keras_case(
    "CosineDecayRestarts",
    dict(initial_learning_rate=0.5, first_decay_steps=4, t_mul=1, m_mul=0.5, alpha=0.1),
    R(14),
)
keras_case(
    "CosineDecayRestarts",
    dict(initial_learning_rate=0.5, first_decay_steps=4, t_mul=3, m_mul=0.7, alpha=0.2),
    R(50),
)
keras_case(
    "CosineDecayRestarts",
    dict(initial_learning_rate=0.5, first_decay_steps=5, t_mul=1.5, m_mul=0.8, alpha=0.1),
    R(45),
)
keras_case(
    "CosineDecayRestarts",
    dict(initial_learning_rate=0.5, first_decay_steps=7, t_mul=2.3, alpha=0.01),
    R(99),
)

version = importlib.metadata.version
meta = {
    "torch": "2.7.1: its lr_scheduler.py executed over a stand-in for the optimizer",
    "timm": version("timm") + ": its scheduler modules, _get_lr(t), over the same stand-in",
    "optax": version("optax") + " on jax " + version("jax") + " in float64",
    "keras": version("keras") + ": its learning_rate_schedule.py executed over numpy in float64",
    "values": "[t, learning rate in force during update t]",
}


def line(case):
    front = {key: case[key] for key in ("library", "preset", "options")}
    return "    " + json.dumps(front)[:-1] + ', "values": ' + json.dumps(case["values"]) + "}"


print('{\n  "_meta": ' + json.dumps(meta) + ',\n  "cases": [')
print(",\n".join(line(case) for case in out) + "\n  ]\n}")
