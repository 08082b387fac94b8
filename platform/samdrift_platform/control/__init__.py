"""The control plane: what users and programs may ask of the platform, over HTTP."""
