@echo off
chcp 65001
set ORCH_DASHBOARD_HOST=0.0.0.0
set ORCH_DASHBOARD_PORT=5001
set ORCH_DUMMY_API=1
python orch_dashboard.py
