"""GIT: branches, graph and commits of the MOC root, read without trusting the repository."""
