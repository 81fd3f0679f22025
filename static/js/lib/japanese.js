// @ts-check
// The legacy's Japanese sentences, which the routes keep for its clients (docs/contract.md), in
// English for English pages.

import { patternOf } from "./pattern.js";

// The first that fits counts. `{what}` is a sentence of this list itself, or stands as it came.
/** @type {[string, string][]} */
const SENTENCES = [
  ["CPU使用率", "CPU usage"],
  ["メモリ使用率", "Memory usage"],
  ["ディスク使用率", "Disk usage"],
  ["ディスク {device} の使用率が高い状態です", "Usage of the disk {device} is high"],
  ["{what}が高い状態です", "{what} is high"],
  ["CPU使用率: {figures}", "CPU usage: {figures}"],
  ["メモリ使用率: {figures}", "Memory usage: {figures}"],
  ["ディスク使用率: {figures}", "Disk usage: {figures}"],
  ["システムヘルス警告", "The system's health is bad"],
  ["システムヘルススコア: {score}%", "Health score: {score} of 100"],
  ["タスクタイムアウト", "A lock has run out"],
  ["タスク {id}: {title} がタイムアウトしました", "The lock of task {id} ({title}) has run out"],
  ["承認待ち多数", "Many approvals wait"],
  ["{count}件の承認が待機中です", "{count} approvals wait for a decision"],
  ["タスク保留", "A task is on hold"],
  ["タスク {id}: {title} は{count}回失敗しました", "Task {id} ({title}) failed {count} times"],
  ["ML機能が利用できません", "Learning is not installed (the extra “ml”)."],
  ["自動再訓練機能が利用できません", "Training by schedule is not available: learning is not installed (the extra “ml”)."],
  ["DB機能が利用できません", "The database of results is not available."],
  ["セキュリティマネージャーが利用できません", "The security part is not available."],
  ["パラメーターが見つかりません", "No parameters were found."],
  ["予測が見つかりません", "No prediction was found."],
  ["モデル訓練を開始しました（エポック数: {epochs}）", "The training has begun ({epochs} epochs)."],
  ["モデル訓練の中止を要求しました", "The training is asked to stop."],
  ["自動再訓練スケジューラーを開始しました", "Training by schedule is on."],
  ["自動再訓練スケジューラーを停止しました", "Training by schedule is off."],
  ["手動再訓練を開始しました", "The training by hand has begun."],
  ["coreId は必須です", "A core must be named."],
  ["取得できませんでした", "not known"],
  ["温度情報は取得できません", "Temperatures are not known."],
  ["良好", "good"],
  ["警告", "fair"],
  ["注意", "poor"],
  ["ORCHダッシュボードに接続されました", "Connected to the dashboard"],
  ["ruff がインストールされていません", "ruff is not installed."],
  ["ruff format の書式と異なります", "Not formatted as ruff format does"],
  ["構文エラー: {reason}", "Syntax error: {reason}"],
  ["ドライランが既定で無効です: {place}", "The dry run is off by default: {place}"],
  ["ドライランのない変更です: {place}", "A change without a dry run: {place}"],
  ["バックアップも Git の履歴もありません", "Neither a backup nor a Git history"],
  ["最新のバックアップは {days} 日前のものです", "The newest backup is {days} days old"],
  ["{id} の証跡がありません: {path}", "The evidence of {id} is not there: {path}"],
  ["改行が LF ではありません (CRLF と CR: {count} 行)", "Lines do not end with LF (CRLF and CR: {count} lines)"],
  ["改行が LF ではありません ({kind}: {count} 行)", "Lines do not end with LF ({kind}: {count} lines)"],
  ["UTF-8 ではありません (バイト {byte})", "Not UTF-8 (byte {byte})"],
  ["UTF-8 ではありません ({kind})", "Not UTF-8 ({kind})"],
  ["{what}: {start}… ({count} 文字)", "{what}: {start}… ({count} characters)"],
  ["秘密鍵", "Private key"],
  ["AWS のアクセスキー", "AWS access key"],
  ["GitHub のトークン", "GitHub token"],
  ["Slack のトークン", "Slack token"],
  ["Google の API キー", "Google API key"],
  ["API キー", "API key"],
  ["ORCH のトークン", "ORCH token"],
  ["URL の中のパスワード", "Password in a URL"],
  ["秘密の値", "Secret value"],
  ["(id なし): {what}", "(no id): {what}"],
  ["(id なし)", "(no id)"],
  ["{name} は {values} のいずれか: {found}", "{name} is to be one of {values}: {found}"],
  ["状態 {status} は {values} にありません", "The status {status} is none of {values}"],
  ["担当 {owner} は {values} にありません", "The owner {owner} is none of {values}"],
  ["ロック {lock} は <OWNER>@<UTC> の形ではありません", "The lock {lock} has not the form <OWNER>@<UTC>"],
  ["期限 {time} は YYYY-MM-DDTHH:MM:SSZ ではありません", "The end {time} is not YYYY-MM-DDTHH:MM:SSZ"],
  ["承認者がありません", "No approver is named"],
  ["申請者 {name} が自分で決裁しています", "{name} decided on a request of its own"],
  ["承認者の役割 {role} は CMD/AUDIT ではありません", "The approver's role {role} is not CMD/AUDIT"],
  ["決裁 {decided} が申請 {asked} より前です", "The decision {decided} is before the request {asked}"],
  ["決裁日時 {time} は YYYY-MM-DDTHH:MM:SSZ ではありません", "The decision's time {time} is not YYYY-MM-DDTHH:MM:SSZ"],
  ["{start}… ({count} 文字)", "{start}… ({count} characters)"],
  ["CRLF と CR", "CRLF and CR"],
  ["Dispatcher起動に失敗しました", "The dispatcher could not be started"],
  ["作業結果を保存しました", "The result is recorded."],
  ["保存に失敗しました", "It could not be saved."],
  ["ユーザー名とパスワードが必要です", "A user name and a password are needed."],
  ["認証に失敗しました", "The user name or the password is wrong."],
  ["ユーザーが正常に登録されました", "The user is registered."],
  ["ユーザー登録に失敗しました", "The user could not be registered."],
  ["タスクを作成しました", "The task is created."],
  ["{id}: {what}", "{id}: {what}"],
];

const JAPANESE = /[\u3040-\u30ff\u4e00-\u9fff]/;
/** @type {{pattern: RegExp, english: string}[] | null} */
let patterns = null;

/** Return one of the legacy's sentences in English; what is none stands as it came. @param {string} said @returns {string} */
export function inEnglish(said) {
  if (!JAPANESE.test(said)) return said;
  patterns ??= SENTENCES.map(([japanese, english]) => ({ pattern: patternOf(japanese), english }));
  for (const { pattern, english } of patterns) {
    const found = pattern.exec(said);
    if (!found) continue;
    const { what, ...rest } = found.groups || {};
    const part = what && inEnglish(what);
    // A person's own words after "{id}: " are no sentence of ours.
    if (part && part === what && JAPANESE.test(part)) continue;
    return fillIn(english, { ...rest, ...(part ? { what: part } : {}) });
  }
  return said;
}

/** @param {string} text @param {Record<string, string>} values */
const fillIn = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
