"""RULES: what the MOC root should keep to, checked in the background (D32)."""
