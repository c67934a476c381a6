"""A load as a result of Allure's, with its page, figures and plots as attachments."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import ATTACHMENT_PATTERN, Attachment, Label, Parameter, Status, StatusDetails, TestResult
from allure_commons.types import AttachmentType, LabelType
from allure_commons.utils import md5, uuid4

from load.plots import pictures
from load.result import Result, key_of
from redaction import redact


def write_allure_result(result: Result, kept: Path, page: Path) -> Path:
    """Write it into `allure-results` beside the JSON `kept` and the `page`; gives that folder.

    Loads of the same shape and environment are one test there, so that earlier ones are its history.
    """
    folder = kept.parent / "allure-results"
    folder.mkdir(exist_ok=True)
    over = result.started + timedelta(seconds=max((one.ended_s for one in result.samples), default=0.0))
    identity = md5("\0".join(key_of(result)))
    item = TestResult(
        uuid=uuid4(),
        name=f"Load: {result.name}",
        fullName=f"load.{result.name}",
        testCaseId=identity,
        historyId=identity,
        status=Status.PASSED if result.holds else Status.FAILED,
        statusDetails=StatusDetails(message=redact("\n".join(result.problems))) if result.problems else None,
        description=result.shape.meaning,
        start=int(result.started.timestamp() * 1000),
        stop=int(over.timestamp() * 1000),
        labels=[Label(LabelType.EPIC, "Load"), Label(LabelType.FEATURE, result.name)],
        parameters=[Parameter("environment", result.environment), Parameter("workers", str(result.workers))],
    )
    for name, body, kind in (
        ("page", page.read_text("utf-8"), AttachmentType.HTML),
        ("figures", kept.read_text("utf-8"), AttachmentType.JSON),
        *((title, svg, AttachmentType.SVG) for title, svg in pictures(result, result.limits).items()),
    ):
        source = ATTACHMENT_PATTERN.format(prefix=uuid4(), ext=kind.extension)
        (folder / source).write_text(body, "utf-8")
        item.attachments.append(Attachment(name=name, source=source, type=kind.mime_type))
    AllureFileLogger(str(folder)).report_result(item)
    return folder
