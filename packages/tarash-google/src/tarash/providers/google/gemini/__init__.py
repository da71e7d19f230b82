"""The methods of the Gemini API: interactions, `generateContent`, files. Vertex AI serves the first two as well."""
