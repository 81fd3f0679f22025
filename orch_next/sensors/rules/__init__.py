"""RULES: what the MOC root should keep to, checked in the background (issue 6; D32)."""
