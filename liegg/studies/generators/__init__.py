"""Part I: what LieGG finds in networks trained on an O(5)-invariant function and on rotated digits."""
