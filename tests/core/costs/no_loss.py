"""A workload without a loss, for comparisons with modules that have none."""

from cutwise.costs.options.loss import Loss

NO_LOSS = Loss(kind="none")
