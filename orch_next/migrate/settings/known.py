"""Every key of the legacy's settings files, as the contract's appendix B has them.

A line is a section (`-` for the top) with the keys that it holds; `secrets.json` has both
spellings of D40. Tests compare them with the contract.
"""

from __future__ import annotations

from collections.abc import Mapping

_KEYS = {
    "config/agents_api.json": """
auth: type required jwt_issuer jwt_audience
security: rate_limit_per_minute cors_origins csrf_protection
registry: path schema
logging: level audit_trail correlation_id_header
""",
    "config/monitoring.json": """
-: monitoring_interval data_retention_days http_targets sse_targets canary_endpoints
alert_thresholds: test_coverage_min code_complexity_max error_rate_max performance_score_min
  prediction_confidence_min
alert_channels: file console dashboard email webhook
spam_filter: duplicate_threshold_hours max_notifications_per_hour silent_autopilot_mode
  todo_write_enabled critical_only_mode
emergency_mode: enabled monitoring_interval
emergency_mode.alert_thresholds: test_coverage_min code_complexity_max error_rate_max
  performance_score_min prediction_confidence_min
dashboard_config: host port auto_refresh_interval chart_data_points
ai_prediction: retrain_interval_hours min_training_samples feature_importance_threshold
email: enabled smtp_server smtp_port use_tls username password from to
webhook: enabled url timeout success_codes
webhook.headers: Content-Type
""",
    "config/production.json": """
-: environment version deployment_date
database: type path backup_interval_hours max_connections timeout_seconds
ai_prediction: model_path training_data_path min_accuracy_threshold retrain_interval_hours
  feature_importance_threshold prediction_cache_ttl_minutes
monitoring: enabled interval_seconds alert_channels metrics_retention_days
  health_check_timeout_seconds
monitoring.emergency_mode_threshold: cpu_percent memory_percent disk_percent error_rate_percent
dashboard: host port debug auto_refresh_seconds max_data_points chart_update_interval_ms
  session_timeout_minutes
logging: level format file_path max_file_size_mb backup_count console_output
  sensitive_data_filter
security: api_key_required
security.rate_limiting: enabled requests_per_minute burst_limit
security.cors: enabled allowed_origins allowed_methods allowed_headers
security.input_validation: max_request_size_mb sanitize_inputs sql_injection_protection
performance: max_concurrent_requests request_timeout_seconds cache_enabled cache_ttl_minutes
  compression_enabled static_file_cache_hours
backup: enabled schedule retention_days backup_path compress verify_integrity
alerts.email: enabled smtp_server smtp_port username password recipients
alerts.webhook: enabled url timeout_seconds retry_count
alerts.thresholds.critical: cpu_percent memory_percent disk_percent error_rate_percent
alerts.thresholds.warning: cpu_percent memory_percent disk_percent error_rate_percent
features: ai_prediction real_time_monitoring automated_approval quality_dashboard
  anomaly_detection predictive_scaling advanced_analytics
maintenance.scheduled_downtime: enabled start_time duration_minutes notification_minutes
maintenance.auto_cleanup: enabled old_logs_days temp_files_hours cache_cleanup_hours
integration.external_apis: timeout_seconds retry_count
integration.external_apis.circuit_breaker: failure_threshold recovery_timeout_seconds
integration.webhooks: max_payload_size_mb timeout_seconds signature_verification
""",
    "config/secrets.json": """
-: jwt_secret hmac_key
jwt: secret
hmac: secret
""",
    "config/staging.json": """
-: healthcheck_url retry_sec max_wait_sec success_required
""",
    "config/alert_config.json": """
severity_thresholds.cpu_usage: medium high critical
severity_thresholds.memory_usage: medium high critical
severity_thresholds.disk_usage: medium high critical
severity_thresholds.error_rate: medium high critical
severity_thresholds.response_time: medium high critical
severity_thresholds.test_coverage: medium high critical
severity_thresholds.code_complexity: medium high critical
notification_channels.email: enabled smtp_server smtp_port username password recipients
notification_channels.webhook: enabled url timeout retry_count retry_delay
notification_channels.dashboard: enabled endpoint timeout
notification_channels.slack: enabled webhook_url channel username
notification_channels.teams: enabled webhook_url
alert_rules: suppression_window escalation_delay max_alerts_per_hour cooldown_period
  auto_resolve_timeout duplicate_threshold
business_hours: start end timezone weekdays_only holidays
escalation_rules.critical: immediate_notify escalate_after_minutes escalate_to
escalation_rules.high: immediate_notify escalate_after_minutes escalate_to
escalation_rules.medium: immediate_notify escalate_after_minutes escalate_to
escalation_rules.low: immediate_notify escalate_after_minutes escalate_to
alert_templates.performance_cpu_high: title description recommended_actions
alert_templates.performance_memory_high: title description recommended_actions
alert_templates.quality_coverage_low: title description recommended_actions
monitoring: health_check_interval metrics_retention_days alert_history_retention_days
  performance_baseline_days
""",
    "config/paths.json": """
-: baseline_dir milestones_dir tasks_dir metrics_dir
""",
    "config/performance.json": """
-: monitoring_interval endpoints_to_monitor alert_cooldown data_retention_hours
thresholds: cpu_usage_max memory_usage_max disk_usage_max response_time_max network_latency_max
alert_channels.email: enabled smtp_server smtp_port from to use_tls
alert_channels.webhook: enabled url timeout
alert_channels.dashboard: enabled
performance_analysis: trend_window_minutes
performance_analysis.anomaly_detection: enabled z_score_threshold min_samples
performance_analysis.baseline_calculation: enabled window_hours update_interval_minutes
""",
    "config/security.json": """
-: encryption_enabled audit_logging rate_limiting ip_whitelist_enabled
""",
    "orch_dashboard.py": """
-: host port debug log_level orch_root template_folder static_folder
""",
}


def _expand(text: str) -> frozenset[str]:
    keys: set[str] = set()
    for line in text.strip().replace("\n  ", " ").splitlines():
        section, _, names = line.partition(": ")
        prefix = "" if section == "-" else f"{section}."
        keys.update(prefix + name for name in names.split())
    return frozenset(keys)


KNOWN_KEYS: Mapping[str, frozenset[str]] = {name: _expand(text) for name, text in _KEYS.items()}
