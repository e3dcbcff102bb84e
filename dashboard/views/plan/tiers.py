"""Memory of user, edge and cloud, and what of the cloud's saving is concurrency and what the third tier."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from cutwise.analyses.tier_memory import reduction, tier_memory
from cutwise.costs.memory.by_kind import KINDS
from cutwise.planning.one_device.cut_positions import ops_mask
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise_dashboard.format import change_text, scale_of, seconds_text


def show(problem: SplitProblem, plan: Plan) -> None:
    """The first user's cuts, held by every scheme that P2 compares."""
    decision = plan.decisions[0]
    device_ops = ops_mask(problem, decision.cut.device_ops)
    edge_ops = ops_mask(problem, decision.edge_cut.device_ops if decision.edge_cut else ())
    users, edges = problem.device_count, min(len(problem.scenario.edges), problem.device_count)
    given = {"device_ops": device_ops, "edge_ops": edge_ops, "users": users, "edges": edges}
    rows = tier_memory(problem, **given)
    factor, prefix = scale_of(max(row.total_bytes for row in rows))
    frame = pd.DataFrame(
        [
            {
                "scheme": row.scheme, "tier": row.tier, "models": row.chains,
                "total": row.total_bytes / factor,
                **{name: float(getattr(row.held, name)) / factor for name in KINDS},
            }
            for row in rows
        ]
    )  # fmt: skip
    number = st.column_config.NumberColumn
    columns = {name: number(f"{title} ({prefix}B)", format="%.3g") for name, title in KINDS.items()}
    with st.container(border=True):
        st.subheader("Memory by tier", anchor=False)
        st.markdown(_told(problem, plan, **given))
        st.dataframe(
            frame,
            hide_index=True,
            column_config={
                "scheme": st.column_config.TextColumn("Scheme", width="medium", pinned=True),
                "tier": "Tier",
                "models": number("Models at once"),
                "total": number(f"Total ({prefix}B)", format="%.3g"),
                **columns,
            },
            alt="Peak memory of every tier by kind, for SplitLLM and what it is compared with",
        )
        st.caption(f"With the cuts of {decision.device}; two-tier schemes cut where its user does.")


def _told(problem: SplitProblem, plan: Plan, **given: np.ndarray | int) -> str:
    found = reduction(problem, **given)  # type: ignore[arg-type]
    users, edges = given["users"], given["edges"]
    return (
        f"Beside the server of split federated learning the cloud holds "
        f"{change_text(1 - found.reduction_ratio, 1.0)}: "
        f"{edges} of {users} models at once (× {found.concurrency_ratio:.2f}), each × "
        f"{found.tier_ratio:.2f} because an edge has a part. A pass over all data takes "
        f"{seconds_text(plan.delay_per_data_pass_s)}."
    )
