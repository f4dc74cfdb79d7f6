"""How dates are written where a template does not say: the same everywhere, sortable, in UTC."""
