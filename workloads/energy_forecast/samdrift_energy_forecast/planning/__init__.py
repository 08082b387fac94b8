"""From what is known of a building to its plan: programme, search, set-points, and what applies when there is none."""
