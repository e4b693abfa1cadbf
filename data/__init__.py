"""What the office is made of beside its code: notices, the field's own tables, the demonstration office."""
