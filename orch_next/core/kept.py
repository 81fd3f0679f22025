"""The former names of what `orch_next.core.store` has, for modules that still say them."""

from __future__ import annotations

from orch_next.core.store import ChangeRequest as Intent
from orch_next.core.store import Edit as Step
from orch_next.core.store import WriteResult as Outcome

__all__ = ["Intent", "Outcome", "Step"]
