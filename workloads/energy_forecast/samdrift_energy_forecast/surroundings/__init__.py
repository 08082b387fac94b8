"""What a building meets hour by hour: weather, prices and CO2 as they were known, and what its calendar asks for."""
