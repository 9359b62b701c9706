"""Benchmarks: recipes of trainings, their execution, and the report."""
from .execution import Launch, Trial, execute, trials_of
from .recipe import Recipe, RecipeError, Run, Table, load_recipe

__all__ = [
    'Launch', 'Recipe', 'RecipeError', 'Run', 'Table', 'Trial', 'execute',
    'load_recipe', 'trials_of'
]
