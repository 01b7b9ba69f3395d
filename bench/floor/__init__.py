"""The floors: the least that a program could do in our place, on the same servers."""
