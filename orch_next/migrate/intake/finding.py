"""Findings of the steps for logs, data, knowledge and realtime, in two languages."""

from __future__ import annotations

from orch_next.migrate.findings import Finding, Severity

# code -> severity, English, Japanese
_TEXTS: dict[str, tuple[Severity, str, str]] = {
    "log-mixed": (
        "warning",
        "the log mixes encodings; its bytes are kept as they are",
        "ログの文字コードが混在しています。バイト列はそのまま残します",
    ),
    "log-renamed": (
        "info",
        "another file has this name; this one is kept as {0}",
        "同名のファイルがあるため {0} として残します",
    ),
    "file-renamed": (
        "warning",
        "the new house has another file of this name, which stays; this one is kept as {0}",
        "移行先に同名の別ファイルがあり、そちらを残します。このファイルは {0} として残します",
    ),
    "link-left": (
        "info",
        "a symbolic link to {0}: not followed, not moved",
        "{0} へのシンボリックリンクです。たどらず、移しません",
    ),
    "not-a-file": (
        "warning",
        "neither a file nor a folder; not moved",
        "ファイルでもフォルダーでもないため移しません",
    ),
    "unreadable": ("problem", "cannot be read, not moved: {0}", "読めないため移しません: {0}"),
    "catalogue-foreign": (
        "warning",
        "not a catalogue of ours; the catalogue is written to {0}",
        "本製品の目録ではありません。目録は {0} に書きます",
    ),
    "log-missing": (
        "problem",
        "the catalogue names it, but it is not there as it was",
        "目録にありますが、記録どおりには存在しません",
    ),
    "database-damaged": (
        "problem",
        "not a sound SQLite database ({0}); kept as a file, nothing is read from it",
        "壊れた SQLite データベースです（{0}）。ファイルのまま残し、内容は取り込みません",
    ),
    "database-locked": (
        "blocker",
        "a program is writing it ({0}): stop the dashboard and the dispatcher, then try again",
        "使用中です（{0}）。ダッシュボードとディスパッチャーを止めてから、やり直してください",
    ),
    "database-in-use": (
        "warning",
        "a program seems to have it open; stop the dashboard before this step",
        "使用中のようです。この手順の前にダッシュボードを止めてください",
    ),
    "database-elsewhere": (
        "warning",
        "database_url is set: what is imported into data/orch-next.db is not in that database",
        "database_url の指定があります。取り込み先の data/orch-next.db とは別のデータベースです",
    ),
    "table-kept": (
        "info",
        "{0}: {1} rows, kept as they are",
        "{0}: {1} 行。そのまま残します",
    ),
    "secrets-kept": (
        "warning",
        "holds logins or tokens: kept unread, not taken over; make logins anew with "
        "`orch-next identity add`",
        "ログイン情報またはトークンを含みます。読まずに残し、引き継ぎません。"
        "`orch-next identity add` で作り直してください",
    ),
    "database-wrong": (
        "problem",
        "the moved database does not hold what it should: {0}",
        "移したデータベースの内容が一致しません: {0}",
    ),
    "json-damaged": (
        "problem",
        "not valid JSON of a known form ({0}); kept as it is",
        "正しい JSON ではありません（{0}）。そのまま残します",
    ),
    "json-large": (
        "warning",
        "{0} MiB of JSON: kept as it is, nothing is read from it",
        "{0} MiB の JSON です。そのまま残し、内容は読みません",
    ),
    "json-line": (
        "warning",
        "not a JSON line ({0}); kept as it is",
        "JSON の行ではありません（{0}）。そのまま残します",
    ),
    "json-twice": ("warning", "the id {0} occurs {1} times", "id {0} が {1} 回現れます"),
    "json-differs": (
        "warning",
        "{0} is another one in the new house, which stays; the old file is kept as {1}",
        "{0} は移行先で内容が異なり、そちらを残します。旧ファイルは {1} として残します",
    ),
    "approval-differs": (
        "problem",
        "{0} is {1} here and {2} in APPROVALS.md; the ledger counts",
        "{0} はここでは {1}、APPROVALS.md では {2} です。台帳を正とします",
    ),
    "approval-unknown": (
        "problem",
        "{0} is not in APPROVALS.md; it stays in this file only",
        "{0} は APPROVALS.md にありません。このファイルにだけ残ります",
    ),
    "task-unknown": (
        "warning",
        "not in TASKS.md, so in this database only: {0}",
        "TASKS.md になく、このデータベースにだけあるタスク: {0}",
    ),
    "knowledge-damaged": (
        "problem",
        "our database is damaged; no outcome is imported until it is restored",
        "本製品のデータベースが壊れています。復元するまで作業結果を取り込みません",
    ),
    "outcome-refused": (
        "problem",
        "not a work outcome ({0}); it stays where it is",
        "作業結果として扱えません（{0}）。元の場所に残ります",
    ),
    "outcome-unseen": (
        "problem",
        "the imported outcome {0} is not seen by the store, the search or the learner",
        "取り込んだ作業結果 {0} が保存先・検索・学習から見えません",
    ),
    "live-any-origin": (
        "warning",
        "{0} allowed every origin; name the pages' origins in cors_origins",
        "{0} はすべてのオリジンを許可していました。必要なオリジンを cors_origins に書いてください",
    ),
    "live-fixed": (
        "info",
        "{0} is not configurable here ({1})",
        "{0} はここでは設定できません（{1}）",
    ),
    "live-unsigned": (
        "warning",
        "{0} was off; signatures are always verified here",
        "{0} が無効でした。ここでは署名を常に検証します",
    ),
    "live-webhook-out": (
        "info",
        "{0} posted somewhere; set webhook_out_url if the receiver is still wanted",
        "{0} に送信先がありました。引き続き必要なら webhook_out_url を設定してください",
    ),
    "live-address": (
        "warning",
        "{0} is written here, and the new server listens on port {1}; a page should use its "
        "own origin",
        "{0} と書かれていますが、新しいサーバーはポート {1} です。"
        "画面では自身のオリジンを使ってください",
    ),
    "live-unsent": (
        "warning",
        "nobody sends the event {0} here",
        "イベント {0} はここでは送信されません",
    ),
    "live-unheard": (
        "warning",
        "nobody hears the event {0} here",
        "イベント {0} はここでは受信されません",
    ),
    "live-no-secret": (
        "warning",
        "a webhook secret is here and none in the new configuration: callbacks would be "
        "answered 401",
        "Webhook の秘密鍵がありますが、新しい設定にありません。コールバックは 401 になります",
    ),
    "live-config": (
        "problem",
        "the new configuration cannot be read: {0}",
        "新しい設定を読めません: {0}",
    ),
    "lock-expired": (
        "info",
        "the lock of {0} by {1} expired {2}; it is kept and not acted upon",
        "{1} による {0} のロックは {2} に失効しています。残し、何もしません",
    ),
}


def finding(code: str, where: str, *parts: object) -> Finding:
    """Return the finding of a code at a place, its texts filled in."""
    severity, english, japanese = _TEXTS[code]
    return Finding(severity, code, where, english.format(*parts), japanese.format(*parts))
