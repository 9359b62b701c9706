"""Benchmarks: recipes of trainings, their execution, and the report."""
from .execution import Launch, Trial, describe, execute, trials_of
from .recipe import Recipe, RecipeError, Run, Table, load_recipe
from .report import write_report

__all__ = [
    'Launch', 'Recipe', 'RecipeError', 'Run', 'Table', 'Trial', 'describe',
    'execute', 'load_recipe', 'trials_of', 'write_report'
]
