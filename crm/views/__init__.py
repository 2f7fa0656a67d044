"""Pages about whom the county deals with."""
