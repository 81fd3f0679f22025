"""Our routes and the events that clients may send; written by scripts/write_route_table.py.

`orch_next.migrate` may not import the application; a test compares this with it.
"""

from __future__ import annotations

from orch_next.migrate.dashboard.legacy import routes_of

_ROUTES = """
GET: / /agents /api/agents/list /api/approvals /api/approvals/<path:approval_id>/evidence
/api/autopilot/logs /api/autopilot/status /api/debug/routes /api/dispatch/dry-run
/api/dispatch/explain/<path:task_id> /api/export/approvals.<any(csv,json,md):form>
/api/export/tasks.<any(csv,json,md,ics):form> /api/git/branches /api/git/commit/<path:commit_sha>
/api/git/graph /api/history /api/knowledge/search /api/knowledge/work_outcomes/<task_id>
/api/leases /api/ledger/<any(tasks,approvals,milestones):name> /api/milestones
/api/ml/optimize/<script_name> /api/ml/predict/<task_id> /api/ml/retrain/status /api/ml/status
/api/monitoring/alerts /api/monitoring/metrics/history /api/monitoring/performance
/api/monitoring/status /api/overview /api/quality/alerts /api/quality/health /api/quality/metrics
/api/rules /api/rules/violations /api/security/audit /api/security/status /api/stats
/api/stats/spans /api/status /api/system-health /api/system/detailed /api/system_health /api/tasks
/api/tasks/<path:task_id>/notes /api/v3/console-topology /api/v3/performance-heatmap
/api/v3/task-flow /api/v3/task-overview /api/v3/task-timeline /api/work/instructions
/api/work/progress /approvals /audit/events /console /dashboard /events /events/health /flow /git
/health /history /jobs /jobs/<job_id> /jobs/<job_id>/events /jobs/<path:job_id>/attempts
/jobs/<path:job_id>/log /ledger /login /metrics /ml /monitoring /ps1 /realtime /results /rules
/security /sse/events /static/<path:filename> /status /tasks /tasks/<path:task_id> /tasks/new
/timeline
POST: /api/agents/claim /api/agents/heartbeat /api/agents/register /api/agents/remove
/api/agents/report /api/agents/update /api/ai/heal /api/ai/optimize
/api/approval/<approval_id>/update /api/approvals/approve /api/approvals/reject
/api/knowledge/save_outcome /api/leases/renew /api/leases/report /api/leases/sweep
/api/ml/retrain/manual /api/ml/retrain/start /api/ml/retrain/stop /api/ml/train
/api/ml/train/cancel /api/monitoring/alerts/acknowledge /api/security/login /api/security/logout
/api/security/password /api/security/register /api/task/create /api/tasks/approve_done
/api/tasks/create /api/tasks/drop /api/tasks/hold /api/tasks/promote /api/tasks/request_fix
/api/tasks/update /api/undo/<int:journal_id> /api/work/instructions /callbacks/terminal /dispatch
/dispatch/drain /dispatch/nudge /dispatch/stop /jobs/<job_id>/approve /jobs/<job_id>/reject /login
/logout
"""
OUR_ROUTES = routes_of(_ROUTES)
# What clients send to us; `connect` and `disconnect` are the library's.
_HEARD = """
request_dashboard_refresh request_initial_data request_metrics_update request_task_flow_refresh
subscribe_alerts
"""
HEARD = frozenset(_HEARD.split())
# What we send to clients (docs/realtime.md).
_SENT = """
task_updated approval_updated milestone_updated ledger_changed reset status error initial_data
dashboard_overview_update timeline_update heatmap_update task_flow_update metrics_update
quality_metrics_update system_health_update quality_alerts_update subscription_confirmed
dispatcher_started dispatcher_stopped task_dispatched job_log job_finished lease_expired
job_decided ml_training_progress ml_training_finished new_alert alert_notification alert_update
monitoring_update automation_status
"""
SENT = frozenset(_SENT.split())
