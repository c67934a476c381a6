"""Run behave up to its first scenario, and note when it reaches what: `python -m bench.milestones FILE STARTED …`.

`STARTED` is the moment of the command, by the machine's monotonic clock. All else is passed on to behave.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from bench.wrapping import wrap


class Milestones:
    """Seconds that each part took, in the order in which they ended; a part that has ended is not counted again."""

    def __init__(self, started: float) -> None:
        self._last = started
        self.taken: dict[str, float] = {}

    def reach(self, part: str) -> None:
        """The part has ended now."""
        if part not in self.taken:
            now = time.monotonic()
            self.taken[part], self._last = now - self._last, now


def main(file: str, started: str, *arguments: str) -> None:
    """Run behave with these arguments; the milestones are written as JSON when the first scenario begins."""
    milestones = Milestones(float(started))
    milestones.reach("Python")
    import behave.__main__
    import behave.model
    import behave.runner

    milestones.reach("load of behave")

    def the_hooks_are_loaded() -> None:
        import support.profile.provider
        import support.scenario.suite_run

        milestones.reach("load of the hooks")
        wrap(
            support.profile.provider.ProvidedEnvironment,
            "endpoints",
            before=lambda: milestones.reach("profile, folder of the run"),
            after=lambda: milestones.reach("lease of the sandbox"),
        )
        ready = "connections, look at health"
        wrap(support.scenario.suite_run, "make_ready", after=lambda: milestones.reach(ready))

    def the_first_scenario_begins() -> None:
        milestones.reach("first scenario begins")
        Path(file).write_text(json.dumps(milestones.taken), encoding="utf-8")
        raise KeyboardInterrupt

    runner = behave.runner.Runner
    wrap(runner, "load_hooks", after=the_hooks_are_loaded)
    wrap(runner, "load_step_definitions", after=lambda: milestones.reach("load of the steps"))
    wrap(runner, "run_model", before=lambda: milestones.reach("read of the features"))
    wrap(behave.model.Scenario, "run", before=the_first_scenario_begins)
    sys.argv[1:] = arguments
    behave.__main__.main(list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
