<#
.SYNOPSIS
Run ORCH-Next at every start of Windows (docs/operations.md); run it in an elevated PowerShell.
.DESCRIPTION
A task of the Windows Task Scheduler needs no other program. "eventlet" serves Socket.IO with
WebSockets; "waitress" is a pure threaded server whose clients stay on long polling.
.EXAMPLE
.\deploy\windows\install-service.ps1 -OrchRoot C:\MOC\ORCH -Server waitress
#>
param(
    [Parameter(Mandatory = $true)][string]$OrchRoot,
    [int]$Port = 5001,
    [ValidateSet("eventlet", "waitress")][string]$Server = "eventlet",
    [string]$TaskName = "ORCH-Next"
)
$ErrorActionPreference = "Stop"

$project = (Resolve-Path (Join-Path $PSScriptRoot "..\..")).Path
$scripts = Join-Path $project ".venv\Scripts"
[Environment]::SetEnvironmentVariable("ORCH_ROOT", (Resolve-Path $OrchRoot).Path, "Machine")

if ($Server -eq "waitress") {
    $program = Join-Path $scripts "waitress-serve.exe"
    $arguments = "--listen=127.0.0.1:$Port --threads=100 wsgi:app"
} else {
    $program = Join-Path $scripts "orch-next.exe"
    $arguments = "serve --port $Port"
}
if (-not (Test-Path $program)) { throw "Not found: $program (install ORCH-Next into .venv first)" }

$action = New-ScheduledTaskAction -Execute $program -Argument $arguments -WorkingDirectory $project
$trigger = New-ScheduledTaskTrigger -AtStartup
$settings = New-ScheduledTaskSettingsSet -RestartCount 100 -RestartInterval (New-TimeSpan -Minutes 1) `
    -ExecutionTimeLimit ([TimeSpan]::Zero) -MultipleInstances IgnoreNew
$principal = New-ScheduledTaskPrincipal -UserId "NT AUTHORITY\LOCAL SERVICE" -LogonType ServiceAccount
Register-ScheduledTask -TaskName $TaskName -Action $action -Trigger $trigger -Settings $settings `
    -Principal $principal -Force | Out-Null
Start-ScheduledTask -TaskName $TaskName
Write-Output "$TaskName runs on http://127.0.0.1:$Port/ ; LOCAL SERVICE must be able to write $OrchRoot"
