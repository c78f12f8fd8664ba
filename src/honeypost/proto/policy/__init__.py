"""Postfix policy delegation: what may a decoy send?"""
