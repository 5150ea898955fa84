"""Part II: Symmetry-via-Duality (Maiti, Stoner, Halverson 2021), symmetries of densities of networks."""
