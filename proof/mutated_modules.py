"""The modules of the server that are mutated, and the features that cover each.

Mutated are the modules that make decisions, the drivers of the stores, and what takes requests and answers them. The
stream, what a start does with the jobs of an earlier process, logs, settings and composition are not: their faults are
in the catalogue of defects (`sandbox/defects`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from proof.features import is_disruptive, scenarios

SERVER = Path("sandbox/focus_server")

_CREATION = "features/job_creation/creating_a_job.feature"
_CANCELLING = "features/job_lifecycle/cancelling_a_job.feature"
_ERRORS = "features/errors/errors.feature"
_FIBRE = "features/discovery/fibre.feature"
_FIGURES = "features/figures/figures_of_a_job.feature"
_HEALTH = "features/health/health_check.feature"
_LIMITS = "features/job_creation/limits_of_a_job.feature"
_MALFORMED = "features/robustness/malformed_requests.feature"
_METADATA = "features/discovery/job_metadata.feature"
_OUTAGES = "features/resilience/outages_of_a_store.feature"
_PLAYBACK = "features/history/playing_back.feature"
_REFUSING = "features/job_creation/refusing_a_job.feature"
_REGION = "features/streaming/region_of_interest.feature"
_SECURITY = "features/security/security.feature"
_SINGLE = "features/views/single_channel.feature"
_WATERFALL = "features/streaming/waterfall.feature"

# The features of each in the order in which they are run: the sooner one fails, the better.
_DECIDING = {
    "rules": (_LIMITS, _SINGLE, _PLAYBACK, _REFUSING, _WATERFALL, _CREATION, _MALFORMED),
    "limits": (_LIMITS, _FIBRE, _FIGURES, _REGION, _WATERFALL),
    "configuration": (_REFUSING, _PLAYBACK, _FIBRE, _MALFORMED),
    "identity": (_CREATION, _METADATA, _FIBRE),
    "calculation": (_FIGURES, _SINGLE, _WATERFALL, _PLAYBACK),
    "answers": (_CREATION, _METADATA),
    "service": (_CREATION, _CANCELLING, _ERRORS, _PLAYBACK, _REFUSING, _OUTAGES),
    "rollback": (_ERRORS, _OUTAGES, _CREATION),
    "region": (_REGION, _WATERFALL),
    "regions": (_REGION, _OUTAGES, _CREATION),
    "waterfall": (_WATERFALL, _PLAYBACK, _SINGLE, _FIGURES),
    "discovery": (_FIBRE,),
}
_CARRYING = {
    "mongodb": (_CREATION, _CANCELLING, _FIBRE, _METADATA, _REGION, _PLAYBACK, _OUTAGES),
    "kubernetes": (_CREATION, _CANCELLING, _METADATA, _WATERFALL, _OUTAGES),
    "rabbitmq": (_CREATION, _CANCELLING, _REGION, _OUTAGES),
    "http_answers": (_ERRORS, _REFUSING, _WATERFALL, _PLAYBACK, _FIBRE, _SECURITY),
    "http_api": (_CREATION, _ERRORS, _WATERFALL, _SECURITY),
    "json_input": (_MALFORMED, _REFUSING, _REGION),
    "serving": (_CREATION, _HEALTH, _SECURITY),
    "errors": (_REFUSING, _ERRORS, _OUTAGES),
}
COVERED_BY = _DECIDING | _CARRYING


def files(root: Path) -> list[Path]:
    """The files of the modules that are mutated."""
    return [root / SERVER / f"{name}.py" for name in COVERED_BY]


def decides(file: str) -> bool:
    """Whether a module makes decisions, and does not only carry them to and from clients and stores."""
    return Path(file).stem in _DECIDING


def features_for(file: str) -> tuple[str, ...]:
    """The features that cover a module, the likeliest to fail first."""
    return COVERED_BY[Path(file).stem]


def features_for_all(files: Iterable[str]) -> list[str]:
    """The features that cover any of the modules."""
    return list(dict.fromkeys(feature for file in dict.fromkeys(files) for feature in features_for(file)))


def every_feature() -> list[str]:
    """All features of which anything is run on a tenant of a sandbox: no sandbox is stopped for a mutant."""
    on_a_tenant = [scenario for name, scenario in scenarios().items() if not is_disruptive(name)]
    return list(dict.fromkeys(feature for scenario in on_a_tenant for feature in scenario.files))


def other_features(file: str) -> tuple[str, ...]:
    """All other features."""
    return tuple(feature for feature in every_feature() if feature not in features_for(file))
