"""The methods of Vertex AI: predictions and their operations, OAuth, regions.

The Gemini API served its old models, Veo and Imagen, by the same predictions.
"""
