"""What the findings of the step `state` are called in Japanese, and how much they matter."""

from __future__ import annotations

from orch_next.core.schema import Problem
from orch_next.migrate.findings import Finding, Severity

# Damage that no step can pass over: what the file says is not known.
BLOCKING = frozenset({"conflict-marker", "nul-character", "unreadable"})
_SEVERITIES: dict[str, Severity] = {
    "damage": "problem",
    "row": "problem",
    "warning": "warning",
    "note": "info",
}
_JAPANESE = {
    "bad-date": "日付の形式が正しくありません",
    "bad-json": "JSON として読めません",
    "bad-lock": "ロックの形式が正しくありません",
    "bad-lock-file": "ロックファイルが読めません",
    "bad-role": "approver_role が CMD/AUDIT ではありません",
    "bom-inside": "ファイルの途中に BOM があります",
    "conflict-copy": "外部保存の退避ファイルが残っています",
    "conflict-marker": "マージの競合マーカーが残っています",
    "confusable-id": "紛らわしい番号があります",
    "control-character": "制御文字があります",
    "decided-early": "決裁が申請より前です",
    "double-column": "同じ名前の列が二つあります",
    "duplicate-id": "番号が重複しています",
    "empty-file": "ファイルが空です",
    "evidence-elsewhere": "この機械にないフォルダーの証跡は確かめていません",
    "extra-delimiter": "区切り行が余分です",
    "half-lock": "ロックの三つの欄が揃っていません",
    "legacy-none": "期限に None と書かれています(旧版の動作)",
    "lock-expired": "期限切れのロックです(手を加えません)",
    "lock-left": "この状態にロックが残っています",
    "lock-mismatch": "ロックファイルの名前と内容が一致しません",
    "lock-order": "ロックの期限が開始より前です",
    "lock-without-owner": "ロックに所有者がありません",
    "lost-header": "台帳の見出し行が壊れています",
    "missing-cells": "セルが足りません",
    "missing-evidence": "証跡のファイルがありません",
    "missing-file": "ファイルがありません",
    "mixed-line-ends": "改行コードが混在しています",
    "no-approver": "承認者がありません",
    "no-decision-time": "決裁日時がありません",
    "no-evidence": "証跡が書かれていません",
    "no-id": "番号のない行は読まれません",
    "no-requester": "申請者がありません",
    "no-table": "台帳の表がありません",
    "no-title": "題名がありません",
    "not-utf-8": "UTF-8 ではないバイトがあります",
    "nul-character": "NUL 文字があります(保存の失敗)",
    "odd-flag": "flags.md の値が正しくありません",
    "odd-id": "番号に見えない文字があります",
    "orphan-approval": "承認のタスクがありません",
    "orphan-lock": "ロックのタスクがありません",
    "other-columns": "表の列名が台帳のものと異なるため、一覧には出ません",
    "pending-decided": "pending なのに決裁日時があります",
    "read-only-dialect": "見出しと箇条書きのタスクで、読むだけです(--sections で表にできます)",
    "repeated-header": "見出し行が繰り返されています",
    "row-apart": "表から離れた行です",
    "row-misfit": "どの表にも合わない行です",
    "second-table": "台帳の表が二つあります",
    "self-approval": "申請者が自分で決裁しています",
    "surplus-cells": "セルが多すぎます(`\\|` の書き忘れ)",
    "swallowed-text": "表の直下に文章があります",
    "unfinished-save": "保存が途中で終わっています",
    "unknown-owner": "担当が CMD/WORK/AUDIT ではありません",
    "unknown-role-status": "役割の状態が正しくありません",
    "unknown-status": "状態が正しくありません",
    "unknown-task": "タスクがありません",
    "unreadable": "ファイルが読めません",
    "unsafe-evidence": "証跡のパスに .. があります",
}


def as_finding(problem: Problem, where: str) -> Finding:
    """Turn a ledger's problem into a finding; it is told, never repaired."""
    severity = "blocker" if problem.code in BLOCKING else _SEVERITIES[problem.severity]
    about = f": {problem.record_id}" if problem.record_id else ""
    japanese = f"{_JAPANESE.get(problem.code, problem.message)}{about}"
    return Finding(severity, problem.code, where, problem.message, japanese)


def is_known(code: str) -> bool:
    """Tell whether a problem's code has Japanese words."""
    return code in _JAPANESE
