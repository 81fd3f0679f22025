"""Element ids of the legacy's templates and its routes and events (contract 1.1, 2, appendix A).

Facts only, to tell what an owner changed; the legacy's own files are not ours to copy.
"""

from __future__ import annotations

from collections.abc import Mapping

_DASHBOARD_A = """
connection-status refresh-btn main-content ai-cores-heading cmd-status cmd-current-state
cmd-active-tasks cmd-completed-tasks cmd-activity work-status work-current-state
work-active-tasks work-completed-tasks work-activity audit-status audit-current-state
audit-active-approvals audit-completed-approvals audit-activity workflow-heading workflow-stats
workflow-canvas workflow-svg grid cmd-node work-node audit-node pipe-connectors pipe-cmd-work
pipe-work-audit pipe-audit-cmd task-nodes quality-metrics-heading task-completion-rate
approval-rate system-health-score active-alerts system-health-heading cpu-progress cpu-details
memory-progress memory-details disk-progress disk-details alerts-section alerts-heading
alerts-container milestone-heading milestone-container overview-heading total-tasks active-tasks
pending-approvals completed-today tasks-table-body timeline-heading gantt-chart charts-heading
taskStatusChart approvalStatusChart workflow-container tasks-heading taskTabs in-progress-tab
in-progress-count planned-tab planned-count completed-tab completed-count not-started-tab
not-started-count taskTabContent in-progress in-progress-table-body planned planned-table-body
completed completed-table-body not-started not-started-table-body approvals-heading
approvals-table-body ml-db-section ml-db-heading ml-status-content ml-model-count ml-data-count
ml-last-training ml-accuracy script-selector optimization-result optimized-params task-id-input
work-outcomes-table work-outcomes-body createTaskModal createTaskModalLabel createTaskForm
taskTitle taskTitleHelp taskOwner taskOwnerHelp taskDue taskDueHelp taskNotes taskNotesHelp
notification-area loading-overlay taskDetailsModal taskDetailsLabel taskDetailStatus
taskDetailTitle taskDetailOwner taskDetailDue taskDetailNotes taskDetailModel orch-control-panel
orch-dispatcher-state orch-core-id orch-core-suggestions orch-interval-sec orch-stay-flag
orch-enable-orch-flag btn-dispatch-start btn-dispatch-stop orch-log-panel
"""
_PAGES = {
    "orch_dashboard.html (a)": """
@a taskId taskModal taskModalLabel taskStatus
""",
    "orch_dashboard.html (b)": """
@a work-progress-report btn-progress-reload audit-tail test-summary btn-ins-reload ins-form
ins-title ins-detail ins-owner ins-clear ins-list live-cpu live-health-widget live-mem
sidebar-list sse-status taskId taskModal taskModalLabel taskStatus
""",
    "realtime_dashboard.html (b)": """
systemStatus connectionStatus systemHealth activeProcesses lastUpdate aiAccuracy predictionCount
resourceChart alertContainer qualityChart automationStatus automationTasks
""",
    "orch_dashboard.html (c)": """
@a autopilot-live autopilot-status-badge guard-status autopilot-last-update autopilot-log
work-progress-report btn-progress-reload audit-tail test-summary btn-ins-reload ins-form
ins-title ins-detail ins-owner ins-clear ins-list live-cpu live-health-widget live-mem
sidebar-list sse-status taskId taskModal taskModalLabel taskStatus
""",
    "agents.html (c)": """
sysHealth agentSearch statusFilter agentsTable regId regName regStatus regMsg metricsList
m_total m_healthy m_degraded m_offline m_hb_max m_audit_total m_audit_fail
""",
    "orch_dashboard.html (e)": """
@a autopilot-live autopilot-status-badge guard-status autopilot-last-update autopilot-log
work-progress-report btn-progress-reload audit-tail test-summary btn-ins-reload ins-form
ins-title ins-detail ins-owner ins-clear ins-list ps1-optimize-heading results-db-heading
live-cpu live-health-widget live-mem milestone-progress sidebar-list sse-status taskId taskModal
taskModalLabel taskStatus
""",
    "monitoring_dashboard.html (e)": """
loading error dashboard-content cpu-usage memory-usage disk-usage response-time error-rate
test-coverage active-alerts daily-alerts system-status performanceChart responseTimeChart
alerts-list
""",
    "security_dashboard.html (e)": """
security-overview overall-status active-sessions failed-attempts security-score login-form
login-username login-password register-form register-username register-password register-role
auth-message audit-logs
""",
}

_ROUTES = """
GET: / /agents /api/agents/list /api/approvals /api/autopilot/logs /api/autopilot/status
/api/debug/routes /api/git/branches /api/git/commit/<commit_sha> /api/git/graph
/api/knowledge/work_outcomes/<task_id> /api/milestones /api/ml/optimize/<script_name>
/api/ml/retrain/status /api/ml/status /api/monitoring/alerts /api/monitoring/metrics/history
/api/monitoring/performance /api/monitoring/status /api/overview /api/quality/alerts
/api/quality/health /api/quality/metrics /api/rules /api/rules/violations /api/security/audit
/api/security/status /api/status /api/system-health /api/system/detailed /api/system_health
/api/tasks /api/v3/console-topology /api/v3/performance-heatmap /api/v3/task-flow
/api/v3/task-overview /api/v3/task-timeline /api/work/instructions /api/work/progress /approvals
/audit/events /console /dashboard /events /events/health /health /jobs /jobs/<job_id>
/jobs/<job_id>/events /metrics /ml /monitoring /ps1 /realtime /results /security
/static/<path:filename> /status /tasks /tasks/new
POST: /api/agents/heartbeat /api/agents/register /api/agents/remove /api/agents/report
/api/agents/update /api/ai/heal /api/ai/optimize /api/approval/<approval_id>/update
/api/approvals/approve /api/approvals/reject /api/knowledge/save_outcome /api/ml/retrain/manual
/api/ml/retrain/start /api/ml/retrain/stop /api/ml/train /api/security/login
/api/security/register /api/task/create /api/tasks/approve_done /api/tasks/create
/api/tasks/drop /api/tasks/hold /api/tasks/promote /api/tasks/request_fix /api/work/instructions
/callbacks/terminal /dispatch /dispatch/stop /jobs/<job_id>/approve /jobs/<job_id>/reject
"""

_EVENTS = """
connect disconnect error status request_dashboard_refresh request_task_flow_refresh
dashboard_overview_update timeline_update heatmap_update task_flow_update dispatcher_started
quality_metrics_update system_health_update quality_alerts_update
"""
LEGACY_EVENTS = frozenset(_EVENTS.split())


def _ids(text: str) -> frozenset[str]:
    return frozenset(one for word in text.split() for one in _expand(word))


def _expand(word: str) -> list[str]:
    return _DASHBOARD_A.split() if word == "@a" else [word]


# By file name and version: `orch_dashboard.html (a)`.
PAGE_IDS: Mapping[str, frozenset[str]] = {name: _ids(text) for name, text in _PAGES.items()}


def routes_of(text: str) -> frozenset[tuple[str, str]]:
    """Read `METHOD: /path /path ...` into pairs of method and path."""
    found: set[tuple[str, str]] = set()
    method = ""
    for word in text.split():
        if word.endswith(":"):
            method = word[:-1]
        else:
            found.add((method, word))
    return frozenset(found)


LEGACY_ROUTES = routes_of(_ROUTES)
