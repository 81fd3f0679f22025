powershell.exe -NoProfile -ExecutionPolicy Bypass -File scripts\ops\Task-Dispatcher.ps1 -Action Dispatch -CoreId WORK_AI_02 -Stay -EnableOrchIntegration -OrchIntegrationIntervalSeconds 30
