"""How the answer to a paid request gets lost: in each of these cases it may never be asked for twice."""

from tarash.testkit.steps import Close, CutBody, Hang, Reset, Step
from tarash.testkit.vendor import proxy_page

LOSSES: dict[str, Step] = {
    "dropped": Close(),
    "reset": Reset(),
    "500 of a proxy": proxy_page(500),
    "504 of a proxy": proxy_page(504),
    "late": Hang(),
    "cut": CutBody(20),
}
