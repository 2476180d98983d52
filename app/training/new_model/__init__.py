"""Somebody's own model file as a model that can be served: `modelport new-model`."""
