/* A page without a server may not read others: a search from a disk lists them without an excerpt. */
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY &&= location.protocol !== "file:";
