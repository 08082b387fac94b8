"""Governs model versions that MLflow holds: manifests, signatures, verified loading."""
