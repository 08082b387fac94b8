"""Who made the data, in the words that their licences ask for."""

from __future__ import annotations

#: DMI's free data are under CC BY 4.0: name DMI, the licence, and that the data were changed.
DMI = "Weather: DMI (Danish Meteorological Institute), open data, CC BY 4.0; hourly means computed here."
#: Energinet asks to be named as the source of Energi Data Service's data.
ENERGINET = (
    "Electricity prices and CO2: Energinet, Energi Data Service (energidataservice.dk); hourly means computed here."
)

ATTRIBUTIONS = (DMI, ENERGINET)
