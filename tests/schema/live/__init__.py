"""Tests of live operations."""
