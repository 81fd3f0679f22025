"""What `orch-next migrate` says, in English and Japanese."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orch_next.cli.output import as_table
from orch_next.migrate.findings import Finding
from orch_next.migrate.places import FRAME
from orch_next.migrate.report import RunReport, StepReport
from orch_next.migrate.words import WORDS, Lang

TEXTS: dict[Lang, dict[str, str]] = {
    "en": {
        "ask apply": "Move {} from {} to {}{}? [y/N]",
        "new folder": " (a new folder)",
        "ask rollback": "Take back {} in {}? [y/N]",
        "nobody": "nothing was changed: nobody can be asked here; look with --dry-run, add --yes",
        "no": "nothing was changed",
        "cut off": "finished steps stand; look with `orch-next migrate status`, go on with apply, "
        "back with rollback",
        "phase": "phase",
        "step": "step",
        "state": "state",
        "changes": "paths",
        "run": "run",
        "open": "open",
        "done": "done",
        "committing": "interrupted: apply goes on, rollback goes back",
        "rolling back": "rollback interrupted: rollback goes on",
        "idle apply": "nothing to do",
        "idle rollback": "nothing to take back",
        "no source": "name the old installation with --source: the folder that holds ORCH (to stay "
        "where it is: --source . --target .); nothing was changed",
        "no key": "no key of yours in {}: the records of this move bear no mark, so whoever can "
        "write data/migration decides what a rollback restores",
        "report": "report: {}",
        "left": "not empty, left in place: {}",
    },
    "ja": {
        "ask apply": "{} を {} から {}{} へ移行しますか? [y/N]",
        "new folder": "（新規フォルダー）",
        "ask rollback": "{1} の {0} を元に戻しますか? [y/N]",
        "nobody": "何も変更していません。ここでは確認できないため、--dry-run で確かめてから "
        "--yes を付けてください",
        "no": "何も変更していません",
        "cut off": "完了したステップはそのままです。`orch-next migrate status` で確かめ、"
        "apply で再開、rollback で元に戻せます",
        "phase": "フェーズ",
        "step": "ステップ",
        "state": "状態",
        "changes": "パス数",
        "run": "実行",
        "open": "未実行",
        "done": "完了",
        "committing": "中断: apply で再開、rollback で元に戻す",
        "rolling back": "ロールバック中断: rollback で再開",
        "idle apply": "変更はありません",
        "idle rollback": "元に戻すものはありません",
        "no source": "--source で旧環境（ORCH のあるフォルダー）を指定してください。"
        "同じフォルダーのままなら --source . --target . です。何も変更していません",
        "no key": "{} に鍵がないため、この移行の記録に印を付けられません。data/migration に"
        "書き込める人が、ロールバックの内容を左右できます",
        "report": "レポート: {}",
        "left": "空でないため残しました: {}",
    },
}
_ACTIONS = ("create", "replace", "remove", "restore", "keep")
_STATES = ("as moved", "edited since", "gone")
MOST_FINDINGS = 20


def outline(report: RunReport, lang: Lang) -> Iterator[str]:
    """Yield a report's lines for a console: findings, one line a step, where the rest is."""
    words, texts = WORDS[lang], TEXTS[lang]
    for step in report.steps:
        yield from _grave(step, lang)
    for step in report.steps:
        yield from _warnings(step, lang)
    if report.steps:
        header = [words[name] for name in ("phase", "step", "outcome", "paths", "seconds")]
        rows = [_row(step, lang) for step in report.steps]
        yield from as_table(header, rows).split("\n")
    idle = f"idle {report.kind}"
    if idle in texts and not report.did_something and report.is_fine and not _is_dry(report):
        yield texts[idle]
    if report.left:
        yield texts["left"].format(", ".join(report.left))
    if report.run:
        yield texts["report"].format(f"{report.target}/{FRAME}/reports/{report.run}.md")


def _is_dry(report: RunReport) -> bool:
    return any(step.outcome == "planned" for step in report.steps)


def _grave(step: StepReport, lang: Lang) -> Iterator[str]:
    """Yield what stands in the way, then what is wrong: all of it before any warning."""
    for severity in ("blocker", "problem"):
        yield from _told(step, [one for one in step.findings if one.severity == severity], lang)


def _warnings(step: StepReport, lang: Lang) -> Iterator[str]:
    yield from _told(step, [one for one in step.findings if one.severity == "warning"], lang)


def _told(step: StepReport, found: Sequence[Finding], lang: Lang) -> Iterator[str]:
    words = WORDS[lang]
    for one in found[:MOST_FINDINGS]:
        message = one.message_ja if lang == "ja" else one.message
        where = f"{one.where}: " if one.where and one.where not in message else ""
        yield f"{step.name}: {words[one.severity]}: {where}{message}"
    if len(found) > MOST_FINDINGS:
        yield f"{step.name}: {words['more'].format(len(found) - MOST_FINDINGS)}"


def _row(step: StepReport, lang: Lang) -> list[str]:
    words = WORDS[lang]
    states = step.counts if step.outcome == "verified" else step.actions
    names = (*_ACTIONS, *_STATES)
    actions = [f"{words[name]} {states[name]}" for name in names if name in states]
    unchanged = [f"{words['unchanged']} {step.unchanged}"] if step.unchanged else []
    what = ", ".join([*actions, *unchanged]) or "-"
    return [str(step.phase), step.name, words[step.outcome], what, f"{step.seconds:.1f}"]
