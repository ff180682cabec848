"""Linear algebra for small symmetric positive definite matrices, one row and column a variant."""

from collections.abc import Sequence
from math import sqrt

Matrix = list[list[float]]
"""A square matrix as a list of rows."""


def scaled_identity(size: int, value: float) -> Matrix:
    """Return the diagonal matrix with `value` on its diagonal."""
    return [[value if i == j else 0.0 for j in range(size)] for i in range(size)]


def cholesky(matrix: Matrix) -> Matrix:
    """Return the lower triangular L with L·Lᵀ = `matrix`, which is symmetric and positive definite."""
    size = len(matrix)
    lower = scaled_identity(size, 0.0)
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            lower[i][j] = sqrt(rest) if i == j else rest / lower[j][j]
    return lower


def back_substitute(lower: Matrix, right: Sequence[float]) -> list[float]:
    """Return x with Lᵀ·x = `right`, for L = `lower`."""
    size = len(lower)
    x = [0.0] * size
    for i in reversed(range(size)):
        x[i] = (right[i] - sum(lower[k][i] * x[k] for k in range(i + 1, size))) / lower[i][i]
    return x


def solve(matrix: Matrix, right: Sequence[float]) -> list[float]:
    """Return x with `matrix`·x = `right`, by Cholesky decomposition."""
    lower = cholesky(matrix)
    y: list[float] = []
    for i, value in enumerate(right):
        y.append((value - sum(lower[i][k] * y[k] for k in range(i))) / lower[i][i])
    return back_substitute(lower, y)
