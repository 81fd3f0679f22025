"""LIVE: numbered events, replay, Socket.IO, event streams and the file watcher."""
