"""Stand-ins for the crowd elements of worker pages, served to the browser by the preview; here so that they are installed."""
