"""What the tables of pyproject.toml cannot say: every package below these folders is one of `maslin`'s."""

from setuptools import find_packages, setup

FOLDERS = ("curation", "flows", "manifests", "trainer")

setup(packages=["maslin", "maslin.prefect", *(
    f"maslin.{package}" for folder in FOLDERS for package in find_packages(include=[folder, f"{folder}.*"]))])
