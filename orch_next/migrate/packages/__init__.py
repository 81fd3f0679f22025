"""Python's packages: what the legacy asked for, what ORCH-Next asks for, and a trial of both."""
