"""How the shipped subject classifier was made: letters that we wrote, a model, and its card."""
