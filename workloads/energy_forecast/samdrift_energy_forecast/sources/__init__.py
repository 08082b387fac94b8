"""Weather, electricity prices and CO2 from those who publish them, each kept with the time at which it was known.

Attribution that their licences ask for stands in `attribution`.
"""
