"""Images for data scientists, without the women (PS3.15, Basic Application Level Confidentiality Profile)."""
