"""Why: stories that are predicted, revealed and explained."""

from __future__ import annotations

from cutwise_dashboard.views.learn import story_views as learn

learn.show()
