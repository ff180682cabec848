"""Programs for development: they generate files, check the sources and make environments. Never shipped."""
