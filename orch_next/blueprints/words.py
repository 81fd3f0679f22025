"""The pages' words in Japanese and English, and the ledgers' problems in Japanese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from werkzeug.datastructures import LanguageAccept

from orch_next.core.schema import Problem

JAPANESE: Mapping[str, str] = MappingProxyType(
    {
        "lang": "ja",
        "title_index": "ORCH統合管理システム",
        "title_tasks": "タスク管理",
        "title_approvals": "承認管理",
        "title_console": "コンソール",
        "nav_index": "ダッシュボード",
        "nav_tasks": "タスク管理",
        "nav_approvals": "承認管理",
        "nav_console": "コンソール",
        "nav_agents": "エージェント",
        "nav_label": "主要ナビゲーション",
        "skip": "本文へ移動",
        "other_language": "English",
        "connecting": "接続中...",
        "connected": "接続済み",
        "disconnected": "切断",
        "refresh": "更新",
        "new_task": "新規タスク",
        "overview": "概要",
        "total_tasks": "総タスク数",
        "active_tasks": "進行中のタスク",
        "pending_approvals": "承認待ち",
        "completed_today": "完了したタスク",
        "tasks": "タスク一覧",
        "approvals": "承認一覧",
        "id": "ID",
        "title": "タイトル",
        "status": "ステータス",
        "owner": "担当者",
        "due": "期限",
        "lock": "ロック状況",
        "actions": "操作",
        "free": "なし",
        "appr_id": "承認ID",
        "task_id": "タスクID",
        "op": "操作内容",
        "requested_by": "申請者",
        "approver": "承認者",
        "ts_req": "申請日時",
        "approve": "承認",
        "reject": "却下",
        "promote": "着手可",
        "approve_done": "完了",
        "request_fix": "修正依頼",
        "hold": "保留",
        "drop": "中止",
        "read_only": "読み取り専用",
        "all": "すべて",
        "filter": "ステータスで絞り込み",
        "no_tasks": "タスクはありません。",
        "no_approvals": "承認依頼はありません。",
        "pages": "ページ送り",
        "previous": "前へ",
        "next": "次へ",
        "page_of": "{page} / {pages} ページ（{count} 件）",
        "stale": "台帳ファイルが壊れているか見つからないため、最後に読めた内容を表示しています。",
        "lost": "{files} を読めないため、その内容は表示できません。",
        "lost_rows": "台帳を読めません。",
        "noscript": "JavaScript が無効なため、表示だけができます。"
        "変更には JavaScript を有効にするか、コマンドライン orch-next を使ってください。",
        "problems": "台帳に {count} 件の問題があります",
        "warnings": "台帳に {count} 件の確認事項があります",
        "confirm_drop": "{id} を中止しますか。この画面からは元に戻せません。",
        "create_title": "新規タスク作成",
        "field_notes": "備考",
        "create": "作成",
        "cancel": "キャンセル",
        "decide_title": "承認の決定",
        "approver_role": "承認者（役割）",
        "comment": "コメント（監査ログに記録されます）",
        "close": "閉じる",
        "done_create": "タスクを作成しました",
        "done_task": "タスクを更新しました",
        "done_approval": "承認を記録しました",
        "failed": "実行できませんでした",
        "unreachable": "サーバーに接続できません",
        "conflict": "先に変更されていたため実行しませんでした。最新の内容を確認してください。",
        "busy": "別の処理が台帳を使用中です。少し待ってからもう一度実行してください。",
        "dispatcher": "ディスパッチャー",
        "dispatcher_idle": "停止中",
        "console_idle": "実行中のコアはありません。タスクは自動では割り当てられません。",
        "console_how": "タスクを進めるには",
        "console_page": "タスク一覧のボタンで READY・HOLD などの状態を変更します。",
        "console_cli": "コマンドラインから同じ操作を行えます。",
        "console_api": "外部のコアやスクリプトは HTTP で操作できます。",
        "console_root": "ORCH フォルダー",
        "error": "エラー",
        "error_home": "ダッシュボードへ戻る",
        "error_404": "ページが見つかりません。",
        "error_500": "ページを表示できません。",
    }
)

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "lang": "en",
        "title_index": "ORCH Dashboard",
        "title_tasks": "Tasks",
        "title_approvals": "Approvals",
        "title_console": "Console",
        "nav_index": "Dashboard",
        "nav_tasks": "Tasks",
        "nav_approvals": "Approvals",
        "nav_console": "Console",
        "nav_agents": "Agents",
        "nav_label": "Main navigation",
        "skip": "Skip to content",
        "other_language": "日本語",
        "connecting": "Connecting...",
        "connected": "Connected",
        "disconnected": "Disconnected",
        "refresh": "Refresh",
        "new_task": "New task",
        "overview": "Overview",
        "total_tasks": "Tasks in all",
        "active_tasks": "Active tasks",
        "pending_approvals": "Pending approvals",
        "completed_today": "Completed tasks",
        "tasks": "Tasks",
        "approvals": "Approvals",
        "id": "ID",
        "title": "Title",
        "status": "Status",
        "owner": "Owner",
        "due": "Due",
        "lock": "Lock",
        "actions": "Actions",
        "free": "None",
        "appr_id": "Approval",
        "task_id": "Task",
        "op": "Operation",
        "requested_by": "Requested by",
        "approver": "Approver",
        "ts_req": "Requested at",
        "approve": "Approve",
        "reject": "Reject",
        "promote": "Ready",
        "approve_done": "Done",
        "request_fix": "Request fix",
        "hold": "Hold",
        "drop": "Drop",
        "read_only": "Read only",
        "all": "All",
        "filter": "Filter by status",
        "no_tasks": "There are no tasks.",
        "no_approvals": "There are no approval requests.",
        "pages": "Pages",
        "previous": "Previous",
        "next": "Next",
        "page_of": "Page {page} of {pages} ({count} rows)",
        "stale": "A ledger file is damaged or gone: these are the last rows that could be read.",
        "lost": "{files} cannot be read, so nothing of it can be shown.",
        "lost_rows": "The ledger cannot be read.",
        "noscript": "JavaScript is off: this page only shows. To change something, turn it on "
        "or use the command line, orch-next.",
        "problems": "The ledgers have {count} problem(s)",
        "warnings": "The ledgers have {count} notice(s)",
        "confirm_drop": "Drop {id}? This page cannot take it back.",
        "create_title": "New task",
        "field_notes": "Notes",
        "create": "Create",
        "cancel": "Cancel",
        "decide_title": "Decide the approval",
        "approver_role": "Approver (role)",
        "comment": "Comment (kept in the audit log)",
        "close": "Close",
        "done_create": "The task was created",
        "done_task": "The task was updated",
        "done_approval": "The decision was recorded",
        "failed": "This could not be done",
        "unreachable": "The server cannot be reached",
        "conflict": "Somebody was faster: nothing was changed. Look at the present row first.",
        "busy": "The ledger is in use by another process. Try again in a moment.",
        "dispatcher": "Dispatcher",
        "dispatcher_idle": "Stopped",
        "console_idle": "No core is running here; tasks are not handed out by themselves.",
        "console_how": "How to move tasks on",
        "console_page": "Use the buttons of the task list to set READY, HOLD and so on.",
        "console_cli": "The command line does the same.",
        "console_api": "Cores and scripts elsewhere use HTTP.",
        "console_root": "ORCH folder",
        "error": "Error",
        "error_home": "Back to the dashboard",
        "error_404": "There is no such page.",
        "error_500": "This page cannot be shown.",
    }
)

# By code (docs/ledger.md, Problems); `{id}` is the record, `{message}` the English text.
JAPANESE_PROBLEMS: Mapping[str, str] = MappingProxyType(
    {
        "conflict-marker": "マージの衝突マーカーが残っています",
        "no-table": "台帳の列を持つ表がありません",
        "empty-file": "ファイルが空です",
        "not-utf-8": "UTF-8 ではないバイトがあります",
        "nul-character": "NUL 文字があります（保存が途中で壊れています）",
        "unfinished-save": "ファイルが行の途中で終わっています",
        "unreadable": "ファイルを読めません（{message}）",
        "duplicate-id": "ID {id} の行が複数あります",
        "swallowed-text": "表のすぐ下に、行ではない文章があります",
        "extra-delimiter": "区切り行が余分にあります",
        "missing-cells": "{id} の行はセルが足りません",
        "read-only-dialect": "{id} は見出しと箇条書きの形式のため、読み取り専用です",
        "unknown-status": "{id} のステータスは定義にありません（{message}）",
        "conflict-copy": "書き込み中に外部で保存された内容が別ファイル（*.conflict-*）に残っています。手作業で統合してから削除してください",
        "no-evidence": "{id} に証跡がありません",
        "no-id": "ID のない行、または見出しの繰り返しは読み込みません",
        "orphan-approval": "{id} の対象タスクがありません（{message}）",
        "missing-file": "ファイルがありません",
        "row-apart": "{id} の行が表から離れています",
        "row-misfit": "行のように見えますが、どの表にも合いません",
        "repeated-header": "見出し行が繰り返されています",
    }
)

LANGUAGES: Mapping[str, Mapping[str, str]] = MappingProxyType({"ja": JAPANESE, "en": ENGLISH})


def choose_words(asked: str, accepted: LanguageAccept) -> Mapping[str, str]:
    """Return the words of the asked language, else the browser's; no wish at all is Japanese."""
    return LANGUAGES.get(asked) or LANGUAGES[_best_language(accepted)]


def _best_language(accepted: LanguageAccept) -> str:
    # Werkzeug's best_match prefers an exact `en` to the better wished `ja-JP`.
    wishes = [tag.partition("-")[0].lower() for tag, quality in accepted if quality > 0]
    if not wishes:
        return "ja"
    return next((wish for wish in wishes if wish in LANGUAGES), "ja" if "*" in wishes else "en")


def tell_problem(words: Mapping[str, str], problem: Problem) -> str:
    """Return a problem's text in the words' language; a code without a text stays English."""
    if words["lang"] != "ja" or problem.code not in JAPANESE_PROBLEMS:
        return problem.message
    text = JAPANESE_PROBLEMS[problem.code]
    return text.format(id=problem.record_id or "?", message=problem.message)
