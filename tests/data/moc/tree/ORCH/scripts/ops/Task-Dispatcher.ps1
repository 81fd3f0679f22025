# A lookalike for tests: only the parameters and the names of functions are the known ones.
param(
    [string]$Action = "Dispatch",
    [string]$CoreId = "WORK_AI_01",
    [switch]$Stay,
    [switch]$EnableOrchIntegration,
    [int]$OrchIntegrationIntervalSeconds = 60
)

function Dispatch-Task { param([string]$Core) Write-Output "dispatch to $Core" }

function Get-SystemStats { Get-Process | Measure-Object }

function Run-MonitorLoop {
    while ($Stay) { Get-SystemStats; Start-Sleep -Seconds $OrchIntegrationIntervalSeconds }
}

Dispatch-Task -Core $CoreId
if ($Stay) { Run-MonitorLoop }
