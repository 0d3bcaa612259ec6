"""Pure: units, canonical form, implication, matching, roll-up, rewrite. Trees in, trees out."""
