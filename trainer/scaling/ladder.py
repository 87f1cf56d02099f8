"""L(N, D) = E + A / N^α + B / D^β fitted to runs of one's own, with intervals by a bootstrap over the runs.

The fit minimises what that of Hoffmann et al. 2022 does (appendix D.3), the Huber loss between the logarithms of
predicted and seen losses, from the best of a grid of exponents.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares, nnls

from maslin.manifests.errors import UsageError
from maslin.trainer.comparison.statistics import generator
from maslin.trainer.scaling.laws import Fit, Optimum

MIN_SIZES = MIN_BUDGETS = 3  # distinct ones, without which an exponent is not determined
REPLICATES = 200
_HUBER = 1e-3
_EXPONENTS = np.linspace(0.05, 1.2, 24)
# Of log A, log B, log E, α, β. Exponents beyond are of no curve that was ever seen; few runs would wander off to them.
_BOUNDS = np.array([[-30.0, -30.0, -30.0, 0.01, 0.01], [60.0, 60.0, 5.0, 3.0, 3.0]])


@dataclass(frozen=True)
class LadderRun:
    """A finished run: parameters, embeddings included, tokens and final loss in nats a token."""

    name: str
    parameters: float
    tokens: float
    loss: float


@dataclass(frozen=True)
class Ladder:
    """Runs, their fit, and fits of the runs drawn again with replacement."""

    runs: tuple[LadderRun, ...]
    fit: Fit
    replicates: tuple[Fit, ...]

    def interval(self, name: str) -> tuple[float, float]:
        """95 % interval of a number of the fit, as `Fit` names it."""
        return _interval([getattr(fit, name) for fit in self.replicates])

    def optimum_intervals(self, flop: float) -> dict[str, tuple[float, float]]:
        """95 % intervals of the fields of the optimum for `flop`: parameters, tokens and loss."""
        optima = [fit.for_flop(flop) for fit in self.replicates]
        return {name: _interval([getattr(best, name) for best in optima]) for name in ("parameters", "tokens", "loss")}

    @property
    def largest_flop(self) -> float:
        return max(6 * run.parameters * run.tokens for run in self.runs)

    def optimum(self, flop: float | None, tokens: float | None) -> Optimum:
        """The best split of a compute, or that for which these tokens are best."""
        return self.fit.for_flop(flop) if flop is not None else self.fit.for_tokens(tokens or 0.0)


def fit_ladder(runs: Sequence[LadderRun], source: str, replicates: int = REPLICATES) -> Ladder:
    """Fit the runs. Raises UsageError when they have too few sizes or budgets to determine the curve."""
    sizes, budgets = {run.parameters for run in runs}, {run.tokens for run in runs}
    if len(sizes) < MIN_SIZES or len(budgets) < MIN_BUDGETS or len(runs) < 6:
        raise UsageError(
            f"{source}: {len(runs)} finished runs of {len(sizes)} model sizes and {len(budgets)} budgets are too few "
            f"to fit L(N, D): six or more are needed, of at least {MIN_SIZES} sizes and {MIN_BUDGETS} budgets. Train "
            "other models (training.model), and several budgets of each in one run (training.horizons).")
    x = np.log(np.array([[run.parameters, run.tokens] for run in runs]))
    y = np.log(np.array([run.loss for run in runs]))
    best = _minimise(x, y, _start(x, y))
    drawn = []
    for replicate in range(replicates):
        rows = generator(0, "ladder", str(replicate)).integers(0, len(runs), len(runs))
        if len({runs[row].parameters for row in rows}) >= 2 and len({runs[row].tokens for row in rows}) >= 2:
            drawn.append(_as_fit(_minimise(x[rows], y[rows], best), source))
    return Ladder(tuple(runs), _as_fit(best, source), tuple(drawn))


def _start(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Where to begin: on a grid of (α, β) the best E, A, B ≥ 0 follow from least squares on relative errors."""
    best, start = math.inf, np.zeros(5)
    for alpha, beta in itertools.product(_EXPONENTS, _EXPONENTS):
        terms = np.stack([np.exp(-alpha * x[:, 0]), np.exp(-beta * x[:, 1]), np.ones(len(x))], axis=1)
        factors, error = nnls(terms / np.exp(y)[:, None], np.ones(len(x)))
        if error < best:
            logs = np.log(np.maximum(factors, 1e-12))
            best, start = error, np.array([logs[0], logs[1], logs[2], alpha, beta])
    return start


def _minimise(x: np.ndarray, y: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Parameters (log A, log B, log E, α, β) of the minimum that is reached from `start`."""
    return least_squares(
        _residuals, np.clip(start, *_BOUNDS), _jacobian, bounds=_BOUNDS, x_scale="jac", loss="huber", f_scale=_HUBER,
        args=(x, y), xtol=1e-10, ftol=1e-10, gtol=1e-12, max_nfev=300).x


def _terms(parameters: np.ndarray, x: np.ndarray) -> np.ndarray:
    a, b, e, alpha, beta = parameters
    return np.exp(np.stack([a - alpha * x[:, 0], b - beta * x[:, 1], np.full(len(x), e)], axis=1))


def _residuals(parameters: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.log(_terms(parameters, x).sum(axis=1)) - y


def _jacobian(parameters: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    terms = _terms(parameters, x)
    shares = terms / terms.sum(axis=1, keepdims=True)
    return np.concatenate([shares, -shares[:, :2] * x], axis=1)


def _as_fit(parameters: np.ndarray, source: str) -> Fit:
    a, b, e, alpha, beta = (float(value) for value in parameters)
    return Fit(source, math.exp(e), math.exp(a), math.exp(b), alpha, beta)


def _interval(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
