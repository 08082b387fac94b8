"""Applications for driving licences: checked by rule, decided by a person, entered by a robot."""
