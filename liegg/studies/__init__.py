"""The studies behind the book, one folder a part; they use the library, and the library does not know them."""
