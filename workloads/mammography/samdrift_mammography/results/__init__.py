"""What goes back: DICOM objects for the PACS, FHIR resources, work item states."""
