"""What one change of a good site brings up."""

from __future__ import annotations

import pytest


@pytest.fixture
def new(site):
    """Give the findings of a theme that a change of the site adds, as code and sentence."""

    def added(theme, change):
        before = {finding.text for finding in theme.find(site)}
        return [(f.code, f.text) for f in theme.find(change(site)) if f.text not in before]

    return added
