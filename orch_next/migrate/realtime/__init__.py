"""Live connections on their way in: old settings, and clients that know the old address."""
