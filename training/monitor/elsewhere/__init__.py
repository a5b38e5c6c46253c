"""The live model on another cohort, as it is: figures, case mix, people it may have seen; and the same of several sites, pooled."""
