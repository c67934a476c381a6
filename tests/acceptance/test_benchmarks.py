"""The benchmarks that look into a run of the suite, on a warm sandbox: they find the calls and the parts of a start."""

from bench.overhead import compare
from bench.start import first_scenario


def test_a_script_makes_the_calls_of_the_suite_again(warm_sandbox):
    told = []
    part = compare(1, ["features/job_lifecycle/cancelling_a_job.feature"], warm_sandbox.environment, told.append)
    scenarios, _ = part.ratios
    calls = next(note for note in part.notes if "their calls" in note)
    assert scenarios.median > 0
    assert not calls.startswith("0 scenarios")
    assert all(kind in calls for kind in ("http", "kubernetes", "mongodb", "queue", "settle"))
    assert told == ["recording what the suite does", "round 1 of 1: the suite", "round 1 of 1: bare script"]


def test_a_start_is_split_into_its_parts(warm_sandbox):
    taken = first_scenario([], warm_sandbox.environment)
    assert list(taken) == [
        "Python",
        "load of behave",
        "load of the hooks",
        "load of the steps",
        "read of the features",
        "profile, folder of the run",
        "lease of the sandbox",
        "connections, look at health",
        "first scenario begins",
    ]
    assert all(seconds > 0 for seconds in taken.values())
