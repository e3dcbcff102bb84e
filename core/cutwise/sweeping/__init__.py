"""Sweeps of any size: a spec, its rows by number, parts that anybody can make alone, and Parquet files."""
