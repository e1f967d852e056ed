"""The workflow as a whole: started without a configuration, locked, gone on with, and told how it ended."""
