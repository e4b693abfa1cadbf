"""The demonstration office: synthetic people and organizations only, made anew from a fixed seed and today's date."""
