"""Quality control: what an image's header and pixels say about whether it can be scored."""
