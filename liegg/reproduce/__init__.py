"""The machinery: the table of experiments, papermill, results, claims and their verdicts, the book.

python -m liegg.reproduce --help
"""
