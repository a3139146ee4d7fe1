"""One folder a tab: view (widgets), presenter (no Qt), models (Qt item models)."""
