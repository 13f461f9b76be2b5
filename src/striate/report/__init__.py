"""Reports: results in, one self-contained HTML page out; one file for each command that has a page."""
