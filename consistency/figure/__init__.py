"""Where a person is in a picture, and what their parts are."""
