"""From finished runs to tables that compare methods. `build.build` makes one `report.Report`, `formats` draws it.

Reads rows and specifications as plain values; opens no store and, but for `weights`, no folder. Imports scipy only
where a test or an interval is computed. Nothing is imported here: faces that show kept tables need none of it.
"""
