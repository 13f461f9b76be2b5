"""Reference implementation of every encoder: one picture, one region, loops over descriptors in float64."""

import math

import numpy as np

from striate.bow.encoders import LLC, VLAD, Encoder, Fisher, Hard, Soft


def nearest(x: np.ndarray, centres: np.ndarray, k: int) -> tuple[list[int], list[float]]:
    distances = [sum((float(a) - float(b)) ** 2 for a, b in zip(x, c, strict=True)) for c in centres]
    order = sorted(range(len(centres)), key=lambda j: (distances[j], j))[:k]
    return order, [distances[j] for j in order]


def pooled(codes: list[np.ndarray], width: int, pool: str) -> np.ndarray:
    if not codes:
        return np.zeros(width)
    return np.sum(codes, axis=0) if pool == "sum" else np.max(codes, axis=0)


def spread_out(words: list[int], weights: list[float], width: int) -> np.ndarray:
    code = np.zeros(width)
    code[words] = weights
    return code


def hard(encoder: Hard, x: np.ndarray, where: np.ndarray, pool: str) -> np.ndarray:
    codes = [spread_out(nearest(row, encoder.centres_, 1)[0], [1.0], encoder.width) for row in x]
    return pooled(codes, encoder.width, pool)


def soft(encoder: Soft, x: np.ndarray, where: np.ndarray, pool: str) -> np.ndarray:
    codes = []
    for row in x:
        words, squared = nearest(row, encoder.centres_, encoder.neighbours)
        kernel = [math.exp(-d / (2 * encoder.sigma_**2)) for d in squared]
        codes.append(spread_out(words, [value / sum(kernel) for value in kernel], encoder.width))
    return pooled(codes, encoder.width, pool)


def llc(encoder: LLC, x: np.ndarray, where: np.ndarray, pool: str) -> np.ndarray:
    """The constrained least squares solved as they stand: stationary in the weights and in the multiplier."""
    codes = []
    for row in x.astype(np.float64):
        words, squared = nearest(row, encoder.centres_, encoder.neighbours)
        near, k = encoder.centres_[words].astype(np.float64), len(words)
        system = np.zeros((k + 1, k + 1))
        system[:k, :k] = 2 * (near @ near.T + encoder.ridge * sum(squared) * np.eye(k))
        system[:k, k] = system[k, :k] = 1
        codes.append(spread_out(words, np.linalg.solve(system, [*(2 * near @ row), 1])[:k].tolist(), encoder.width))
    return pooled(codes, encoder.width, pool)


def reduced(encoder: VLAD | Fisher, row: np.ndarray, where: np.ndarray) -> np.ndarray:
    _, arrays = encoder.to_arrays()
    x = row.astype(np.float64)
    if encoder.dims is not None:
        mean, basis = arrays["mean"].astype(np.float64), arrays["basis"].astype(np.float64)
        x = np.array([sum((x[i] - mean[i]) * basis[i, j] for i in range(len(x))) for j in range(basis.shape[1])])
    if encoder.augment:
        x = np.append(x, [(float(p) - 0.5) * float(arrays["position_scale"][0]) for p in where])
    return x


def vlad(encoder: VLAD, x: np.ndarray, where: np.ndarray, pool: str) -> np.ndarray:
    parts = np.zeros(encoder.centres_.shape)
    for row, place in zip(x, where, strict=True):
        small = reduced(encoder, row, place)
        word = nearest(small, encoder.centres_, 1)[0][0]
        parts[word] += small - encoder.centres_[word]
    if encoder.intra:
        for part in parts:
            part /= math.sqrt(sum(part**2)) or 1
    return parts.ravel()


def densities(encoder: Fisher, x: np.ndarray) -> np.ndarray:
    weights, means, variances = (array.astype(np.float64) for array in (
        encoder.mixture_.weights, encoder.mixture_.means, encoder.mixture_.variances))
    return np.array([
        math.log(w) + sum(-0.5 * (math.log(2 * math.pi * v) + (a - m) ** 2 / v)
                          for a, m, v in zip(x, mean, variance, strict=True))
        for w, mean, variance in zip(weights / weights.sum(), means, variances, strict=True)
    ])


def fisher(encoder: Fisher, x: np.ndarray, where: np.ndarray, pool: str) -> np.ndarray:
    means, sigmas = encoder.mixture_.means.astype(np.float64), np.sqrt(encoder.mixture_.variances.astype(np.float64))
    w = encoder.mixture_.weights.astype(np.float64)
    w /= w.sum()
    first, second, third = np.zeros(means.shape), np.zeros(means.shape), np.zeros(w.shape)
    if not len(x):
        return np.zeros(encoder.width)
    for row, place in zip(x, where, strict=True):
        small = reduced(encoder, row, place)
        logs = densities(encoder, small)
        q = np.exp(logs - logs.max())
        q /= q.sum()
        for k in range(len(w)):
            z = (small - means[k]) / sigmas[k]
            first[k] += q[k] * z / (len(x) * math.sqrt(w[k]))
            second[k] += q[k] * (z**2 - 1) / (len(x) * math.sqrt(2 * w[k]))
            third[k] += (q[k] - w[k]) / (len(x) * math.sqrt(w[k]))
    return np.concatenate([first.ravel(), second.ravel(), *([third] if encoder.weights else [])])


LOOPS = {"Hard": hard, "Soft": soft, "LLC": llc, "VLAD": vlad, "Fisher": fisher}


def encoded(encoder: Encoder, x: np.ndarray, where: np.ndarray, regions: list[np.ndarray], pool: str) -> np.ndarray:
    """(n, R, width) float64, one picture and region after the other."""
    result = np.zeros((len(x), len(regions), encoder.width))
    for i, picture in enumerate(x):
        for r, region in enumerate(regions):
            kept = [j for j in region if not encoder.skip_zero or any(picture[j] != 0)]
            if kept:
                result[i, r] = LOOPS[type(encoder).__name__](encoder, picture[kept], where[kept], pool)
    return result
