"""Training and measuring the lesion head: label files, transforms, recipes, cross-validation, search."""
