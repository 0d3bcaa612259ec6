"""Documents that hold SQL in something else: which parts of them are SQL, and where each place of that is in them."""
