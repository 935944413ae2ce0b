"""The bundled sample of `trendspark demo`: invented posts; `scripts/make_sample` makes both files here."""
