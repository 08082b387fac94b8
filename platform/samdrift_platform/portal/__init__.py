"""The portal: pages for people, in Danish and English."""
