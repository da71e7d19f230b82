"""What providers are made of: the base class and the field mappers."""
