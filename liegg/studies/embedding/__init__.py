"""Learning Symmetric Embeddings for Equivariant World Models (ICML 2022): part IV of the book."""
