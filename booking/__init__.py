"""Shared planning for conseillers France services and conseillers numériques.

The folders are rings; each may know those below it, and the edges never know each other:

    cli  bench             the `booking` command and its benchmarks
    app                    the one place where parts are put together
    web  api  jobs         the edges: screens, JSON, the worker; they open the transaction
    actions                the verbs, the only code that writes; they know ical_feeds
    database  mail         the doors to the database and out of the house
    models                 the tables
    timeline clock config refusals      arithmetic of time, the one clock, the settings, what is said no with

This module imports nothing, so that the pure parts load without Flask and the database.
"""
