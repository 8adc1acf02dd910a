"""SVCCA and DFT-CCA by the route of google/svcca: thin SVD of the data, then CCA through a joint covariance matrix.

Written from a description of the published steps, in float64. What only serves its other outputs (coefficients,
directions) is left out, which makes this peer faster than the original, never slower.
"""

import numpy as np

from protocol import serve_measures

VARIANCE = 0.99
# The ridge of the published SVCCA tutorial, relative to the largest entry of the covariance matrix.
TUTORIAL_EPSILON = 1e-10


def reduced(activations):
    """The directions that hold 99 % of the sum of squares, [directions, examples]."""
    rows = activations.T.astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    _, singular_values, directions = np.linalg.svd(rows, full_matrices=False)
    squares = np.cumsum(singular_values**2)
    kept = int(np.searchsorted(squares, VARIANCE * squares[-1])) + 1
    return singular_values[:kept, None] * directions[:kept]


def canonical_correlations(x, y, epsilon):
    """CCA of two arrays [neurons, examples], real or complex."""
    covariance = np.cov(x, y)
    p = len(x)
    xx, xy, yy = covariance[:p, :p], covariance[:p, p:], covariance[p:, p:]
    largest_x, largest_y = np.abs(xx).max(), np.abs(yy).max()
    xx, yy, xy = xx / largest_x, yy / largest_y, xy / np.sqrt(largest_x * largest_y)
    in_x = np.abs(np.diagonal(xx)) >= epsilon
    in_y = np.abs(np.diagonal(yy)) >= epsilon
    whiten_x = inverse_root(xx[np.ix_(in_x, in_x)], epsilon)
    whiten_y = inverse_root(yy[np.ix_(in_y, in_y)], epsilon)
    _, correlations, _ = np.linalg.svd(whiten_x @ xy[np.ix_(in_x, in_y)] @ whiten_y)
    return correlations


def inverse_root(covariance, epsilon):
    inverse = np.linalg.pinv(covariance + epsilon * np.eye(len(covariance)))
    values, vectors = np.linalg.eigh(inverse)
    return (vectors * np.sqrt(values)) @ vectors.conj().T


def svcca(xs, ys):
    """Every pair of layers anew."""
    values, kept = [], []
    for x in xs:
        for y in ys:
            small_x, small_y = reduced(x), reduced(y)
            values.append(float(canonical_correlations(small_x, small_y, TUTORIAL_EPSILON).mean()))
            kept.append([len(small_x), len(small_y)])
    return {"values": values, "kept": kept}


def dft_cca(xs, ys):
    """All height x width frequencies, one complex CCA each; the published code leaves epsilon at 0."""
    fx, fy = (np.fft.fft2(maps.astype(np.float64), axes=(1, 2)) for maps in (xs[0], ys[0]))
    _, height, width, channels = fx.shape
    means = [
        canonical_correlations(fx[:, u, v].T, fy[:, u, v].T, 0).mean()
        for u in range(height)
        for v in range(width)
    ]
    return {"values": [float(np.mean(means))], "kept": []}


if __name__ == "__main__":
    serve_measures({"svcca": svcca, "dftCca": dft_cca})
