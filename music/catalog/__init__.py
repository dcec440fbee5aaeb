"""Catalogues of music behind one protocol: a folder, Apple Music, Deezer, Jamendo."""
