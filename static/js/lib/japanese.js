// @ts-check
// The legacy's Japanese sentences, which the routes keep for its clients (docs/contract.md), in
// English for English pages.

import { t } from "./i18n.js";

// The first that fits counts. `{what}` is a sentence of this list itself, or stands as it came.
/** @type {() => [string, string][]} */
const SENTENCES = () => [
  ["CPU使用率", t("CPU usage")],
  ["メモリ使用率", t("Memory usage")],
  ["ディスク使用率", t("Disk usage")],
  ["ディスク {device} の使用率が高い状態です", t("Usage of the disk {device} is high")],
  ["{what}が高い状態です", t("{what} is high")],
  ["CPU使用率: {figures}", t("CPU usage: {figures}")],
  ["メモリ使用率: {figures}", t("Memory usage: {figures}")],
  ["ディスク使用率: {figures}", t("Disk usage: {figures}")],
  ["システムヘルス警告", t("The system's health is bad")],
  ["システムヘルススコア: {score}%", t("Health score: {score} of 100")],
  ["タスクタイムアウト", t("A lock has run out")],
  ["タスク {id}: {title} がタイムアウトしました", t("The lock of task {id} ({title}) has run out")],
  ["承認待ち多数", t("Many approvals wait")],
  ["{count}件の承認が待機中です", t("{count} approvals wait for a decision")],
  ["タスク保留", t("A task is on hold")],
  ["タスク {id}: {title} は{count}回失敗しました", t("Task {id} ({title}) failed {count} times")],
  ["ML機能が利用できません", t("Learning is not installed (the extra “ml”).")],
  ["自動再訓練機能が利用できません", t("Training by schedule is not available: learning is not installed (the extra “ml”).")],
  ["DB機能が利用できません", t("The database of results is not available.")],
  ["セキュリティマネージャーが利用できません", t("The security part is not available.")],
  ["パラメーターが見つかりません", t("No parameters were found.")],
  ["予測が見つかりません", t("No prediction was found.")],
  ["モデル訓練を開始しました（エポック数: {epochs}）", t("The training has begun ({epochs} epochs).")],
  ["モデル訓練の中止を要求しました", t("The training is asked to stop.")],
  ["自動再訓練スケジューラーを開始しました", t("Training by schedule is on.")],
  ["自動再訓練スケジューラーを停止しました", t("Training by schedule is off.")],
  ["手動再訓練を開始しました", t("The training by hand has begun.")],
  ["coreId は必須です", t("A core must be named.")],
  ["取得できませんでした", t("not known")],
  ["温度情報は取得できません", t("Temperatures are not known.")],
  ["良好", t("good")],
  ["警告", t("fair")],
  ["注意", t("poor")],
  ["ORCHダッシュボードに接続されました", t("Connected to the dashboard")],
  ["ruff がインストールされていません", t("ruff is not installed.")],
  ["ruff format の書式と異なります", t("Not formatted as ruff format does")],
  ["構文エラー: {reason}", t("Syntax error: {reason}")],
  ["ドライランが既定で無効です: {place}", t("The dry run is off by default: {place}")],
  ["ドライランのない変更です: {place}", t("A change without a dry run: {place}")],
  ["バックアップも Git の履歴もありません", t("Neither a backup nor a Git history")],
  ["最新のバックアップは {days} 日前のものです", t("The newest backup is {days} days old")],
  ["{id} の証跡がありません: {path}", t("The evidence of {id} is not there: {path}")],
  ["改行が LF ではありません (CRLF と CR: {count} 行)", t("Lines do not end with LF (CRLF and CR: {count} lines)")],
  ["改行が LF ではありません ({kind}: {count} 行)", t("Lines do not end with LF ({kind}: {count} lines)")],
  ["UTF-8 ではありません (バイト {byte})", t("Not UTF-8 (byte {byte})")],
  ["UTF-8 ではありません ({kind})", t("Not UTF-8 ({kind})")],
  ["{what}: {start}… ({count} 文字)", t("{what}: {start}… ({count} characters)")],
  ["秘密鍵", t("Private key")],
  ["AWS のアクセスキー", t("AWS access key")],
  ["GitHub のトークン", t("GitHub token")],
  ["Slack のトークン", t("Slack token")],
  ["Google の API キー", t("Google API key")],
  ["API キー", t("API key")],
  ["ORCH のトークン", t("ORCH token")],
  ["URL の中のパスワード", t("Password in a URL")],
  ["秘密の値", t("Secret value")],
  ["(id なし): {what}", t("(no id): {what}")],
  ["(id なし)", t("(no id)")],
  ["{name} は {values} のいずれか: {found}", t("{name} is to be one of {values}: {found}")],
  ["状態 {status} は {values} にありません", t("The status {status} is none of {values}")],
  ["担当 {owner} は {values} にありません", t("The owner {owner} is none of {values}")],
  ["ロック {lock} は <OWNER>@<UTC> の形ではありません", t("The lock {lock} has not the form <OWNER>@<UTC>")],
  ["期限 {time} は YYYY-MM-DDTHH:MM:SSZ ではありません", t("The end {time} is not YYYY-MM-DDTHH:MM:SSZ")],
  ["承認者がありません", t("No approver is named")],
  ["申請者 {name} が自分で決裁しています", t("{name} decided on a request of its own")],
  ["承認者の役割 {role} は CMD/AUDIT ではありません", t("The approver's role {role} is not CMD/AUDIT")],
  ["決裁 {decided} が申請 {asked} より前です", t("The decision {decided} is before the request {asked}")],
  ["決裁日時 {time} は YYYY-MM-DDTHH:MM:SSZ ではありません", t("The decision's time {time} is not YYYY-MM-DDTHH:MM:SSZ")],
  ["{start}… ({count} 文字)", t("{start}… ({count} characters)")],
  ["CRLF と CR", t("CRLF and CR")],
  ["Dispatcher起動に失敗しました", t("The dispatcher could not be started")],
  ["作業結果を保存しました", t("The result is recorded.")],
  ["保存に失敗しました", t("It could not be saved.")],
  ["ユーザー名とパスワードが必要です", t("A user name and a password are needed.")],
  ["認証に失敗しました", t("The user name or the password is wrong.")],
  ["ユーザーが正常に登録されました", t("The user is registered.")],
  ["ユーザー登録に失敗しました", t("The user could not be registered.")],
  ["タスクを作成しました", t("The task is created.")],
  ["{id}: {what}", t("{id}: {what}")],
];

const JAPANESE = /[\u3040-\u30ff\u4e00-\u9fff]/;
/** @type {{pattern: RegExp, english: string}[] | null} */
let patterns = null;

/** Return one of the legacy's sentences in English; what is none stands as it came. @param {string} said @returns {string} */
export function inEnglish(said) {
  if (!JAPANESE.test(said)) return said;
  patterns ??= SENTENCES().map(([japanese, english]) => ({ pattern: patternOf(japanese), english }));
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

/** Return the pattern of a sentence with `{names}`. @param {string} text */
export function patternOf(text) {
  const source = text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+?)");
  return new RegExp(`^${source}$`, "s");
}

/** @param {string} text @param {Record<string, string>} values */
const fillIn = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
