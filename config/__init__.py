"""The shell around the business: settings, URLs, pages' frame."""
