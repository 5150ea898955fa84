"""Part III: layer-wise equivariances from the marginal likelihood (van der Ouderaa, Immer, van der Wilk 2023)."""
