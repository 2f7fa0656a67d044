"""What people fill in about whom the county deals with and how they hear of things."""
