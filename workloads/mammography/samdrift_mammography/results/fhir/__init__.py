"""An exam's result as FHIR R4B resources (HL7 FHIR 4.3.0, dk-core 3.8.0, IHE BALP 1.1)."""
