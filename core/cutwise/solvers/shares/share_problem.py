"""The min-max split of one resource as a constrained problem, for methods that are not exact."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats
from cutwise.solvers.descent.constrained import ConstrainedProblem, share_slopes
from cutwise.solvers.shares.minmax_share import Finish
from cutwise.tolerances import LEAST_SEARCHED_SHARE


def share_problem(finish: Finish, count: int) -> tuple[ConstrainedProblem, Floats]:
    r"""Minimise $z$ where $f_i(x_i)/T_0 \le z$ and $\sum x_i \le 1$, and the point of equal shares.

    The point is $(x_1, \dots, x_n, z)$; $T_0$ is the last finish with equal shares, so that everything is
    about 1. Each $f_i$ depends on its own share only: two calls of `finish` give the whole Jacobian.

    >>> problem, start = share_problem(lambda x: np.array([1.0, 3.0]) / x, 2)
    >>> start, problem.inequalities(start)  # 2/6 - 1, 6/6 - 1, shares 1 - 1
    (array([0.5, 0.5, 1. ]), array([-0.66666667,  0.        ,  0.        ]))
    """
    equal = np.full(count, 1.0 / count)
    reference = float(finish(equal).max())

    def limits(point: Floats) -> Floats:
        return np.append(finish(point[:-1]) / reference - point[-1], point[:-1].sum() - 1.0)

    def jacobian(point: Floats) -> Floats:
        shares = point[:-1]
        rows = np.zeros((count + 1, count + 1))
        rows[:count, :count] = np.diag(share_slopes(finish, shares) / reference)
        rows[:count, count], rows[count, :count] = -1.0, 1.0
        return rows

    problem = ConstrainedProblem(
        objective=lambda point: float(point[-1]),
        lower=np.append(np.full(count, LEAST_SEARCHED_SHARE), 0.0),
        upper=np.append(np.ones(count), np.inf),
        inequalities=limits,
        objective_gradient=lambda point: np.append(np.zeros(count), 1.0),
        inequality_jacobian=jacobian,
    )
    return problem, np.append(equal, 1.0)


def shares_reached(finish: Finish, point: Floats) -> tuple[Floats, float]:
    """The shares of a point, scaled to use the whole resource, and the last finish they give.

    >>> shares, value = shares_reached(lambda x: 1.0 / x, np.array([0.2, 0.2, 7.0]))
    >>> shares, value
    (array([0.5, 0.5]), 2.0)
    """
    shares = point[:-1] / point[:-1].sum()
    return shares, float(finish(shares).max())
