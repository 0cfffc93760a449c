"""Command lines over custom_modules, one file per verb."""
